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
    with source.snapshot() as here:
        for table in metadata.sorted_tables:
            _copy_table(here, target, table, progress or (lambda *_: None), name=source.name)
        with target.writing() as connection:
            reindex(connection)  # the words of the search are no rows of their own
            if not target.sqlite:
                _numbers_go_on(connection)
        with target.snapshot() as there:
            return tuple(
                _verified(here, there, table, names=(source.name, target.name)) for table in metadata.sorted_tables
            )


def _copy_table(here: Connection, target: Database, table: Table, progress: Progress, *, name: str) -> None:
    key = tuple_(*table.primary_key.columns)
    total = _count(here, table)
    last = None if _has_text_key(table) else _last_shared(here, target, table, name=name)
    done = 0
    while True:
        query = select(table).order_by(*table.primary_key.columns).limit(_BATCH)
        if last is not None:
            query = query.where(key > tuple_(*last))
        rows = [dict(row._mapping) for row in here.execute(query)]
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


def _last_shared(here: Connection, target: Database, table: Table, *, name: str) -> tuple[Any, ...] | None:
    """Where an earlier copy broke off."""
    with target.reading() as connection:
        done, last = _count(connection, table), _last_key(connection, table)
    if last is None:
        return None
    same = _count(here, table, tuple_(*table.primary_key.columns) <= tuple_(*last))
    if same != done:
        raise StoreError(
            f"{target.name} holds rows in {table.name} that {name} has not; copy into an empty database, or go on "
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


def _verified(source: Connection, target: Connection, table: Table, *, names: tuple[str, str]) -> Copied:
    here, there = _sum(source, table), _sum(target, table)
    if here != there:
        raise StoreError(
            f"table {table.name} differs after copying: {here.rows} rows in {names[0]}, {there.rows} in {names[1]}; "
            "was the target empty, and the daemon stopped? Nothing was changed in the source"
        )
    return here


def _sum(connection: Connection, table: Table) -> Copied:
    """Over the rows as the program reads them, the same on both databases."""
    total = count = 0  # a sum, since databases order text differently
    for row in connection.execution_options(yield_per=_BATCH).execute(select(table)):
        total = (total + int.from_bytes(blake2b(_canonical(row).encode(), digest_size=16).digest())) % (1 << 128)
        count += 1
    return Copied(table.name, count, f"{total:032x}")


def _canonical(row: Sequence[Any]) -> str:
    """PostgreSQL's JSON does not keep the order of keys."""
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in row])


def backup(source: Database, path: Path, *, progress: Progress | None = None) -> None:
    """A consistent copy as an SQLite file, while others write. Raises StoreError.

    From PostgreSQL, too: one form of backup, that any installation can read, whatever the versions of its server. It goes
    back with `copy`; `path` appears only when it is whole.
    """
    if path.exists():
        raise StoreError(f"{path} is there already; name a new file")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # of a backup that was killed
    try:
        if source.path is None:
            _copied_out(source, part, progress)
        else:
            with closing(sqlite3.connect(source.path)) as here, closing(sqlite3.connect(part)) as there:
                here.backup(there, pages=2000)
        part.rename(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"no backup was made at {path}: {error}") from error
    finally:
        for each in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm", "-journal"))):
            each.unlink(missing_ok=True)


def _copied_out(source: Database, path: Path, progress: Progress | None) -> None:
    target = Database(f"sqlite:///{path}")
    try:
        copy(source, target, progress=progress)
    finally:
        target.close()  # the last connection to end puts everything into the one file
