"""What the language model was asked on each day, and how it answered: one row a day, counted by whoever asks."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, select, update

from monitor.model import ModelDay
from monitor.store import tables as t
from monitor.store.dialect import insert_if_absent
from monitor.store.identity import storable

_LONGEST_ERROR = 500


def take_request(connection: Connection, day: date, *, budget: int) -> bool:
    """Counts one more request of the day; False, and nothing counted, if that would be more than `budget`."""
    _make(connection, day, budget=budget)
    # One statement, so that of several workers only as many get one as are left.
    taken = connection.execute(
        update(t.model_day)
        .where(t.model_day.c.day == day, t.model_day.c.asked < budget)
        .values(asked=t.model_day.c.asked + 1)
    )
    connection.execute(update(t.model_day).where(t.model_day.c.day == day).values(budget=budget))
    return taken.rowcount == 1


def note_answer(connection: Connection, *, now: datetime, budget: int, error: str | None) -> None:
    """Counts an article that the model answered for, or did not."""
    _make(connection, now.date(), budget=budget)
    values = (
        {"answered": t.model_day.c.answered + 1, "answered_at": now}
        if error is None
        else {"failed": t.model_day.c.failed + 1, "failed_at": now, "last_error": storable(error)[:_LONGEST_ERROR]}
    )
    connection.execute(update(t.model_day).where(t.model_day.c.day == now.date()).values(values))


def _make(connection: Connection, day: date, *, budget: int) -> None:
    row = {"day": day, "budget": budget, "asked": 0, "answered": 0, "failed": 0}
    connection.execute(insert_if_absent(connection, t.model_day), row)


def newest_model_day(connection: Connection) -> ModelDay | None:
    """The last day on which the model was asked."""
    row = connection.execute(select(t.model_day).order_by(t.model_day.c.day.desc()).limit(1)).one_or_none()
    return None if row is None else ModelDay(**row._mapping)
