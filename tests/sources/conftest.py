"""The hostile server and a fetcher with short deadlines, each test its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from monitor.sources.fetch import Fetched, Fetcher, Limits
from tests.sources.hostile import Hostile, hostile_server

T = TypeVar("T")
SHORT = Limits(connect=2, read=0.4, total=1.0, size=1_000_000, spacing=0)
Ask = Callable[[str], Fetched]


def run_against(work: Callable[[Hostile, Fetcher], Coroutine[Any, Any, T]], *, limits: Limits = SHORT) -> T:
    """Runs `work` with a hostile server and a fetcher that may reach it (127.0.0.1, no other loopback address)."""

    async def main() -> T:
        async with hostile_server() as server, Fetcher(limits=limits, allow_private=["127.0.0.1"]) as fetcher:
            return await work(server, fetcher)

    return asyncio.run(main())


@pytest.fixture
def ask() -> Ask:
    """Fetches one path of a hostile server."""

    def get(path: str) -> Fetched:
        return run_against(lambda server, fetcher: fetcher.get(server.at(path) if path.startswith("/") else path))

    return get
