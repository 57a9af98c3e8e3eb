"""Worker processes that die or hang are replaced; they end with the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest

from monitor.engines.workers import Workers


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, hangs_after=0.5)
    yield pool
    pool.shutdown()


def test_a_killed_worker_is_replaced(workers: Workers) -> None:
    first = workers.submit(os.getpid).result()
    os.kill(first, signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):  # noqa: PT012 -- how soon it is noticed is chance
        while True:
            workers.submit(time.sleep, 0.01).result()
    assert workers.submit(os.getpid).result() != first


def test_work_that_hangs_ends_its_worker_and_not_the_daemon(workers: Workers) -> None:
    with pytest.raises(BrokenProcessPool):
        workers.submit(time.sleep, 60).result(timeout=20)
    assert workers.submit(abs, -1).result() == 1


def test_what_the_work_raises_comes_back(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 1, 0).result()


_KILLED_DAEMON = """
import os, signal
from monitor.engines.workers import Workers
if __name__ == "__main__":
    workers = Workers(1)
    print(workers.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_does_not_outlive_a_daemon_that_is_killed() -> None:
    process = subprocess.run([sys.executable, "-c", _KILLED_DAEMON], stdout=subprocess.PIPE, text=True, timeout=60)
    assert process.returncode == -signal.SIGKILL
    worker = int(process.stdout)
    deadline = time.monotonic() + 10
    while _alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
        return stat.read().rpartition(")")[2].split()[0] != "Z"
