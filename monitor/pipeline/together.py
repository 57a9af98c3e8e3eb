"""Work that costs less for many than for each: what is asked for while a piece runs is done with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Generic, TypeVar

from monitor.pipeline.pools import in_pool

A = TypeVar("A")
R = TypeVar("R")


class Together(Generic[A, R]):
    """Calls `work` in the pool for all that have asked meanwhile: a transaction or a change of threads costs more than a poll."""

    def __init__(self, work: Callable[[Sequence[A]], Sequence[R]], pool: Executor | None, *, at_most: int) -> None:
        self._work = work
        self._pool = pool
        self._at_most = at_most
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, asked: A) -> R:
        """What `work` makes of it. Raises what `work` raises for this one alone."""
        ended: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, ended))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._run())
        return await ended

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._at_most], self._waiting[self._at_most :]
            await self._one(batch)

    async def _one(self, batch: Sequence[tuple[A, asyncio.Future[R]]]) -> None:
        try:
            outcome = await in_pool(self._pool, partial(self._work, [asked for asked, _ in batch]))
        except asyncio.CancelledError:
            for _, ended in batch:
                ended.cancel()
            raise
        except Exception as error:  # noqa: BLE001 -- told to the step that waits, which says what it means
            if len(batch) > 1:
                for each in batch:  # one bad row must not fail the others
                    await self._one([each])
            elif not (ended := batch[0][1]).done():
                ended.set_exception(error)
        else:
            for (_, ended), made in zip(batch, outcome, strict=True):
                if not ended.done():
                    ended.set_result(made)
