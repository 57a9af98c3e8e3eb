"""Moves an installation to another database, and makes backups while the daemon runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, Table, func, select, text, tuple_

from monitor.model import StoreError
from monitor.store.database import Database
from monitor.store.dialect import insert_if_absent
from monitor.store.search import reindex
from monitor.store.tables import metadata

_BATCH = 1000

Progress = Callable[[str, int, int], None]
"""Told after each batch: the table, rows copied so far, rows in all."""


class Copied(NamedTuple):
    """A table that is the same here and there."""

    table: str
    rows: int
    checksum: str


def copy(source: Database, target: Database, *, progress: Progress | None = None) -> tuple[Copied, ...]:
    """Copies every row, in one transaction a batch; run again after a break it goes on where it was.

    Verified at the end by counts and checksums of the rows as read back. Raises StoreError when they differ, or when the
    target holds rows that the source has not. Stop the daemon first: what it writes meanwhile may be missed.
    """
    target.open()
    for table in metadata.sorted_tables:
        _copy_table(source, target, table, progress or (lambda *_: None))
    with target.writing() as connection:
        reindex(connection)  # the words of the search are no rows of their own
        if not target.sqlite:
            _numbers_go_on(connection)
    return tuple(_verified(source, target, table) for table in metadata.sorted_tables)


def _copy_table(source: Database, target: Database, table: Table, progress: Progress) -> None:
    key = tuple_(*table.primary_key.columns)
    with source.reading() as connection:
        total = _count(connection, table)
    last = None if _has_text_key(table) else _last_shared(source, target, table)
    done = 0
    while True:
        query = select(table).order_by(*table.primary_key.columns).limit(_BATCH)
        if last is not None:
            query = query.where(key > tuple_(*last))
        with source.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        if not rows:
            return
        with target.writing() as connection:
            connection.execute(insert_if_absent(connection, table), rows)
        last = tuple(rows[-1][column.name] for column in table.primary_key.columns)
        done += len(rows)
        progress(table.name, done, total)


def _has_text_key(table: Table) -> bool:
    """Databases order text differently, so that "the last one" means nothing; these tables are small and begin anew."""
    return any(isinstance(column.type, String) for column in table.primary_key.columns)


def _last_shared(source: Database, target: Database, table: Table) -> tuple[Any, ...] | None:
    """Where an earlier copy broke off."""
    with target.reading() as connection:
        done, last = _count(connection, table), _last_key(connection, table)
    if last is None:
        return None
    with source.reading() as connection:
        same = _count(connection, table, tuple_(*table.primary_key.columns) <= tuple_(*last))
    if same != done:
        raise StoreError(
            f"{target.name} holds rows in {table.name} that {source.name} has not; copy into an empty database, or go on "
            "with a copy that broke off while the daemon was stopped"
        )
    return last


def _last_key(connection: Connection, table: Table) -> tuple[Any, ...] | None:
    columns = list(table.primary_key.columns)
    query = select(*columns).order_by(*(column.desc() for column in columns)).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else tuple(row)


def _count(connection: Connection, table: Table, *conditions: Any) -> int:
    return connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()


def _numbers_go_on(connection: Connection) -> None:
    """PostgreSQL counts ids by itself; after rows with ids were inserted it must be told where to go on."""
    for table in metadata.sorted_tables:
        if "id" in table.c and table.c["id"].autoincrement is True:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 -- our own names
                    f"coalesce((SELECT max(id) FROM {table.name}), 0) + 1, false)"
                )
            )


def _verified(source: Database, target: Database, table: Table) -> Copied:
    here, there = _sum(source, table), _sum(target, table)
    if here != there:
        raise StoreError(
            f"table {table.name} differs after copying: {here.rows} rows in {source.name}, {there.rows} in {target.name}; "
            "was the target empty, and the daemon stopped? Nothing was changed in the source"
        )
    return here


def _sum(database: Database, table: Table) -> Copied:
    """Over the rows as the program reads them, the same on both databases."""
    total = count = 0  # a sum, since databases order text differently
    with database.reading() as connection:
        rows = connection.execution_options(yield_per=_BATCH).execute(select(table))
        for row in rows:
            total = (total + int.from_bytes(blake2b(_canonical(row).encode(), digest_size=16).digest())) % (1 << 128)
            count += 1
    return Copied(table.name, count, f"{total:032x}")


def _canonical(row: Sequence[Any]) -> str:
    """PostgreSQL's JSON does not keep the order of keys."""
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in row])


def backup(source: Database, path: Path) -> None:
    """A consistent copy of an SQLite database, while others write. Raises StoreError; PostgreSQL has pg_dump."""
    if source.path is None:
        raise StoreError("a PostgreSQL database is backed up with pg_dump, restored with pg_restore")
    if path.exists():
        raise StoreError(f"{path} is there already; name a new file")
    try:
        with closing(sqlite3.connect(source.path)) as here, closing(sqlite3.connect(path)) as there:
            here.backup(there, pages=2000)
    except sqlite3.Error as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"no backup was made at {path}: {error}") from error
