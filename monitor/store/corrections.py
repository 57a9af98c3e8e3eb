"""What people correct in events: the row says what holds now, the history what it was before, who changed it and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from monitor.alerts import alert_key
from monitor.model import Event, Frozen, Instant, Outcome, RefusedRowError, Report, StanceChange
from monitor.store import outbox
from monitor.store import tables as t
from monitor.store.identity import storable
from monitor.store.search import forget_event, index_events, words_of_event
from monitor.store.stances import event_of, save_change

REJECTED = "rejected"


class Correction(Frozen):
    """One correction; `after` is None for an event that is none."""

    id: int
    event_id: int
    before: Event
    after: Event | None
    who: str
    why: str
    created_at: Instant


class Corrected(NamedTuple):
    """What a correction did: the changes that rested on the event, and the notices that it made."""

    before: Event
    changes: tuple[int, ...]
    notices: tuple[int, ...]


def correct(
    connection: Connection, event_id: int, after: Event | None, *, who: str, why: str, now: datetime
) -> Corrected:
    """Changes the event, keeps what it was, and tells everybody who was told of a change that rested on it.

    Raises RefusedRowError if there is no such event, or if the article has one of the new holder already.
    """
    row = connection.execute(select(t.event).where(t.event.c.id == event_id).with_for_update()).one_or_none()
    if row is None:
        raise RefusedRowError(f"there is no event e{event_id}; `monitor events` lists them")
    before = event_of(row)
    reason = storable(f"corrected by {who}: {why}")
    if after is None:
        values: dict[str, Any] = {"verdict": REJECTED, "verdict_reason": reason}
    else:
        _refuse_double(connection, event_id, after)
        values = {"actor": after.actor, "institution": after.institution or "", "stance": after.stance.value}
        # An event that was rejected and is now corrected counts again; its track hears of it like of any other.
        values |= {"verdict": None, "verdict_reason": None} if row.verdict == REJECTED else {"verdict_reason": reason}
    language = connection.execute(select(t.article.c.language).where(t.article.c.id == row.article_id)).scalar_one()
    forget_event(connection, words_of_event(event_id, row._mapping, language=language))
    connection.execute(update(t.event).where(t.event.c.id == event_id).values(values))
    index_events(connection, [words_of_event(event_id, {**row._mapping, **values}, language=language)])
    history = {"event_id": event_id, "before": before, "after": after, "created_at": now}
    connection.execute(insert(t.correction), history | {"who": storable(who), "why": storable(why)})
    if after is not None:
        _mend_tracks(connection, event_id, before, after)
    changes, notices = _undo(connection, event_id, before, reason=reason, now=now)
    return Corrected(before, changes, notices)


def _refuse_double(connection: Connection, event_id: int, after: Event) -> None:
    own = t.event.alias("own")
    same = (
        (t.event.c.version_id == own.c.version_id)
        & (t.event.c.topic == own.c.topic)
        & (t.event.c.analyzer == own.c.analyzer)
    )
    query = select(t.event.c.id).join(own, same).where(own.c.id == event_id, t.event.c.id != event_id)
    query = query.where(t.event.c.actor == after.actor, t.event.c.institution == (after.institution or ""))
    double = connection.execute(query).scalar()
    if double is not None:
        raise RefusedRowError(
            f"the article has an event of {after.holder} already: e{double}; correct that one, and reject e{event_id}"
        )


def _mend_tracks(connection: Connection, event_id: int, before: Event, after: Event) -> None:
    """Where a track stands on this very event, it stands at what the event now says. Another holder needs a replay."""
    if after.holder != before.holder:
        return
    query = select(t.track).where(t.track.c.actor == before.actor).with_for_update()
    for row in connection.execute(query).all():
        standing: Report | None = row.state.standing
        if standing is None or standing.event_id != event_id:
            continue
        mended = row.state.model_copy(
            update={"stance": after.stance, "standing": standing.model_copy(update={"event": after})}
        )
        key = (
            (t.track.c.topic == row.topic) & (t.track.c.actor == row.actor) & (t.track.c.institution == row.institution)
        )
        connection.execute(update(t.track).where(key).values(state=mended, stance=after.stance.value))


# --- what rested on it --------------------------------------------------------------------------


def _undo(
    connection: Connection, event_id: int, before: Event, *, reason: str, now: datetime
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    query = select(t.change.c.id, t.change.c.change).where(t.change.c.actor == before.actor).order_by(t.change.c.id)
    changes: list[int] = []
    notices: list[int] = []
    for row in connection.execute(query).all():
        change: StanceChange = row.change
        if event_id not in {change.before.event_id, change.after.event_id}:
            continue
        changes.append(row.id)
        corrected = change.model_copy(update={"outcome": Outcome.CORRECTED, "reason": reason})
        save_change(connection, corrected, now=now)
        notices += _notify(connection, row.id, corrected, reason=reason, now=now)
    return tuple(changes), tuple(notices)


def _notify(connection: Connection, change_id: int, change: StanceChange, *, reason: str, now: datetime) -> list[int]:
    """A notice to each channel that was told; an alert still on its way does not go out any more."""
    made: list[int] = []
    query = select(t.delivery).where(t.delivery.c.change_id == change_id).order_by(t.delivery.c.id)
    rows = connection.execute(query).all()
    outbox.delivery_skipped(connection, [row.id for row in rows if row.state in outbox.ON_ITS_WAY], reason=reason)
    for channel in dict.fromkeys(row.channel for row in rows if row.state in outbox.PERHAPS_SENT):
        key = f"{alert_key(change)}.{channel}"
        added = outbox.add_delivery(
            connection, change_id, change, channel, key=key, reason=reason, send=True, now=now
        )  # fmt: skip
        made += [added] if added is not None else []
    return made


def corrections(connection: Connection, *, event_id: int | None = None) -> tuple[Correction, ...]:
    """The history, oldest first."""
    query = select(t.correction).order_by(t.correction.c.id)
    if event_id is not None:
        query = query.where(t.correction.c.event_id == event_id)
    return tuple(Correction(**row._mapping) for row in connection.execute(query))
