"""The distributed engine in one process: what it tidies away, what it revives, who looks, and one pass beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from monitor.engines.distributed import QUEUES, Crew, DistributedEngine, Pace, crews_of
from monitor.engines.local import run as run_local
from monitor.model import EngineRow, Keep, MonitorError
from monitor.pipeline import Pipeline
from monitor.standing import Level, judge
from monitor.store import Store
from monitor.web.metrics import exposition
from tests.databases import Postgres
from tests.engines.test_local import made, now, with_old_article
from tests.rows import HOUR, NOW, entry, feed, known_feed

SECOND = timedelta(seconds=1)
FAST = Pace(
    crews=(Crew(QUEUES, 4),),
    sweep_cron="* * * * * *",
    look_cron="* * * * * *",
    tidy_cron="* * * * * *",
    prune_cron="* * * * * *",
    heartbeat=SECOND / 2,
    dead_after=2 * SECOND,
    stop_within=SECOND,
)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.fresh()


def worked(
    store: Store, holds: Callable[[], bool], pipeline: Pipeline | None = None, *, pace: Pace = FAST
) -> DistributedEngine:
    """An engine that runs until it holds."""
    pipeline = pipeline or made(store)[0]
    pipeline.follow_later = True

    async def scenario() -> DistributedEngine:
        engine = DistributedEngine(pipeline, pace=pace)
        running = asyncio.create_task(engine.run())
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(holds):
                assert not running.done(), running.result()
                await asyncio.sleep(0.05)
        engine.stop()
        await running
        return engine

    return asyncio.run(scenario())


def all_polled(store: Store) -> bool:
    return all(row.state.last_polled_at for row in store.feeds())


def jobs(postgres: Postgres, where: str = "true") -> int:
    return int(postgres.sql(f"SELECT count(*) FROM procrastinate_jobs WHERE {where}")[0][0])


def test_what_succeeded_is_gone_at_once_and_what_was_given_up_after_three_days(url: str, postgres: Postgres) -> None:
    with Store.open(url) as store:
        store.make_queue()
        postgres.sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, status) VALUES "
            "('x', 'old', 'a', 'failed'), ('x', 'new', 'b', 'failed'), ('x', 'ended', 'c', 'cancelled')"
        )
        postgres.sql(
            "INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'failed', now() - "
            "CASE task_name WHEN 'new' THEN interval '1 hour' ELSE interval '73 hours' END FROM procrastinate_jobs"
        )
        store.sync_feeds((feed("one"), feed("two")), NOW)
        engine = worked(store, lambda: not jobs(postgres, "task_name IN ('old', 'ended')") and all_polled(store))
        assert engine.counters["collect_done"] == 2
    assert jobs(postgres, "task_name = 'new'") == 1
    assert jobs(postgres, "status = 'succeeded' OR queue_name = 'collect'") == 0
    assert postgres.sql(
        "SELECT count(*) FROM procrastinate_events WHERE job_id NOT IN (SELECT id FROM procrastinate_jobs)"
    ) == [(0,)]
    assert int(postgres.sql("SELECT count(*) FROM procrastinate_periodic_defers")[0][0]) < 10


def test_one_of_the_workers_prunes_old_rows(url: str) -> None:
    with Store.open(url) as store:
        early, feeds = made(store, clock=lambda: now() - timedelta(days=91))
        with_old_article(store, early, feeds)
        late, _ = made(store)
        late.keep = Keep()
        engine = worked(store, lambda: not store.article(1).article.text, late)
        assert engine.counters["pruned_texts"] == 1


def test_jobs_of_a_dead_worker_are_seen_as_stalled_and_run_again(url: str, postgres: Postgres) -> None:
    with Store.open(url) as store:
        store.make_queue()
        postgres.sql("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 minutes')")
        postgres.sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id) SELECT "
            "'collect', 'collect', 'collect:one', 'collect:one', '{\"row\": \"one\"}', 'doing', id FROM procrastinate_workers"
        )
        store.sync_feeds((feed("one"),), NOW)
        before = store.status(now())
        assert before.queue is not None
        assert (before.queue.running, before.queue.stalled) == ({"collect": 1}, 1)
        standing = judge(before, store.feeds(), now=now())
        assert any("1 jobs hang with workers that died" in reason for reason in standing.reasons)
        assert 'monitor_jobs{queue="collect",state="running"} 1\n' in exposition(before, standing)
        assert "monitor_jobs_stalled 1\n" in exposition(before, standing)
        engine = worked(store, lambda: all_polled(store))
    assert engine.counters["revived"] == 1
    assert engine.counters["collect_done"] >= 1, "its own job may come beside the one that was made for it meanwhile"


def test_a_killed_worker_is_silent_in_the_status_and_forgotten_after_a_day(url: str) -> None:
    with Store.open(url) as store:
        store.make_queue()
        row = {"engine": "distributed", "host": "h", "pid": 1, "started_at": NOW}
        store.beat(EngineRow.model_validate(row | {"id": "killed", "beat_at": NOW}))
        store.beat(EngineRow.model_validate(row | {"id": "lives", "beat_at": NOW + HOUR}))
        standing = judge(store.status(NOW + HOUR), (), now=NOW + HOUR)
        assert (standing.figures["workers"], standing.figures["workers_silent"]) == (1, 1)
        assert standing.level is not Level.CRITICAL, "another one works"
        store.beat(EngineRow.model_validate(row | {"id": "lives", "beat_at": NOW + 25 * HOUR}))
        assert [engine.id for engine in store.engines()] == ["lives"]


def test_a_step_that_hangs_is_cancelled_and_its_job_tried_again(url: str, postgres: Postgres) -> None:
    with Store.open(url) as store:
        pipeline, _ = made(store)
        pipeline.follow_later = True

        async def hangs(*_: Any) -> Any:
            await asyncio.Event().wait()

        pipeline._fetch = hangs
        store.sync_feeds((feed("one"),), NOW)
        pace = replace(FAST, stuck_after=SECOND / 10)
        engine = worked(
            store, lambda: jobs(postgres, "queue_name = 'collect' AND attempts = 1") == 1, pipeline, pace=pace
        )
        assert store.due_feeds(now()) == ("one",)
    assert engine.counters["collect_stuck"] == 1


def test_a_queue_made_by_another_procrastinate_ends_the_worker_with_the_mend(postgres: Postgres) -> None:
    with Store.open(postgres.another()) as store:
        store.make_queue()
        with psycopg.connect(store.conninfo, autocommit=True) as connection:
            connection.execute("DROP FUNCTION procrastinate_retry_job_v2")
        with pytest.raises(MonitorError, match="`monitor db migrate --queue` makes it anew"):
            worked(store, lambda: False)


def test_a_daemon_has_crews_so_that_nothing_slow_holds_up_the_rest(url: str) -> None:
    crews = crews_of(polls=5, analyses=2, deliveries=1)
    assert sorted(name for crew in crews for name in crew.queues) == sorted(QUEUES)
    with Store.open(url) as store:
        store.sync_feeds((feed("one"),), NOW)
        pace = Pace(crews=crews, sweep_cron="* * * * * *", stop_within=SECOND)
        engine = worked(store, lambda: all_polled(store), pace=pace)
    assert engine.counters["store_errors"] == 0


def test_one_pass_for_cron_goes_the_whole_way_beside_workers(url: str) -> None:
    with Store.open(url) as store:
        pipeline, feeds = made(store)
        pipeline.follow_later = True
        known_feed(store, feed("one"), at=now())
        feeds.shows["one"] = (
            entry("a", "Washington supports it. " + "a " * 30, published_at=now() - 30 * HOUR),
            entry("b", "Washington rejects it. " + "b " * 30, published_at=now() - 2 * HOUR),
        )
        asyncio.run(run_local(pipeline, once=True))
        assert [row.change.holder for row in store.changes()] == ["USA"]
        assert len(store.deliveries()) == len(store.changes())
