"""Articles analysed a second by one and by two worker processes on PostgreSQL, and the share of it that is analysis.

Beside the rate stands what an article costs all processors of this machine, PostgreSQL's included: so a machine that is
full is told from workers that wait for each other. Other programs that run meanwhile are counted with it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.analyze import articles as samples
from bench.analyze import of_size
from bench.scale_fill import NOW, words
from bench.scale_server import Durable, postgres
from monitor.engines.workers import Workers
from monitor.model import Article, DateQuality, Entry, Feed, Language
from monitor.pipeline import read
from monitor.settings import KnownAnalyzer, load_wires
from monitor.store import Store

TOPIC = "us-russia-syria"
_WARM = 0.1  # of the articles are read before the clock starts: processes and dictionaries are there then


class Speed(NamedTuple):
    """Articles a second, and milliseconds of processor time that one costs the machine."""

    articles: float
    cpu_ms: float


class Rate(NamedTuple):
    workers: int
    analysis_only: Speed
    whole: Speed


class Clock:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._wall, self._busy = time.perf_counter(), busy()

    def speed(self, count: int) -> Speed:
        return Speed(count / (time.perf_counter() - self._wall), (busy() - self._busy) / count * 1000)


def busy() -> float:
    """Seconds that this machine's processors have worked; waiting, idle and stolen time left out. 0 where not Linux."""
    try:
        user, nice, system, _idle, _wait, irq, softirq = Path("/proc/stat").read_text().split()[1:8]
    except FileNotFoundError:
        return 0.0
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")


def texts(count: int) -> list[Article]:
    """Our sample articles at 3 KB, one in ten on topic, each with words that no other has."""
    chance, off, on = random.Random(1), of_size(samples(relevant=False)), of_size(samples(relevant=True))
    made = []
    for n in range(count):
        given = (on if n % 10 == 0 else off)[n % len(on if n % 10 == 0 else off)]
        unlike = words(chance, given.language or Language.EN, 20)
        made.append(given.model_copy(update={"id": str(n), "text": f"{given.text}\n{unlike}"}))
    return made


def analysis_only(articles: Sequence[Article], processes: int) -> Speed:
    """In a pool as the engines use it, without any database."""
    analyzer, wires, pool = KnownAnalyzer(topic=TOPIC), load_wires(), Workers(processes)
    try:
        warm = max(processes * 8, int(len(articles) * _WARM))
        wait([pool.submit(read, analyzer, each, wires) for each in articles[:warm]])
        clock = Clock()
        wait([pool.submit(read, analyzer, each, wires) for each in articles])
        return clock.speed(len(articles))
    finally:
        pool.shutdown()


def whole(server: Durable, articles: Sequence[Article], processes: int) -> Speed:
    """From due rows to recorded ones, by so many `monitor worker`."""
    with Store.open(server.fresh()) as store, tempfile.TemporaryDirectory() as folder:
        _add(store, articles)
        with _running(Path(folder), server.url, processes):
            _until(store, most=int(len(articles) * (1 - _WARM)))
            left, clock = store.status(NOW).articles_due, Clock()
            _until(store, most=0)
            return clock.speed(left)


def _add(store: Store, articles: Sequence[Article]) -> None:
    for language in Language:
        own = [each for each in articles if each.language is language]
        feed = Feed(
            id=f"f-{language}", url="http://127.0.0.1:9/", publisher=f"P {language}", language=language, enabled=False
        )
        for start in range(0, len(own), 200):
            store.add_entries(feed, [_entry(each) for each in own[start : start + 200]], seen_at=NOW)


def _entry(article: Article) -> Entry:
    return Entry(
        guid=article.id, title=article.title, text=article.text, published_at=article.published_at,
        date_quality=DateQuality.OK, keys=(f"guid:{article.id}",),
    )  # fmt: skip


def _until(store: Store, *, most: int) -> None:
    deadline = time.monotonic() + 1_800
    while store.status(NOW).articles_due > most:
        if time.monotonic() > deadline:
            raise SystemExit("the workers did not finish within half an hour")
        time.sleep(0.05)


@contextmanager
def _running(folder: Path, url: str, processes: int) -> Iterator[None]:
    config = folder / "feeds.yaml"
    config.write_text(
        "limits: {analyses: 1}\n"
        "feeds: [{id: none, url: 'http://127.0.0.1:9/', publisher: None, language: en, enabled: false}]\n"
    )
    command = [sys.executable, "-m", "monitor", "worker", "--config", str(config), "--database", url]
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = [subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.DEVNULL) for _ in range(processes)]
    try:
        yield
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            each.wait(60)


def measured(count: int) -> list[Rate]:
    articles = texts(count)
    with postgres() as server:
        return [Rate(n, analysis_only(articles, n), whole(server, articles, n)) for n in (1, 2)]


def show(rates: Sequence[Rate]) -> str:
    one, two = rates
    lines = [
        f"{'worker processes':18}{'analysis alone':>18}{'CPU ms':>8}{'with PostgreSQL':>18}{'CPU ms':>8}   articles/s"
    ]
    lines += [f"{each.workers:<18}{_cells(each.analysis_only)}{_cells(each.whole)}" for each in rates]
    alone, whole_ = (b.articles / a.articles for a, b in zip(one[1:], two[1:], strict=True))
    lines.append(f"{'times':18}{alone:>18.2f}{'':8}{whole_:>18.2f}")
    return "\n".join(lines)


def _cells(speed: Speed) -> str:
    return f"{speed.articles:>18,.0f}{speed.cpu_ms:>8.1f}"
