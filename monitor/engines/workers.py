"""Worker processes for parsing and analysis, replaced when they die or hang."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from monitor.engines.garbage import collect_seldom

P = ParamSpec("P")
T = TypeVar("T")

HANGS_AFTER = 120.0
"""Seconds one piece of work may compute; text of a thousand pages takes less."""

_PRELOADED = ["monitor.pipeline", "monitor.sources.collect"]


class Workers(Executor):
    """A process pool that outlives its processes: what was running fails, what comes next gets new ones."""

    def __init__(self, count: int, *, hangs_after: float = HANGS_AFTER) -> None:
        self._count = count
        self._hangs_after = hangs_after
        self._lock = threading.Lock()
        self.replaced = 0
        # Not fork: this process has threads. The fork server imports the heavy modules once, for all workers.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._pool = self._new_pool()

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with self._lock:
            try:
                return self._pool.submit(_timed, self._hangs_after, work, *args, **kwargs)
            except BrokenProcessPool:
                self.replaced += 1
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._new_pool()
                return self._pool.submit(_timed, self._hangs_after, work, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, mp_context=self._context, initializer=_begin)


def _begin() -> None:
    """A worker whose daemon was killed ends too: otherwise it would wait for work for ever."""
    collect_seldom()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _timed(seconds: float, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Ends this process if the work hangs, even in C code that no exception reaches."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    try:
        return work(*args, **kwargs)
    finally:
        faulthandler.cancel_dump_traceback_later()
