"""A small world of loopback feeds that grows by stages, and the daemon that follows it: what the kill tests run.

Each feed tells of one actor, so that the order of stances is the order in its feed, whatever dies in between.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

from monitor.channels import LogChannel
from monitor.engines.local import Pace, run
from monitor.model import DeliveryState, Feed, FeedState, Language, Policy, Poll, StoreError
from monitor.pipeline import Pipeline, Pools
from monitor.sources.collect import collect, parse
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.parsed import ParsedFeed
from monitor.store import Store
from tests.fakes import WordAnalyzer
from tests.rows import TOPIC

START = datetime(2016, 7, 14, 12, 0, tzinfo=UTC)
STAGE = timedelta(hours=36)
ACTORS = ("USA", "RUS", "TUR", "IRN", "FRA", "GBR")
_WORDS = ("supports", "rejects")


def feeds(base: str) -> tuple[Feed, ...]:
    return tuple(
        Feed(
            id=actor.lower(),
            url=f"{base}/{actor}.xml",
            publisher=f"Paper of {actor}",
            language=Language.EN,
            speaks_for=actor if number % 2 else None,
        )
        for number, actor in enumerate(ACTORS)
    )


def article(actor: str, stage: int) -> str:
    says = f"{actor} {_WORDS[stage // 2 % 2]} coordination" if stage % 3 else "nothing new is known of it"
    return f"On day {stage} we hear: {says}. " + " ".join(f"{actor.lower()}{stage}w{n}" for n in range(40))


def document(actor: str, stage: int) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>{actor}-{n}</guid><title>{actor} on day {n}</title>"
        f"<link>http://paper.test/{actor}/{n}</link><description>{article(actor, n)}</description>"
        f"<pubDate>{format_datetime(START + n * STAGE)}</pubDate></item>"
        for n in range(stage, -1, -1)
    )
    return f"<rss version='2.0'><channel><title>{actor}</title>{items}</channel></rss>".encode()


class _Server(ThreadingHTTPServer):
    stage = 0


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        kind, _, rest = self.path[1:].partition("/")
        if kind == "stage":
            self.server.stage = int(rest)
        body = document(kind.partition(".")[0], self.server.stage) if kind.endswith(".xml") else b"ok"
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def served() -> Iterator[str]:
    """The world's feeds over HTTP; GET /stage/N makes it N days old."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# --- the daemon -----------------------------------------------------------------------------------


async def daemon(folder: Path, base: str, *, stage: int, once: bool = False, later: timedelta = timedelta()) -> None:
    begun = time.monotonic()

    def clock() -> datetime:
        return START + stage * STAGE + later + timedelta(seconds=time.monotonic() - begun)

    with Store.open(str(folder / "monitor.db")) as store, ThreadPoolExecutor(4) as threads:
        store.sync_feeds(feeds(base), START)
        async with Fetcher(allow_private=("127.0.0.1",)) as fetcher:
            pipeline = pipeline_on(store, folder, fetcher=fetcher, threads=threads, clock=clock)
            pace = Pace(sweep_every=timedelta(milliseconds=200), analyze_at_once=2)
            await run(pipeline, pace=pace, once=once)


async def worker(folder: Path, base: str, *, url: str, stage: Any, skew: timedelta) -> None:
    """One worker of many on PostgreSQL, whose clock is wrong by `skew`; `stage` is shared memory."""
    from monitor.engines import distributed

    begun = time.monotonic()

    def clock() -> datetime:
        return START + int(stage.value) * STAGE + timedelta(seconds=time.monotonic() - begun) + skew

    with _opened(url) as store, ThreadPoolExecutor(4) as threads:
        async with Fetcher(allow_private=("127.0.0.1",)) as fetcher:
            pipeline = pipeline_on(store, folder, fetcher=fetcher, threads=threads, clock=clock, follow_later=True)
            second = timedelta(seconds=1)
            pace = distributed.Pace(
                crews=(distributed.Crew(distributed.QUEUES, 4),),
                sweep_cron="* * * * * *",
                beat_every=second,
                heartbeat=second / 2,
                dead_after=3 * second,
            )
            await distributed.run(pipeline, pace=pace)


def _opened(url: str) -> Store:
    """Tries for a while, as a service manager would."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return Store.open(url)
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def pipeline_on(
    store: Store,
    folder: Path,
    *,
    fetcher: Fetcher,
    threads: ThreadPoolExecutor,
    clock: Callable[[], datetime],
    follow_later: bool = False,
) -> Pipeline:
    async def in_worker(fetched: Fetched, feed_id: str, now: datetime) -> ParsedFeed:
        return await asyncio.get_running_loop().run_in_executor(threads, parse, fetched, feed_id, now)

    async def fetch(feed: Feed, state: FeedState) -> Poll:
        return await collect(feed, state, fetcher=fetcher, in_worker=in_worker, clock=clock)

    return Pipeline(
        store=store,
        fetch=fetch,
        analyzers=[WordAnalyzer()],
        channels=[
            LogChannel(kind="log", id="log", path=folder / "outbox.jsonl", max_age=timedelta(days=9999)),
            LogChannel(
                kind="log",
                id="grouped",
                path=folder / "grouped.jsonl",
                max_age=timedelta(days=9999),
                group=timedelta(seconds=1),
            ),
        ],
        clock=clock,
        policies={TOPIC: Policy(confirmations=2)},
        pools=Pools(cpu=threads, store=threads, channels=threads),
        follow_later=follow_later,
    )


# --- its killer -----------------------------------------------------------------------------------


def kill_often(folder: Path, base: str, *, kills: int, seed: int) -> None:
    """Forks daemons from this warm process and kills each at a random moment, a stage later each time; then one whole run."""
    chance = random.Random(seed)
    work = partial(daemon, folder, base)
    _to_stage(base, 0)
    begun = time.monotonic()
    os.waitpid(_forked(partial(work, stage=0, once=True)), 0)
    whole = time.monotonic() - begun  # a life as it is on this machine today: each dies somewhere in it
    for stage in range(1, kills + 1):
        _to_stage(base, stage)
        child = _forked(partial(work, stage=stage))
        time.sleep(chance.uniform(0.05, 1.1) * whole)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    for later in (timedelta(), timedelta(minutes=1)):  # the second pass sends what the first one put into groups
        child = _forked(partial(work, stage=kills, once=True, later=later))
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"the last run ended with {status}")


def kill_workers(folder: Path, base: str, *, url: str, kills: int, seed: int, skew: timedelta, count: int = 4) -> None:
    """Runs `count` workers, kills one at random moments and starts another, a stage later each time; then lets them finish.

    Every second clock is fast by `skew`, the others are as slow.
    """
    chance = random.Random(seed)
    stage = RawValue("i", 0)
    _to_stage(base, 0)
    with _opened(url) as store:
        store.sync_feeds(feeds(base), START)
    started = 0

    def start() -> int:
        nonlocal started
        started += 1
        wrong = skew if started % 2 else -skew
        return _forked(partial(worker, folder, base, url=url, stage=stage, skew=wrong))

    workers = [start() for _ in range(count)]
    try:
        for number in range(1, kills + 1):
            time.sleep(chance.uniform(0.1, 0.8))
            _to_stage(base, number)
            stage.value = number
            _killed(workers.pop(chance.randrange(count)))
            workers.append(start())
        _wait_until_idle(url, stages=kills + 1, stage=stage)
        for each in workers:
            os.kill(each, signal.SIGTERM)
        while workers:
            _, status = os.waitpid(workers[0], 0)
            workers.pop(0)
            if status:
                sys.exit(f"a worker ended with {status}")
    finally:
        for each in workers:
            _killed(each)


def _killed(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _wait_until_idle(url: str, *, stages: int, stage: Any) -> None:
    begun = time.monotonic()
    with _opened(url) as store:
        while not _idle(store, stages=stages):
            if time.monotonic() - begun > 90:
                sys.exit(f"not done in time: {store.status(START)}")
            time.sleep(0.1)
            # Days go by: what was polled just before the world grew is due again, as it would be in life.
            stage.value = stages - 1 + int((time.monotonic() - begun) / 3)


def _idle(store: Store, *, stages: int) -> bool:
    try:
        status, followers = store.status(START), store.to_follow(topic=TOPIC)
    except StoreError:
        return False  # it is being restarted under us, too
    on_their_way = (DeliveryState.WAITING, DeliveryState.HELD)
    waiting = sum(status.deliveries.get(state, 0) for state in on_their_way) + len(followers)
    return status.articles == stages * len(ACTORS) and not status.articles_due and not waiting


def _to_stage(base: str, stage: int) -> None:
    urllib.request.urlopen(f"{base}/stage/{stage}", timeout=10).close()


def _forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        asyncio.run(work())  # type: ignore[arg-type]
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


if __name__ == "__main__":
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    if len(sys.argv) > 5:
        kill_workers(
            Path(sys.argv[1]),
            sys.argv[2],
            kills=int(sys.argv[3]),
            seed=int(sys.argv[4]),
            url=sys.argv[5],
            skew=timedelta(minutes=float(sys.argv[6])),
        )
    else:
        kill_often(Path(sys.argv[1]), sys.argv[2], kills=int(sys.argv[3]), seed=int(sys.argv[4]))
