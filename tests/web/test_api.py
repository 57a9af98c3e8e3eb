"""Whatever is asked of the API, the answer is what its OpenAPI promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from monitor.store import Store
from tests.web.serving import Site, fill, serve

_EACH = 12  # questions to each operation


@pytest.fixture(scope="module")
def site(lasting_url: str) -> Iterator[Site]:
    with Store.open(lasting_url) as store:
        fill(store)
        yield from serve(store)


def test_every_answer_is_as_promised(site: Site) -> None:
    # The stream never ends; the browser tests listen to it.
    schema = schemathesis.openapi.from_url(f"{site.base}/api/openapi.json").exclude(path="/stream")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    asked = [_ask(operation, site) for operation in operations]
    assert len(asked) >= 15


def _ask(operation: APIOperation[Any, Any, Any, Any], site: Site) -> str:
    """Asks an operation right and wrong questions; every answer has a promised status, type and shape."""

    @given(
        case=st.one_of(operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE))
    )
    @settings(
        max_examples=_EACH, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=site.base, timeout=20)

    ask()
    return operation.label
