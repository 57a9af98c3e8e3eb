"""Silences: what people do not want to hear of for a while. Ended ones are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from monitor.alerts import Silence
from monitor.model import Frozen, Instant
from monitor.store import tables as t


class SilenceRow(Frozen):
    """A stored silence."""

    id: int
    silence: Silence
    created_at: Instant
    ended_at: Instant | None = None

    def holds(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.silence.until


def add_silence(connection: Connection, silence: Silence, *, now: datetime) -> int:
    row = {"silence": silence, "until": silence.until, "created_at": now}
    made: int = connection.execute(insert(t.silence).returning(t.silence.c.id), row).scalar_one()
    return made


def end_silence(connection: Connection, silence_id: int, *, now: datetime) -> bool:
    """False if there is none of that id that still holds."""
    holding = (t.silence.c.id == silence_id) & t.silence.c.ended_at.is_(None) & (t.silence.c.until > now)
    return connection.execute(update(t.silence).where(holding).values(ended_at=now)).rowcount == 1


def silence_rows(connection: Connection) -> tuple[SilenceRow, ...]:
    """All there ever were, oldest first."""
    query = select(t.silence.c.id, t.silence.c.silence, t.silence.c.created_at, t.silence.c.ended_at)
    return tuple(SilenceRow(**row._mapping) for row in connection.execute(query.order_by(t.silence.c.id)))


def silences_at(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Those that hold at `now`."""
    holding = t.silence.c.ended_at.is_(None) & (t.silence.c.until > now)
    return tuple(connection.execute(select(t.silence.c.silence).where(holding).order_by(t.silence.c.id)).scalars())
