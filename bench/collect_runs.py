"""One contestant polling all feeds three times: `python -m bench.collect_runs NAME PORT FEEDS LATENCY_MS`. Prints JSON.

Each run is a process of its own, so peak memory is its own; start-up is not counted. CPU counts worker processes too.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

AT_ONCE = 50
_TICKS = os.sysconf("SC_CLK_TCK")


def address(feed: int, port: int) -> str:
    """Each feed on a 127.x address of its own, as the web's feeds are on hosts of their own."""
    return f"http://127.{1 + feed // 62_500}.{feed // 250 % 250}.{1 + feed % 250}:{port}/feed/{feed}"


def cpu_seconds() -> float:
    """Of this process and its living descendants."""
    total = 0.0
    pending = [os.getpid()]
    while pending:
        pid = pending.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICKS
            pending += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def timed(poll: Callable[[], int]) -> dict[str, float]:
    cpu, wall = cpu_seconds(), time.perf_counter()
    new = poll()
    return {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "new": new}


def turn(port: int, *, edition: int, latency: int, changed: int = 5) -> None:
    """Tells the server which edition to serve."""
    query = f"edition={edition}&changed={changed}&latency={latency}&entries={os.environ.get('BENCH_ENTRIES', '20')}"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/set?{query}") as answer:
        answer.read()


def three(poll: Callable[[int], int], *, port: int, latency: int) -> dict[str, Any]:
    """First poll, unchanged poll, 5 % changed (BENCH_ENTRIES in each document; 20 unless said)."""
    rows = []
    for number, edition in enumerate((0, 0, 1)):
        turn(port, edition=edition, latency=latency)
        rows.append(timed(lambda number=number: poll(number)))  # type: ignore[misc]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"polls": rows, "peak_mb": peak}


# --- the least a Python program can cost --------------------------------------------------------------


def floor(port: int, feeds: int, latency: int) -> dict[str, Any]:
    """aiohttp 50 at once, feedparser, one SQLite transaction, nothing else."""
    import aiohttp
    import feedparser

    etags: dict[int, str] = {}
    folder = tempfile.TemporaryDirectory()
    database = sqlite3.connect(Path(folder.name) / "floor.db")
    database.execute("create table entry (id text primary key, title text, link text, text text, published text)")

    async def fetch_all() -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        free = asyncio.Semaphore(AT_ONCE)

        async def one(session: aiohttp.ClientSession, feed: int) -> None:
            headers = {"If-None-Match": etags[feed]} if feed in etags else {}
            async with free, session.get(address(feed, port), headers=headers) as response:
                if response.status == 304:
                    return
                body = await response.read()
                etags[feed] = response.headers["ETag"]
            entries = feedparser.parse(io.BytesIO(body)).entries
            rows.extend((each.id, each.title, each.link, each.summary, each.published) for each in entries)

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(one(session, feed) for feed in range(feeds)))
        return rows

    def poll(_: int) -> int:
        rows = asyncio.run(fetch_all())
        with database:
            before = database.total_changes
            database.executemany("insert or ignore into entry values (?, ?, ?, ?, ?)", rows)
        return database.total_changes - before

    return three(poll, port=port, latency=latency)


# --- ours ---------------------------------------------------------------------------------------------


def monitor(port: int, feeds: int, latency: int, *, workers: int = 2) -> dict[str, Any]:
    """The pipeline's collect step as the daemon runs it: guard, deadlines, parsing in processes, articles with their versions and
    words, states and counters in the store, a log line for each article."""
    from monitor.cli.run import set_up_logs
    from monitor.engines.garbage import collect_seldom
    from monitor.engines.lanes import Lane, StepName
    from monitor.engines.loop import run as run_loop
    from monitor.engines.workers import Workers
    from monitor.model import Feed, Language
    from monitor.pipeline import Pipeline, Pools
    from monitor.sources.collect import Collector
    from monitor.sources.fetch import Fetcher, Limits
    from monitor.store import Store

    set_up_logs(json_lines=True)
    folder = tempfile.TemporaryDirectory()
    store = Store.open(f"sqlite:///{folder.name}/monitor.db")
    now = datetime(2026, 11, 25, tzinfo=UTC)
    languages = (Language.AR, Language.EN, Language.RU)
    names = {
        f"feed-{feed}": Feed(
            id=f"feed-{feed}", url=address(feed, port), publisher=f"P{feed}", language=languages[feed % 3]
        )
        for feed in range(feeds)
    }
    store.sync_feeds(tuple(names.values()), now)
    cpu = Workers(workers)
    threads = ThreadPoolExecutor(4)
    for _ in range(workers * 2):  # start-up is not what is measured
        cpu.submit(time.sleep, 0.2).result()

    async def collect_all(clock: Callable[[], datetime]) -> int:
        async with Fetcher(allow_private=["127.0.0.0/8"], limits=Limits(at_once=AT_ONCE)) as fetcher:
            pipeline = Pipeline(
                store=store,
                fetch=Collector(fetcher, clock=clock, workers=cpu),
                analyzers=(),
                channels=(),
                clock=clock,
                pools=Pools(cpu=cpu, store=threads),
            )
            new = 0

            async def due(limit: int) -> Sequence[str]:
                return await asyncio.get_running_loop().run_in_executor(threads, store.due_feeds, clock(), limit)

            async def step(name: str, _: asyncio.Future[None] | None) -> None:
                nonlocal new
                found = await pipeline.collect(name)
                new += len(found)

            counters: Counter[str] = Counter()
            lane = Lane(StepName.COLLECT, due=due, step=step, at_once=2 * AT_ONCE, stuck_after=600, counters=counters)
            await lane.drain()
            if counters["collect_done"] != feeds:
                raise RuntimeError(f"{counters} instead of {feeds} polls")
            return new

    def poll(number: int) -> int:
        at = now + timedelta(hours=12 * number)
        with Path(folder.name, "log").open("a") as lines, redirect_stderr(lines):
            return run_loop(collect_all(lambda: at))

    collect_seldom()
    try:
        return three(poll, port=port, latency=latency)
    finally:
        cpu.shutdown()


# --- a peer -------------------------------------------------------------------------------------------


def reader(port: int, feeds: int, latency: int, *, workers: int = 50) -> dict[str, Any]:
    """lemon24/reader from PyPI, if it is installed for this Python."""
    from reader import make_reader  # type: ignore[import-not-found]

    folder = tempfile.TemporaryDirectory()
    store = make_reader(f"{folder.name}/reader.db")
    for feed in range(feeds):
        store.add_feed(address(feed, port))

    def poll(_: int) -> int:
        return sum(
            update.value.new for update in store.update_feeds_iter(scheduled=False, workers=workers) if update.value
        )

    return three(poll, port=port, latency=latency)


CONTESTANTS: dict[str, Callable[..., dict[str, Any]]] = {"floor": floor, "monitor": monitor, "reader": reader}

if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    print(json.dumps(CONTESTANTS[name](*map(int, numbers))))
