"""The local engine: everything in this process, APScheduler as its clock. The default, for SQLite on one machine."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.engines.heartbeat import Heartbeat, Signs
from monitor.engines.lanes import Lane, StepName
from monitor.engines.lock import sole_client, sole_owner
from monitor.engines.signals import signals
from monitor.model import EngineRow, StoreError
from monitor.pipeline import Pipeline

log = structlog.get_logger()

_EVENTS = {
    EVENT_JOB_MISSED: "ticks_missed",
    EVENT_JOB_MAX_INSTANCES: "ticks_overlapped",
    EVENT_JOB_ERROR: "ticks_failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, how often, how long."""

    collect_at_once: int = 50
    analyze_at_once: int = 4
    deliver_at_once: int = 4
    sweep_every: timedelta = timedelta(seconds=5)
    beat_every: timedelta = timedelta(seconds=15)
    prune_every: timedelta = timedelta(minutes=10)
    stuck_after: timedelta = timedelta(minutes=10)
    settled_after: timedelta = timedelta(seconds=2)
    stop_within: timedelta = timedelta(seconds=20)


class LocalEngine:
    """Runs the three steps on what is due. `submit` says that a row is due; sweeps find what nobody submitted."""

    def __init__(self, pipeline: Pipeline, *, pace: Pace | None = None, signs: Signs | None = None) -> None:
        self._heartbeat = Heartbeat(pipeline.store, clock=pipeline.clock, signs=signs or Signs())
        self.pipeline = pipeline
        self.pace = pace or Pace()
        self.counters: Counter[str] = Counter()
        self._stopping = asyncio.Event()
        self._started_at = pipeline.clock()
        self._collect: Lane[str] = self._lane(
            StepName.COLLECT, pipeline.store.due_feeds, self._collect_one, self.pace.collect_at_once
        )
        self._analyze: Lane[int] = self._lane(
            StepName.ANALYZE, pipeline.store.due_articles, self._analyze_one, self.pace.analyze_at_once, in_order=True
        )
        self._deliver: Lane[int] = self._lane(
            StepName.DELIVER, self._due_deliveries, self._deliver_one, self.pace.deliver_at_once
        )
        self._settled = False
        self._lanes: dict[StepName, Lane[Any]] = {
            StepName.COLLECT: self._collect,
            StepName.ANALYZE: self._analyze,
            StepName.DELIVER: self._deliver,
        }

    def submit(self, step: StepName, row_id: str | int) -> None:  # noqa: ARG002 -- the row itself says that it is due
        """A row is due now; its lane looks at once instead of at the next sweep."""
        self._lanes[step].wake()

    def stop(self) -> None:
        """Asks for a clean end: what runs is finished, nothing more is started."""
        # At once, not when the loop next looks: a step that ends meanwhile must not be followed by another.
        for lane in self._lanes.values():
            lane.start_nothing_more()
        self._stopping.set()

    async def run_once(self) -> Counter[str]:
        """One full pass: collects what is due, analyzes it all in the order of the news, delivers what came of it."""
        self._settled = True
        await self._heartbeat.started()
        for work in (self._deliver.drain, self._collect.drain, self._analyze.drain, self._follow, self._deliver.drain):
            draining = asyncio.create_task(work())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({draining, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stopping.is_set():
                await self._close()
            await draining
        await self._prune()
        await self._beat(stopped=True)
        await self._heartbeat.looked()
        return self.counters

    async def _follow(self) -> None:
        """Beside workers the analysis leaves this to whoever comes last; see `Pipeline.follow`."""
        for topic in self.pipeline.topics if self.pipeline.follow_later else ():
            await self.pipeline.follow(topic)

    async def run(self) -> Counter[str]:
        """Until `stop`; then finishes what runs within the pace's deadline."""
        clock = self._clockwork()
        asyncio.get_running_loop().call_later(self.pace.settled_after.total_seconds(), self._settle)
        runs = [asyncio.create_task(lane.run(), name=f"lane {name}") for name, lane in self._lanes.items()]
        await self._beat()
        await self._heartbeat.started()
        clock.start()
        log.info("started", database=self.pipeline.store.name, pid=os.getpid())
        try:
            await self._until_stopped(runs)
        finally:
            clock.shutdown(wait=False)
            await self._heartbeat.stopping()
            await self._close()
            for task in runs:
                task.cancel()
            await asyncio.gather(*runs, return_exceptions=True)
            await self._beat(stopped=True)
        log.info("stopped", **self.counters)
        return self.counters

    def _due_deliveries(self, now: datetime, limit: int) -> Sequence[int]:
        return self.pipeline.store.due_deliveries(now, limit, unsure=self._settled)

    def _settle(self) -> None:
        """From now on what an earlier run was just sending when it died goes again, too: it may have gone out, so that a

        daemon which dies at every start must not send it at every start.
        """
        self._settled = True
        self._deliver.wake()

    async def _until_stopped(self, runs: Sequence[asyncio.Task[None]]) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait({stopping, *runs}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done - {stopping}:
            task.result()  # a lane never ends by itself: its fault ends the daemon, loudly

    async def _close(self) -> None:
        within = self.pace.stop_within.total_seconds()
        late = await asyncio.gather(*(lane.close(within=within) for lane in self._lanes.values()))
        if sum(late):
            log.warning("cancelled, still due", steps=sum(late))

    # --- the clock ------------------------------------------------------------------------------

    def _clockwork(self) -> AsyncIOScheduler:
        """APScheduler with its silent skips made visible: late ticks run, and each skip is counted."""
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )
        for event, name in _EVENTS.items():
            scheduler.add_listener(partial(self._count, name), event)
        scheduler.add_job(self._sweep, "interval", seconds=self.pace.sweep_every.total_seconds(), id="sweep")
        scheduler.add_job(self._prune, "interval", seconds=self.pace.prune_every.total_seconds(), id="prune")
        scheduler.add_job(self._beat, "interval", seconds=self.pace.beat_every.total_seconds(), id="beat")
        scheduler.add_job(
            self._heartbeat.looked, "interval", seconds=self.pace.beat_every.total_seconds(), id="heartbeat"
        )
        return scheduler

    def _count(self, name: str, _event: object) -> None:
        self.counters[name] += 1

    async def _sweep(self) -> None:
        self._heartbeat.alive()
        for lane in self._lanes.values():
            lane.wake()

    async def _prune(self) -> None:
        """Retention. A database that cannot take it now is asked again at the next turn."""
        try:
            for kind, dropped in (await self.pipeline.prune()).items():
                self.counters[f"pruned_{kind}"] += dropped
        except StoreError as error:
            self.counters["store_errors"] += 1
            log.warning("nothing pruned", error=str(error))

    async def _beat(self, *, stopped: bool = False) -> None:
        """Writes the sign of life. A database that cannot take it does not end the daemon: lanes report it."""
        now = self.pipeline.clock()
        host = socket.gethostname()
        row = EngineRow(
            id=f"local@{host}",
            engine="local",
            host=host,
            pid=os.getpid(),
            started_at=self._started_at,
            beat_at=now,
            stopped_at=now if stopped else None,
            counters=dict(self.counters) | {f"{name}_running": lane.running for name, lane in self._lanes.items()},
        )
        try:
            await asyncio.to_thread(self.pipeline.store.beat, row)
        except StoreError as error:
            self.counters["store_errors"] += 1
            log.warning("no sign of life written", error=str(error))

    # --- the steps ------------------------------------------------------------------------------

    def _lane(
        self, name: StepName, due: Callable[..., Sequence[Any]], step: Any, at_once: int, *, in_order: bool = False
    ) -> Lane[Any]:
        async def found(limit: int) -> Sequence[Any]:
            work = partial(due, self.pipeline.clock(), limit)
            return await asyncio.get_running_loop().run_in_executor(self.pipeline.pools.store, work)

        return Lane(
            name,
            due=found,
            step=step,
            at_once=at_once,
            stuck_after=self.pace.stuck_after.total_seconds(),
            counters=self.counters,
            in_order=in_order,
        )

    async def _collect_one(self, feed_id: str, _before: asyncio.Future[None] | None) -> None:
        for article_id in await self.pipeline.collect(feed_id):
            self.submit(StepName.ANALYZE, article_id)

    async def _analyze_one(self, article_id: int, before: asyncio.Future[None] | None) -> None:
        for delivery_id in await self.pipeline.analyze(article_id, after=before):
            self.submit(StepName.DELIVER, delivery_id)

    async def _deliver_one(self, delivery_id: int, _before: asyncio.Future[None] | None) -> None:
        await self.pipeline.deliver(delivery_id)


async def run(
    pipeline: Pipeline, *, pace: Pace | None = None, signs: Signs | None = None, once: bool = False
) -> Counter[str]:
    """Runs the local engine until SIGTERM or SIGINT, or for one pass; gives its counters.

    Raises SecondDaemonError when another one owns the database.
    """
    store = pipeline.store
    with sole_owner(store.path) if store.path else sole_client(store.conninfo, store.name):
        engine = LocalEngine(pipeline, pace=pace, signs=signs)
        with signals(engine.stop):
            return await (engine.run_once() if once else engine.run())
