"""A deadline for a whole dialogue: a server that drips a byte now and then must not hold a worker for ever."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def deadline(seconds: float, sockets: Callable[[], socket.socket | None]) -> Iterator[threading.Event]:
    """Shuts the dialogue's socket once `seconds` have passed; the event says whether that happened.

    Per-operation timeouts end a silent server; this ends a slow one. What waits on the socket then fails with OSError.
    """
    passed = threading.Event()

    def shut() -> None:
        passed.set()
        open_socket = sockets()
        if open_socket is not None:
            with contextlib.suppress(OSError):  # it was closed in the same moment: just as well
                open_socket.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
