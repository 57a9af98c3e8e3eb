"""The event loop of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on uvloop, which asks a feed with a quarter less CPU; on asyncio's own loop where there is no uvloop."""
    try:
        import uvloop
    except ModuleNotFoundError:  # Windows
        return asyncio.run(work)
    return uvloop.run(work)
