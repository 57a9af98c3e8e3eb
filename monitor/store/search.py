"""Finds articles and events by their words, in all three scripts, on either database.

The index lives in memory and catches up with the rows when it is asked: it is derived data, needs no migration, and
asking writes nothing. It knows titles, publishers, quotes and speakers, folded as matching folds them; three letters and
more are found anywhere in a word, so that Arabic prefixes and Russian endings do not hide it. Bodies are not in it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from monitor.model import Frozen
from monitor.store import tables as t
from monitor.text.normalize import fold_key

_SHORTEST = 3  # letters; shorter words have no trigram
_MOST_WORDS = 12
_LONGEST = 300  # characters of a question
_BATCH = 5_000
_OVERLAP = 1_000


class Hits(Frozen):
    """Numbers of what was found, newest first."""

    articles: tuple[int, ...] = ()
    events: tuple[int, ...] = ()


class SearchIndex:
    """Safe to use from many threads; one asks at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._memory = sqlite3.connect(":memory:", check_same_thread=False)
        for kind in ("articles", "events"):
            self._memory.execute(
                f"CREATE VIRTUAL TABLE {kind} USING fts5(words, content='', tokenize='trigram', detail='full')"
            )
        self._versions: dict[int, int] = {}  # version → article
        self._events: set[int] = set()

    def close(self) -> None:
        with self._lock:  # closing under a question that is still read would take the process down
            self._memory.close()

    def find(self, connection: Connection, question: str, *, limit: int) -> Hits:
        """What holds every word of the question; nothing for a question without a word of three letters."""
        with self._lock:
            self._catch_up(connection)
            asked = _match(question)
            if asked is None:
                return Hits()
            versions = self._ask("articles", asked, limit=limit * 2)  # an article may match in several versions
            articles = tuple(dict.fromkeys(self._versions[version] for version in versions))[:limit]
            return Hits(articles=articles, events=self._ask("events", asked, limit=limit))

    def _ask(self, kind: str, asked: str, *, limit: int) -> tuple[int, ...]:
        # The table's name is ours; the question is bound.
        rows = self._memory.execute(
            f"SELECT rowid FROM {kind} WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?",  # noqa: S608
            (asked, limit),
        )
        return tuple(row[0] for row in rows)

    def _catch_up(self, connection: Connection) -> None:
        for row in _rows(connection, _VERSIONS, known=self._versions):
            self._add("articles", row.id, row.title, row.publisher)
            self._versions[row.id] = row.article_id
        for row in _rows(connection, _EVENTS, known=self._events):
            self._add("events", row.id, row.quote, row.speaker, row.actor, row.institution, row.said_as)
            self._events.add(row.id)

    def _add(self, kind: str, number: int, *words: str | None) -> None:
        folded = fold_key(" \n".join(word for word in words if word))
        self._memory.execute(f"INSERT INTO {kind}(rowid, words) VALUES (?, ?)", (number, folded))  # noqa: S608


_VERSIONS = select(t.version.c.id, t.version.c.article_id, t.version.c.title, t.article.c.publisher).join(
    t.article, t.article.c.id == t.version.c.article_id
)
_EVENTS = select(
    t.event.c.id, t.event.c.quote, t.event.c.speaker, t.event.c.actor, t.event.c.institution, t.event.c.said_as
)


def _rows(connection: Connection, query: Select[Any], *, known: Collection[int]) -> Iterator[Any]:
    """The rows not known yet, in the order of their numbers."""
    number = query.selected_columns["id"]
    # Writers at work side by side commit their numbers out of order: look again at the last few.
    after = max(known, default=0) - _OVERLAP
    while True:
        rows = connection.execute(query.where(number > after).order_by(number).limit(_BATCH)).all()
        yield from (row for row in rows if row.id not in known)
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


def _match(question: str) -> str | None:
    """The question as FTS5 understands it: every word a quoted string, so that no operator is obeyed."""
    words = [word for word in fold_key(question[:_LONGEST]).replace("\0", " ").split() if len(word) >= _SHORTEST]
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words[:_MOST_WORDS]) or None
