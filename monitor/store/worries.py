"""Which worries the operator was told of: each once, as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from monitor.store import tables as t
from monitor.store.dialect import insert_if_absent
from monitor.store.identity import storable


def worries_told(connection: Connection) -> dict[str, datetime]:
    """Since when the operator knows of each."""
    return {row.worry: row.told_at for row in connection.execute(select(t.told.c.worry, t.told.c.told_at))}


def mark_worries(connection: Connection, new: Mapping[str, str], gone: Iterable[str], *, now: datetime) -> None:
    """Notes what was told, and forgets what is over, so that it is told when it comes back."""
    rows = [{"worry": name, "words": storable(words), "told_at": now} for name, words in sorted(new.items())]
    if rows:
        connection.execute(insert_if_absent(connection, t.told), rows)
    connection.execute(t.told.delete().where(t.told.c.worry.in_(sorted(gone))))
