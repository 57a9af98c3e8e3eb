"""The tables. Rows are built from validated models: SQLModel does not validate tables (upstream design).

Unknown institutions are '' here, not NULL, because NULLs are never equal and so never unique. Partial indexes
hold only what is due: finding due rows costs the same at ten rows and at ten million.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from monitor.alerts import Silence
from monitor.model import Attribution, Contribution, Event, Evidence, Feed, FeedState, StanceChange, Track
from monitor.store.columns import AsJson, Digest, Utc

# SQLite only counts up by itself on a plain INTEGER key.
_ID = BigInteger().with_variant(Integer(), "sqlite")


def _id() -> Any:
    return Field(default=None, sa_column=Column(_ID, primary_key=True, autoincrement=True))


def _column(kind: Any, *args: Any, null: bool = False, **kwargs: Any) -> Any:
    return Field(sa_column=Column(kind, *args, nullable=null, **kwargs))


def _where(condition: str, *, sqlite: str | None = None) -> dict[str, Any]:
    """SQLite uses a partial index only for a query that says the condition in the very same words."""
    return {"sqlite_where": text(sqlite or condition), "postgresql_where": text(condition)}


class FeedTable(SQLModel, table=True):
    """A feed as configured, with what is remembered of it between polls."""

    __tablename__: ClassVar[str] = "feed"
    __table_args__ = (Index("feed_due", "next_poll_at", "id", **_where("next_poll_at IS NOT NULL")),)
    id: str = _column(String(80), primary_key=True)
    definition: Feed = _column(AsJson(Feed))
    publisher: str = _column(Text)
    voice: str = _column(Text)
    language: str = _column(String(8))
    active: bool = _column(Boolean)  # configured and enabled; others keep their rows
    next_poll_at: datetime | None = _column(Utc, null=True)  # null when not active
    health: str = _column(String(24))
    state: FeedState = _column(AsJson(FeedState))
    polled_at: datetime | None = _column(Utc, null=True)
    articles: int = _column(
        BigInteger, default=0, server_default="0"
    )  # stored ones: counting rows costs more each year


class ArticleTable(SQLModel, table=True):
    """A published item. Its words are in article_version; `version` is the current one."""

    __tablename__: ClassVar[str] = "article"
    __table_args__ = (
        Index("article_due", "at", "id", **_where("analyze_at IS NOT NULL")),
        Index("article_set_aside", "at", "id", **_where("set_aside_at IS NOT NULL")),
        Index("article_feed", "feed_id", "at"),
        Index("article_at", "at"),
        Index("article_on_topic", "at", "id", **_where("on_topic", sqlite="on_topic = 1")),
        Index("article_off_topic", "text_dropped", "seen_at", "id", **_where("NOT on_topic", sqlite="on_topic = 0")),
    )
    id: int | None = _id()
    feed_id: str = _column(String(80), ForeignKey("feed.id"))
    publisher: str = _column(Text)
    voice: str = _column(Text)
    language: str = _column(String(8))
    guid: str | None = _column(Text, null=True)
    url: str | None = _column(Text, null=True)
    author: str | None = _column(Text, null=True)
    published_at: datetime | None = _column(Utc, null=True)
    date_raw: str | None = _column(Text, null=True)
    date_quality: str = _column(String(16))
    seen_at: datetime = _column(Utc)
    at: datetime = _column(Utc)  # published_at if usable, else seen_at
    version: int = _column(Integer)
    teaser: bool = _column(Boolean)
    copy_of: int | None = _column(_ID, null=True)
    analyze_at: datetime | None = _column(Utc, null=True)  # null: the current version is analyzed, or set aside
    attempts: int = _column(Integer)
    last_error: str | None = _column(Text, null=True)
    set_aside_at: datetime | None = _column(Utc, null=True)
    on_topic: bool | None = _column(Boolean, null=True)  # relevant to any topic, in any version; null: not read yet
    text_dropped: bool = _column(Boolean, default=False, server_default=false())  # by retention, of all versions


class ArticleKeyTable(SQLModel, table=True):
    """What an article is known by: digests of the scoped identity ladder."""

    __tablename__: ClassVar[str] = "article_key"
    __table_args__ = (Index("article_key_article", "article_id"), {"sqlite_with_rowid": False})
    digest: bytes = _column(Digest(16), primary_key=True)
    article_id: int = _column(_ID, ForeignKey("article.id", ondelete="CASCADE"))


class VersionTable(SQLModel, table=True):
    """The text as it stood when seen; offsets refer to it."""

    __tablename__: ClassVar[str] = "article_version"
    __table_args__ = (UniqueConstraint("article_id", "number"), UniqueConstraint("article_id", "text_hash"))
    id: int | None = _id()
    article_id: int = _column(_ID, ForeignKey("article.id", ondelete="CASCADE"))
    number: int = _column(Integer)
    title: str | None = _column(Text, null=True)
    text: str = _column(Text)
    text_hash: bytes = _column(Digest(16))
    seen_at: datetime = _column(Utc)
    signature: tuple[int, ...] | None = _column(AsJson(tuple[int, ...]), null=True)  # of relevant versions only
    dropped_at: datetime | None = _column(Utc, null=True)  # when retention took the text; its hash stays


class FindingTable(SQLModel, table=True):
    """What one analyzer made of one version for one topic."""

    __tablename__: ClassVar[str] = "finding"
    __table_args__ = (
        UniqueConstraint("version_id", "topic", "analyzer"),
        Index("finding_article", "article_id"),
        Index("finding_relevant", "topic", "article_id", **_where("relevant")),
    )
    id: int | None = _id()
    version_id: int = _column(_ID, ForeignKey("article_version.id", ondelete="CASCADE"))
    article_id: int = _column(_ID, ForeignKey("article.id", ondelete="CASCADE"))
    topic: str = _column(String(80))
    analyzer: str = _column(String(80))
    language: str = _column(String(8))
    relevant: bool = _column(Boolean)
    gate: str = _column(String(24))
    reason: str = _column(Text)
    confidence: float = _column(Float)
    contributions: tuple[Contribution, ...] = _column(AsJson(tuple[Contribution, ...]))
    notes: tuple[str, ...] = _column(AsJson(tuple[str, ...]))
    analyzed_at: datetime = _column(Utc)


class EventTable(SQLModel, table=True):
    """One actor's (institution's) stance in one version, with its quote."""

    __tablename__: ClassVar[str] = "event"
    __table_args__ = (
        UniqueConstraint("version_id", "topic", "actor", "institution", "analyzer"),
        Index("event_article", "article_id"),
        Index("event_at", "topic", "at"),
        Index("event_newest", "at", "id"),
        Index("event_actor", "actor", "at", "id"),
        Index("event_holder", "topic", "actor", "institution", "at"),
        Index("event_due", "topic", "at", "article_id", **_where("verdict IS NULL")),
    )
    id: int | None = _id()
    version_id: int = _column(_ID, ForeignKey("article_version.id", ondelete="CASCADE"))
    article_id: int = _column(_ID, ForeignKey("article.id", ondelete="CASCADE"))
    topic: str = _column(String(80))
    analyzer: str = _column(String(80))
    actor: str = _column(String(40))
    institution: str = _column(String(40))
    speaker: str | None = _column(Text, null=True)
    office: str | None = _column(Text, null=True)
    said_as: str | None = _column(Text, null=True)
    stance: str = _column(String(16))
    start: int = _column(Integer)
    end: int = _column(Integer)
    quote: str = _column(Text)
    conditions: tuple[Evidence, ...] = _column(AsJson(tuple[Evidence, ...]))
    attribution: tuple[Attribution, ...] = _column(AsJson(tuple[Attribution, ...]))
    kind: str = _column(String(16))
    confidence: float = _column(Float)
    reason: str = _column(Text)
    contributions: tuple[Contribution, ...] = _column(AsJson(tuple[Contribution, ...]))
    at: datetime = _column(Utc)
    seen_at: datetime = _column(Utc)
    voice: str = _column(Text)
    copy_of: int | None = _column(_ID, null=True)
    source_changed_at: datetime | None = _column(Utc, null=True)  # a later version no longer has the quote
    verdict: str | None = _column(String(24), null=True)  # what it did to its track; null: not stepped yet
    verdict_reason: str | None = _column(Text, null=True)


class TrackTable(SQLModel, table=True):
    """Where one actor (one institution of it) stands."""

    __tablename__: ClassVar[str] = "track"
    topic: str = _column(String(80), primary_key=True)
    actor: str = _column(String(40), primary_key=True)
    institution: str = _column(String(40), primary_key=True)
    stance: str | None = _column(String(16), null=True)
    since: datetime | None = _column(Utc, null=True)
    state: Track = _column(AsJson(Track))


class ChangeTable(SQLModel, table=True):
    """The fact that a stance changed; its cause is the event that made it."""

    __tablename__: ClassVar[str] = "stance_change"
    __table_args__ = (
        UniqueConstraint("topic", "actor", "institution", "cause"),
        Index("stance_change_at", "topic", "at"),
        Index("stance_change_newest", "at", "id"),
    )
    id: int | None = _id()
    topic: str = _column(String(80))
    actor: str = _column(String(40))
    institution: str = _column(String(40))
    cause: int = _column(_ID, ForeignKey("event.id"))
    level: str = _column(String(16))
    at: datetime = _column(Utc)
    change: StanceChange = _column(AsJson(StanceChange))
    created_at: datetime = _column(Utc)


class DeliveryTable(SQLModel, table=True):
    """The outbox: one alert on its way to one channel, or why it was not sent."""

    __tablename__: ClassVar[str] = "delivery"
    __table_args__ = (
        UniqueConstraint("change_id", "level", "outcome", "channel", "told", name="delivery_once"),
        Index("delivery_due", "next_try_at", "id", **_where("next_try_at IS NOT NULL")),
        Index("delivery_state", "state", "id"),
        Index("delivery_sent", "channel", "sent_at", **_where("sent_at IS NOT NULL")),
        Index("delivery_via", "via", "sent_at", **_where("via IS NOT NULL")),
        Index("delivery_tried", "tried_at", **_where("tried_at IS NOT NULL")),
        Index("delivery_failing", "failing_since", **_where("failing_since IS NOT NULL")),
        Index("delivery_message", "message", **_where("message IS NOT NULL")),
    )
    id: int | None = _id()
    change_id: int = _column(_ID, ForeignKey("stance_change.id"))
    level: str = _column(String(16))
    outcome: str = _column(String(16))
    channel: str = _column(String(80))
    told: int = _column(Integer)  # 0 the first time; how often it was told again
    key: str = _column(Text)
    state: str = _column(String(16))
    reason: str = _column(Text)
    attempts: int = _column(Integer)
    next_try_at: datetime | None = _column(Utc, null=True)
    last_error: str | None = _column(Text, null=True)
    sent_at: datetime | None = _column(Utc, null=True)
    created_at: datetime = _column(Utc)
    message: int | None = _column(_ID, null=True)  # the delivery that leads its message; null: not put together yet
    message_key: str | None = _column(Text, null=True)
    via: str | None = _column(String(80), null=True)  # the channel that stands in
    tried_at: datetime | None = _column(Utc, null=True)  # a try began, its end is not recorded yet
    failing_since: datetime | None = _column(Utc, null=True)  # its own channel has not taken it since


class DailyTable(SQLModel, table=True):
    """What came through a feed on a day, and what was dropped why: counters, so they never need pruning by the row."""

    __tablename__: ClassVar[str] = "daily"
    day: date = _column(Date, primary_key=True)
    feed_id: str = _column(String(80), ForeignKey("feed.id"), primary_key=True)
    counter: str = _column(String(80), primary_key=True)  # polls, new, dropped:undated …
    amount: int = _column(BigInteger)


class HeartbeatTable(SQLModel, table=True):
    """A sign of life of each running engine, with its counters."""

    __tablename__: ClassVar[str] = "heartbeat"
    id: str = _column(String(120), primary_key=True)
    engine: str = _column(String(40))
    host: str = _column(Text)
    pid: int = _column(Integer)
    started_at: datetime = _column(Utc)
    beat_at: datetime = _column(Utc)
    stopped_at: datetime | None = _column(Utc, null=True)
    counters: dict[str, int] = _column(AsJson(dict[str, int]))


class SilenceTable(SQLModel, table=True):
    """What people do not want to hear of for a while; ended ones are kept."""

    __tablename__: ClassVar[str] = "silence"
    id: int | None = _id()
    silence: Silence = _column(AsJson(Silence))
    until: datetime = _column(Utc)
    created_at: datetime = _column(Utc)
    ended_at: datetime | None = _column(Utc, null=True)


class CorrectionTable(SQLModel, table=True):
    """What a person made of an event, and what it was before: history, never changed."""

    __tablename__: ClassVar[str] = "correction"
    __table_args__ = (Index("correction_event", "event_id", "id"),)
    id: int | None = _id()
    event_id: int = _column(_ID, ForeignKey("event.id"))
    before: Event = _column(AsJson(Event))
    after: Event | None = _column(AsJson(Event), null=True)  # null: rejected
    who: str = _column(Text)
    why: str = _column(Text)
    created_at: datetime = _column(Utc)


class ReplayTable(SQLModel, table=True):
    """A replay that was applied: what stored articles said by the knowledge of that day became what the rows say."""

    __tablename__: ClassVar[str] = "replay"
    id: int | None = _id()
    topic: str = _column(String(80))
    analyzer: str = _column(String(80))
    since: datetime | None = _column(Utc, null=True)
    until: datetime | None = _column(Utc, null=True)
    counts: dict[str, int] = _column(AsJson(dict[str, int]))
    applied_at: datetime = _column(Utc)


class ToldTable(SQLModel, table=True):
    """A worry that the operator was told of and that lasts: told once."""

    __tablename__: ClassVar[str] = "told"
    worry: str = _column(String(160), primary_key=True)
    words: str = _column(Text)
    told_at: datetime = _column(Utc)


class ModelDayTable(SQLModel, table=True):
    """What the language model was asked on a day (UTC), and how it answered."""

    __tablename__: ClassVar[str] = "model_day"
    day: date = _column(Date, primary_key=True)
    budget: int = _column(Integer)  # requests allowed, as last configured
    asked: int = _column(Integer)  # requests, second tries and repairs included
    answered: int = _column(Integer)  # articles
    failed: int = _column(Integer)  # articles whose default finding stood
    answered_at: datetime | None = _column(Utc, null=True)
    failed_at: datetime | None = _column(Utc, null=True)
    last_error: str | None = _column(Text, null=True)


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


feed = _table(FeedTable)
article = _table(ArticleTable)
article_key = _table(ArticleKeyTable)
version = _table(VersionTable)
finding = _table(FindingTable)
event = _table(EventTable)
track = _table(TrackTable)
change = _table(ChangeTable)
delivery = _table(DeliveryTable)
daily = _table(DailyTable)
heartbeat = _table(HeartbeatTable)
silence = _table(SilenceTable)
correction = _table(CorrectionTable)
told = _table(ToldTable)
replay = _table(ReplayTable)
model_day = _table(ModelDayTable)
metadata = SQLModel.metadata
