"""Deliveries: the outbox, written in the transaction that makes the change, emptied afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from monitor.model import ChangeRow, Delivery, DeliveryState, Level, StanceChange
from monitor.store import tables as t
from monitor.store.dialect import insert_if_absent
from monitor.store.identity import storable


def add_delivery(
    connection: Connection,
    change_id: int,
    change: StanceChange,
    channel: str,
    *,
    key: str,
    reason: str,
    send: bool,
    now: datetime,
) -> int | None:
    """Puts the alert into the outbox, or the reason why not. None if it is there already."""
    row = {
        "change_id": change_id,
        "level": change.level.value,
        "outcome": change.outcome.value,
        "channel": channel,
        "key": key,
        "state": (DeliveryState.WAITING if send else DeliveryState.SKIPPED).value,
        "reason": reason,
        "attempts": 0,
        "next_try_at": now if send else None,
        "created_at": now,
    }
    statement = insert_if_absent(connection, t.delivery).returning(t.delivery.c.id)
    inserted: int | None = connection.execute(statement, row).scalar_one_or_none()
    return inserted


def due_deliveries(connection: Connection, now: datetime, limit: int) -> tuple[int, ...]:
    query = (
        select(t.delivery.c.id)
        .where(t.delivery.c.next_try_at.is_not(None), t.delivery.c.next_try_at <= now)
        .order_by(t.delivery.c.next_try_at, t.delivery.c.id)
        .limit(limit)
    )
    return tuple(connection.execute(query).scalars())


def delivery(connection: Connection, delivery_id: int) -> tuple[Delivery, StanceChange] | None:
    """The outbox row with the change as it stood when the alert was decided."""
    row = connection.execute(
        select(t.delivery, t.change.c.change)
        .join(t.change, t.change.c.id == t.delivery.c.change_id)
        .where(t.delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    found = delivery_of(row)
    change: StanceChange = row.change
    if found.level is not change.level:
        change = change.model_copy(update={"level": found.level, "confirmed_at": None})
    if found.outcome is not change.outcome:
        change = change.model_copy(update={"outcome": found.outcome})
    return found, change


def delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.model_fields})


def delivery_sent(connection: Connection, delivery_id: int, *, now: datetime) -> None:
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id)
        .values(
            state=DeliveryState.SENT.value,
            attempts=t.delivery.c.attempts + 1,
            sent_at=now,
            next_try_at=None,
            last_error=None,
        )
    )


def delivery_failed(connection: Connection, delivery_id: int, *, error: str, next_try_at: datetime | None) -> None:
    """Counts the attempt; without a next try the delivery is dead and stays visible."""
    state = DeliveryState.WAITING if next_try_at else DeliveryState.DEAD
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id)
        .values(
            state=state.value,
            attempts=t.delivery.c.attempts + 1,
            last_error=storable(error)[:2000],
            next_try_at=next_try_at,
        )
    )


def delivery_held(connection: Connection, delivery_id: int, *, reason: str, until: datetime) -> None:
    """Puts it off (quiet hours, a rate limit) without counting an attempt."""
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id)
        .values(state=DeliveryState.HELD.value, reason=reason, next_try_at=until)
    )


def sent_since(connection: Connection, channel: str, since: datetime) -> tuple[datetime, ...]:
    """When the channel's messages went out since then."""
    query = select(t.delivery.c.sent_at).where(t.delivery.c.channel == channel, t.delivery.c.sent_at > since)
    return tuple(connection.execute(query.order_by(t.delivery.c.sent_at)).scalars())


def send_again(connection: Connection, delivery_id: int, *, now: datetime) -> bool:
    """Makes a dead delivery due; sent and skipped ones are left alone."""
    result = connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id, t.delivery.c.state == DeliveryState.DEAD.value)
        .values(state=DeliveryState.WAITING.value, attempts=0, next_try_at=now)
    )
    return result.rowcount == 1


def change_rows(
    connection: Connection,
    *,
    topic: str | None = None,
    actor: str | None = None,
    level: Level | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> tuple[ChangeRow, ...]:
    """Oldest first; with a limit, the newest of them."""
    query = select(t.change.c.id, t.change.c.change, t.change.c.created_at)
    for column, value in ((t.change.c.topic, topic), (t.change.c.actor, actor), (t.change.c.level, level)):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(t.change.c.at >= since)
    if until is not None:
        query = query.where(t.change.c.at < until)
    rows = connection.execute(query.order_by(t.change.c.at.desc(), t.change.c.id.desc()).limit(limit))
    return tuple(ChangeRow(id=row.id, change=row.change, created_at=row.created_at) for row in rows)[::-1]


def change_row(connection: Connection, change_id: int) -> ChangeRow | None:
    row = connection.execute(
        select(t.change.c.id, t.change.c.change, t.change.c.created_at).where(t.change.c.id == change_id)
    ).one_or_none()
    return row and ChangeRow(id=row.id, change=row.change, created_at=row.created_at)


def delivery_rows(
    connection: Connection,
    *,
    state: DeliveryState | None = None,
    change_id: int | None = None,
    channel: str | None = None,
    limit: int | None = None,
) -> tuple[Delivery, ...]:
    """Oldest first; with a limit, the newest of them."""
    query = select(t.delivery)
    for column, value in (
        (t.delivery.c.state, state),
        (t.delivery.c.change_id, change_id),
        (t.delivery.c.channel, channel),
    ):
        if value is not None:
            query = query.where(column == value)
    rows = connection.execute(query.order_by(t.delivery.c.id.desc()).limit(limit))
    return tuple(delivery_of(row) for row in rows)[::-1]
