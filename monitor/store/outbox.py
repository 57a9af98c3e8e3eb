"""Deliveries: the outbox, written in the transaction that makes the change, emptied afterwards."""

from __future__ import annotations

from collections.abc import Sequence
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
    due_at: datetime | None = None,
    told: int = 0,
) -> int | None:
    """Puts the alert into the outbox, or the reason why not. None if it is there already.

    With `due_at` it is held until then, for others to join it or to be told again.
    """
    state = DeliveryState.SKIPPED if not send else DeliveryState.HELD if due_at else DeliveryState.WAITING
    row = {
        "change_id": change_id,
        "level": change.level.value,
        "outcome": change.outcome.value,
        "channel": channel,
        "told": told,
        "key": key,
        "state": state.value,
        "reason": storable(reason),
        "attempts": 0,
        "next_try_at": (due_at or now) if send else None,
        "created_at": now,
    }
    statement = insert_if_absent(connection, t.delivery).returning(t.delivery.c.id)
    inserted: int | None = connection.execute(statement, row).scalar_one_or_none()
    return inserted


ON_ITS_WAY = (DeliveryState.WAITING.value, DeliveryState.HELD.value)
STRANDED = (DeliveryState.DEAD.value, DeliveryState.UNCONFIRMED.value)
"""Nothing more happens to them unless somebody asks for it."""
PERHAPS_SENT = (DeliveryState.SENT.value, DeliveryState.UNCONFIRMED.value)


def leads() -> Any:
    """Rows that are tried for themselves. What belongs to a message waits for its leader; if that is gone, it is free again."""
    leader = t.delivery.alias("leader")
    # A leader that was taken out of its message (a silence) or is done leads nobody.
    still = (leader.c.id == t.delivery.c.message) & (leader.c.message == leader.c.id)
    led = select(leader.c.id).where(still, leader.c.state.in_(ON_ITS_WAY)).exists()
    return t.delivery.c.message.is_(None) | (t.delivery.c.message == t.delivery.c.id) | ~led


def due_deliveries(connection: Connection, now: datetime, limit: int, *, unsure: bool) -> tuple[int, ...]:
    query = (
        select(t.delivery.c.id)
        .where(t.delivery.c.next_try_at.is_not(None), t.delivery.c.next_try_at <= now, leads())
        .order_by(t.delivery.c.next_try_at, t.delivery.c.id)
        .limit(limit)
    )
    if not unsure:
        query = query.where(t.delivery.c.tried_at.is_(None))
    return tuple(connection.execute(query).scalars())


def delivery(connection: Connection, delivery_id: int) -> tuple[Delivery, StanceChange] | None:
    """The outbox row with the change as it stood when the alert was decided."""
    row = connection.execute(WITH_CHANGE.where(t.delivery.c.id == delivery_id)).one_or_none()
    return row and with_change(row)


WITH_CHANGE = select(t.delivery, t.change.c.change).join(t.change, t.change.c.id == t.delivery.c.change_id)


def with_change(row: Row[Any]) -> tuple[Delivery, StanceChange]:
    found = delivery_of(row)
    change: StanceChange = row.change
    if found.level is not change.level:
        change = change.model_copy(update={"level": found.level, "confirmed_at": None})
    if found.outcome is not change.outcome:
        change = change.model_copy(update={"outcome": found.outcome})
    return found, change


def delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.model_fields})


def delivery_held(connection: Connection, ids: Sequence[int], *, reason: str, until: datetime) -> None:
    """Puts them off (quiet hours, a limit, a silence) without counting an attempt; later they may go with others.

    What was broken off before stays known as such: it goes once more, not twice.
    """
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id.in_(ids))
        .values(state=DeliveryState.HELD.value, reason=storable(reason), next_try_at=until, message=None)
    )


def delivery_skipped(connection: Connection, ids: Sequence[int], *, reason: str) -> None:
    """Decided against after all."""
    skipped = {"state": DeliveryState.SKIPPED.value, "reason": storable(reason), "next_try_at": None}
    connection.execute(update(t.delivery).where(t.delivery.c.id.in_(ids)).values(**skipped, tried_at=None))


def send_again(connection: Connection, delivery_id: int, *, now: datetime) -> bool:
    """Makes a dead or unconfirmed delivery due, by itself and through its own channel; sent and skipped ones are left alone."""
    result = connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id, t.delivery.c.state.in_(STRANDED))
        .values(state=DeliveryState.WAITING.value, attempts=0, next_try_at=now, message=None, via=None, tried_at=None)
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
    message: int | None = None,
    limit: int | None = None,
) -> tuple[Delivery, ...]:
    """Oldest first; with a limit, the newest of them. `message`: those that went with that delivery."""
    query = select(t.delivery)
    for column, value in (
        (t.delivery.c.message, message),
        (t.delivery.c.state, state),
        (t.delivery.c.change_id, change_id),
        (t.delivery.c.channel, channel),
    ):
        if value is not None:
            query = query.where(column == value)
    rows = connection.execute(query.order_by(t.delivery.c.id.desc()).limit(limit))
    return tuple(delivery_of(row) for row in rows)[::-1]
