"""The distributed engine: Procrastinate on the PostgreSQL that holds the rows, workers on as many machines as you like.

Its queue only says who runs which step when; the rows stay the truth, and a sweep finds what no job was made for. Nothing
here locks, schedules or finds dead workers by itself: Procrastinate does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import psycopg
import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.tasks import Task

from monitor.engines.heartbeat import Heartbeat, Signs
from monitor.engines.lanes import StepName
from monitor.engines.signals import signals
from monitor.model import EngineRow, StoreError
from monitor.pipeline import Pipeline

log = structlog.get_logger()

FOLLOW = "follow"
CLOCK = "clock"
PRIORITY = {CLOCK: 40, StepName.DELIVER: 30, FOLLOW: 20, StepName.ANALYZE: 10, StepName.COLLECT: 0}
QUEUES = tuple(str(name) for name in PRIORITY)

_CONNECTIONS = 8  # of one process for its jobs, besides those of the store; a server takes a hundred by default
_KEEP_FAILED = timedelta(days=3)
_QUEUED = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%(locks)s)"
# A step keeps account of its own failures; what still comes out is the database in trouble, or a fault of ours.
# 2, 7, 12 … 27 s: short, for while a job waits the sweep makes no other for its row; after that the sweep makes a new one.
_RETRY = RetryStrategy(max_attempts=6, wait=2, linear_wait=5)


class Crew(NamedTuple):
    """Some queues, and how many of their jobs run at once in this process."""

    queues: tuple[str, ...]
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once in one process, how often, how long."""

    crews: tuple[Crew, ...] = (Crew(QUEUES, 8),)
    sweep_cron: str = "* * * * * */5"
    look_cron: str = "* * * * *"
    tidy_cron: str = "17 * * * *"
    prune_cron: str = "*/10 * * * *"
    alive_every: timedelta = timedelta(seconds=5)
    beat_every: timedelta = timedelta(seconds=15)
    heartbeat: timedelta = timedelta(seconds=10)
    dead_after: timedelta = timedelta(seconds=30)
    stuck_after: timedelta = timedelta(minutes=10)
    stop_within: timedelta = timedelta(seconds=20)
    sweep_limit: int = 2000

    @property
    def at_once(self) -> int:
        return sum(crew.at_once for crew in self.crews)


def crews_of(*, polls: int, analyses: int, deliveries: int) -> tuple[Crew, ...]:
    """A daemon's crews: slow mail servers hold up no poll, and a thousand articles hold up no clock."""
    return (
        Crew((str(StepName.DELIVER),), deliveries),
        Crew((CLOCK, FOLLOW), 2),
        Crew((str(StepName.ANALYZE),), analyses),
        Crew((str(StepName.COLLECT),), polls),
    )


class DistributedEngine:
    """One process of many. `submit` makes a job for a row, unless one waits already."""

    def __init__(self, pipeline: Pipeline, *, pace: Pace | None = None, signs: Signs | None = None) -> None:
        if not pipeline.follow_later:
            raise ValueError("workers read in any order; give the pipeline follow_later=True")
        self._heartbeat = Heartbeat(pipeline.store, clock=pipeline.clock, signs=signs or Signs())
        self.pipeline = pipeline
        self.pace = pace or Pace()
        self.counters: Counter[str] = Counter()
        self.conninfo = pipeline.store.conninfo
        self._started_at = pipeline.clock()
        self._stopping = asyncio.Event()
        self._reviving = asyncio.Lock()
        self._app = self._new_app()

    async def submit(self, step: StepName | str, row: str | int) -> None:
        key = _key(step, row)
        with contextlib.suppress(AlreadyEnqueued):
            await self._task(step).configure(queueing_lock=key, lock=key).defer_async(row=row)

    def stop(self) -> None:
        """Asks for a clean end: what runs is finished, nothing more is started."""
        self._stopping.set()

    async def run(self) -> Counter[str]:
        """Works until `stop`; outlives a database that goes away and comes back."""
        signs = [asyncio.create_task(self._beats()), asyncio.create_task(self._alive())]
        try:
            await self._work()
        finally:
            for task in signs:
                task.cancel()
            await asyncio.gather(*signs, return_exceptions=True)
            await self._beat(stopped=True)
        log.info("stopped", **self.counters)
        return self.counters

    async def _work(self) -> None:
        troubles = 0
        while not self._stopping.is_set():
            begun = asyncio.get_running_loop().time()
            try:
                await asyncio.to_thread(self.pipeline.store.make_queue)
                async with self._app.open_async():
                    log.info("started", pid=os.getpid(), database=self.pipeline.store.name, **self._shape())
                    await self._heartbeat.started()
                    await self._until_stopped()
            except (ConnectorException, psycopg.Error, OSError, StoreError) as error:
                log.warning("database trouble", error=str(error.__cause__ or error).partition("\n")[0])
            if self._stopping.is_set():
                return
            # Procrastinate's worker also ends, without an error, when it loses its listening connection.
            self.counters["store_errors"] += 1
            troubles = 1 if asyncio.get_running_loop().time() - begun > 60 else troubles + 1
            wait = min(2 ** (troubles - 1), 30)
            log.warning("worker begins again", again_in=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
            self._app = self._new_app()  # an app's connector opens once

    def _shape(self) -> dict[str, int]:
        return {"+".join(crew.queues): crew.at_once for crew in self.pace.crews}

    async def _until_stopped(self) -> None:
        working = [asyncio.create_task(self._run_crew(crew)) for crew in self.pace.crews]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait({stopping, *working}, return_when=asyncio.FIRST_COMPLETED)
            if stopping in done:
                await self._heartbeat.stopping()
        finally:
            stopping.cancel()
            for task in working:
                task.cancel()  # Procrastinate's word for a graceful end
            ended = await asyncio.gather(*working, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _run_crew(self, crew: Crew) -> None:
        pace = self.pace
        await self._app.run_worker_async(
            queues=[*crew.queues],
            name=f"{socket.gethostname()}:{os.getpid()}",
            concurrency=crew.at_once,
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            update_heartbeat_interval=pace.heartbeat.total_seconds(),
            stalled_worker_timeout=pace.dead_after.total_seconds(),
            shutdown_graceful_timeout=pace.stop_within.total_seconds(),
            install_signal_handlers=False,
        )

    # --- tasks ----------------------------------------------------------------------------------

    def _new_app(self) -> App:
        # A job holds a connection only while it is taken and while it is ended; each crew listens on one.
        most = len(self.pace.crews) + min(max(4, self.pace.at_once // 2), _CONNECTIONS)
        connector = PsycopgConnector(conninfo=self.conninfo, min_size=1, max_size=most)
        app = App(connector=connector)
        for name, step in (
            (StepName.COLLECT, self._collect),
            (StepName.ANALYZE, self._analyze),
            (StepName.DELIVER, self._deliver),
            (FOLLOW, self._follow),
        ):
            watched = partial(self._watched, str(name), step)
            app.task(name=str(name), queue=str(name), priority=PRIORITY[name], retry=_RETRY)(watched)
        # One sweep at a time: when the database is slow, ticks must not fill every place and starve the work.
        for name, tick, cron, lock in (
            ("sweep", self._sweep, self.pace.sweep_cron, "sweep"),
            # No lock: a reviver that was killed would hold it, and nobody could revive the reviver.
            ("revive", self._revive, self.pace.sweep_cron, None),
            ("look", self._look, self.pace.look_cron, "look"),
            ("tidy", self._tidy, self.pace.tidy_cron, "tidy"),
            ("prune", self._prune, self.pace.prune_cron, "prune"),
        ):
            ticking = app.task(name=name, queue=CLOCK, priority=PRIORITY[CLOCK], queueing_lock=name, lock=lock)(tick)
            app.periodic(cron=cron)(ticking)
        return app

    def _task(self, name: StepName | str) -> Task[Any, Any, Any]:
        return self._app.tasks[str(name)]

    async def _watched(self, name: str, step: Callable[[Any], Awaitable[None]], row: str | int) -> None:
        """Counts and logs how the step went; what it raises makes Procrastinate try the job again later."""
        try:
            async with asyncio.timeout(self.pace.stuck_after.total_seconds()):
                await step(row)
        except StoreError as error:
            self.counters["store_errors"] += 1
            log.warning("database trouble", step=name, row=row, error=str(error))
            raise
        except TimeoutError:
            self.counters[f"{name}_stuck"] += 1
            log.warning("step stuck", step=name, row=row, seconds=self.pace.stuck_after.total_seconds())
            raise
        except (ConnectorException, psycopg.Error):
            self.counters["store_errors"] += 1
            raise
        except Exception:
            self.counters[f"{name}_errors"] += 1
            log.exception("step failed", step=name, row=row)
            raise
        self.counters[f"{name}_done"] += 1

    async def _collect(self, feed_id: str) -> None:
        for article_id in await self.pipeline.collect(feed_id):
            await self.submit(StepName.ANALYZE, article_id)

    async def _analyze(self, article_id: int) -> None:
        await self.pipeline.analyze(article_id)
        await self._submit_followers()

    async def _follow(self, topic: str) -> None:
        for delivery_id in await self.pipeline.follow(topic):
            await self.submit(StepName.DELIVER, delivery_id)

    async def _deliver(self, delivery_id: int) -> None:
        await self.pipeline.deliver(delivery_id)

    async def _submit_followers(self) -> None:
        for topic in self.pipeline.topics:
            if await asyncio.to_thread(self.pipeline.store.to_follow, topic=topic, limit=1):
                await self.submit(FOLLOW, topic)

    # --- the clock ------------------------------------------------------------------------------

    async def _sweep(self, timestamp: int) -> None:  # noqa: ARG002 -- Procrastinate tells every periodic task
        """Makes jobs for due rows that have none: the first ones, and those whose submission was lost."""
        store, now, limit = self.pipeline.store, self.pipeline.clock(), self.pace.sweep_limit
        for step, due in (
            (StepName.DELIVER, store.due_deliveries),
            (StepName.ANALYZE, store.due_articles),
            (StepName.COLLECT, store.due_feeds),
        ):
            await self._submit_all(step, await asyncio.to_thread(partial(due, now, limit)))
        await self._submit_followers()

    async def _submit_all(self, step: StepName, rows: Iterable[str | int]) -> None:
        wanted = {_key(step, row): row for row in rows}
        if not wanted:
            return
        queued = await self._app.connector.execute_query_all_async(_QUEUED, locks=list(wanted))
        for each in queued:
            wanted.pop(each["queueing_lock"], None)
        for row in wanted.values():
            await self.submit(step, row)

    async def _revive(self, timestamp: int) -> None:  # noqa: ARG002
        """Jobs of workers that give no sign of life any more are run again by others."""
        if self._reviving.locked():
            return  # this process is at it
        async with self._reviving:
            seconds = self.pace.dead_after.total_seconds()
            for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
                try:
                    await self._revive_one(job)
                except ConnectorException as error:
                    # Another worker revived it first, or the database went away: then the next tick finds it.
                    log.info("not revived", job=job.id, error=str(error.__cause__ or error).partition("\n")[0])

    async def _revive_one(self, job: Job) -> None:
        manager = self._app.job_manager
        if job.queue == CLOCK:  # there is a new one every few seconds; this one only holds a lock
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
            return
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # Another job waits for this row already, held up by the lock of this one: let it have its turn.
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        self.counters["revived"] += 1
        log.warning("stalled job runs again", job=job.id, task=job.task_name)

    async def _look(self, timestamp: int) -> None:  # noqa: ARG002
        """One worker at a time looks how things stand, so that the operator hears of a worry once."""
        await self._heartbeat.looked()

    async def _prune(self, timestamp: int) -> None:  # noqa: ARG002
        """Old rows go as `keep` says."""
        for kind, dropped in (await self.pipeline.prune()).items():
            self.counters[f"pruned_{kind}"] += dropped

    async def _tidy(self, timestamp: int) -> None:  # noqa: ARG002
        """What was given up is kept for a while to be looked at; what succeeded is deleted as it ends."""
        hours = int(_KEEP_FAILED.total_seconds() // 3600)
        await self._app.job_manager.delete_old_jobs(
            hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    # --- signs of life --------------------------------------------------------------------------

    async def _alive(self) -> None:
        while True:
            self._heartbeat.alive()
            await asyncio.sleep(self.pace.alive_every.total_seconds())

    async def _beats(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(self.pace.beat_every.total_seconds())

    async def _beat(self, *, stopped: bool = False) -> None:
        host, now = socket.gethostname(), self.pipeline.clock()
        row = EngineRow(
            id=f"worker@{host}:{os.getpid()}",
            engine="distributed",
            host=host,
            pid=os.getpid(),
            started_at=self._started_at,
            beat_at=now,
            stopped_at=now if stopped else None,
            counters=dict(self.counters),
        )
        try:
            await asyncio.to_thread(self.pipeline.store.beat, row)
        except StoreError as error:
            self.counters["store_errors"] += 1
            log.warning("no sign of life written", error=str(error))


def _key(step: StepName | str, row: str | int) -> str:
    """Of jobs with one key, one waits and one runs at most."""
    return f"{step}:{row}"


async def run(pipeline: Pipeline, *, pace: Pace | None = None, signs: Signs | None = None) -> Counter[str]:
    """Runs one process of many until SIGTERM or SIGINT; gives its counters."""
    engine = DistributedEngine(pipeline, pace=pace, signs=signs)
    with signals(engine.stop):
        return await engine.run()
