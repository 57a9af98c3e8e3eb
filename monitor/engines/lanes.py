"""A lane runs one kind of step on the rows that are due, so many at once. The rows are the truth: it keeps no queue."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

import structlog

from monitor.model import StoreError

log = structlog.get_logger()

R = TypeVar("R", str, int)

Due = Callable[[int], Awaitable[Sequence[R]]]
"""The ids of at most so many due rows, those to run first coming first."""


class StepName(StrEnum):
    COLLECT = "collect"
    ANALYZE = "analyze"
    DELIVER = "deliver"


class Lane(Generic[R]):
    """Runs `step` on due rows. `in_order` hands each step the one before it, to wait for when it records."""

    def __init__(
        self,
        name: StepName,
        *,
        due: Due[R],
        step: Callable[[R, asyncio.Future[None] | None], Awaitable[object]],
        at_once: int,
        stuck_after: float,
        counters: Counter[str],
        in_order: bool = False,
    ) -> None:
        self.name = name
        self._due: Due[R] = due
        self._step: Callable[[R, asyncio.Future[None] | None], Awaitable[object]] = step
        self._at_once = at_once
        self._stuck_after = stuck_after
        self._counters = counters
        self._in_order = in_order
        self._waiting: deque[R] = deque()
        self._running: dict[R, asyncio.Task[None]] = {}
        self._ended: set[R] = set()  # rows done while the database was asked what is due
        self._resting: dict[R, float] = {}  # rows whose step broke, until the loop's time
        self._last: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._troubles = 0  # database errors in a row
        self._closing = False

    @property
    def running(self) -> int:
        return len(self._running)

    def wake(self) -> None:
        """There may be something due."""
        self._wake.set()

    async def run(self) -> None:
        """Until closed; sleeps while nothing is due and nobody wakes it."""
        while not self._closing:
            self._wake.clear()
            await self._start_due()
            await self._wake.wait()

    async def drain(self) -> None:
        """Until nothing is due any more."""
        while not self._closing:
            self._wake.clear()
            if not await self._start_due() and not self._running:
                return
            await self._wake.wait()

    def start_nothing_more(self) -> None:
        """What runs goes on; what is due stays due."""
        self._closing = True
        self.wake()

    async def close(self, *, within: float) -> int:
        """Starts nothing more; waits for what runs, and cancels what takes longer. How many that were."""
        self.start_nothing_more()
        if not self._running:
            return 0
        _, late = await asyncio.wait(self._running.values(), timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _start_due(self) -> bool:
        """Starts as many as there is room for; whether it started any."""
        room = self._at_once - len(self._running)
        if room > 0 and len(self._waiting) < room:
            await self._refill()
        started = False
        while self._waiting and len(self._running) < self._at_once and not self._closing:
            row = self._waiting.popleft()
            if row not in self._running:
                self._start(row)
                started = True
        return started

    async def _refill(self) -> None:
        self._ended.clear()
        try:
            found = await self._due(4 * self._at_once + len(self._running) + len(self._resting))
        except StoreError as error:
            self._trouble(error)
            return
        now = asyncio.get_running_loop().time()
        self._resting = {row: until for row, until in self._resting.items() if until > now}
        passed_over = self._running.keys() | self._resting.keys() | self._ended
        self._waiting = deque(row for row in found if row not in passed_over)

    def _start(self, row: R) -> None:
        before = self._last if self._in_order and self._last and not self._last.done() else None
        task = asyncio.create_task(self._watched(row, before), name=f"{self.name} {row}")
        self._running[row] = self._last = task

    async def _watched(self, row: R, before: asyncio.Future[None] | None) -> None:
        try:
            async with asyncio.timeout(self._stuck_after):
                await self._step(row, before)
            self._counters[f"{self.name}_done"] += 1
            self._troubles = 0
        except StoreError as error:
            self._trouble(error)
        except TimeoutError:
            self._counters[f"{self.name}_stuck"] += 1
            log.warning("step stuck", step=self.name.value, row=row, seconds=self._stuck_after)
            self._rest(row)
        except Exception:  # a fault of ours on one row must not stop the lane
            self._counters[f"{self.name}_errors"] += 1
            log.exception("step failed", step=self.name.value, row=row)
            self._rest(row)
        finally:
            self._running.pop(row, None)
            self._ended.add(row)
            self.wake()

    def _rest(self, row: R) -> None:
        self._resting[row] = asyncio.get_running_loop().time() + 60

    def _trouble(self, error: StoreError) -> None:
        """The database is at fault: everything stays due, and the lane waits longer each time before it asks again."""
        self._troubles += 1
        self._counters["store_errors"] += 1
        seconds = min(2 ** (self._troubles - 1), 30)
        log.error("database trouble", step=self.name.value, error=str(error), again_in=seconds)
        self._waiting.clear()
        self._pause(seconds)

    def _pause(self, seconds: float) -> None:
        room, self._at_once = self._at_once, 0
        if not room:
            return  # paused already

        def resume() -> None:
            self._at_once = room
            self.wake()

        asyncio.get_running_loop().call_later(seconds, resume)
