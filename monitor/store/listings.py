"""Read-only answers: articles, events, findings, engines, how things stand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from monitor.model import (
    ArticleRow,
    DateQuality,
    DeliveryState,
    EventRow,
    Finding,
    Gate,
    Health,
    Language,
    Status,
)
from monitor.store import tables as t
from monitor.store.engines import engines
from monitor.store.messages import troubles
from monitor.store.model_days import newest_model_day
from monitor.store.queue import queue
from monitor.store.stances import OTHER_TIER, event_of


def article_rows(
    connection: Connection,
    *,
    topic: str | None = None,
    relevant: bool | None = None,
    feed_id: str | None = None,
    language: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    set_aside: bool = False,
    article_id: int | None = None,
    ids: Collection[int] | None = None,
    limit: int | None = None,
) -> tuple[ArticleRow, ...]:
    """Oldest first; with a limit, the newest of them. With a topic, one row an article; without, one per finding."""
    query = _articles(topic)
    if relevant is not None:
        query = query.where(*_relevance(relevant))
    for column, value in (
        (t.article.c.feed_id, feed_id),
        (t.article.c.language, language),
        (t.article.c.id, article_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if ids is not None:
        query = query.where(t.article.c.id.in_(ids))
    if since is not None:
        query = query.where(t.article.c.at >= since)
    if until is not None:
        query = query.where(t.article.c.at < until)
    if set_aside:
        query = query.where(t.article.c.set_aside_at.is_not(None))
    rows = connection.execute(query.order_by(t.article.c.at.desc(), t.article.c.id.desc()).limit(limit))
    return tuple(_article_row(row) for row in rows)[::-1]


def _relevance(wanted: bool) -> tuple[Any, ...]:
    """Few are relevant and have an index of their own by date: the newest are found without looking at the others.

    Most are not: the newest are found by date. `IS false` keeps SQLite from turning the outer join into an inner one and
    starting from the findings, and lets PostgreSQL know from its statistics that most are so.
    """
    if wanted:
        return t.article.c.on_topic, t.finding.c.relevant
    return (t.finding.c.relevant.is_(False),)


def _articles(topic: str | None) -> Select[Any]:
    found = (t.finding.c.version_id == t.version.c.id) & _newest_analyzer()
    if topic is not None:
        found &= t.finding.c.topic == topic
    events = (
        select(func.count())
        .where(t.event.c.version_id == t.version.c.id, t.event.c.topic == t.finding.c.topic)
        .where(t.event.c.analyzer == t.finding.c.analyzer)
        .correlate(t.version, t.finding)
        .scalar_subquery()
    )
    return (
        select(
            t.article,
            t.version.c.title,
            t.version.c.seen_at.label("version_seen_at"),
            t.finding.c.topic,
            t.finding.c.relevant,
            t.finding.c.gate,
            t.finding.c.reason,
            events.label("events"),
        )
        .join(t.version, (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version))
        .join(t.finding, found, isouter=True)
    )


def _newest_analyzer() -> Any:
    """Where several analyzers read a version, the last one's word counts."""
    later = t.finding.alias("later")
    return (
        ~select(later.c.id)
        .where(
            later.c.version_id == t.finding.c.version_id,
            later.c.topic == t.finding.c.topic,
            later.c.id > t.finding.c.id,
        )
        .correlate(t.finding)
        .exists()
    )


def _article_row(row: Row[Any]) -> ArticleRow:
    return ArticleRow(
        id=row.id,
        version=row.version,
        title=row.title,
        url=row.url,
        publisher=row.publisher,
        feed_id=row.feed_id,
        language=row.language,
        at=row.at,
        published_at=row.published_at,
        date_quality=DateQuality(row.date_quality),
        seen_at=row.version_seen_at,
        topic=row.topic,
        relevant=row.relevant,
        gate=row.gate and Gate(row.gate),
        reason=row.reason,
        events=row.events or 0,
        attempts=row.attempts,
        last_error=row.last_error,
        set_aside_at=row.set_aside_at,
    )


def findings(connection: Connection, article_id: int, *, version: int | None = None) -> tuple[Finding, ...]:
    """What analyzers made of an article, with events; of its current version unless another is named."""
    wanted = t.article.c.version if version is None else version
    rows = connection.execute(
        select(t.finding)
        .join(t.article, t.article.c.id == t.finding.c.article_id)
        .join(t.version, (t.version.c.id == t.finding.c.version_id) & (t.version.c.number == wanted))
        .where(t.finding.c.article_id == article_id)
        .order_by(t.finding.c.id)
    ).all()
    return tuple(_finding(connection, row) for row in rows)


def _finding(connection: Connection, row: Row[Any]) -> Finding:
    events = connection.execute(
        select(t.event)
        .filter_by(version_id=row.version_id, topic=row.topic, analyzer=row.analyzer)
        .order_by(t.event.c.start)
    )
    return Finding(
        topic=row.topic,
        analyzer=row.analyzer,
        language=Language(row.language),
        relevant=row.relevant,
        gate=Gate(row.gate),
        reason=row.reason,
        confidence=row.confidence,
        contributions=row.contributions,
        events=tuple(event_of(event) for event in events),
        notes=row.notes,
    )


_EVENTS = (
    select(
        t.event,
        t.article.c.publisher,
        t.article.c.language,
        t.article.c.url,
        t.version.c.title,
        t.version.c.number.label("version"),
    )
    .join(t.article, t.article.c.id == t.event.c.article_id)
    .join(t.version, t.version.c.id == t.event.c.version_id)
)


def event_rows(
    connection: Connection,
    *,
    topic: str | None = None,
    actor: str | None = None,
    institution: str | None = None,
    stance: str | None = None,
    article_id: int | None = None,
    event_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[int] | None = None,
    limit: int | None = None,
) -> tuple[EventRow, ...]:
    """Oldest first; with a limit, the newest of them."""
    wanted = select(t.event.c.id)
    for column, value in (
        (t.event.c.topic, topic),
        (t.event.c.actor, actor),
        (t.event.c.institution, institution),
        (t.event.c.stance, stance),
        (t.event.c.article_id, article_id),
        (t.event.c.id, event_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    if ids is not None:
        wanted = wanted.where(t.event.c.id.in_(ids))
    if since is not None:
        wanted = wanted.where(t.event.c.at >= since)
    if until is not None:
        wanted = wanted.where(t.event.c.at < until)
    if event_id is None and article_id is None:  # what does not count is shown only to who asks for it
        wanted = wanted.where(_counts())
    # The numbers first: sorting whole rows with their texts costs ten times as much.
    newest = (t.event.c.at.desc(), t.event.c.id.desc())
    query = _EVENTS.where(t.event.c.id.in_(wanted.order_by(*newest).limit(limit))).order_by(*newest)
    rows = connection.execute(query)
    return tuple(_event_row(row) for row in rows)[::-1]


def _counts() -> Any:
    """Neither rejected by a person, nor of a tier whose word does not count."""
    return t.event.c.verdict.is_distinct_from("rejected") & t.event.c.verdict.is_distinct_from(OTHER_TIER)


def _event_row(row: Row[Any]) -> EventRow:
    plain = {name: getattr(row, name) for name in EventRow.model_fields if name != "event"}
    return EventRow(**plain, event=event_of(row))


# --- how things stand ---------------------------------------------------------------------------


def status(connection: Connection, now: datetime) -> Status:
    due = t.article.c.analyze_at.is_not(None)
    waiting = t.delivery.c.state == DeliveryState.WAITING.value  # what is held waits on purpose
    return Status(
        feeds={Health(k): n for k, n in _tally(connection, t.feed.c.health, t.feed.c.active)},
        feeds_due=_count(connection, t.feed.c.next_poll_at <= now),
        oldest_feed_due_at=connection.execute(
            select(func.min(t.feed.c.next_poll_at)).where(t.feed.c.next_poll_at <= now)
        ).scalar(),
        articles=int(connection.execute(select(func.coalesce(func.sum(t.feed.c.articles), 0))).scalar_one()),
        articles_due=_count(connection, due),
        articles_set_aside=_count(connection, t.article.c.set_aside_at.is_not(None)),
        oldest_due_at=connection.execute(select(func.min(t.article.c.analyze_at)).where(due)).scalar(),
        relevant=_count(connection, t.article.c.on_topic),
        events=_count(connection, t.event.c.id.is_not(None)),
        changes=_count(connection, t.change.c.id.is_not(None)),
        deliveries={DeliveryState(k): n for k, n in _tally(connection, t.delivery.c.state)},
        oldest_waiting_at=connection.execute(select(func.min(t.delivery.c.created_at)).where(waiting)).scalar(),
        last_poll_at=connection.execute(select(func.max(t.feed.c.polled_at)).where(t.feed.c.active)).scalar(),
        language_model=newest_model_day(connection),
        engines=engines(connection),
        queue=queue(connection),
        channels_in_trouble=troubles(connection),
    )


def marks(connection: Connection) -> dict[str, str]:
    """A mark each for changes, events and articles that moves whenever one comes or becomes another: for who waits for news.

    Numbers, not dates, since backfilled history is old; the levels, since a confirmation has no number of its own.
    """
    newest = {
        table.name: connection.execute(select(func.max(table.c.id))).scalar() or 0
        for table in (t.article, t.finding, t.event, t.change, t.correction)
    }
    levels = ".".join(f"{level}{n}" for level, n in sorted(_tally(connection, t.change.c.level)))
    due = _count(connection, t.event.c.verdict.is_(None))
    event = f"{newest['event']}.{newest['correction']}.{due}"
    return {
        "changes": f"{newest['stance_change']}.{levels}.{event}",
        "events": event,
        "articles": f"{newest['article']}.{newest['finding']}.{event}",
    }


def _count(connection: Connection, condition: Any) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()


def _tally(connection: Connection, column: Any, *conditions: Any) -> list[tuple[str, int]]:
    rows = connection.execute(select(column, func.count()).where(*conditions).group_by(column))
    return [(row[0], row[1]) for row in rows]


def counters(connection: Connection, *, since: datetime) -> tuple[tuple[str, str, str, int], ...]:
    """(day, feed, counter, amount) since a day: what came, and what was dropped why."""
    query = (
        select(t.daily.c.day, t.daily.c.feed_id, t.daily.c.counter, t.daily.c.amount)
        .where(t.daily.c.day >= since.date())
        .order_by(t.daily.c.day, t.daily.c.feed_id, t.daily.c.counter)
    )
    return tuple((row.day.isoformat(), row.feed_id, row.counter, row.amount) for row in connection.execute(query))


def counter_sums(
    connection: Connection, *, since: datetime
) -> tuple[tuple[tuple[str, str, int], ...], tuple[tuple[str, str, int], ...]]:
    """((feed, counter, amount), …) and ((day, counter, amount), …) since a day."""
    by_feed = _summed(connection, t.daily.c.feed_id, since)
    by_day = _summed(connection, t.daily.c.day, since)
    return tuple(by_feed), tuple((day.isoformat(), counter, amount) for day, counter, amount in by_day)


def _summed(connection: Connection, column: Any, since: datetime) -> list[tuple[Any, str, int]]:
    query = (
        select(column, t.daily.c.counter, func.sum(t.daily.c.amount))
        .where(t.daily.c.day >= since.date())
        .group_by(column, t.daily.c.counter)
        .order_by(column, t.daily.c.counter)
    )
    return [(row[0], row[1], int(row[2])) for row in connection.execute(query)]
