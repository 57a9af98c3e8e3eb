"""Retention: rows that nothing rests on go when they are old, a small batch at a time.

What an event, a change or an alert rests on stays for ever: articles with an event, versions with a quote, tracks, changes,
corrections. An article that is on topic stays even without an event, and so does one that waits or was set aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, tuple_, update

from monitor.model import DeliveryState, Keep
from monitor.store import search
from monitor.store import tables as t
from monitor.store.feeds import count_articles


class Prunable(StrEnum):
    """A kind of row that retention may take, in the order in which they go."""

    TEXTS = "texts"
    ARTICLES = "articles"
    DELIVERIES = "deliveries"
    COUNTERS = "counters"


FINISHED = (DeliveryState.SENT.value, DeliveryState.SKIPPED.value)
"""Dead messages stay until a person has looked at them."""


def ends(keep: Keep, now: datetime) -> dict[Prunable, datetime]:
    """Before which moment each kind may go; kinds that are kept for ever are left out."""
    spans = {kind: getattr(keep, kind.value) for kind in Prunable}
    return {kind: now - span for kind, span in spans.items() if span is not None}


def prunable(connection: Connection, kind: Prunable, before: datetime) -> int:
    """How many rows of the kind would go."""
    return connection.execute(select(func.count()).select_from(_OLD[kind](before).subquery())).scalar_one()


def prune(connection: Connection, kind: Prunable, before: datetime, *, limit: int, now: datetime) -> int:
    """Drops the oldest so many; how many it were. Less than `limit` means that no more are left."""
    return _DROP[kind](connection, _OLD[kind](before).limit(limit), now)


# --- which ---------------------------------------------------------------------------------------


def _off_topic(before: datetime) -> Select[Any]:
    """Articles that were read and are on no topic. An event, whatever made it, keeps its article."""
    told = select(t.event.c.id).where(t.event.c.article_id == t.article.c.id).exists()
    return (
        select(t.article.c.id, t.article.c.feed_id)
        .where(~t.article.c.on_topic, t.article.c.seen_at < before)
        .where(t.article.c.analyze_at.is_(None), t.article.c.set_aside_at.is_(None), ~told)
    )


def _with_text(before: datetime) -> Select[Any]:
    return _off_topic(before).where(~t.article.c.text_dropped).order_by(t.article.c.seen_at, t.article.c.id)


def _finished(before: datetime) -> Select[Any]:
    finished = t.delivery.c.state.in_(FINISHED) & (t.delivery.c.created_at < before)
    return select(t.delivery.c.id).where(finished).order_by(t.delivery.c.id)


def _counters(before: datetime) -> Select[Any]:
    key = tuple(t.daily.primary_key.columns)
    return select(*key).where(t.daily.c.day < before.date()).order_by(*key)


_OLD: Mapping[Prunable, Callable[[datetime], Select[Any]]] = {
    Prunable.TEXTS: _with_text,
    Prunable.ARTICLES: _off_topic,
    Prunable.DELIVERIES: _finished,
    Prunable.COUNTERS: _counters,
}


# --- how -----------------------------------------------------------------------------------------


def _drop_texts(connection: Connection, old: Select[Any], now: datetime) -> int:
    """Title, address, keys, hash and verdict stay; the weights go with the words that they explain."""
    ids = connection.execute(_locked(old)).scalars().all()
    if not ids:
        return 0
    of_them = t.version.c.article_id.in_(ids) & t.version.c.dropped_at.is_(None)
    words = _words(connection, of_them)
    search.forget_versions(connection, words)
    search.index_versions(connection, [each._replace(texts=(*each.texts[:2], "")) for each in words])
    connection.execute(update(t.version).where(of_them).values(text="", dropped_at=now))
    connection.execute(update(t.finding).where(t.finding.c.article_id.in_(ids)).values(contributions=()))
    connection.execute(update(t.article).where(t.article.c.id.in_(ids)).values(text_dropped=True))
    return len(ids)


def _drop_articles(connection: Connection, old: Select[Any], _now: datetime) -> int:
    """With versions, keys and findings, which go by the foreign key."""
    rows = connection.execute(_locked(old)).all()
    if not rows:
        return 0
    search.forget_versions(connection, _words(connection, t.version.c.article_id.in_([row.id for row in rows])))
    connection.execute(delete(t.article).where(t.article.c.id.in_([row.id for row in rows])))
    # In a fixed order, as polls do it: PostgreSQL locks them one by one.
    for feed_id, amount in sorted(Counter(row.feed_id for row in rows).items()):
        count_articles(connection, feed_id, -amount)
    return len(rows)


def _words(connection: Connection, which: ColumnElement[bool]) -> list[search.Words]:
    """What the search knows of the versions."""
    printed = (t.article.c.language, t.version.c.title, t.article.c.publisher, t.version.c.text)
    query = select(t.version.c.id, *printed).join(t.article, t.article.c.id == t.version.c.article_id).where(which)
    return [
        search.words_of_version(row.id, row.language, title=row.title, publisher=row.publisher, body=row.text)
        for row in connection.execute(query)
    ]


def _locked(old: Select[Any]) -> Select[Any]:
    """No other worker takes the same rows, and no analysis begins on them meanwhile."""
    return old.with_for_update(of=t.article, skip_locked=True)


def _drop_deliveries(connection: Connection, old: Select[Any], _now: datetime) -> int:
    return connection.execute(delete(t.delivery).where(t.delivery.c.id.in_(old))).rowcount


def _drop_counters(connection: Connection, old: Select[Any], _now: datetime) -> int:
    return connection.execute(delete(t.daily).where(tuple_(*t.daily.primary_key.columns).in_(old))).rowcount


_DROP: Mapping[Prunable, Callable[[Connection, Select[Any], datetime], int]] = {
    Prunable.TEXTS: _drop_texts,
    Prunable.ARTICLES: _drop_articles,
    Prunable.DELIVERIES: _drop_deliveries,
    Prunable.COUNTERS: _drop_counters,
}
