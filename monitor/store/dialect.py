"""The few statements that SQLAlchemy spells per database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert that can say what happens on a conflict; both dialects share that spelling."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def lock(connection: Connection, name: str) -> None:
    """Holds a named lock until the transaction ends; on SQLite every write transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"monitor {name}"})


def insert_if_absent(connection: Connection, table: Table) -> Any:
    return insert_into(connection, table).on_conflict_do_nothing()
