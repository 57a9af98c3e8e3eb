"""Messages: what goes through a channel at once, one alert or several, put together from the outbox and kept account of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, null, or_, select, update

from monitor.model import ChannelTrouble, Delivery, DeliveryState, StanceChange
from monitor.store import tables as t
from monitor.store.identity import storable
from monitor.store.outbox import ON_ITS_WAY, PERHAPS_SENT, WITH_CHANGE, leads, with_change

BROKEN_OFF = "sending it was broken off twice: it may have gone out, nobody knows; it goes again only if asked for"

_MESSAGE = func.coalesce(t.delivery.c.message, t.delivery.c.id)

OnItsWay = tuple[Delivery, StanceChange]


class Slots(NamedTuple):
    """What a channel was given lately: when messages went out, and how many are on their way, ending unknown."""

    sent_at: tuple[datetime, ...]
    under_way: int


def _goes(way: str) -> ColumnElement[bool]:
    goes: ColumnElement[bool] = func.coalesce(t.delivery.c.via, t.delivery.c.channel) == way
    return goes


def due(connection: Connection, delivery_id: int, *, now: datetime) -> OnItsWay | None:
    """The row if it is to be tried at `now`, by itself or as the leader of a message."""
    of_due = (t.delivery.c.id == delivery_id, t.delivery.c.state.in_(ON_ITS_WAY), t.delivery.c.next_try_at <= now)
    row = connection.execute(WITH_CHANGE.where(*of_due, leads())).one_or_none()
    return with_change(row) if row else None


def members(connection: Connection, leader: int) -> tuple[OnItsWay, ...]:
    """What was put together under that leader and is still on its way, in the order of the outbox."""
    of_it = WITH_CHANGE.where(t.delivery.c.message == leader, t.delivery.c.state.in_(ON_ITS_WAY))
    return tuple(with_change(row) for row in connection.execute(of_it.order_by(t.delivery.c.id)))


def free(connection: Connection, way: str, *, now: datetime, limit: int) -> tuple[OnItsWay, ...]:
    """Due rows of a channel that belong to no message yet, in the order of the outbox."""
    unbound = and_(leads(), t.delivery.c.message.is_distinct_from(t.delivery.c.id))
    query = WITH_CHANGE.where(t.delivery.c.next_try_at <= now, t.delivery.c.state.in_(ON_ITS_WAY), _goes(way), unbound)
    return tuple(with_change(row) for row in connection.execute(query.order_by(t.delivery.c.id).limit(limit)))


def collecting(connection: Connection, channel: str, *, now: datetime) -> tuple[OnItsWay, ...]:
    """Rows of a channel that wait for others to join them."""
    query = WITH_CHANGE.where(
        t.delivery.c.next_try_at > now,
        t.delivery.c.state == DeliveryState.HELD.value,
        t.delivery.c.channel == channel,
        t.delivery.c.message.is_(None),
        t.delivery.c.told == 0,
    )
    return tuple(with_change(row) for row in connection.execute(query.order_by(t.delivery.c.id)))


def put_together(connection: Connection, ids: Sequence[int], *, leader: int, key: str, now: datetime) -> None:
    """Makes one message of the rows. After a crash the same rows go again, with the same key, and once only.

    Whoever was tried before, ending unknown, is unconfirmed from here on; only the end of this try makes it anything else.
    """
    again = t.delivery.c.tried_at.is_not(None)
    values = {
        "message": leader,
        "message_key": key,
        "tried_at": now,
        "state": case((again, DeliveryState.UNCONFIRMED.value), else_=t.delivery.c.state),
        "next_try_at": case((again, null()), else_=t.delivery.c.next_try_at),
        "last_error": case((again, BROKEN_OFF), else_=t.delivery.c.last_error),
    }
    connection.execute(update(t.delivery).where(t.delivery.c.id.in_(ids)).values(values))


def slots(connection: Connection, way: str, *, since: datetime, but: int) -> Slots:
    """What the channel was given since then, the message `but` apart."""
    row = t.delivery.c
    # Said in parts that have an index each.
    lately = or_(
        and_(row.channel == way, row.sent_at > since), and_(row.via == way, row.sent_at > since), row.tried_at > since
    )
    query = (
        select(func.max(t.delivery.c.sent_at).label("sent_at"), func.max(t.delivery.c.tried_at).label("tried_at"))
        .where(lately, _goes(way), _MESSAGE.is_distinct_from(but))
        .group_by(_MESSAGE)
    )
    rows = connection.execute(query).all()
    sent = sorted(row.sent_at for row in rows if row.sent_at and row.sent_at > since)
    return Slots(tuple(sent), sum(row.sent_at is None for row in rows))


def first_keys(connection: Connection, change_id: int, way: str) -> tuple[str, ...]:
    """With which keys the change was told through that channel before; the first is what an update answers."""
    sent = (t.delivery.c.change_id == change_id, _goes(way), t.delivery.c.state.in_(PERHAPS_SENT))
    query = select(func.coalesce(t.delivery.c.message_key, t.delivery.c.key)).where(*sent).order_by(t.delivery.c.id)
    return tuple(dict.fromkeys(connection.execute(query).scalars()))


# --- how a try ended ------------------------------------------------------------------------------


def sent(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """They went out. What its own channel took is no sign of trouble any more."""
    values = {
        "state": DeliveryState.SENT.value,
        "attempts": t.delivery.c.attempts + 1,
        "sent_at": now,
        "next_try_at": None,
        "last_error": None,
        "tried_at": None,
    }
    of_them = t.delivery.c.id.in_(ids)
    connection.execute(update(t.delivery).where(of_them).values(values))
    connection.execute(update(t.delivery).where(of_them, t.delivery.c.via.is_(None)).values(failing_since=None))


def failed(
    connection: Connection,
    ids: Sequence[int],
    *,
    error: str,
    next_try_at: datetime | None,
    since: datetime | None = None,
) -> None:
    """Counts the attempt; without a next try they are dead and stay visible. `since`: their own channel fails, at least now.

    That this try did not go does not tell how the one ended that was broken off before: it stays known as such.
    """
    unsure = t.delivery.c.state == DeliveryState.UNCONFIRMED.value
    values = {
        "state": (DeliveryState.WAITING if next_try_at else DeliveryState.DEAD).value,
        "attempts": t.delivery.c.attempts + 1,
        "last_error": storable(error)[:2000],
        "next_try_at": next_try_at,
        "tried_at": case((unsure, t.delivery.c.tried_at), else_=null()),
        "via": None,
    }
    if since is not None:
        values["failing_since"] = func.coalesce(t.delivery.c.failing_since, since)
    connection.execute(update(t.delivery).where(t.delivery.c.id.in_(ids)).values(values))


def divert(connection: Connection, ids: Sequence[int], *, via: str, reason: str, now: datetime) -> tuple[int, ...]:
    """Sends those through another channel that it was not told of anyway, at once and together; which they are."""
    own, other = t.delivery, t.delivery.alias("other")
    same = (other.c.change_id == own.c.change_id) & (other.c.level == own.c.level) & (other.c.outcome == own.c.outcome)
    known = select(other.c.id).where(
        same, other.c.told == own.c.told, other.c.channel == via, other.c.state.in_([*ON_ITS_WAY, "sent"])
    )
    lacking = select(own.c.id).where(own.c.id.in_(ids), ~known.exists()).order_by(own.c.id)
    moved = tuple(connection.execute(lacking).scalars())
    if moved:
        values = {"via": via, "reason": storable(reason), "next_try_at": now, "message": moved[0], "state": "waiting"}
        connection.execute(update(own).where(own.c.id.in_(moved)).values(values))
        left = (own.c.id.in_(ids), own.c.id.not_in(moved))
        connection.execute(update(own).where(*left).values(message=None))
    return moved


# --- channels in trouble --------------------------------------------------------------------------


def failing_since(connection: Connection, channel: str) -> datetime | None:
    """Since when the channel has taken nothing; None if it took something after its last failure."""
    since: datetime | None = connection.execute(
        select(func.min(t.delivery.c.failing_since)).where(
            t.delivery.c.channel == channel, t.delivery.c.failing_since > _last_taken(connection, channel)
        )
    ).scalar()
    return since


def troubles(connection: Connection) -> tuple[ChannelTrouble, ...]:
    """The channels that fail, with how many messages wait for them or went another way."""
    failing = select(t.delivery.c.channel).where(t.delivery.c.failing_since.is_not(None)).distinct()
    found = (_trouble(connection, channel) for channel in sorted(connection.execute(failing).scalars()))
    return tuple(trouble for trouble in found if trouble)


def _trouble(connection: Connection, channel: str) -> ChannelTrouble | None:
    since = failing_since(connection, channel)
    if since is None:
        return None
    rows = connection.execute(
        select(t.delivery.c.state, t.delivery.c.via, t.delivery.c.last_error, t.delivery.c.reason).where(
            t.delivery.c.channel == channel, t.delivery.c.failing_since >= since
        )
    ).all()
    diverted = [row for row in rows if row.via]
    return ChannelTrouble(
        channel=channel,
        since=since,
        error=next((row.last_error for row in rows if row.last_error), diverted[-1].reason if diverted else ""),
        waiting=sum(row.state in ON_ITS_WAY for row in rows),
        diverted=sum(row.state == DeliveryState.SENT.value for row in diverted),
        fallback=diverted[-1].via if diverted else None,
    )


def _last_taken(connection: Connection, channel: str) -> datetime:
    """When the channel itself last took a message."""
    own = (t.delivery.c.channel == channel, t.delivery.c.via.is_(None), t.delivery.c.sent_at.is_not(None))
    newest = connection.execute(
        select(t.delivery.c.sent_at).where(*own).order_by(t.delivery.c.sent_at.desc()).limit(1)
    ).scalar()
    return newest or datetime.fromtimestamp(0, UTC)
