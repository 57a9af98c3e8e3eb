"""How far it carries: workers side by side, the cost of an article and of a question as the database grows.

    python -m bench.scale [workers] [growth] [--sizes 10000 100000 1000000 2000000] [--databases sqlite postgresql]
                          [--articles 300] [--folder FOLDER] [--plans]

Without a word both parts run small. Two million articles need some 10 GB in FOLDER, one database at a time.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from bench import scale_workers
from bench.scale_fill import FEEDS, LANGUAGES, NOW, ON_TOPIC, fill, words
from bench.scale_queries import QUESTIONS, Plan, Question, plans
from bench.scale_server import postgres
from monitor.model import Article, DateQuality, Entry, Event, FeedState, Finding, Gate, Health, Poll, Stance
from monitor.store import Store

T = TypeVar("T")

_ROUNDS = 25
_ENTRIES = 20
_ASKED = 7
_ENOUGH_TO_PLAN = 100_000  # below, PostgreSQL rightly reads small tables from end to end


class Cost(NamedTuple):
    """Milliseconds an article: median over rounds of twenty, on the clock, and of this process's own processor time."""

    insert: float
    insert_cpu: float
    record: float
    record_cpu: float


class Answer(NamedTuple):
    question: Question
    median: float
    cpu: float
    worst: float
    plans: tuple[Plan, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(line.strip() for plan in self.plans for line in plan.scans)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="workers, growth; both without a word")
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--articles", type=int, default=300, help="read by the workers")
    parser.add_argument("--folder", type=Path, help="where the databases are made")
    parser.add_argument("--plans", action="store_true", help="every statement's plan")
    options = parser.parse_args()
    parts, bad = options.parts or ["workers", "growth"], 0
    if unknown := {*parts} - {"workers", "growth"}:
        parser.error(f"no part {min(unknown)!r}")
    if "workers" in parts:
        _tell_load()
        print(scale_workers.show(scale_workers.measured(options.articles)), flush=True)
    if "growth" in parts:
        for kind in options.databases:
            with _opened(kind, options.folder) as store:
                bad += grow(store, sorted(options.sizes), with_plans=options.plans)
    sys.exit(1 if bad else 0)


def _tell_load() -> None:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


@contextmanager
def _opened(kind: str, folder: Path | None) -> Iterator[Store]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(dir=folder) as home, Store.open(str(Path(home) / "bench.db")) as store:
            yield store
        return
    with postgres(folder) as server, Store.open(server.url) as store:
        yield store


def grow(store: Store, sizes: list[int], *, with_plans: bool) -> int:
    """Fills and measures, size after size; how many plans read a big table from end to end."""
    kind, first, bad = "sqlite" if store.path else "postgresql", 1, 0
    for size in sizes:
        started = time.perf_counter()
        fill(store, first=first, last=size, total=sizes[-1])
        print(f"\n{kind}, {size:,} articles (filled in {time.perf_counter() - started:.0f} s)", flush=True)
        _tell_load()
        _show_sizes(store, size)
        answers = [_answer(store, each, size) for each in QUESTIONS]
        bad += _show_answers(answers, judge=size >= _ENOUGH_TO_PLAN or kind == "sqlite", with_plans=with_plans)
        cost = costs(store, size)
        print(
            f"an article costs: insert {cost.insert:.2f} ms ({cost.insert_cpu:.2f} CPU here), "
            f"record its analysis {cost.record:.2f} ms ({cost.record_cpu:.2f} CPU here)",
            flush=True,
        )
        first = size + _ROUNDS * _ENTRIES + 1  # the measured ones stay
    return bad


def _show_sizes(store: Store, size: int) -> None:
    with store._database.reading() as connection:
        if store.path:
            per = connection.exec_driver_sql(
                "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 9"
            ).all() if _has_dbstat(store) else []  # fmt: skip
            whole = store.path.stat().st_size
        else:
            per = connection.exec_driver_sql(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                "'public'::regnamespace ORDER BY 2 DESC LIMIT 9"
            ).all()
            whole = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    print(f"{whole / 1e6:,.0f} MB, {whole / size:,.0f} bytes an article: "
          + ", ".join(f"{name} {amount / size:,.0f}" for name, amount in per))  # fmt: skip


def _has_dbstat(store: Store) -> bool:
    with store._database.reading() as connection:
        return bool(connection.exec_driver_sql("SELECT sqlite_compileoption_used('ENABLE_DBSTAT_VTAB')").scalar())


def _answer(store: Store, question: Question, size: int) -> Answer:
    taken = [_timed_with(partial(question.ask, store, size))[:2] for _ in range(_ASKED + 1)][1:]
    walls, cpus = zip(*taken, strict=True)
    plan = plans(store, question.ask, size)
    return Answer(question, statistics.median(walls), statistics.median(cpus), max(walls), plan)


def _show_answers(answers: list[Answer], *, judge: bool, with_plans: bool) -> int:
    print(f"{'question':36}{'asked by':>12}{'median ms':>11}{'CPU here':>10}{'worst ms':>10}")
    bad = 0
    for question, median, cpu, worst, made in answers:
        late = question.limit is not None and median > question.limit
        print(
            f"{question.name:36}{question.asked_by:>12}{median:>11.1f}{cpu:>10.1f}{worst:>10.1f}"
            + ("  over 50 ms" if late else "")
        )
        for plan in made:
            for line in plan.lines if with_plans else plan.scans if judge else ():
                print(f"      {line}")
            bad += len(plan.scans) if judge else 0
    return bad


# --- the cost of an article -----------------------------------------------------------------------


def costs(store: Store, size: int) -> Cost:
    """New articles through the store's own way in: twenty to a poll, then the record of what was read in them."""
    inserts, records, new = [], [], []
    for number in range(_ROUNDS):
        poll = _poll(size, number)
        wall, cpu, recorded = _timed_with(partial(store.record_poll, poll))
        inserts.append((wall / _ENTRIES, cpu / _ENTRIES))
        new.append(recorded.new)
    for ids in new:
        wall, cpu, _ = _timed_with(partial(_record_all, store, ids))
        records.append((wall / _ENTRIES, cpu / _ENTRIES))
    return Cost(*_medians(inserts), *_medians(records))


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    walls, cpus = zip(*pairs, strict=True)
    return statistics.median(walls), statistics.median(cpus)


def _poll(size: int, number: int) -> Poll:
    feed, chance = number % FEEDS, random.Random(f"{size} {number}")
    entries = tuple(_entry(f"{size}-{number}-{n}", words(chance, LANGUAGES[feed % 3])) for n in range(_ENTRIES))
    state = FeedState(feed_id=f"f{feed}", health=Health.OK, last_polled_at=NOW)
    return Poll(feed_id=f"f{feed}", polled_at=NOW, entries=entries, state=state)


def _entry(name: str, text: str) -> Entry:
    url, title = f"https://new.example/{name}", text[:60]
    keys = (f"guid:{name}", f"url:{url}", f"title:{title}", f"text:{text}")
    return Entry(guid=name, url=url, title=title, text=text, published_at=NOW, date_quality=DateQuality.OK, keys=keys)


def _record_all(store: Store, ids: Sequence[int]) -> None:
    for each in ids:
        _record(store, each)


def _record(store: Store, article_id: int) -> None:
    """What the pipeline writes when an article was read: one in twenty has an event."""
    stored = store.article(article_id)
    on_topic = article_id % ON_TOPIC == 0
    finding = Finding(
        topic="t", analyzer="rules", language=stored.article.language or LANGUAGES[0], relevant=on_topic,
        gate=Gate.PASSED if on_topic else Gate.MISSING_FACET, reason="measured", events=_said(stored.article) if on_topic else (),
    )  # fmt: skip
    with store.transaction() as tx:
        tx.claim(stored)
        tx.save_finding(stored, finding, now=NOW)
        for said in finding.events:
            tx.save_signature(stored, range(128))
            event_id, _ = tx.save_event(stored, said, topic="t", analyzer="rules", voice=stored.voice)
            tx.lock_tracks("t", said.actor)
            tx.save_verdict(event_id, "repeat", "measured")
        tx.analysis_done(stored)


def _said(article: Article) -> tuple[Event, ...]:
    return (
        Event(
            actor="USA", stance=Stance.SUPPORT, start=0, end=40, quote=article.text[:40], confidence=0.9, reason="so"
        ),
    )


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    done = work()
    return (time.perf_counter() - started) * 1000, done


def _timed_with(work: Callable[[], T]) -> tuple[float, float, T]:
    """(wall, processor) in milliseconds."""
    cpu = time.process_time()
    wall, done = _timed(work)
    return wall, (time.process_time() - cpu) * 1000, done


if __name__ == "__main__":
    main()
