"""Findings, events, tracks and changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from monitor.model import Event, Finding, Language, Level, RefusedRowError, StanceChange, StoredArticle, Track
from monitor.store import tables as t
from monitor.store.dialect import insert_if_absent, insert_into
from monitor.store.search import index_events, words_of_event

OTHER_TIER = "other_tier"
"""The verdict of an event that is kept beside: another analyzer's word counts for its article."""


def save_finding(connection: Connection, stored: StoredArticle, finding: Finding, *, now: datetime) -> bool:
    """Keeps the finding; False if this version has one of this topic and analyzer already."""
    row = {
        "version_id": stored.version_id,
        "article_id": stored.id,
        "topic": finding.topic,
        "analyzer": finding.analyzer,
        "language": finding.language.value,
        "relevant": finding.relevant,
        "gate": finding.gate.value,
        "reason": finding.reason,
        "confidence": finding.confidence,
        "contributions": finding.contributions,
        "notes": finding.notes,
        "analyzed_at": now,
    }
    statement = insert_if_absent(connection, t.finding).returning(t.finding.c.id)
    return connection.execute(statement, row).scalar_one_or_none() is not None


def save_event(
    connection: Connection,
    stored: StoredArticle,
    event: Event,
    *,
    topic: str,
    analyzer: str,
    voice: str,
    copy_of: int | None = None,
) -> tuple[int, bool]:
    """Keeps the event and gives its id, and whether it is new. Refuses a quote that is not in the stored text."""
    words = stored.article.text
    for evidence in (event.evidence, *event.conditions):
        if not evidence.holds_in(words):
            raise RefusedRowError(
                f"article {stored.id}, version {stored.version}: the quote of {event.holder} does not stand at "
                f"{evidence.start}:{evidence.end} of the text; an event without its words is not kept"
            )
    row = _event_row(event) | {
        "version_id": stored.version_id,
        "article_id": stored.id,
        "topic": topic,
        "analyzer": analyzer,
        "at": stored.at,
        "seen_at": stored.seen_at,
        "voice": voice,
        "copy_of": copy_of,
    }
    inserted = connection.execute(
        insert_if_absent(connection, t.event).returning(t.event.c.id), row
    ).scalar_one_or_none()
    if inserted is not None:
        index_events(connection, [words_of_event(inserted, row, language=stored.feed.language.value)])
        return inserted, True
    same = {name: row[name] for name in ("version_id", "topic", "actor", "institution", "analyzer")}
    return connection.execute(select(t.event.c.id).filter_by(**same)).scalar_one(), False


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "actor": event.actor,
        "institution": event.institution or "",
        "speaker": event.speaker,
        "office": event.office,
        "said_as": event.said_as,
        "stance": event.stance.value,
        "start": event.start,
        "end": event.end,
        "quote": event.quote,
        "conditions": event.conditions,
        "attribution": event.attribution,
        "kind": event.kind.value,
        "confidence": event.confidence,
        "reason": event.reason,
        "contributions": event.contributions,
    }


def event_of(row: Row[Any]) -> Event:
    return Event.model_validate(
        {name: getattr(row, name) for name in Event.model_fields if name != "institution"}
        | {"institution": row.institution or None}
    )


class Unfollowed(NamedTuple):
    """A kept event that its track has not been told of."""

    id: int
    event: Event
    language: Language
    voice: str


def unfollowed(connection: Connection, stored: StoredArticle, *, topic: str) -> tuple[Unfollowed, ...]:
    """The version's events that no track was told of, in a fixed order: two workers never wait for each other's tracks."""
    rows = connection.execute(
        select(t.event, t.finding.c.language)
        .join(
            t.finding,
            (t.finding.c.version_id == t.event.c.version_id)
            & (t.finding.c.topic == t.event.c.topic)
            & (t.finding.c.analyzer == t.event.c.analyzer),
        )
        .where(t.event.c.version_id == stored.version_id, t.event.c.topic == topic, t.event.c.verdict.is_(None))
        # Named institutions are heard first: the country's own word then joins their turn instead of making a second one.
        .order_by(t.event.c.actor, t.event.c.institution == "", t.event.c.institution, t.event.c.id)
    )
    return tuple(Unfollowed(row.id, event_of(row), Language(row.language), row.voice) for row in rows)


def to_follow(connection: Connection, *, topic: str, limit: int) -> tuple[tuple[int, int], ...]:
    """(article, version) with events that no track was told of, oldest news first.

    Stops at the oldest article that still waits for its first reading: whichever worker is faster, stances are
    stepped in the order of the news.
    """
    oldest = connection.execute(
        select(t.article.c.at, t.article.c.id)
        .where(t.article.c.analyze_at.is_not(None), t.article.c.attempts == 0)
        .order_by(t.article.c.at, t.article.c.id)
        .limit(1)
    ).one_or_none()
    query = (
        select(t.event.c.at, t.event.c.article_id, t.version.c.number)
        .distinct()
        .join(t.version, t.version.c.id == t.event.c.version_id)
        .where(t.event.c.topic == topic, t.event.c.verdict.is_(None))
        .order_by(t.event.c.at, t.event.c.article_id, t.version.c.number)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    return tuple(
        (row.article_id, row.number) for row in rows if oldest is None or (row.at, row.article_id) < tuple(oldest)
    )


def retell(connection: Connection, event_id: int, *, voice: str, copy_of: int | None) -> None:
    """Whose voice the event turned out to be."""
    connection.execute(update(t.event).where(t.event.c.id == event_id).values(voice=voice, copy_of=copy_of))


def said_before(connection: Connection, stored: StoredArticle, event: Event, *, topic: str) -> bool:
    """Whether an earlier version of the article had this stance of this holder: an edit does not say it twice."""
    if stored.version == 1:
        return False
    query = select(t.event.c.id).where(
        t.event.c.article_id == stored.id,
        t.event.c.version_id != stored.version_id,
        t.event.c.topic == topic,
        t.event.c.actor == event.actor,
        t.event.c.institution == (event.institution or ""),
        t.event.c.stance == event.stance.value,
        t.event.c.verdict.is_distinct_from(OTHER_TIER),
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


# --- near copies ----------------------------------------------------------------------------------


def save_signature(connection: Connection, version_id: int, signature: Sequence[int]) -> None:
    connection.execute(update(t.version).where(t.version.c.id == version_id).values(signature=tuple(signature)))


def signature_of(connection: Connection, version_id: int) -> tuple[int, ...]:
    found = connection.execute(select(t.version.c.signature).where(t.version.c.id == version_id)).scalar_one()
    return tuple(found or ())


class Told(NamedTuple):
    """An article that tracks were told of."""

    id: int
    voice: str
    signature: tuple[int, ...]


def told(connection: Connection, *, topic: str, since: datetime, until: datetime) -> tuple[Told, ...]:
    """The articles of that time that tracks were told of, oldest first; to find wire copies."""
    followed = (
        select(t.event.c.article_id)
        .where(t.event.c.topic == topic, t.event.c.at >= since, t.event.c.at <= until, t.event.c.verdict != OTHER_TIER)
        .distinct()
    )
    query = (
        select(t.article.c.id, t.article.c.voice, t.version.c.signature)
        .join(t.version, (t.version.c.article_id == t.article.c.id) & (t.version.c.number == t.article.c.version))
        .where(t.article.c.id.in_(followed), t.version.c.signature.is_not(None))
        .order_by(t.article.c.at, t.article.c.id)
    )
    return tuple(Told(row.id, row.voice, row.signature) for row in connection.execute(query))


# --- tracks and changes -------------------------------------------------------------------------


def lock_track(connection: Connection, topic: str, actor: str, institution: str | None) -> Track:
    """The track, made if absent, and locked until the transaction ends. Lock several in sorted order."""
    key = {"topic": topic, "actor": actor, "institution": institution or ""}
    empty = Track(topic=topic, actor=actor, institution=institution)
    connection.execute(insert_if_absent(connection, t.track), key | {"state": empty})
    # SQLite has no FOR UPDATE (SQLAlchemy leaves it out) and needs none: this transaction is the only writer.
    track: Track = connection.execute(select(t.track.c.state).filter_by(**key).with_for_update()).scalar_one()
    return track


def lock_tracks(connection: Connection, topic: str, actor: str) -> tuple[Track, ...]:
    """All tracks of the actor. The country's own is locked first and guards the rest: an institution moves its country."""
    lock_track(connection, topic, actor, None)
    query = select(t.track.c.state).filter_by(topic=topic, actor=actor).order_by(t.track.c.institution)
    return tuple(connection.execute(query.with_for_update()).scalars())


def save_verdict(connection: Connection, event_id: int, verdict: str, reason: str) -> None:
    connection.execute(update(t.event).where(t.event.c.id == event_id).values(verdict=verdict, verdict_reason=reason))


def save_track(connection: Connection, track: Track) -> None:
    key = {"topic": track.topic, "actor": track.actor, "institution": track.institution or ""}
    values = {"stance": track.stance and track.stance.value, "since": track.since, "state": track}
    statement = insert_into(connection, t.track).values(key | values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def tracks(connection: Connection, *, topic: str | None = None, actor: str | None = None) -> tuple[Track, ...]:
    query = select(t.track.c.state).order_by(t.track.c.topic, t.track.c.actor, t.track.c.institution)
    if topic is not None:
        query = query.where(t.track.c.topic == topic)
    if actor is not None:
        query = query.where(t.track.c.actor == actor)
    return tuple(connection.execute(query).scalars())


def save_change(connection: Connection, change: StanceChange, *, now: datetime) -> tuple[int, bool]:
    """Inserts the change, raises a reported one to confirmed, or notes its outcome. Gives its id, and whether it is news."""
    key = {
        "topic": change.topic,
        "actor": change.actor,
        "institution": change.institution or "",
        "cause": change.cause,
    }
    row = key | {"level": change.level.value, "at": change.at, "change": change, "created_at": now}
    inserted = connection.execute(
        insert_if_absent(connection, t.change).returning(t.change.c.id), row
    ).scalar_one_or_none()
    if inserted is not None:
        return inserted, True
    stored = connection.execute(select(t.change.c.id, t.change.c.change).filter_by(**key).with_for_update()).one()
    known: StanceChange = stored.change
    if known.level is Level.CONFIRMED and change.level is not Level.CONFIRMED:
        change = change.model_copy(update={"level": known.level, "confirmed_at": known.confirmed_at})
    news = (change.level, change.outcome) != (known.level, known.outcome)
    if change != known:
        values = {"level": change.level.value, "change": change}
        connection.execute(update(t.change).where(t.change.c.id == stored.id).values(values))
    return stored.id, news


def newest_change(connection: Connection, like: StanceChange) -> StanceChange:
    """The last turn of the same holder on the same topic that was not taken back."""
    of_holder = {"topic": like.topic, "actor": like.actor, "institution": like.institution or ""}
    query = select(t.change.c.change).filter_by(**of_holder).order_by(t.change.c.at.desc(), t.change.c.id.desc())
    found: StanceChange = connection.execute(query.limit(1)).scalar_one()
    return found


def forget_stances(connection: Connection, topic: str) -> None:
    """Empties the tracks of a topic, so that a replay can build them anew. Events and changes stay."""
    connection.execute(t.track.delete().where(t.track.c.topic == topic))
