"""Where work runs that would block the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pools:
    """Where work runs that would block the event loop; None is asyncio's own thread pool."""

    cpu: Executor | None = None
    store: Executor | None = None
    channels: Executor | None = None


async def in_pool(pool: Executor | None, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
