"""The nouns: frozen pydantic models, enums and the error classes. Knows nothing of the other rooms.

One word a thing; `docs/glossary.md` says what each means. Every datetime in here is aware UTC.
Every offset counts Python `str` code points into the stored, original text of one article version.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs a zone; unknown times are null, never guessed")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_aware_utc)]
"""An aware point in time, kept in UTC."""


_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


def _span(value: object) -> object:
    """`15m`, `90 s`, `2h`, `1d`; whatever else comes goes to pydantic, which knows ISO 8601 and seconds."""
    if not isinstance(value, str):
        return value
    number, unit = value.strip().rstrip("smhdin").strip(), value.strip().lstrip("0123456789").strip()
    return timedelta(seconds=int(number) * _UNITS[unit]) if number.isdecimal() and unit in _UNITS else value


Span = Annotated[timedelta, BeforeValidator(_span)]
"""A length of time, written `15m` or `2h` where people write it."""


class Frozen(BaseModel):
    """Plain data that nobody edits in place; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- enums ------------------------------------------------------------------------------------


class Language(StrEnum):
    AR = "ar"
    EN = "en"
    RU = "ru"
    OTHER = "other"


class Side(StrEnum):
    FOR = "for"
    NEUTRAL = "neutral"
    AGAINST = "against"


class Stance(StrEnum):
    """Position toward the topic's target."""

    SUPPORT = "support"
    CONDITIONAL = "conditional"
    NEUTRAL = "neutral"
    OPPOSE = "oppose"
    SUSPEND = "suspend"

    @property
    def side(self) -> Side:
        return _SIDES[self]


_SIDES = {
    Stance.SUPPORT: Side.FOR,
    Stance.CONDITIONAL: Side.FOR,
    Stance.NEUTRAL: Side.NEUTRAL,
    Stance.OPPOSE: Side.AGAINST,
    Stance.SUSPEND: Side.AGAINST,
}


class EventKind(StrEnum):
    ACT = "act"
    STATEMENT = "statement"


class Level(StrEnum):
    REPORTED = "reported"
    CONFIRMED = "confirmed"


class FeedKind(StrEnum):
    STATE = "state"
    PUBLIC = "public"
    PRIVATE = "private"
    OFFICIAL = "official"
    AGGREGATOR = "aggregator"


# --- what is watched --------------------------------------------------------------------------


class Feed(Frozen):
    """A place polled, as `feeds.yaml` names it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)
    url: str
    publisher: str = Field(min_length=1)
    language: Language
    name: str | None = None
    country: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", description="ISO 3166 alpha-3")
    kind: FeedKind = FeedKind.PRIVATE
    family: str | None = Field(default=None, description="who stands behind the publisher; one family is one voice")
    speaks_for: str | None = Field(
        default=None,
        pattern=r"^[A-Z-]+(/[a-z_]+)?$",
        description="ACTOR or ACTOR/institution whose own outlet this is: its word on itself needs no second voice",
    )
    every: Span = timedelta(minutes=15)
    full_text: bool = False
    enabled: bool = True
    tags: tuple[str, ...] = ()

    @property
    def voice(self) -> str:
        """The independent voice that speaks through this feed."""
        return self.family or self.publisher

    @property
    def is_archive(self) -> bool:
        """Stands for an outlet whose articles no poll brought (a backfill)."""
        return self.url.startswith("archive:")


class Article(Frozen):
    """A published item in one version, as an analyzer reads it. `text` is what offsets count into."""

    id: str
    text: str
    title: str | None = None
    published_at: Instant | None = None
    publisher: str | None = None
    url: str | None = None
    language: Language | None = None


# --- what analysis says -----------------------------------------------------------------------


class Evidence(Frozen):
    """A quote with its place in the article version: `text[start:end] == quote` (stand-off annotation)."""

    start: int = Field(ge=0)
    end: int
    quote: str = Field(min_length=1)

    @model_validator(mode="after")
    def _length(self) -> Self:
        if self.end - self.start != len(self.quote):
            raise ValueError(f"span {self.start}:{self.end} is not as long as its quote ({len(self.quote)})")
        return self

    def holds_in(self, text: str) -> bool:
        return text[self.start : self.end] == self.quote


def quote(text: str, *, start: int, end: int) -> Evidence:
    """The evidence that stands at `start:end` of `text`."""
    return Evidence(start=start, end=end, quote=text[start:end])


class Attribution(Frozen):
    """One link of who reports that who said; the outermost reporter comes first."""

    source: str = Field(description="as the text names it, or the publisher")
    role: str = Field(description="outlet | agency | speaker | institution | quoted")
    cue: str | None = Field(default=None, description="the reporting word that ties the link")


class Contribution(Frozen):
    """How much one feature moved a decision, in log-odds, and the words for it."""

    feature: str
    weight: float
    words: str


class Event(Frozen):
    """One actor's (institution's) coded statement or act in one article."""

    actor: str = Field(pattern=r"^[A-Z][A-Z-]+$", description="ISO 3166 alpha-3 or a named group")
    institution: str | None = None
    speaker: str | None = None
    office: str | None = Field(default=None, description="held by the speaker on the article's date, from offices.yaml")
    said_as: str | None = Field(default=None, description="how the text itself names the speaker or office")
    stance: Stance
    start: int = Field(ge=0)
    end: int
    quote: str = Field(min_length=1)
    conditions: tuple[Evidence, ...] = ()
    attribution: tuple[Attribution, ...] = ()
    kind: EventKind = EventKind.STATEMENT
    confidence: float = Field(ge=0, le=1)
    reason: str = Field(min_length=1)
    contributions: tuple[Contribution, ...] = ()

    @model_validator(mode="after")
    def _is_evidence(self) -> Self:
        Evidence(start=self.start, end=self.end, quote=self.quote)
        return self

    @property
    def evidence(self) -> Evidence:
        return Evidence(start=self.start, end=self.end, quote=self.quote)

    @property
    def holder(self) -> str:
        """`USA` or `USA/pentagon`."""
        return f"{self.actor}/{self.institution}" if self.institution else self.actor


class Gate(StrEnum):
    """Where an article left the road, or that it passed."""

    EMPTY = "empty"
    LANGUAGE = "language"
    MISSING_FACET = "missing_facet"
    OFF_TARGET = "off_target"
    PASSED = "passed"


class Finding(Frozen):
    """What analysis made of an article for one topic: relevant or not, why, and the events in it."""

    topic: str
    analyzer: str = Field(description="name and version, e.g. rules-1")
    language: Language
    relevant: bool
    gate: Gate
    reason: str = Field(min_length=1)
    confidence: float = Field(default=1.0, ge=0, le=1)
    contributions: tuple[Contribution, ...] = ()
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = Field(
        default=(), description="what a reader should know: split, denial, headline says more…"
    )

    @model_validator(mode="after")
    def _irrelevant_has_no_events(self) -> Self:
        if self.events and not self.relevant:
            raise ValueError("an irrelevant article has no events")
        return self


class Analyzer(Protocol):
    """Reads an article for one topic. Pure: no clock, network, disk or randomness."""

    @property
    def name(self) -> str: ...

    @property
    def topic(self) -> str: ...

    def analyze(self, article: Article) -> Finding: ...


# --- stances through time ---------------------------------------------------------------------


class Report(Frozen):
    """An event as its track sees it: with who published it and when."""

    event_id: int
    article_id: int
    topic: str
    event: Event
    at: Instant = Field(description="when published; when seen if the article has no usable date")
    seen_at: Instant
    language: Language
    publisher: str
    voice: str = Field(description="publisher family, or the wire it copies: copies are one voice")
    own_outlet: bool = Field(default=False, description="the publisher speaks for the actor itself")
    copy_of: int | None = Field(default=None, description="article id of the original when this is a copy")
    title: str | None = None
    url: str | None = None


class Challenger(Frozen):
    """A differing stance that waits for confirmation."""

    stance: Stance
    reports: tuple[Report, ...] = Field(min_length=1)
    before: Report | None = Field(default=None, description="the report it challenges; the change's `before`")
    against: tuple[Report, ...] = Field(default=(), description="what other voices reported instead, since it arose")

    @property
    def first(self) -> Report:
        return self.reports[0]


class Track(Frozen):
    """Where one actor (one institution of it) stands now, on which report, and what challenges that."""

    topic: str
    actor: str
    institution: str | None = None
    stance: Stance | None = None
    since: Instant | None = None
    standing: Report | None = Field(default=None, description="the newest report that carries `stance`")
    challenger: Challenger | None = None
    split: tuple[str, ...] = Field(
        default=(), description="country tracks: institutions that disagree, 'pentagon=oppose'"
    )
    disputed: tuple[Report, ...] = Field(default=(), description="opposite reports for the same day")

    @property
    def holder(self) -> str:
        return f"{self.actor}/{self.institution}" if self.institution else self.actor


class Outcome(StrEnum):
    """What became of a change after it was reported."""

    STANDS = "stands"
    CONTRADICTED = "contradicted"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"  # by a person: `monitor correct`


class StanceChange(Frozen):
    """The fact that a stance changed. `cause` is the event that made it: one change per (track, cause)."""

    topic: str
    actor: str
    institution: str | None = None
    before: Report
    after: Report
    level: Level
    at: Instant = Field(description="time of the article that caused it")
    confirmed_at: Instant | None = None
    publishers: tuple[str, ...] = Field(description="independent voices that carry it")
    copies: tuple[str, ...] = Field(default=(), description="publishers collapsed into another voice, 'B (copy of A)'")
    reason: str = Field(min_length=1)
    outcome: Outcome = Outcome.STANDS

    @property
    def cause(self) -> int:
        return self.after.event_id

    @property
    def holder(self) -> str:
        return f"{self.actor}/{self.institution}" if self.institution else self.actor


class Policy(Frozen):
    """When a differing stance counts: data of the topic."""

    confirmations: int = Field(default=2, ge=1, description="independent voices that confirm a change")
    window: timedelta = Field(default=timedelta(hours=72), description="within which they must speak")
    lateness: timedelta = Field(
        default=timedelta(hours=24),
        description="an event older than the track by more than this goes to the timeline only",
    )
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    outweighs: tuple[str, ...] = Field(
        default=(), description="institutions whose word stands for the country, weightiest first"
    )
    split_within: timedelta = Field(
        default=timedelta(days=14), description="institutions that disagree within it split their country"
    )


class Alert(Frozen):
    """The words for people about one change, in plain text and HTML, made by `monitor.alerts`."""

    key: str = Field(description="stable; one alert of one level of one change")
    change: StanceChange
    subject: str
    text: str
    html: str
    notes: tuple[str, ...] = Field(default=(), description="told again, through another channel: as words say it")


class AlertGroup(Frozen):
    """Several alerts in one message, with words of their own around them."""

    alerts: tuple[Alert, ...] = Field(min_length=2)
    subject: str
    text: str
    html: str
    notes: tuple[str, ...] = ()


Message = Alert | AlertGroup
"""What goes out through a channel at once."""


class Office(Frozen):
    """Who held which post from when to when."""

    actor: str
    institution: str | None = None
    office: str
    person: str
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to", description="null: in office when last checked")
    names: dict[Language, tuple[str, ...]] = {}
    certainty: str = "high"
    last_seen: str | None = None

    def held_on(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


# --- collecting -------------------------------------------------------------------------------


class DateQuality(StrEnum):
    """What the published date is worth. Nothing unknown becomes "now"."""

    OK = "ok"
    UNDATED = "undated"
    UNREADABLE = "unreadable"
    FUTURE = "future"
    NO_ZONE = "no_zone"


class Entry(Frozen):
    """One item of a parsed feed, before it is an article. Plain text, no markup."""

    guid: str | None = None
    url: str | None = Field(default=None, description="canonical address")
    title: str | None = None
    text: str = ""
    published_at: Instant | None = None
    date_raw: str | None = None
    date_quality: DateQuality = DateQuality.UNDATED
    author: str | None = None
    publisher: str | None = Field(default=None, description="original publisher when an aggregator names it")
    teaser: bool = Field(default=False, description="the feed gives less than the article")
    keys: tuple[str, ...] = Field(
        default=(), description="identity ladder, strongest first: 'guid:…', 'url:…', 'title:…', 'text:…'"
    )


class Health(StrEnum):
    """How a feed is doing, as its last poll and its rhythm tell."""

    NEW = "new"
    OK = "ok"
    QUIET = "quiet"
    EMPTY = "empty"
    UNDATED = "undated"
    HTML = "html"
    BOT_WALL = "bot_wall"
    STUCK_304 = "stuck_304"
    MOVED = "moved"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    BROKEN_XML = "broken_xml"
    REDIRECTS = "redirects"
    BAD_RESPONSE = "bad_response"
    REFUSED_ADDRESS = "refused_address"

    @property
    def working(self) -> bool:
        return self in {Health.OK, Health.QUIET, Health.EMPTY, Health.UNDATED, Health.MOVED}


class Hints(Frozen):
    """How often the publisher wants to be asked, as the feed itself says."""

    every: timedelta | None = Field(default=None, description="ttl or sy:updatePeriod / sy:updateFrequency")
    said_by: str = ""
    skip_hours: tuple[int, ...] = Field(default=(), description="GMT")
    skip_days: tuple[int, ...] = Field(default=(), description="Monday is 0, GMT")


class FeedState(Frozen):
    """What is remembered of a feed between polls."""

    feed_id: str
    next_poll_at: Instant | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    health: Health = Health.NEW
    health_reason: str = "not polled yet"
    health_since: Instant | None = None
    failures: int = 0
    polls: int = 0
    unchanged_polls: int = Field(default=0, description="304s and identical bodies in a row")
    last_polled_at: Instant | None = None
    last_success_at: Instant | None = None
    first_success_at: Instant | None = Field(
        default=None, description="what its first poll brought is its baseline and alerts nobody"
    )
    last_new_at: Instant | None = Field(default=None, description="when a poll last brought a new article")
    newest_at: Instant | None = Field(
        default=None, description="date of its newest article; of the last change where articles have no dates"
    )
    rhythm: timedelta | None = Field(default=None, description="learned gap between new articles")
    moved_to: str | None = None
    moved_since: Instant | None = None
    hints: Hints = Field(default=Hints(), description="the feed's own wishes, from its last parsed document")
    poll_reason: str = Field(default="", description="why the next poll is when it is")


class Poll(Frozen):
    """The outcome of polling one feed once: what came, how it went, when next. Made by `sources`, kept by `store`."""

    feed_id: str
    polled_at: Instant
    state: FeedState = Field(description="the feed's state after this poll")
    entries: tuple[Entry, ...] = ()
    status: int | None = None
    bytes_read: int = 0
    dropped: dict[str, int] = Field(default={}, description="entries dropped, by reason: no silent caps")


# --- alerts on their way ----------------------------------------------------------------------


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    UNCONFIRMED = "unconfirmed"  # sending was broken off twice: it may have gone out, and does not go again by itself
    HELD = "held"
    SKIPPED = "skipped"  # decided against, with its reason: kept so that "why was I not alerted" has an answer


class Delivery(Frozen):
    """One alert on its way to one channel (the outbox row)."""

    id: int
    change_id: int
    level: Level
    outcome: Outcome = Outcome.STANDS
    channel: str
    told: int = Field(default=0, description="0 the first time; how often it was told again")
    key: str = Field(description="stable: receivers drop a repeat by it")
    state: DeliveryState = DeliveryState.WAITING
    reason: str = Field(default="", description="why it is sent, held or skipped")
    attempts: int = 0
    next_try_at: Instant | None = None
    last_error: str | None = None
    sent_at: Instant | None = None
    created_at: Instant
    message: int | None = Field(
        default=None, description="the delivery that leads the message it goes in; its own id when it goes alone"
    )
    message_key: str | None = Field(default=None, description="the key its message goes out with: `key`, or a group's")
    via: str | None = Field(default=None, description="the channel that stands in for its own, which fails")
    tried_at: Instant | None = Field(default=None, description="a try has begun and nobody knows yet how it ended")
    failing_since: Instant | None = Field(default=None, description="its own channel has not taken it since")

    @property
    def way(self) -> str:
        """The channel it goes out through."""
        return self.via or self.channel


class ChannelTrouble(Frozen):
    """A channel that has taken nothing for a while."""

    channel: str
    since: Instant
    error: str
    waiting: int = Field(description="messages that wait for it")
    diverted: int = Field(description="messages that went out through its fallback meanwhile")
    fallback: str | None = None


# --- rows as the store tells them -------------------------------------------------------------


class Recorded(Frozen):
    """What recording a poll made of its entries, as article ids in the order of the entries."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = Field(default=(), description="have a new version")
    known: tuple[int, ...] = ()

    @property
    def due(self) -> tuple[int, ...]:
        return (*self.new, *self.changed)


class StoredArticle(Frozen):
    """An article in its current version, ready for analysis, with what its reports need."""

    id: int
    version_id: int
    version: int = Field(description="1 is the text first seen")
    article: Article
    feed: Feed
    publisher: str
    voice: str
    at: Instant = Field(description="published; seen if the date is unusable; a later version: when that was seen")
    seen_at: Instant = Field(description="when this version was seen")
    due: bool
    attempts: int = 0
    teaser: bool = False
    text_dropped_at: Instant | None = Field(default=None, description="retention took the text of this version")


class ArticleRow(Frozen):
    """One line of a listing of articles; finding fields are of the current version, for one topic."""

    id: int
    version: int
    title: str | None
    url: str | None
    publisher: str
    feed_id: str
    language: str
    at: Instant
    published_at: Instant | None
    date_quality: DateQuality
    seen_at: Instant
    topic: str | None = None
    relevant: bool | None = Field(default=None, description="null: not analyzed yet")
    gate: Gate | None = None
    reason: str | None = None
    events: int = 0
    attempts: int = 0
    last_error: str | None = None
    set_aside_at: Instant | None = Field(default=None, description="given up after too many failures")


class EventRow(Frozen):
    """A stored event with its article."""

    id: int
    article_id: int
    version: int
    topic: str
    analyzer: str
    event: Event
    at: Instant
    seen_at: Instant
    publisher: str
    voice: str
    language: str
    title: str | None
    url: str | None
    copy_of: int | None = None
    source_changed_at: Instant | None = Field(default=None, description="a later version no longer has the quote")
    verdict: str | None = Field(default=None, description="what it did to its track, as in `tracking.Verdict`")
    verdict_reason: str | None = None


class FoundPiece(Frozen):
    """A piece of the passage around what was found."""

    text: str
    match: bool = Field(description="whether this is what was asked for")


class FoundArticle(Frozen):
    """An article that holds what was asked for."""

    article: ArticleRow
    passage: tuple[FoundPiece, ...] = Field(
        description="empty when it stands in the title only, or in an older version"
    )


class Found(Frozen):
    """What a search gave, the newest seen first."""

    articles: tuple[FoundArticle, ...]
    events: tuple[EventRow, ...]


class ChangeRow(Frozen):
    """A stored stance change."""

    id: int
    change: StanceChange
    created_at: Instant


class FeedRow(Frozen):
    """A feed with how it is doing."""

    feed: Feed
    state: FeedState
    active: bool
    articles: int = 0


class EngineRow(Frozen):
    """A sign of life of an engine that runs or ran."""

    id: str
    engine: str
    host: str
    pid: int
    started_at: Instant
    beat_at: Instant
    stopped_at: Instant | None = None
    counters: dict[str, int] = {}


class Queue(Frozen):
    """The jobs that workers share on PostgreSQL; its times are the server's."""

    waiting: dict[str, int] = Field(description="jobs by queue whose turn has come")
    running: dict[str, int] = Field(description="jobs by queue")
    oldest_waiting_at: Instant | None = Field(description="since when the longest waiting job waits")
    stalled: int = Field(description="jobs whose worker gives no sign of life")
    failed: int = Field(description="jobs that were given up; their rows stay due, and get new ones")


def _long_enough(kept: timedelta) -> timedelta:
    if kept < timedelta(days=7):
        raise ValueError("keep it for 7 days at least (7d), or for ever (null): feeds repeat what they have for days")
    return kept


_Kept = Annotated[Span, AfterValidator(_long_enough)]


class Keep(Frozen):
    """How long old rows are kept; null is for ever. What an event, change or alert rests on is never dropped."""

    texts: _Kept | None = Field(
        default=timedelta(days=90), description="words of articles off every topic; title, address and verdict stay"
    )
    articles: _Kept | None = Field(
        default=timedelta(days=730), description="articles off every topic, with their verdicts"
    )
    deliveries: _Kept | None = Field(
        default=timedelta(days=1095), description="messages that were sent, or not sent for a reason; dead ones stay"
    )
    counters: _Kept | None = Field(
        default=timedelta(days=1095), description="what polls brought and dropped, by feed and day"
    )


class ModelDay(Frozen):
    """What the language model was asked on a day (UTC), and how it answered."""

    day: date
    budget: int = Field(description="requests allowed, as last configured")
    asked: int = Field(default=0, description="requests, second tries and repairs included")
    answered: int = Field(default=0, description="articles it answered for")
    failed: int = Field(default=0, description="articles whose default finding stood")
    answered_at: Instant | None = None
    failed_at: Instant | None = None
    last_error: str | None = None

    @property
    def left(self) -> int:
        return max(0, self.budget - self.asked)

    @property
    def failing(self) -> bool:
        """Whether the last article went without an answer."""
        return self.failed_at is not None and (self.answered_at is None or self.failed_at > self.answered_at)


class Status(Frozen):
    """How things stand, as the rows tell."""

    feeds: dict[Health, int]
    feeds_due: int
    oldest_feed_due_at: Instant | None = Field(
        default=None, description="when the longest waiting feed should have been polled"
    )
    articles: int
    articles_due: int
    articles_set_aside: int
    oldest_due_at: Instant | None = Field(description="since when the longest waiting article waits")
    relevant: int
    events: int
    changes: int
    deliveries: dict[DeliveryState, int]
    oldest_waiting_at: Instant | None = Field(description="when the longest waiting delivery was made")
    last_poll_at: Instant | None
    language_model: ModelDay | None = Field(default=None, description="the last day it was asked; null: never")
    engines: tuple[EngineRow, ...]
    queue: Queue | None = Field(default=None, description="of the workers; none on SQLite")
    channels_in_trouble: tuple[ChannelTrouble, ...] = ()


# --- errors -----------------------------------------------------------------------------------


class MonitorError(Exception):
    """Anything expected to go wrong; its text is a sentence a person can act on."""


class ConfigError(MonitorError):
    """A file or setting that cannot be used; the text names file, line and mend."""


class StoreError(MonitorError):
    """The database cannot be used, or refuses a row."""


class RefusedRowError(StoreError):
    """The row itself is at fault, not the database: trying again is no use."""


class FetchError(MonitorError):
    """A feed or page could not be had."""


class DeliveryError(MonitorError):
    """A message did not go out; `permanent` says that trying again is no use."""

    def __init__(self, message: str, *, permanent: bool, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after  # what the receiver asked for, if it did
