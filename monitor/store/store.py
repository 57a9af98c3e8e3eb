"""The store: one class over SQLite or PostgreSQL. Reads give frozen models; writes go through a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from monitor.alerts import Silence
from monitor.model import (
    ArticleRow,
    ChangeRow,
    Delivery,
    DeliveryState,
    EngineRow,
    Entry,
    Event,
    EventRow,
    Feed,
    FeedRow,
    FeedState,
    Finding,
    Found,
    FoundArticle,
    Keep,
    Level,
    Poll,
    Recorded,
    Report,
    StanceChange,
    Status,
    StoredArticle,
    StoreError,
    Track,
)
from monitor.store import articles, feeds, listings, messages, outbox, pruning, search, stances
from monitor.store.corrections import Corrected, Correction, correct, corrections
from monitor.store.coverage import Counted, counted, known_addresses, stored_addresses
from monitor.store.database import Database
from monitor.store.dialect import lock
from monitor.store.engines import beat, engines
from monitor.store.model_days import note_answer, take_request
from monitor.store.pruning import Prunable
from monitor.store.queue import make_queue
from monitor.store.silences import SilenceRow, add_silence, end_silence, silence_rows, silences_at
from monitor.store.worries import mark_worries, worries_told
from monitor.text.search import passage, terms


class Transaction:
    """A unit of work: all of it is kept, or nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save_finding(self, stored: StoredArticle, finding: Finding, *, now: datetime) -> bool:
        """False if this version has a finding of this topic and analyzer already. Events are saved one by one."""
        return stances.save_finding(self._connection, stored, finding, now=now)

    def save_event(
        self,
        stored: StoredArticle,
        event: Event,
        *,
        topic: str,
        analyzer: str,
        voice: str,
        copy_of: int | None = None,
    ) -> tuple[int, bool]:
        """(id, whether it is new). Raises RefusedRowError when a quote is not `text[start:end]` of the stored version."""
        return stances.save_event(
            self._connection, stored, event, topic=topic, analyzer=analyzer, voice=voice, copy_of=copy_of
        )

    def unfollowed(self, stored: StoredArticle, *, topic: str) -> tuple[stances.Unfollowed, ...]:
        """The version's events that no track was told of, in the order in which to lock tracks."""
        return stances.unfollowed(self._connection, stored, topic=topic)

    def retell(self, event_id: int, *, voice: str, copy_of: int | None) -> None:
        stances.retell(self._connection, event_id, voice=voice, copy_of=copy_of)

    def lock_topic(self, topic: str) -> None:
        """One at a time steps the tracks of a topic, on however many machines."""
        lock(self._connection, f"topic {topic}")

    def said_before(self, stored: StoredArticle, event: Event, *, topic: str) -> bool:
        """Whether an earlier version of the article says the same of the same holder."""
        return stances.said_before(self._connection, stored, event, topic=topic)

    def save_signature(self, stored: StoredArticle, signature: Sequence[int]) -> None:
        stances.save_signature(self._connection, stored.version_id, signature)

    def claim(self, stored: StoredArticle) -> bool:
        """Locks the article; False if its analysis is not due any more."""
        return articles.claim(self._connection, stored.id)

    def save_voice(self, stored: StoredArticle, *, voice: str, copy_of: int | None) -> None:
        articles.save_voice(self._connection, stored.id, voice=voice, copy_of=copy_of)

    def signature(self, stored: StoredArticle) -> tuple[int, ...]:
        return stances.signature_of(self._connection, stored.version_id)

    def told(self, *, topic: str, since: datetime, until: datetime) -> tuple[stances.Told, ...]:
        """The articles of that time that tracks were told of, with signatures, oldest first."""
        return stances.told(self._connection, topic=topic, since=since, until=until)

    def save_verdict(self, event_id: int, verdict: str, reason: str) -> None:
        """What the event did to its track, and why."""
        stances.save_verdict(self._connection, event_id, verdict, reason)

    def lock_tracks(self, topic: str, actor: str) -> tuple[Track, ...]:
        """All tracks of the actor on the topic, locked until the transaction ends; take actors in sorted order."""
        return stances.lock_tracks(self._connection, topic, actor)

    def lock_track(self, topic: str, actor: str, institution: str | None = None) -> Track:
        """The track, locked until the transaction ends; lock several in sorted order."""
        return stances.lock_track(self._connection, topic, actor, institution)

    def tracks(self, *, topic: str, actor: str | None = None) -> tuple[Track, ...]:
        return stances.tracks(self._connection, topic=topic, actor=actor)

    def save_track(self, track: Track) -> None:
        stances.save_track(self._connection, track)

    def save_change(self, change: StanceChange, *, now: datetime) -> tuple[int, bool]:
        """(id, whether it is news): inserted if absent by (track, cause); else its level rises, or its outcome is noted."""
        return stances.save_change(self._connection, change, now=now)

    def add_delivery(
        self,
        change_id: int,
        change: StanceChange,
        channel: str,
        *,
        key: str,
        reason: str,
        send: bool = True,
        now: datetime,
        due_at: datetime | None = None,
        told: int = 0,
    ) -> int | None:
        """The new outbox row's id; None if this stage of the change is there already for the channel.

        `send=False` keeps why it is not sent; with `due_at` it waits until then. `told`: how often it was told before.
        """
        return outbox.add_delivery(
            self._connection,
            change_id,
            change,
            channel,
            key=key,
            reason=reason,
            send=send,
            now=now,
            due_at=due_at,
            told=told,
        )

    # --- messages -----------------------------------------------------------------------------

    def lock_channel(self, channel: str) -> None:
        """One at a time puts messages for a channel together, on however many machines."""
        lock(self._connection, f"channel {channel}")

    def due_delivery(self, delivery_id: int, *, now: datetime) -> messages.OnItsWay | None:
        """The row with its change if it is to be tried at `now`: not sent yet, and no other row leads it."""
        return messages.due(self._connection, delivery_id, now=now)

    def members(self, leader: int) -> tuple[messages.OnItsWay, ...]:
        """What was put together under that row and is still on its way."""
        return messages.members(self._connection, leader)

    def free_deliveries(self, way: str, *, now: datetime, limit: int) -> tuple[messages.OnItsWay, ...]:
        """Due rows of a channel that belong to no message."""
        return messages.free(self._connection, way, now=now, limit=limit)

    def collecting(self, channel: str, *, now: datetime) -> tuple[messages.OnItsWay, ...]:
        """Rows of a channel that wait for others to join them."""
        return messages.collecting(self._connection, channel, now=now)

    def put_together(self, ids: Sequence[int], *, leader: int, key: str, now: datetime) -> None:
        """Makes one message of the rows and notes that a try begins."""
        messages.put_together(self._connection, ids, leader=leader, key=key, now=now)

    def slots(self, way: str, *, since: datetime, but: int) -> messages.Slots:
        """What the channel was given since then, the message of row `but` apart."""
        return messages.slots(self._connection, way, since=since, but=but)

    def first_keys(self, change_id: int, way: str) -> tuple[str, ...]:
        """The keys of the messages that told of the change through the channel, the first one first."""
        return messages.first_keys(self._connection, change_id, way)

    def hold(self, ids: Sequence[int], *, reason: str, until: datetime) -> None:
        outbox.delivery_held(self._connection, ids, reason=reason, until=until)

    def skip(self, ids: Sequence[int], *, reason: str) -> None:
        outbox.delivery_skipped(self._connection, ids, reason=reason)

    def record_sent(self, ids: Sequence[int], *, now: datetime) -> None:
        messages.sent(self._connection, ids, now=now)

    def record_failed(
        self, ids: Sequence[int], *, error: str, next_try_at: datetime | None, since: datetime | None = None
    ) -> None:
        """Tried again at `next_try_at`, or dead without; `since` says that their own channel fails."""
        messages.failed(self._connection, ids, error=error, next_try_at=next_try_at, since=since)

    def divert(self, ids: Sequence[int], *, via: str, reason: str, now: datetime) -> tuple[int, ...]:
        """Sends through another channel what that one was not told of anyway; which rows they are."""
        return messages.divert(self._connection, ids, via=via, reason=reason, now=now)

    def failing_since(self, channel: str) -> datetime | None:
        """Since when the channel has taken nothing, if it failed last."""
        return messages.failing_since(self._connection, channel)

    def change(self, change_id: int) -> StanceChange:
        """The change as it stands now."""
        found = outbox.change_row(self._connection, change_id)
        if found is None:
            raise StoreError(f"there is no change {change_id}")
        return found.change

    def newest_change(self, like: StanceChange) -> StanceChange:
        """The last turn of the same holder on the same topic."""
        return stances.newest_change(self._connection, like)

    def first_poll_of(self, report: Report) -> str | None:
        """The feed whose very first successful poll brought what the report says, if it was that."""
        return feeds.first_poll_of(self._connection, report.article_id, seen_at=report.seen_at)

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """What nobody wants to hear of at `now`."""
        return silences_at(self._connection, now)

    def analysis_done(self, stored: StoredArticle) -> bool:
        """False when a newer version has come meanwhile; that one stays due."""
        return articles.analysis_done(self._connection, stored.id, stored.version)

    def forget_stances(self, topic: str) -> None:
        """Empties the tracks of a topic (for a replay)."""
        stances.forget_stances(self._connection, topic)


class Store:
    """Open it with `Store.open`; safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens, creates or migrates the database. Raises StoreError in plain words.

        `url` is a file name, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.
        """
        database = Database(url)
        try:
            database.open()
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The address, without its password."""
        return self._database.name

    @property
    def conninfo(self) -> str:
        """What PostgreSQL's own library connects with, password included: not for logs."""
        return self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return self._database.path

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._database.writing() as connection:
            yield Transaction(connection)

    # --- collect ------------------------------------------------------------------------------

    def sync_feeds(self, feeds_: Sequence[Feed], now: datetime) -> None:
        """Makes the table say what the configuration says; feeds that left it keep their articles."""
        with self._database.writing() as connection:
            feeds.sync_feeds(connection, feeds_, now)

    def due_feeds(self, now: datetime, limit: int = 1000) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return feeds.due_feeds(connection, now, limit)

    def feed(self, feed_id: str) -> tuple[Feed, FeedState]:
        return self.feeds_named([feed_id])[0]

    def feeds_named(self, feed_ids: Sequence[str]) -> list[tuple[Feed, FeedState]]:
        """Several feeds with their states, in the order of the ids."""
        with self._database.reading() as connection:
            return feeds.feeds_and_states(connection, feed_ids)

    def feed_state(self, feed_id: str) -> FeedState:
        return self.feed(feed_id)[1]

    def save_feed_state(self, state: FeedState) -> None:
        with self._database.writing() as connection:
            feeds.save_states(connection, [state])

    def record_poll(self, poll: Poll) -> Recorded:
        """Articles, versions, validators, next poll and counters, in one transaction."""
        feed, _ = self.feed(poll.feed_id)
        return self.record_polls([(feed, poll)])[0]

    def record_polls(self, polls: Sequence[tuple[Feed, Poll]]) -> list[Recorded]:
        """Several polls in one transaction, which costs a fraction of as many; all of them are kept, or none."""
        with self._database.writing() as connection:
            return feeds.record_polls(connection, polls)

    def lacks_text(self, feed: Feed, entry: Entry) -> bool:
        """Whether the full text behind an entry is not stored yet; for `sources.collect.Collector(wanted=…)`."""
        with self._database.reading() as connection:
            return articles.lacks_text(connection, feed, entry)

    def add_entries(self, feed: Feed, entries: Sequence[Entry], *, seen_at: datetime) -> Recorded:
        """Articles that no poll brought (a backfill); their feed is made, and never polled, if it is not configured."""
        with self._database.writing() as connection:
            feeds.add_feed(connection, feed)
            recorded = articles.record_entries(connection, feed, entries, seen_at=seen_at, voices={})
            feeds.count_articles(connection, feed.id, len(recorded.new))
            return recorded

    # --- analyze ------------------------------------------------------------------------------

    def due_articles(self, now: datetime, limit: int = 1000) -> tuple[int, ...]:
        """Oldest news first."""
        with self._database.reading() as connection:
            return articles.due_articles(connection, now, limit)

    def article(self, article_id: int, *, version: int | None = None) -> StoredArticle:
        """The article in its current version, or in the one named."""
        with self._database.reading() as connection:
            found = articles.stored_article(connection, article_id, version)
        if found is None:
            raise StoreError(f"there is no article {article_id}" + (f" in version {version}" if version else ""))
        return found

    def to_follow(self, *, topic: str, limit: int = 100) -> tuple[tuple[int, int], ...]:
        """(article, version) whose events no track was told of, as far as the order of the news allows."""
        with self._database.reading() as connection:
            return stances.to_follow(connection, topic=topic, limit=limit)

    def analysis_failed(self, article_id: int, *, error: str, now: datetime, wait: timedelta | None) -> None:
        """Counts the attempt; without a wait the article is set aside, and shown."""
        with self._database.writing() as connection:
            articles.analysis_failed(connection, article_id, error=error, now=now, wait=wait)

    def analyze_again(self, article_ids: Sequence[int], *, now: datetime) -> None:
        with self._database.writing() as connection:
            articles.analyze_again(connection, article_ids, now)

    # --- deliver ------------------------------------------------------------------------------

    def due_deliveries(self, now: datetime, limit: int = 1000, *, unsure: bool = True) -> tuple[int, ...]:
        """The leaders of what is to be sent at `now`; not `unsure`: without those whose last try was broken off."""
        with self._database.reading() as connection:
            return outbox.due_deliveries(connection, now, limit, unsure=unsure)

    def delivery(self, delivery_id: int) -> tuple[Delivery, StanceChange]:
        """The outbox row, with the change as it stood when the alert was decided."""
        with self._database.reading() as connection:
            found = outbox.delivery(connection, delivery_id)
        if found is None:
            raise StoreError(f"there is no delivery {delivery_id}")
        return found

    def record_delivery(
        self, delivery_id: int, *, now: datetime, error: str | None = None, next_try_at: datetime | None = None
    ) -> None:
        """Without an error it is sent; with one, tried again at `next_try_at`, or dead when that is None."""
        with self.transaction() as tx:
            if error is None:
                tx.record_sent([delivery_id], now=now)
            else:
                tx.record_failed([delivery_id], error=error, next_try_at=next_try_at)

    def send_again(self, delivery_id: int, *, now: datetime) -> bool:
        """Makes a dead or unconfirmed delivery due again; False if it is neither."""
        with self._database.writing() as connection:
            return outbox.send_again(connection, delivery_id, now=now)

    # --- retention ----------------------------------------------------------------------------

    def prunable(self, keep: Keep, *, now: datetime) -> dict[Prunable, int]:
        """How many old rows of each kind would go; nothing is changed."""
        with self._database.reading() as connection:
            return {kind: pruning.prunable(connection, kind, end) for kind, end in pruning.ends(keep, now).items()}

    def prune(self, kind: Prunable, keep: Keep, *, now: datetime, limit: int = 500) -> int:
        """Drops the oldest so many rows of a kind that are older than they are kept; how many it were."""
        before = pruning.ends(keep, now).get(kind)
        if before is None:
            return 0
        with self._database.writing() as connection:
            return pruning.prune(connection, kind, before, limit=limit, now=now)

    # --- desk ---------------------------------------------------------------------------------

    def add_silence(self, silence: Silence, *, now: datetime) -> tuple[int, int]:
        """(its id, how many messages that waited already are held by it)."""
        with self._database.writing() as connection:
            return add_silence(connection, silence, now=now)

    def end_silence(self, silence_id: int, *, now: datetime) -> bool:
        """False if no silence of that id holds at `now`."""
        with self._database.writing() as connection:
            return end_silence(connection, silence_id, now=now)

    def silences(self) -> tuple[SilenceRow, ...]:
        """All there ever were, oldest first."""
        with self._database.reading() as connection:
            return silence_rows(connection)

    def worries_told(self) -> dict[str, datetime]:
        """The worries that the operator was told of, and when."""
        with self._database.reading() as connection:
            return worries_told(connection)

    def mark_worries(self, new: Mapping[str, str], gone: Iterable[str], *, now: datetime) -> None:
        """Notes what the operator was told, and forgets what is over."""
        with self._database.writing() as connection:
            mark_worries(connection, new, gone, now=now)

    def take_request(self, day: date, *, budget: int) -> bool:
        """Counts one more request to the language model; False if the day's budget is spent."""
        with self._database.writing() as connection:
            return take_request(connection, day, budget=budget)

    def note_answer(self, *, now: datetime, budget: int, error: str | None) -> None:
        """Counts an article that the language model answered for; with an error, one that it did not."""
        with self._database.writing() as connection:
            note_answer(connection, now=now, budget=budget, error=error)

    def correct(self, event_id: int, after: Event | None, *, who: str, why: str, now: datetime) -> Corrected:
        """Makes the event what a person says it is (None: it is none), keeps its history, and notifies who was told."""
        with self._database.writing() as connection:
            return correct(connection, event_id, after, who=who, why=why, now=now)

    def corrections(self, *, event_id: int | None = None) -> tuple[Correction, ...]:
        with self._database.reading() as connection:
            return corrections(connection, event_id=event_id)

    # --- answers ------------------------------------------------------------------------------

    def status(self, now: datetime) -> Status:
        with self._database.reading() as connection:
            return listings.status(connection, now)

    def feeds(self, *, active_only: bool = False) -> tuple[FeedRow, ...]:
        with self._database.reading() as connection:
            return feeds.feed_rows(connection, active_only=active_only)

    def articles(
        self,
        *,
        topic: str | None = None,
        relevant: bool | None = None,
        feed_id: str | None = None,
        language: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        set_aside: bool = False,
        article_id: int | None = None,
        limit: int | None = None,
    ) -> tuple[ArticleRow, ...]:
        """Oldest first; with a limit, the newest of them."""
        with self._database.reading() as connection:
            return listings.article_rows(
                connection,
                topic=topic,
                relevant=relevant,
                feed_id=feed_id,
                language=language,
                since=since,
                until=until,
                set_aside=set_aside,
                article_id=article_id,
                limit=limit,
            )

    def findings(self, article_id: int, *, version: int | None = None) -> tuple[Finding, ...]:
        with self._database.reading() as connection:
            return listings.findings(connection, article_id, version=version)

    def events(
        self,
        *,
        topic: str | None = None,
        actor: str | None = None,
        institution: str | None = None,
        stance: str | None = None,
        article_id: int | None = None,
        event_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[EventRow, ...]:
        """Oldest first; with a limit, the newest of them. `institution=''` asks for the country's own."""
        with self._database.reading() as connection:
            return listings.event_rows(
                connection,
                topic=topic,
                actor=actor,
                institution=institution,
                stance=stance,
                article_id=article_id,
                event_id=event_id,
                since=since,
                until=until,
                limit=limit,
            )

    def tracks(self, *, topic: str | None = None, actor: str | None = None) -> tuple[Track, ...]:
        with self._database.reading() as connection:
            return stances.tracks(connection, topic=topic, actor=actor)

    def changes(
        self,
        *,
        topic: str | None = None,
        actor: str | None = None,
        level: Level | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[ChangeRow, ...]:
        """Oldest first; with a limit, the newest of them."""
        with self._database.reading() as connection:
            return outbox.change_rows(
                connection, topic=topic, actor=actor, level=level, since=since, until=until, limit=limit
            )

    def change(self, change_id: int) -> ChangeRow:
        with self._database.reading() as connection:
            found = outbox.change_row(connection, change_id)
        if found is None:
            raise StoreError(f"there is no change {change_id}; `monitor changes` lists them")
        return found

    def search(
        self,
        question: str,
        *,
        language: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
    ) -> Found:
        """Articles and events that hold every word asked for, in any form and any of the languages, the newest seen first.

        `"words in this order"` and `beginn*` are understood; nothing else in a question is an operator.
        """
        asked = terms(question)
        with self._database.reading() as connection:
            hits = search.find(connection, asked, language=language, since=since, until=until, limit=limit)
            rows = listings.article_rows(connection, ids=hits.articles) if hits.articles else ()
            events = listings.event_rows(connection, ids=hits.events) if hits.events else ()
            texts = articles.current_texts(connection, hits.articles)
        first = {row.id: row for row in rows}  # of an article read for several topics, one line
        return Found(
            articles=tuple(
                FoundArticle(article=first[id_], passage=passage(texts[id_], asked))
                for id_ in hits.articles
                if id_ in first
            ),
            events=tuple(sorted(events, key=lambda row: -row.id)),
        )

    def marks(self) -> dict[str, str]:
        """A mark each for `changes`, `events` and `articles`, which moves whenever one comes or becomes another."""
        with self._database.reading() as connection:
            return listings.marks(connection)

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        change_id: int | None = None,
        channel: str | None = None,
        message: int | None = None,
        limit: int | None = None,
    ) -> tuple[Delivery, ...]:
        """Oldest first; with a limit, the newest of them. `message`: those that went out in one with that delivery."""
        with self._database.reading() as connection:
            return outbox.delivery_rows(
                connection, state=state, change_id=change_id, channel=channel, message=message, limit=limit
            )

    def counters(self, *, since: datetime) -> tuple[tuple[str, str, str, int], ...]:
        """(day, feed, counter, amount): what came through, and what was dropped why (`dropped:…`)."""
        with self._database.reading() as connection:
            return listings.counters(connection, since=since)

    def counter_sums(
        self, *, since: datetime
    ) -> tuple[tuple[tuple[str, str, int], ...], tuple[tuple[str, str, int], ...]]:
        """The counters of the polls since a day, summed by feed and by day: ((feed, counter, amount), …), ((day, …), …)."""
        with self._database.reading() as connection:
            return listings.counter_sums(connection, since=since)

    def coverage(
        self, *, since: datetime | None = None, until: datetime | None = None, topic: str | None = None
    ) -> tuple[Counted, ...]:
        """What came in that time, what passed, and what was dropped at which gate."""
        with self._database.reading() as connection:
            return counted(connection, since=since, until=until, topic=topic)

    def known_addresses(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of the identity keys `url:…` under which an article is known."""
        with self._database.reading() as connection:
            return known_addresses(connection, keys)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """(address, publisher) of every article that has an address, a row at a time."""
        with self._database.reading() as connection:
            yield from stored_addresses(connection)

    # --- engines ------------------------------------------------------------------------------

    def beat(self, engine: EngineRow) -> None:
        """Writes an engine's sign of life."""
        with self._database.writing() as connection:
            beat(connection, engine)

    def make_queue(self, *, anew: bool = False) -> None:
        """The tables of the workers' queue, on PostgreSQL; see `monitor.store.queue`."""
        with self._database.writing() as connection:
            make_queue(connection, anew=anew)

    def engines(self) -> tuple[EngineRow, ...]:
        with self._database.reading() as connection:
            return engines(connection)
