"""The few statements that SQLAlchemy spells per database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert that can say what happens on a conflict; both dialects share that spelling."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def lock(connection: Connection, name: str) -> None:
    """Holds a named lock until the transaction ends; on SQLite every write transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"monitor {name}"})


def lock_table(connection: Connection, table: Table) -> None:
    """Nobody else changes the table until the transaction ends; reading it, and naming its rows, goes on."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE'))


def insert_if_absent(connection: Connection, table: Table) -> Any:
    return insert_into(connection, table).on_conflict_do_nothing()


def new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Ids for rows about to be inserted. SQLite's only writer asks, so that nobody else can take them meanwhile.

    Rows whose ids are known go in with one statement; ids that come back in the rows' order cost a statement a row.
    """
    if connection.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        return list(
            connection.execute(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).scalars()
        )
    newest = connection.execute(select(func.max(table.c.id))).scalar_one() or 0
    return list(range(newest + 1, newest + 1 + count))
