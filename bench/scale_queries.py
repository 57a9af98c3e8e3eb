"""The questions that the command line, the dashboard and the pipeline put to the store, with the plans of their statements."""

# ruff: noqa: ARG001, ARG005 -- every question is asked in the same way

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, event

from bench.scale_fill import LANGUAGES, NOW, YEARS
from monitor.model import DeliveryState, Entry
from monitor.store import Store

MOST = 200
DAY = timedelta(days=1)


class Question(NamedTuple):
    """`asked_by`: cli, web or pipeline. `limit` in milliseconds, where one is promised."""

    name: str
    asked_by: str
    ask: Callable[[Store, int], object]
    limit: float | None = 50.0


def _known(store: Store, n: int) -> object:
    feed, _ = store.feed("f1")
    return store.lacks_text(feed, Entry(guid=str(n), text="t", keys=(f"guid:{n}", f"url:https://x.example/{n}")))


def _told(store: Store, n: int) -> object:
    at = NOW - YEARS / 2
    with store.transaction() as tx:
        return tx.told(topic="t", since=at - 3 * DAY, until=at + 3 * DAY)


# `n` is the number of stored articles; a twentieth of them has an event.
QUESTIONS = (
    Question("newest articles", "cli web", lambda s, n: s.articles(limit=MOST)),
    Question("newest relevant articles", "cli web", lambda s, n: s.articles(relevant=True, limit=MOST)),
    Question("newest irrelevant articles", "cli web", lambda s, n: s.articles(relevant=False, limit=MOST)),
    Question("relevant articles of a topic", "cli web", lambda s, n: s.articles(topic="t", relevant=True, limit=MOST)),
    Question("articles of a feed", "cli", lambda s, n: s.articles(feed_id="f7", limit=MOST)),
    Question("articles in a language", "cli web", lambda s, n: s.articles(language=LANGUAGES[1].value, limit=MOST)),
    Question("articles of a day", "cli", lambda s, n: s.articles(since=NOW - 9 * DAY, until=NOW - 8 * DAY, limit=MOST)),
    Question("articles set aside", "cli", lambda s, n: s.articles(set_aside=True, limit=MOST)),
    Question("one article's line", "cli web", lambda s, n: s.articles(article_id=n // 2)),
    Question("one article", "pipeline", lambda s, n: s.article(n // 2)),
    Question("what was found in it", "cli web", lambda s, n: s.findings(n // 2)),
    Question("newest events", "cli web", lambda s, n: s.events(limit=MOST)),
    Question("events of an actor", "cli web", lambda s, n: s.events(actor="RUS", limit=MOST)),
    Question("events of a holder", "cli", lambda s, n: s.events(topic="t", actor="RUS", institution="mfa", limit=MOST)),
    Question("events of a stance", "cli web", lambda s, n: s.events(stance="suspend", limit=MOST)),
    Question("events of a day", "cli", lambda s, n: s.events(since=NOW - 9 * DAY, until=NOW - 8 * DAY, limit=MOST)),
    Question("events of an article", "web", lambda s, n: s.events(article_id=n // 40 * 20)),
    Question("one event", "cli web", lambda s, n: s.events(event_id=n // 40)),
    Question("newest changes", "cli web", lambda s, n: s.changes(limit=MOST)),
    Question("changes of an actor", "cli web", lambda s, n: s.changes(topic="t", actor="USA", limit=MOST)),
    Question("where all stand", "cli web", lambda s, n: s.tracks()),
    Question("status", "cli web", lambda s, n: s.status(NOW)),
    Question("messages that are dead", "cli", lambda s, n: s.deliveries(state=DeliveryState.DEAD, limit=MOST)),
    Question("due articles", "pipeline", lambda s, n: s.due_articles(NOW)),
    Question("due feeds", "pipeline", lambda s, n: s.due_feeds(NOW)),
    Question("due messages", "pipeline", lambda s, n: s.due_deliveries(NOW)),
    Question("events to follow", "pipeline", lambda s, n: s.to_follow(topic="t")),
    Question("whether an entry is known", "pipeline", _known),
    Question("what was told within six days", "pipeline", _told, None),
    Question("search for a rare word", "cli web", lambda s, n: s.search("doesnotstandthere", limit=50), None),
)  # fmt: skip

# A walk along an index in order is what a LIMIT wants, partial ones hold little, and a count reads no rows; rows in the
# order in which they happen to lie are what must not be read.
_SQLITE_SCAN = re.compile(
    r"SCAN (article|article_version|finding|event)\b"
    r"(?! USING (COVERING INDEX|INDEX \w+(_at|_newest|_actor|_on_topic|_due|_set_aside)\b))"
)
_POSTGRESQL_SCAN = re.compile(r"Seq Scan on (article|article_version|article_key|finding|event)\b")


class Plan(NamedTuple):
    statement: str
    lines: tuple[str, ...]

    @property
    def scans(self) -> tuple[str, ...]:
        """Lines that read a big table from end to end."""
        return tuple(line for line in self.lines if _SQLITE_SCAN.search(line) or _POSTGRESQL_SCAN.search(line))


def plans(store: Store, ask: Callable[[Store, int], object], n: int, *, small: bool = False) -> tuple[Plan, ...]:
    """The plan of each statement that the question runs.

    `small`: PostgreSQL is kept from reading small tables from end to end, which is right for them.
    """
    with _heard(store) as statements:
        ask(store, n)
    with store._database.reading() as connection:
        if small and connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return tuple(Plan(statement, _explained(connection, statement, given)) for statement, given in statements)


@contextmanager
def _heard(store: Store) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")) and not many:
            heard.append((statement, given))

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def _explained(connection: Connection, statement: str, given: Any) -> tuple[str, ...]:
    sqlite = connection.dialect.name == "sqlite"
    rows = connection.exec_driver_sql(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, given).all()
    return tuple(row[3] if sqlite else row[0] for row in rows)
