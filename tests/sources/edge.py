"""The hostile server and a fetcher that may reach it, each test its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from monitor.sources.fetch import Fetched, Fetcher, Limits
from tests.sources.hostile import Hostile, hostile_server

T = TypeVar("T")
SHORT = Limits(connect=2, read=0.4, total=1.0, size=1_000_000, spacing=0)
"""For tests in which a deadline passes."""
PATIENT = Limits(connect=20, read=20, total=30, size=1_000_000, spacing=0)
"""For all others: a busy machine must not look like a slow server."""


def run_against(work: Callable[[Hostile, Fetcher], Coroutine[Any, Any, T]], *, limits: Limits = PATIENT) -> T:
    """Runs `work` with a hostile server and a fetcher that may reach it (127.0.0.1, no other loopback address)."""

    async def main() -> T:
        async with hostile_server() as server, Fetcher(limits=limits, allow_private=["127.0.0.1"]) as fetcher:
            return await work(server, fetcher)

    return asyncio.run(main())


def ask(path: str, *, limits: Limits = PATIENT) -> Fetched:
    """Fetches one path of a hostile server, or an address elsewhere."""
    return run_against(
        lambda server, fetcher: fetcher.get(server.at(path) if path.startswith("/") else path), limits=limits
    )
