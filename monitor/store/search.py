"""Finds articles and events by their words, in all three scripts, on either database: FTS5 or tsvector.

Both hold the same tokens (`monitor.text.search`), so that both find the same. They are written in the transaction that
writes the row they are of; they are derived data, made again by `reindex`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from monitor.model import Frozen
from monitor.store import tables as t
from monitor.text.search import Term, tokens

TABLES = ("version_words", "event_words")
_MOST_BYTES = 400_000  # of tokens of one text: PostgreSQL takes a megabyte with its positions
_BATCH = 1_000


class Hits(Frozen):
    """Numbers of what was found, the newest seen first."""

    articles: tuple[int, ...] = ()
    events: tuple[int, ...] = ()


class Words(NamedTuple):
    """The words of one row."""

    id: int
    language: str
    texts: tuple[str | None, ...]


def words_of_version(id_: int, language: str, *, title: str | None, publisher: str, body: str) -> Words:
    return Words(id_, language, (title, publisher, body))


def words_of_event(id_: int, row: Any, *, language: str) -> Words:
    """`row` maps the columns of the event table; `language` is its article's."""
    names = ("quote", "speaker", "said_as", "actor", "institution")
    return Words(id_, language, tuple(row[name] for name in names))


def make_tables(connection: Connection) -> None:
    """Makes the empty tables; for the migration."""
    for name, of in zip(TABLES, ("article_version", "event"), strict=True):
        for statement in _MADE[connection.dialect.name]:
            connection.execute(text(statement.format(name=name, of=of)))


# Contentless: the words stand in the rows already. The tokenizer only splits at spaces, since ours has done the rest.
_MADE = {
    "sqlite": ("CREATE VIRTUAL TABLE {name} USING fts5(words, content='', columnsize=0, tokenize='ascii')",),
    "postgresql": (
        "CREATE TABLE {name} (id BIGINT PRIMARY KEY REFERENCES {of}(id) ON DELETE CASCADE, words TSVECTOR NOT NULL)",
        "CREATE INDEX {name}_words ON {name} USING gin (words)",
    ),
}


def index_versions(connection: Connection, rows: Iterable[Words]) -> None:
    _index(connection, "version_words", rows)


def index_events(connection: Connection, rows: Iterable[Words]) -> None:
    _index(connection, "event_words", rows)


def _index(connection: Connection, name: str, rows: Iterable[Words]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    made = _joined if sqlite else _vector
    values = [{"id": row.id, "words": made(_tokens(row))} for row in rows]
    if values:
        connection.execute(_INSERT[name, sqlite], values)


_INSERT = {
    (name, sqlite): text(
        f"INSERT INTO {name} (rowid, words) VALUES (:id, :words)"  # noqa: S608 -- our own names
        if sqlite
        else f"INSERT INTO {name} (id, words) VALUES (:id, CAST(:words AS tsvector)) "  # noqa: S608
        "ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    )
    for name in TABLES
    for sqlite in (True, False)
}


def _tokens(row: Words) -> list[str]:
    """The language first, as a word that no text has: finding a few Arabic articles among all must not read them all."""
    found = [_marked(row.language)]
    for each in row.texts:
        found += tokens(each) if each else ()
    # A letter takes four bytes at most: nearly no text needs a closer look, which costs more than its tokens.
    return found if 4 * sum(map(len, found)) + 2 * len(found) <= _MOST_BYTES else list(_within(found))


def _within(words: Iterable[str]) -> Iterator[str]:
    room = _MOST_BYTES
    for word in words:
        room -= len(word.encode()) + 2
        if room < 0:
            return
        yield word


def _marked(language: str) -> str:
    return "§" + "".join(filter(str.isalnum, language))  # asked for by people: nothing in it is an operator


def _joined(words: Sequence[str]) -> str:
    return " ".join(words)


def _vector(words: Sequence[str]) -> str:
    """As PostgreSQL writes it, positions and all; tokens are letters and digits, nothing in them needs care."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(where)}" for word, where in places.items())


def forget_event(connection: Connection, words: Words) -> None:
    """Takes the words of an event out again, before they change."""
    _forget(connection, "event_words", [words])


def forget_versions(connection: Connection, rows: Sequence[Words]) -> None:
    """Takes the words of versions out again, before they change or go; they must be as they were put in."""
    _forget(connection, "version_words", rows)


def _forget(connection: Connection, name: str, rows: Sequence[Words]) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', :id, :words)"  # noqa: S608 -- our own names
        connection.execute(text(statement), [{"id": row.id, "words": _joined(_tokens(row))} for row in rows])
        return
    connection.execute(text(f"DELETE FROM {name} WHERE id = :id"), [{"id": row.id} for row in rows])  # noqa: S608


# --- asking -----------------------------------------------------------------------------------


def find(
    connection: Connection,
    asked: Sequence[Term],
    *,
    language: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> Hits:
    """What holds every term; nothing when nothing is asked."""
    if not asked:
        return Hits()
    sqlite = connection.dialect.name == "sqlite"
    if language is not None:
        asked = [*asked, Term((_marked(language),))]
    words = (_matching if sqlite else _query)(asked)
    narrowed = []
    if since is not None:
        narrowed.append(t.article.c.at >= since)
    if until is not None:
        narrowed.append(t.article.c.at < until)
    versions = _ask(connection, "version_words", t.version, t.version.c.article_id, words, narrowed, limit=2 * limit)
    events = _ask(connection, "event_words", t.event, t.event.c.id, words, narrowed, limit=limit)
    # An article may be found in several of its versions.
    return Hits(articles=tuple(dict.fromkeys(versions))[:limit], events=events)


def _ask(
    connection: Connection, name: str, table: Any, wanted: Any, words: str, narrowed: Sequence[Any], *, limit: int
) -> tuple[int, ...]:
    sqlite = connection.dialect.name == "sqlite"
    number = text(f"{name}.rowid" if sqlite else f"{name}.id")
    asks = f"{name} MATCH :words" if sqlite else f"{name}.words @@ CAST(:words AS tsquery)"
    query = select(wanted).select_from(text(name)).join(table, text(f"{table.name}.id = {number.text}"))
    if narrowed:
        query = query.join(t.article, t.article.c.id == table.c.article_id).where(*narrowed)
    query = query.where(text(asks)).order_by(text(f"{number.text} DESC")).limit(limit)
    return tuple(connection.execute(query, {"words": words}).scalars())


def _matching(asked: Sequence[Term]) -> str:
    """For FTS5: every term a quoted string, so that no operator is obeyed."""
    return " AND ".join(f'"{" ".join(term.tokens)}"' + (" *" if term.begins else "") for term in asked)


def _query(asked: Sequence[Term]) -> str:
    """For PostgreSQL: every word quoted; a phrase's words follow each other."""
    return " & ".join(
        "(" + " <-> ".join(f"'{token}'{':*' if term.begins else ''}" for token in term.tokens) + ")" for term in asked
    )


# --- all of it --------------------------------------------------------------------------------


_EMPTIED = {"sqlite": "INSERT INTO {name} ({name}) VALUES ('delete-all')", "postgresql": "DELETE FROM {name}"}


def reindex(connection: Connection) -> None:
    """Makes the words of every row anew."""
    for name in TABLES:
        connection.execute(text(_EMPTIED[connection.dialect.name].format(name=name)))
    printed = (t.version.c.title, t.article.c.publisher, t.version.c.text.label("body"))
    versions = select(t.version.c.id, t.article.c.language, *printed).join(
        t.article, t.article.c.id == t.version.c.article_id
    )
    said = (t.event.c.quote, t.event.c.speaker, t.event.c.said_as, t.event.c.actor, t.event.c.institution)
    events = select(t.event.c.id, t.article.c.language, *said).join(t.article, t.article.c.id == t.event.c.article_id)
    _all(
        connection,
        versions,
        t.version,
        lambda row: words_of_version(*row[:2], title=row.title, publisher=row.publisher, body=row.body),
    )
    _all(connection, events, t.event, lambda row: words_of_event(row.id, row._mapping, language=row.language))


def _all(connection: Connection, query: Any, table: Any, words: Callable[[Any], Words]) -> None:
    name, last = ("version_words" if table is t.version else "event_words"), 0
    while rows := connection.execute(query.where(table.c.id > last).order_by(table.c.id).limit(_BATCH)).all():
        _index(connection, name, map(words, rows))
        last = rows[-1].id
