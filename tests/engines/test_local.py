"""The local engine runs what is due, survives what goes wrong, stops when asked, and is alone on its database."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.engines.local import LocalEngine, Pace, run
from monitor.engines.lock import SecondDaemonError, sole_client, sole_owner
from monitor.model import DeliveryState, Keep, Level, MonitorError, StoreError
from monitor.pipeline import Pipeline
from monitor.store import Store
from tests.databases import Postgres
from tests.fakes import MemoryChannel, ScriptedFeeds, WordAnalyzer
from tests.rows import NOW, entry, feed, known_feed

FAST = Pace(sweep_every=timedelta(seconds=0.05), beat_every=timedelta(seconds=0.05), stop_within=timedelta(seconds=5))
SUPPORT, OPPOSE = "At first Washington supports all of it", "And then Washington rejects what was said before"


def now() -> datetime:
    return datetime.now(UTC)


def made(store: Store, *, analyzer: Any = None, clock: Callable[[], datetime] = now) -> tuple[Pipeline, ScriptedFeeds]:
    feeds = ScriptedFeeds(clock)
    channel = MemoryChannel(id="memory")
    pipeline = Pipeline(
        store=store,
        fetch=feeds,
        analyzers=[analyzer or WordAnalyzer()],
        channels=[channel],  # type: ignore[list-item]
        clock=clock,
    )
    return pipeline, feeds


def with_old_article(store: Store, pipeline: Pipeline, feeds: ScriptedFeeds) -> None:
    """An article off topic that came long ago, read."""
    store.sync_feeds((feed("one"),), pipeline.clock())
    feeds.shows["one"] = (entry("old", "The city council approved a new tram line on Tuesday."),)
    asyncio.run(run(pipeline, once=True))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 -- what other processes write sets no event of ours
            await asyncio.sleep(0.01)


async def running(engine: LocalEngine, condition: Callable[[], bool]) -> None:
    """Runs the engine until the condition holds, then stops it."""
    task = asyncio.create_task(engine.run())
    try:
        await until(condition)
    finally:
        engine.stop()
        await task


def turn(at: datetime) -> tuple[Any, Any]:
    """A stance, and three hours later its opposite."""
    day = timedelta(days=1)
    return entry("b", OPPOSE, published_at=at), entry("a", SUPPORT, published_at=at - day)


def test_one_pass_collects_analyzes_in_the_order_of_the_news_and_delivers(store: Store) -> None:
    pipeline, feeds = made(store)
    known_feed(store, feed("one"), at=now())
    feeds.shows["one"] = turn(now())
    counters = asyncio.run(run(pipeline, once=True))
    (row,) = store.changes()
    assert (row.change.before.event.quote, row.change.after.event.quote) == (
        "Washington supports",
        "Washington rejects",
    )
    assert [each.state for each in store.deliveries()] == [DeliveryState.SENT]
    assert counters == {"collect_done": 1, "analyze_done": 2, "deliver_done": 1}


def test_a_second_pass_has_nothing_to_do(store: Store) -> None:
    pipeline, feeds = made(store)
    store.sync_feeds((feed("one"),), now())
    feeds.shows["one"] = turn(now())
    asyncio.run(run(pipeline, once=True))
    assert asyncio.run(run(pipeline, once=True)) == {}


def test_the_daemon_takes_work_from_feed_to_inbox_and_leaves_a_sign_of_life(store: Store) -> None:
    pipeline, feeds = made(store)
    known_feed(store, feed("one"), at=now())
    feeds.shows["one"] = turn(now())

    async def scenario() -> None:
        engine = LocalEngine(pipeline, pace=FAST)
        await running(engine, lambda: bool(store.deliveries(state=DeliveryState.SENT)))

    asyncio.run(scenario())
    (engine,) = store.engines()
    assert engine.pid == os.getpid()
    assert engine.stopped_at is not None
    assert engine.counters["deliver_done"] == 1


def test_a_sweep_finds_what_nobody_submitted(store: Store) -> None:
    pipeline, _ = made(store)
    store.sync_feeds((feed("one", enabled=False),), now())

    async def scenario() -> None:
        engine = LocalEngine(pipeline, pace=FAST)
        task = asyncio.create_task(engine.run())
        await until(lambda: bool(store.engines()))
        store.add_entries(feed("one"), [entry("a", SUPPORT)], seen_at=now())  # another process, as it were
        await until(lambda: bool(store.events()))
        engine.stop()
        await task

    asyncio.run(scenario())


def test_many_rows_are_worked_on_at_once_and_never_one_twice(store: Store) -> None:
    names = tuple(f"f{n}" for n in range(40))
    store.sync_feeds(tuple(feed(name) for name in names), now())
    pipeline, feeds = made(store)
    running_now: set[str] = set()
    most = 0

    async def slow(feed_: Any, state: Any) -> Any:
        nonlocal most
        assert feed_.id not in running_now
        running_now.add(feed_.id)
        most = max(most, len(running_now))
        await asyncio.sleep(0.005)
        running_now.discard(feed_.id)
        return await feeds(feed_, state)

    pipeline._fetch = slow
    asyncio.run(run(pipeline, pace=Pace(collect_at_once=8), once=True))
    assert sorted(feeds.polls) == sorted(names)
    assert most == 8


def test_a_stuck_step_is_cancelled_counted_and_the_others_go_on(store: Store) -> None:
    store.sync_feeds((feed("hangs"), feed("works")), now())
    pipeline, feeds = made(store)

    async def fetch(feed_: Any, state: Any) -> Any:
        if feed_.id == "hangs":
            await asyncio.Event().wait()
        return await feeds(feed_, state)

    pipeline._fetch = fetch
    counters = asyncio.run(run(pipeline, pace=Pace(stuck_after=timedelta(seconds=0.1)), once=True))
    assert (counters["collect_stuck"], counters["collect_done"]) == (1, 1)
    assert store.due_feeds(now()) == ("hangs",), "it stays due"


class Failing:
    """A store whose reads of due feeds fail so many times."""

    def __init__(self, store: Store, times: int) -> None:
        self._store = store
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def due_feeds(self, at: datetime, limit: int) -> Any:
        if self.times:
            self.times -= 1
            raise StoreError("the disk is full")
        return self._store.due_feeds(at, limit)


def test_a_database_in_trouble_is_asked_again_later_and_nothing_is_lost(store: Store) -> None:
    store.sync_feeds((feed("one"),), now())
    failing = Failing(store, 1)
    pipeline, feeds = made(failing)  # type: ignore[arg-type]
    engine_counters: list[Any] = []

    async def scenario() -> None:
        engine = LocalEngine(pipeline, pace=FAST)
        await running(engine, lambda: feeds.polls == ["one"])
        engine_counters.append(engine.counters)

    asyncio.run(scenario())
    assert engine_counters[0]["store_errors"] == 1


def test_a_stop_finishes_what_runs_and_starts_nothing_more(store: Store) -> None:
    store.sync_feeds(tuple(feed(name) for name in "abcd"), now())
    pipeline, feeds = made(store)

    async def scenario() -> None:
        engine = LocalEngine(pipeline, pace=Pace(collect_at_once=1))
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def fetch(feed_: Any, state: Any) -> Any:
            begun.set()
            await go_on.wait()
            return await feeds(feed_, state)

        pipeline._fetch = fetch
        task = asyncio.create_task(engine.run())
        await begun.wait()
        engine.stop()
        await asyncio.sleep(0)
        go_on.set()
        await task

    asyncio.run(scenario())
    assert feeds.polls == ["a"]
    assert store.due_feeds(now()) == ("b", "c", "d")


def test_a_stop_does_not_wait_for_ever(store: Store) -> None:
    store.sync_feeds((feed("hangs"),), now())
    pipeline, _ = made(store)

    async def scenario() -> None:
        begun = asyncio.Event()

        async def fetch(_feed: Any, _state: Any) -> Any:
            begun.set()
            await asyncio.Event().wait()

        pipeline._fetch = fetch
        engine = LocalEngine(pipeline, pace=Pace(stop_within=timedelta(seconds=0.05)))
        task = asyncio.create_task(engine.run())
        await begun.wait()
        engine.stop()
        async with asyncio.timeout(5):
            await task

    asyncio.run(scenario())
    assert store.due_feeds(now()) == ("hangs",)


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(store: Store) -> None:
    pipeline, _ = made(store)
    assert store.path is not None
    with sole_owner(store.path), pytest.raises(SecondDaemonError, match=rf"pid {os.getpid()} .*already runs on"):
        asyncio.run(run(pipeline, once=True))
    asyncio.run(run(pipeline, once=True))


def test_a_second_daemon_is_refused_on_postgresql_too(postgres: Postgres) -> None:
    with Store.open(postgres.fresh()) as store:
        pipeline, _ = made(store)
        with sole_client(store.conninfo, store.name), pytest.raises(SecondDaemonError, match="already runs on"):
            asyncio.run(run(pipeline, once=True))
        asyncio.run(run(pipeline, once=True))


def test_a_lock_that_cannot_be_written_gets_a_sentence() -> None:
    with pytest.raises(MonitorError, match="needs it beside its database"), sole_owner(Path("/nowhere/monitor.db")):
        pass


_DAEMON = """
import asyncio, sys
from pathlib import Path
from tests.engines.world import daemon
asyncio.run(daemon(Path(sys.argv[1]), "http://127.0.0.1:9", stage=0))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_cleanly_and_frees_its_lock(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _DAEMON, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    lock = tmp_path / "monitor.db.lock"
    deadline = time.monotonic() + 30
    while not _held(lock):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    with Store.open(str(tmp_path / "monitor.db")) as store:
        while not store.engines():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        (engine,) = store.engines()
        assert engine.stopped_at is not None
    assert not _held(lock)


def _held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_ticks_that_the_scheduler_skips_are_counted(store: Store) -> None:
    pipeline, _ = made(store)

    async def scenario() -> LocalEngine:
        engine = LocalEngine(pipeline, pace=FAST)
        sweeping = asyncio.Event()

        async def slow_sweep() -> None:
            await sweeping.wait()

        engine._sweep = slow_sweep  # type: ignore[method-assign]
        await running(engine, lambda: engine.counters["ticks_overlapped"] > 0)
        sweeping.set()
        return engine

    engine = asyncio.run(scenario())
    assert engine.counters["ticks_overlapped"] > 0


def test_the_demo_clock_may_stand_still(store: Store) -> None:
    pipeline, feeds = made(store, clock=lambda: NOW)
    store.sync_feeds((feed("one"),), NOW)
    feeds.shows["one"] = turn(NOW)
    asyncio.run(run(pipeline, once=True))
    assert [row.change.level for row in store.changes()] == [Level.REPORTED]


@pytest.fixture
def keeping(store: Store) -> Pipeline:
    """A pipeline that prunes, on a database whose only article came 91 days ago and is off topic."""
    early, feeds = made(store, clock=lambda: now() - timedelta(days=91))
    with_old_article(store, early, feeds)
    late, _ = made(store)
    late.keep = Keep()
    return late


def test_the_daemon_prunes_by_itself_and_counts_what_went(store: Store, keeping: Pipeline) -> None:
    async def scenario() -> LocalEngine:
        engine = LocalEngine(keeping, pace=replace(FAST, prune_every=timedelta(seconds=0.05)))
        await running(engine, lambda: engine.counters["pruned_texts"] > 0)
        return engine

    assert asyncio.run(scenario()).counters["pruned_texts"] == 1
    assert store.article(1).article.text == ""


def test_a_pass_for_cron_prunes_too(store: Store, keeping: Pipeline) -> None:
    assert asyncio.run(run(keeping, once=True))["pruned_texts"] == 1
    assert store.article(1).article.text == ""


def test_without_a_word_about_keeping_nothing_is_pruned(store: Store, keeping: Pipeline) -> None:
    keeping.keep = None
    asyncio.run(run(keeping, once=True))
    assert store.article(1).article.text != ""
