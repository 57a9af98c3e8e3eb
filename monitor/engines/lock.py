"""One daemon owns one database: a lock file that the system itself releases when the owner dies."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.model import MonitorError

_LOCAL_ENGINE = 7_305_003


class SecondDaemonError(MonitorError):
    """Another daemon runs on this database."""


@contextmanager
def sole_owner(database: Path) -> Iterator[None]:
    """Holds `FILE.lock` beside the database. Raises SecondDaemonError, which names the owner."""
    path = database.with_name(database.name + ".lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise MonitorError(
            f"{path} cannot be written ({error.strerror}); the daemon needs it beside its database"
        ) from error
    try:
        _take(handle, path, database)
        yield
    finally:
        os.close(handle)  # this releases the lock; the file stays, since removing it would race with a newcomer


@contextmanager
def sole_client(conninfo: str, name: str) -> Iterator[None]:
    """The same on PostgreSQL: a lock that the server releases when the connection ends. `name` is for people."""
    import psycopg

    try:
        connection = psycopg.connect(conninfo, autocommit=True)
    except psycopg.Error as error:
        raise MonitorError(f"{name} cannot be locked: {str(error).partition(chr(10))[0]}") from error
    with connection:
        found = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCAL_ENGINE,)).fetchone()
        if found != (True,):
            raise SecondDaemonError(
                f"another monitor already runs on {name}; stop it first, or run many with `monitor worker`"
            )
        yield


def _take(handle: int, path: Path, database: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = path.read_text(encoding="utf-8").strip() or "an unknown process"
        raise SecondDaemonError(
            f"another monitor ({owner}) already runs on {database}; stop it first, or name another database in "
            "MONITOR_DATABASE_URL"
        ) from error
    os.ftruncate(handle, 0)
    os.write(handle, f"pid {os.getpid()} on {socket.gethostname()}\n".encode())
