"""Fixtures for everybody: `store` and `database_url` come once on SQLite and once on PostgreSQL."""

import sys
from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["tests.databases"]


def _plain_logs() -> None:
    # The console renderer sets tracebacks in colour, which costs more than most tests.
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


@pytest.fixture(autouse=True, scope="module")
def plain_logs() -> Iterator[None]:
    """Commands set logs up for a whole process; the next module must not inherit that."""
    _plain_logs()
    yield
    _plain_logs()
