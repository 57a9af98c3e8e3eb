"""How an engine hears that it should end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def signals(stop: Callable[[], None]) -> Iterator[None]:
    """The first SIGTERM or SIGINT stops cleanly; a second one has the system's own effect."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGINT)

    def release() -> None:
        for number in caught:
            loop.remove_signal_handler(number)

    def first() -> None:
        release()
        stop()

    try:
        for number in caught:
            loop.add_signal_handler(number, first)
    except (RuntimeError, NotImplementedError, ValueError):
        yield  # not the main thread: whoever runs us there stops us
        return
    try:
        yield
    finally:
        release()
