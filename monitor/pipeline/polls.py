"""Records polls, many with one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

from monitor.model import Feed, Poll, Recorded
from monitor.pipeline.pools import in_pool
from monitor.store import Store

_BATCH = 32

Waiting = tuple[Feed, Poll, asyncio.Future[Recorded]]


class Together:
    """Records polls that end while others are being recorded with one transaction: a commit costs more than a poll."""

    def __init__(self, store: Store, pool: Executor | None) -> None:
        self._store = store
        self._pool = pool
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, feed: Feed, poll: Poll) -> Recorded:
        """What became of the poll's entries, once they are kept. Raises what recording this poll raises."""
        ended: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._waiting.append((feed, poll, ended))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await ended

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            await self._write_batch(batch)

    async def _write_batch(self, batch: Sequence[Waiting]) -> None:
        polls = [(feed, poll) for feed, poll, _ in batch]
        try:
            outcome = await in_pool(self._pool, partial(self._store.record_polls, polls))
        except asyncio.CancelledError:
            for *_, ended in batch:
                ended.cancel()
            raise
        except Exception as error:  # noqa: BLE001 -- told to the step that waits, which says what it means
            if len(batch) > 1:
                for each in batch:  # one bad poll must not fail the others
                    await self._write_batch([each])
            elif not (ended := batch[0][2]).done():
                ended.set_exception(error)
        else:
            for (*_, ended), recorded in zip(batch, outcome, strict=True):
                if not ended.done():
                    ended.set_result(recorded)
