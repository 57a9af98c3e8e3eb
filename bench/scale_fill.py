"""Fills a database with generated rows, past the analyzer: each differs, one in twenty is on topic and has an event."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from monitor.model import Event, Feed, Language, Level, Report, Stance, StanceChange
from monitor.store import Store

NOW = datetime(2026, 10, 1, tzinfo=UTC)
YEARS = timedelta(days=3_650)
FEEDS, WORDS, ON_TOPIC, CHANGES = 2_000, 80, 20, 2_000
HOLDERS = [(actor, part) for actor in ("USA", "RUS", "SYR", "IRN", "TUR", "ISR") for part in ("", "mfa", "mod", "hq")]
LANGUAGES = (Language.EN, Language.AR, Language.RU)
STANCES = (Stance.SUPPORT, Stance.OPPOSE, Stance.NEUTRAL, Stance.CONDITIONAL, Stance.SUSPEND)
_LETTERS = {
    Language.EN: "abcdefghiklmnoprstuw",
    Language.AR: "ابتثجحدرزسشعغفقكلمنهوي",
    Language.RU: "абвгдежзиклмнопрстуфх",
}

Row = Sequence[Any]


class Rows(NamedTuple):
    """Rows of one table, in the order of its columns."""

    table: str
    columns: tuple[str, ...]
    rows: list[Row]


def feeds() -> list[Feed]:
    return [
        Feed(id=f"f{n}", url=f"https://f{n}.example/rss", publisher=f"Publisher {n}", language=LANGUAGES[n % 3])
        for n in range(FEEDS)
    ]


def vocabulary(language: Language, size: int = 30_000) -> list[str]:
    """Words of the language's letters; frequent ones stand in it often."""
    chance = random.Random(language.value)
    known = ["".join(chance.choices(_LETTERS[language], k=chance.randint(3, 10))) for _ in range(size)]
    return [known[int(size * chance.random() ** 3)] for _ in range(2 * size)]


_VOCABULARY = {language: vocabulary(language) for language in LANGUAGES}


def words(chance: random.Random, language: Language, count: int = WORDS) -> str:
    """A text that no other article has."""
    return " ".join(chance.choices(_VOCABULARY[language], k=count))


def at_of(n: int, total: int) -> datetime:
    return NOW - YEARS + YEARS * (n / total)


def rows_of(numbers: range, *, total: int, stamp: Callable[[datetime], Any]) -> list[Rows]:
    """Everything that the articles of these numbers leave in the tables."""
    made = [Rows(name, columns, []) for name, columns in _COLUMNS.items()]
    articles, versions, keys, findings, events, words_, said = (each.rows for each in made)
    chance = random.Random(numbers.start)
    for n in numbers:
        language, at, on_topic = LANGUAGES[n % FEEDS % 3], at_of(n, total), n % ON_TOPIC == 0
        text = words(chance, language)
        title, moment, number = text[:60], stamp(at), n.to_bytes(16, "big")
        articles.append((n, f"f{n % FEEDS}", f"Publisher {n % FEEDS}", f"Publisher {n % FEEDS}", language.value, str(n),
                         f"https://x.example/{n}", moment, "ok", moment, moment, 1, False, 0, on_topic, False))  # fmt: skip
        versions.append((n, n, 1, title, text, number, moment, json.dumps([chance.getrandbits(32) for _ in range(128)]) if on_topic else None))  # fmt: skip
        digests = chance.randbytes(64)
        keys.extend((digests[place : place + 16], n) for place in range(0, 64, 16))
        gate, reason = ("passed", "all facets") if on_topic else ("missing_facet", "no term of 'syria'")
        findings.append((n, n, n, "t", "rules", language.value, on_topic, gate, reason, 1.0, "[]", "[]", moment))
        words_.append((n, text))
        if on_topic:
            holder = HOLDERS[n // ON_TOPIC % len(HOLDERS)]
            stance = STANCES[n // ON_TOPIC % len(STANCES)]
            events.append((n // ON_TOPIC, n, n, "t", "rules", *holder, stance.value, 0, 60, text[:60], "[]", "[]", "statement",
                           0.8, "says so", "[]", moment, moment, f"Publisher {n % FEEDS}", "repeat", "says what stands"))  # fmt: skip
            said.append((n // ON_TOPIC, text[:60]))
    return made


_COLUMNS = {
    "article": ("id", "feed_id", "publisher", "voice", "language", "guid", "url", "published_at", "date_quality", "seen_at",
                "at", "version", "teaser", "attempts", "on_topic", "text_dropped"),
    "article_version": ("id", "article_id", "number", "title", "text", "text_hash", "seen_at", "signature"),
    "article_key": ("digest", "article_id"),
    "finding": ("id", "version_id", "article_id", "topic", "analyzer", "language", "relevant", "gate", "reason", "confidence",
                "contributions", "notes", "analyzed_at"),
    "event": ("id", "version_id", "article_id", "topic", "analyzer", "actor", "institution", "stance", "start", "end", "quote",
              "conditions", "attribution", "kind", "confidence", "reason", "contributions", "at", "seen_at", "voice", "verdict",
              "verdict_reason"),
    "version_words": ("id", "words"),
    "event_words": ("id", "words"),
}  # fmt: skip


def fill(store: Store, *, first: int, last: int, total: int) -> None:
    """Adds the articles from `first` to `last`; on an empty database feeds and, at the end, changes too."""
    if first == 1:
        store.sync_feeds(feeds(), NOW)
    load = _into_sqlite if store.path else _into_postgresql
    load(store, _batches(first, last), total)
    with store.transaction() as tx:
        connection = tx._connection
        connection.exec_driver_sql(
            "UPDATE feed SET articles = (SELECT count(*) FROM article WHERE article.feed_id = feed.id)"
        )
        every = max(1, last // ON_TOPIC // CHANGES)
        for number in range(every + 1, last // ON_TOPIC, every):
            tx.save_change(_change(number, total), now=NOW)


def _batches(first: int, last: int, size: int = 5_000) -> Iterator[range]:
    for start in range(first, last + 1, size):
        yield range(start, min(start + size, last + 1))


def _into_sqlite(store: Store, batches: Iterator[range], total: int) -> None:
    with closing(sqlite3.connect(str(store.path), isolation_level=None)) as way:
        way.execute("PRAGMA cache_size = -1500000")
        way.execute("PRAGMA synchronous = OFF")
        for numbers in batches:
            way.execute("BEGIN IMMEDIATE")
            for table, columns, rows in rows_of(numbers, total=total, stamp=lambda at: f"{at:%Y-%m-%d %H:%M:%S.%f}"):
                names = ", ".join(f'"{name}"' for name in columns).replace(
                    '"id"', '"rowid"' if "words" in table else '"id"'
                )
                way.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
            way.execute("COMMIT")
        way.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _into_postgresql(store: Store, batches: Iterator[range], total: int) -> None:
    import psycopg

    def loaded(table: str, row: Row) -> Row:
        return (
            row if "words" not in table else (row[0], " ".join(f"'{w}':{n}" for n, w in enumerate(row[1].split(), 1)))
        )

    with psycopg.connect(store.conninfo, autocommit=True) as way:
        way.execute("SET synchronous_commit = off")
        way.execute("DROP INDEX version_words_words, event_words_words")
        for numbers in batches:
            for table, columns, rows in rows_of(numbers, total=total, stamp=lambda at: at):
                names = ", ".join(f'"{name}"' for name in columns)
                with way.cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row(loaded(table, row))
        way.execute("CREATE INDEX version_words_words ON version_words USING gin (words)")
        way.execute("CREATE INDEX event_words_words ON event_words USING gin (words)")
        for table in ("article", "article_version", "finding", "event", "stance_change", "delivery"):
            way.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)".encode()
            )
        way.execute("VACUUM ANALYZE")


def _report(number: int, total: int, *, stance: Stance) -> Report:
    n = number * ON_TOPIC
    holder = HOLDERS[number % len(HOLDERS)]
    quote = words(random.Random(n), LANGUAGES[n % FEEDS % 3])[:60]
    said = Event(
        actor=holder[0], institution=holder[1] or None, stance=stance, start=0, end=60, quote=quote, confidence=0.8, reason="so"
    )  # fmt: skip
    return Report(
        event_id=number, article_id=n, topic="t", event=said, at=at_of(n, total), seen_at=NOW, language=LANGUAGES[n % FEEDS % 3],
        publisher="Publisher", voice="V", title=quote, url="https://x.example/1",
    )  # fmt: skip


def _change(number: int, total: int) -> StanceChange:
    after = _report(number, total, stance=Stance.SUSPEND)
    return StanceChange(
        topic="t", actor=after.event.actor, institution=after.event.institution, after=after,
        before=_report(number - 1, total, stance=Stance.SUPPORT), level=Level.CONFIRMED, at=after.at, publishers=("A", "B"),
        reason="two voices",
    )  # fmt: skip
