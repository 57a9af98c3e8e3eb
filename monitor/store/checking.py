"""Looks whether a database is sound: its form, its file, its references, its quotes, its derived columns, its queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, Text, func, inspect, select, text, type_coerce

from monitor.model import DeliveryState, Frozen
from monitor.store import tables as t
from monitor.store.columns import PORTABLE_JSON, AsJson
from monitor.store.database import HEAD, Database, revision
from monitor.store.queue import has_queue, strange_queue

_SHOWN = 5  # examples of one fault


class Checked(Frozen):
    """One question to the database: how much was looked at, and what is wrong with it."""

    check: str
    looked_at: int
    faults: tuple[str, ...] = ()


Check = Callable[[Connection], Checked]


def check(database: Database) -> Iterator[Checked]:
    """Each answer as it is found; nothing is written. A database of another form is not looked at any further."""
    with database.snapshot() as connection:
        form = _form(connection)
        yield form
        if form.faults:
            return
        for each in _SQLITE if database.sqlite else _POSTGRESQL:
            yield each(connection)


# --- form ---------------------------------------------------------------------------------------


def _form(connection: Connection) -> Checked:
    found = revision(connection)
    if found == HEAD:
        return Checked(check="form", looked_at=1)
    mend = "upgrade this program" if found and found > HEAD else "`monitor db migrate` brings it there"
    return Checked(check="form", looked_at=1, faults=(f"it has form {found or 'none'}, this program {HEAD}; {mend}",))


def _shape(connection: Connection) -> Checked:
    """Tables, columns and indexes are there; more may be."""
    found = inspect(connection)
    there = set(found.get_table_names())
    faults = []
    for table in t.metadata.sorted_tables:
        if table.name not in there:
            faults.append(f"the table {table.name} is missing; restore a backup")
            continue
        columns = {column["name"] for column in found.get_columns(table.name)}
        faults += [f"the column {column} is missing" for column in table.columns if column.name not in columns]
        indexes = {index["name"] for index in found.get_indexes(table.name)}
        faults += [
            f"the index {index.name} of {table.name} is missing; due rows and listings get slow"
            for index in table.indexes
            if index.name not in indexes
        ]
    return Checked(check="tables", looked_at=len(t.metadata.tables), faults=tuple(faults))


# --- the file, the server -----------------------------------------------------------------------


def _file(connection: Connection) -> Checked:
    """SQLite's own look at every page, index and constraint."""
    told = connection.execute(text(f"PRAGMA integrity_check({_SHOWN})")).scalars().all()
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    faults = () if told == ["ok"] else tuple(f"{line}; restore a backup" for line in told)
    return Checked(check="file", looked_at=pages, faults=faults)


_BROKEN = text("""
    SELECT 'the index ' || indexrelid::regclass || ' is invalid; REINDEX INDEX ' || indexrelid::regclass
      FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
     WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace
     UNION ALL
    SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass || ' was never validated; ALTER TABLE '
           || conrelid::regclass || ' VALIDATE CONSTRAINT ' || conname
      FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
""")


def _server(connection: Connection) -> Checked:
    """PostgreSQL's indexes and constraints hold, and its numbers go on where the rows end."""
    faults = list(connection.execute(_BROKEN).scalars())
    numbered = [table for table in t.metadata.sorted_tables if "id" in table.c and table.c.id.autoincrement is True]
    for table in numbered:
        sequence = connection.execute(text(f"SELECT pg_get_serial_sequence('{table.name}', 'id')")).scalar_one()
        last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
        newest = connection.execute(select(func.max(table.c.id))).scalar()
        if newest is not None and newest > (last if called else last - 1):
            faults.append(f"ids of {table.name} would be given twice; SELECT setval('{sequence}', {newest}) mends it")
    return Checked(check="server", looked_at=len(numbered), faults=tuple(faults))


def _queue(connection: Connection) -> Checked:
    if not has_queue(connection):
        words = "the tables of the workers' queue are not there; `monitor db migrate` (or the first worker) makes them"
        return Checked(check="queue", looked_at=0, faults=(words,))
    strange = strange_queue(connection)
    jobs = connection.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one()
    return Checked(check="queue", looked_at=jobs, faults=(strange,) if strange else ())


# --- rows ---------------------------------------------------------------------------------------


def _references(connection: Connection) -> Checked:
    """Every row that names another one finds it."""
    faults: list[str] = []
    looked_at = 0
    for table in t.metadata.sorted_tables:
        for key in table.foreign_keys:
            looked_at += 1
            faults += _orphans(connection, table, key.parent, key.column)
    for column in (t.article.c.copy_of, t.event.c.copy_of):
        looked_at += 1
        faults += _orphans(connection, column.table, column, t.article.c.id)
    for table, words, query in _TORN:
        looked_at += 1
        faults += _listed(table.name, words, connection.execute(query.limit(_SHOWN + 1)).all())
    return Checked(check="references", looked_at=looked_at, faults=tuple(faults))


def _orphans(connection: Connection, table: Table, column: Any, parent: Any) -> list[str]:
    there = parent.table.alias("there")
    query = (
        select(*table.primary_key.columns)
        .outerjoin_from(table, there, column == there.c[parent.name])
        .where(column.is_not(None), there.c[parent.name].is_(None))
    )
    found = connection.execute(query.limit(_SHOWN + 1)).all()
    return _listed(table.name, f"name a row of {parent.table.name} that is not there ({column.name})", found)


_CURRENT = (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version)
_WAITING = (DeliveryState.WAITING.value, DeliveryState.HELD.value)

# (table, what is wrong, those rows): what no foreign key can say, and rows that would wait for ever.
_TORN: tuple[tuple[Table, str, Any], ...] = (
    (
        t.article,
        "have no text of their current version",
        select(t.article.c.id).outerjoin_from(t.article, t.version, _CURRENT).where(t.version.c.id.is_(None)),
    ),
    (
        t.event,
        "belong to another article than their version",
        select(t.event.c.id)
        .join_from(t.event, t.version, t.version.c.id == t.event.c.version_id)
        .where(t.version.c.article_id != t.event.c.article_id),
    ),
    (
        t.article,
        "were never read and are not due (UPDATE article SET analyze_at = seen_at WHERE id IN … makes them so)",
        select(t.article.c.id)
        .join_from(t.article, t.version, _CURRENT)
        .outerjoin(t.finding, t.finding.c.version_id == t.version.c.id)
        .where(t.article.c.analyze_at.is_(None), t.article.c.set_aside_at.is_(None), t.finding.c.id.is_(None)),
    ),
    (
        t.delivery,
        "wait without an hour to be sent",
        select(t.delivery.c.id).where(t.delivery.c.state.in_(_WAITING), t.delivery.c.next_try_at.is_(None)),
    ),
    (
        t.feed,
        "are active and would never be polled",
        select(t.feed.c.id).where(t.feed.c.active, t.feed.c.next_poll_at.is_(None)),
    ),
)


def _quotes(connection: Connection) -> Checked:
    """The words of every event and condition are `text[start:end]` of the stored version."""
    query = (
        select(t.event.c.id, t.event.c.start, t.event.c.end, t.event.c.quote, t.event.c.conditions, t.version.c.text)
        .join_from(t.event, t.version, t.version.c.id == t.event.c.version_id)
        .order_by(t.event.c.id)
    )
    looked_at, wrong = 0, []
    for row in connection.execution_options(yield_per=500).execute(query):
        spans = [(row.start, row.end, row.quote), *((each.start, each.end, each.quote) for each in row.conditions)]
        looked_at += len(spans)
        if any(row.text[start:end] != quote for start, end, quote in spans):
            wrong.append((row.id,))
    return Checked(
        check="quotes", looked_at=looked_at, faults=tuple(_listed("event", "quote what is not there", wrong))
    )


def _documents(connection: Connection) -> Checked:
    """What is kept as JSON can be read, and says what its columns say."""
    looked_at, faults = 0, []
    for table in (t.feed, t.track, t.change, t.silence, t.correction):
        documents = [column for column in table.columns if isinstance(column.type, AsJson)]
        unread, torn = [], []
        for row in connection.execution_options(yield_per=500).execute(_as_stored(connection, table)):
            looked_at += 1
            key = tuple(getattr(row, column.name) for column in table.primary_key.columns)
            try:
                read = {column.name: _read(connection, column, getattr(row, column.name)) for column in documents}
            except ValueError:
                unread.append(key)
                continue
            if not _agrees(table, {**row._mapping, **read}):
                torn.append(key)
        names = ", ".join(column.name for column in documents)
        faults += _listed(table.name, f"cannot be read ({names})", unread)
        faults += _listed(table.name, f"say something else than their columns ({names})", torn)
    return Checked(check="documents", looked_at=looked_at, faults=tuple(faults))


def _as_stored(connection: Connection, table: Table) -> Select[Any]:
    """Documents unread: one that cannot be read must not end the look at the others."""
    kind = Text() if connection.dialect.name == "sqlite" else PORTABLE_JSON
    return select(
        *(type_coerce(each, kind).label(each.name) if isinstance(each.type, AsJson) else each for each in table.columns)
    )


def _read(connection: Connection, column: Column[Any], stored: Any) -> Any:
    plain = json.loads(stored) if isinstance(stored, str) else stored
    return column.type.process_result_value(plain, connection.dialect)  # type: ignore[attr-defined]


def _agrees(table: Table, row: Mapping[str, Any]) -> bool:
    if table is t.track:
        state = row["state"]
        return (state.topic, state.actor, state.institution or "") == (
            row["topic"],
            row["actor"],
            row["institution"],
        ) and (state.stance is None or state.stance.value == row["stance"])
    if table is t.change:
        return (row["change"].cause, row["change"].level.value) == (row["cause"], row["level"])
    if table is t.feed:
        return bool(row["definition"].id == row["id"] == row["state"].feed_id)
    return True


def _listed(table: str, words: str, keys: Iterable[Sequence[Any]]) -> list[str]:
    """One sentence for all rows with one fault, with the first few of their keys."""
    shown = [" ".join(str(part) for part in key) for key in islice(keys, _SHOWN + 1)]
    if not shown:
        return []
    return [f"rows of {table} {words}: {', '.join(shown[:_SHOWN])}{' …' if len(shown) > _SHOWN else ''}"]


_ROWS: tuple[Check, ...] = (_references, _quotes, _documents)
_SQLITE: tuple[Check, ...] = (_shape, _file, *_ROWS)
_POSTGRESQL: tuple[Check, ...] = (_shape, _server, *_ROWS, _queue)
