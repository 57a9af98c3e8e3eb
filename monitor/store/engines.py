"""Who runs: the signs of life of engines."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from monitor.model import EngineRow
from monitor.store import tables as t
from monitor.store.dialect import insert_into

_FORGOTTEN = timedelta(days=1)


def engines(connection: Connection) -> tuple[EngineRow, ...]:
    rows = connection.execute(select(t.heartbeat).order_by(t.heartbeat.c.started_at))
    return tuple(EngineRow(**row._mapping) for row in rows)


def beat(connection: Connection, engine: EngineRow) -> None:
    """Writes the sign of life, and forgets who gave none for a day: every start of a worker makes a row."""
    row = engine.model_dump()
    connection.execute(t.heartbeat.delete().where(t.heartbeat.c.beat_at < engine.beat_at - _FORGOTTEN))
    values = {name: value for name, value in row.items() if name != "id"}
    statement = insert_into(connection, t.heartbeat).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
