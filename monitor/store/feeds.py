"""Feeds: what the configuration names, what is remembered between polls, what is due, what came through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from monitor.model import Feed, FeedRow, FeedState, Poll, Recorded, StoreError
from monitor.store import tables as t
from monitor.store.articles import record_entries
from monitor.store.columns import Utc
from monitor.store.dialect import insert_into, lock, lock_table

# Built once: building a statement costs more than running it.
_SAVE_STATE = (
    update(t.feed)
    .where(t.feed.c.id == bindparam("feed"))
    .values(
        state=bindparam("new_state"),
        health=bindparam("new_health"),
        polled_at=bindparam("new_polled_at", type_=Utc()),
        articles=t.feed.c.articles + bindparam("new_articles"),
        next_poll_at=case((t.feed.c.active, bindparam("new_next_poll_at", type_=Utc())), else_=None),
    )
)
_FEEDS = select(t.feed.c.id, t.feed.c.definition, t.feed.c.state).where(
    t.feed.c.id.in_(bindparam("feeds", expanding=True))
)

_DEFINED = (t.feed.c.id, t.feed.c.definition, t.feed.c.publisher, t.feed.c.voice, t.feed.c.language, t.feed.c.active)


def sync_feeds(connection: Connection, feeds: Sequence[Feed], now: datetime) -> None:
    """The configuration is the truth: new feeds are due at once, changed ones keep their state, absent ones rest."""
    lock_table(connection, t.feed)  # many workers that start at once all find a new feed missing
    known = {row.id: row for row in connection.execute(select(*_DEFINED, t.feed.c.state))}
    fresh = [_row(feed, FeedState(feed_id=feed.id, next_poll_at=now)) for feed in feeds if feed.id not in known]
    if fresh:
        connection.execute(insert(t.feed), fresh)
    for feed in feeds:
        if feed.id in known and not _says_so(known[feed.id], feed):
            row = known[feed.id]
            state = _for_address(row.state, feed, was=row.definition.url, now=now)
            connection.execute(update(t.feed).where(t.feed.c.id == feed.id).values(_row(feed, state, now)))
    gone = {row.id for row in known.values() if row.active} - {feed.id for feed in feeds}
    if gone:
        connection.execute(update(t.feed).where(t.feed.c.id.in_(gone)).values(active=False, next_poll_at=None))


def add_feed(connection: Connection, feed: Feed) -> None:
    """A feed that is not polled (of a backfill), unless there is one of its id."""
    row = _row(feed, FeedState(feed_id=feed.id)) | {"active": False, "next_poll_at": None}
    connection.execute(insert_into(connection, t.feed).on_conflict_do_nothing(), row)


def count_articles(connection: Connection, feed_id: str, more: int) -> None:
    """Notes that the feed has so many articles more (or less, after retention)."""
    connection.execute(update(t.feed).where(t.feed.c.id == feed_id).values(articles=t.feed.c.articles + more))


def _says_so(row: Any, feed: Feed) -> bool:
    said = (row.definition, row.publisher, row.voice, row.language, row.active)
    return said == (feed, feed.publisher, feed.voice, feed.language.value, feed.enabled)


def _for_address(state: FeedState, feed: Feed, *, was: str, now: datetime) -> FeedState:
    """The state without what belonged to another address: its validators would earn a 304 for a text never seen."""
    if feed.url == was:
        return state
    forgotten = dict.fromkeys(("etag", "last_modified", "body_hash", "moved_to", "moved_since"))
    return state.model_copy(update={**forgotten, "next_poll_at": now})


def _row(feed: Feed, state: FeedState, now: datetime | None = None) -> dict[str, Any]:
    return {
        "id": feed.id,
        "definition": feed,
        "publisher": feed.publisher,
        "voice": feed.voice,
        "language": feed.language.value,
        "active": feed.enabled,
        "next_poll_at": (state.next_poll_at or now) if feed.enabled else None,
        "health": state.health.value,
        "state": state,
    }


def due_feeds(connection: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    query = (
        select(t.feed.c.id)
        .where(t.feed.c.next_poll_at.is_not(None), t.feed.c.next_poll_at <= now)
        .order_by(t.feed.c.next_poll_at, t.feed.c.id)
        .limit(limit)
    )
    return tuple(connection.execute(query).scalars())


def feeds_and_states(connection: Connection, feed_ids: Sequence[str]) -> list[tuple[Feed, FeedState]]:
    """In the order of the ids. Raises StoreError if one of them is no feed's."""
    found = {row.id: (row.definition, row.state) for row in connection.execute(_FEEDS, {"feeds": list(feed_ids)})}
    for feed_id in feed_ids:
        if feed_id not in found:
            raise StoreError(f"no feed has the id {feed_id!r}; `monitor feeds` lists them")
    return [found[feed_id] for feed_id in feed_ids]


def record_polls(connection: Connection, polls: Sequence[tuple[Feed, Poll]]) -> list[Recorded]:
    """Articles first, then validators and next polls: a crash must mean fetching again, never missing."""
    if any(poll.entries for _, poll in polls):
        lock(connection, "articles")  # who looks whether an article is there must be who inserts it
    named = voices(connection) if any(entry.publisher for _, poll in polls for entry in poll.entries) else {}
    recorded = [
        record_entries(connection, feed, poll.entries, seen_at=poll.polled_at, voices=named) for feed, poll in polls
    ]
    save_states(
        connection,
        [_state(poll, found) for (_, poll), found in zip(polls, recorded, strict=True)],
        articles={feed.id: len(found.new) for (feed, _), found in zip(polls, recorded, strict=True)},
    )
    counted: Counter[tuple[date, str, str]] = Counter()
    for (feed, poll), found in zip(polls, recorded, strict=True):
        for name, amount in _counters(poll, found).items():
            counted[(poll.polled_at.date(), feed.id, name)] += amount
    count(connection, counted)
    return recorded


def _state(poll: Poll, recorded: Recorded) -> FeedState:
    if not recorded.new or poll.state.last_new_at == poll.polled_at:
        return poll.state
    return poll.state.model_copy(update={"last_new_at": poll.polled_at})


def save_states(
    connection: Connection, states: Sequence[FeedState], *, articles: Mapping[str, int] | None = None
) -> None:
    """Remembers the states, and how many articles came; a feed that was switched off while it was polled stays off."""
    came = articles or {}
    rows = [
        {
            "feed": state.feed_id,
            "new_state": state,
            "new_health": state.health.value,
            "new_next_poll_at": state.next_poll_at,
            "new_polled_at": state.last_polled_at,
            "new_articles": came.get(state.feed_id, 0),
        }
        for state in sorted(states, key=lambda each: each.feed_id)  # PostgreSQL locks them one by one
    ]
    connection.execute(_SAVE_STATE, rows)


def count(connection: Connection, counters: Mapping[tuple[date, str, str], int]) -> None:
    """Adds to the day's counters, in a fixed order (PostgreSQL locks them one by one)."""
    rows = [
        {"day": day, "feed_id": feed_id, "counter": name, "amount": amount}
        for (day, feed_id, name), amount in sorted(counters.items())
        if amount
    ]
    if not rows:
        return
    statement = insert_into(connection, t.daily)
    statement = statement.on_conflict_do_update(
        index_elements=["day", "feed_id", "counter"], set_={"amount": t.daily.c.amount + statement.excluded.amount}
    )
    connection.execute(statement, rows)


def _counters(poll: Poll, recorded: Recorded) -> dict[str, int]:
    counters = Counter(
        {
            "polls": 1,
            "failed": int(poll.state.failures > 0),
            "bytes": poll.bytes_read,
            "entries": len(poll.entries),
            "new": len(recorded.new),
            "changed": len(recorded.changed),
            "teasers": sum(entry.teaser for entry in poll.entries),
        }
    )
    counters.update({f"dropped:{reason}": amount for reason, amount in poll.dropped.items()})
    return dict(counters)


def feed_rows(connection: Connection, *, active_only: bool = False) -> tuple[FeedRow, ...]:
    query = select(t.feed.c.definition, t.feed.c.state, t.feed.c.active, t.feed.c.articles).order_by(t.feed.c.id)
    if active_only:
        query = query.where(t.feed.c.active)
    return tuple(
        FeedRow(feed=row.definition, state=row.state, active=row.active, articles=row.articles)
        for row in connection.execute(query)
    )


def voices(connection: Connection) -> dict[str, str]:
    """Publisher → independent voice, for aggregators that name the original publisher."""
    return {
        row.publisher: row.voice for row in connection.execute(select(t.feed.c.publisher, t.feed.c.voice).distinct())
    }


def first_poll_of(connection: Connection, article_id: int, *, seen_at: datetime) -> str | None:
    """The feed whose very first successful poll brought the article's version of that time, if it was that."""
    query = select(t.feed.c.id, t.feed.c.state).join(t.article, t.article.c.feed_id == t.feed.c.id)
    row = connection.execute(query.where(t.article.c.id == article_id)).one()
    first: datetime | None = row.state.first_success_at
    return row.id if first is not None and seen_at <= first else None
