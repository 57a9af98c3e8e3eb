"""Silences: what people do not want to hear of for a while. Ended ones are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from monitor.alerts import Silence
from monitor.model import DeliveryState, Frozen, Instant
from monitor.store import tables as t
from monitor.store.outbox import ON_ITS_WAY, WITH_CHANGE, delivery_held, with_change


class SilenceRow(Frozen):
    """A stored silence."""

    id: int
    silence: Silence
    created_at: Instant
    ended_at: Instant | None = None

    def holds(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.silence.until


def add_silence(connection: Connection, silence: Silence, *, now: datetime) -> tuple[int, int]:
    """Its id, and how many messages it holds that waited already.

    What is being sent in this moment is left to whoever sends it: the next try looks at silences again.
    """
    row = {"silence": silence, "until": silence.until, "created_at": now}
    made: int = connection.execute(insert(t.silence).returning(t.silence.c.id), row).scalar_one()
    waiting = WITH_CHANGE.where(t.delivery.c.state.in_(ON_ITS_WAY), t.delivery.c.tried_at.is_(None))
    found = [with_change(each) for each in connection.execute(waiting)]
    covered = [delivery for delivery, change in found if silence.covers(change, now=now)]
    held = [each.id for each in covered if each.next_try_at is None or each.next_try_at < silence.until]
    if held:
        delivery_held(connection, held, reason=silence.words, until=silence.until)
    return made, len(held)


def end_silence(connection: Connection, silence_id: int, *, now: datetime) -> bool:
    """False if there is none of that id that still holds. What it held is due, and looked at anew."""
    holding = (t.silence.c.id == silence_id) & t.silence.c.ended_at.is_(None) & (t.silence.c.until > now)
    silence = connection.execute(select(t.silence.c.silence).where(holding)).scalar()
    if silence is None:
        return False
    connection.execute(update(t.silence).where(holding).values(ended_at=now))
    held = (t.delivery.c.state == DeliveryState.HELD.value, t.delivery.c.reason == silence.words)
    connection.execute(update(t.delivery).where(*held, t.delivery.c.next_try_at > now).values(next_try_at=now))
    return True


def silence_rows(connection: Connection) -> tuple[SilenceRow, ...]:
    """All there ever were, oldest first."""
    query = select(t.silence.c.id, t.silence.c.silence, t.silence.c.created_at, t.silence.c.ended_at)
    return tuple(SilenceRow(**row._mapping) for row in connection.execute(query.order_by(t.silence.c.id)))


def silences_at(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Those that hold at `now`."""
    holding = t.silence.c.ended_at.is_(None) & (t.silence.c.until > now)
    return tuple(connection.execute(select(t.silence.c.silence).where(holding).order_by(t.silence.c.id)).scalars())
