"""The three steps, each for one row: collect a feed, analyze an article, deliver an alert.

Each works without a transaction and records in one; each leaves its row due wherever it dies, and does nothing the
second time. Steps are coroutines; what they call is not, and runs in the pools that are handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from monitor.alerts import Setter, Silence, alert_key, decide
from monitor.alerts.render import BUILT_IN
from monitor.alerts.together import collect
from monitor.channels import AnyChannel
from monitor.model import (
    Analyzer,
    Article,
    Feed,
    FeedState,
    Keep,
    Policy,
    Poll,
    Recorded,
    RefusedRowError,
    Report,
    StanceChange,
    StoredArticle,
    StoreError,
)
from monitor.pipeline.deliveries import Deliveries
from monitor.pipeline.pools import Pools, in_pool
from monitor.pipeline.reading import Reading, read, voiced
from monitor.pipeline.second import SecondReader
from monitor.pipeline.together import Together
from monitor.pipeline.waits import analysis_wait, failed_state, words
from monitor.store import OTHER_TIER, Prunable, Store, Told, Transaction, Unfollowed
from monitor.text.similarity import resemblance
from monitor.tracking import Wires, advance, own_outlet, voice_of

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

Poller = Callable[[Feed, FeedState], Awaitable[Poll]]
"""Polls a feed once and says how it went; expected failures are polls too. See `sources.collect`."""

_PRUNED_AT_ONCE = 500  # rows in one transaction: some 20 ms

COPY = 0.5
"""Texts that share this much are one text: edited wire copies share 0.6 and more, two reports of one event under 0.2."""

_LOADED, _RECORDED = 100, 32  # feeds at once


class Pipeline:
    """Runs steps on rows of one store. Without channels it is silent (backfill, replay)."""

    def __init__(
        self,
        *,
        store: Store,
        fetch: Poller,
        analyzers: Sequence[Analyzer],
        channels: Sequence[AnyChannel],
        clock: Callable[[], datetime],
        policies: Mapping[str, Policy] | None = None,
        wires: Wires | None = None,
        pools: Pools | None = None,
        follow_later: bool = False,
        keep: Keep | None = None,
        setter: Setter = BUILT_IN,
        second: SecondReader | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.pools = pools or Pools()
        self._fetch = fetch
        self._analyzers = tuple(analyzers)
        self._channels = {channel.id: channel for channel in channels}
        self._policies = policies or {}
        self._wires = wires or Wires()
        self.follow_later = follow_later
        self.keep = keep
        self._load = Together(store.feeds_named, self.pools.store, at_most=_LOADED)
        self._record_poll = Together(store.record_polls, self.pools.store, at_most=_RECORDED)
        self._deliveries = Deliveries(store=store, channels=channels, clock=clock, pools=self.pools, setter=setter)
        self._second = second

    @property
    def topics(self) -> tuple[str, ...]:
        """What is read for, each once."""
        return tuple(dict.fromkeys(analyzer.topic for analyzer in self._analyzers))

    # --- collect --------------------------------------------------------------------------------

    async def collect(self, feed_id: str) -> tuple[int, ...]:
        """Polls the feed if it is due; the articles to analyze now."""
        feed, state = await self._load(feed_id)
        if state.next_poll_at is not None and state.next_poll_at > self.clock():
            return ()
        try:
            poll = await self._fetch(feed, state)
            recorded = await self._record_poll((feed, poll))
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, RefusedRowError):
                raise  # the database is at fault, not the feed
            log.exception("collect failed", feed=feed_id)  # a fault of ours on one feed must not stop the others
            await self._stored(self.store.save_feed_state, failed_state(state, error, now=self.clock()))
            return ()
        self._log_poll(state, poll, recorded)
        return recorded.due

    def _log_poll(self, before: FeedState, poll: Poll, recorded: Recorded) -> None:
        """Nine polls in ten bring nothing; their states and counters say so, and a line for each would bury the others."""
        told = log.bind(feed=poll.feed_id)
        # One id follows an article through the log, whichever machine does the next step: `article`.
        for name, ids in (("new article", recorded.new), ("article changed", recorded.changed)):
            for article_id in ids:
                told.info(name, article=article_id)
        if recorded.new or recorded.changed or poll.state.failures or poll.state.health is not before.health:
            told.info(
                "collected",
                health=poll.state.health.value,
                new=len(recorded.new),
                changed=len(recorded.changed),
                reason=poll.state.health_reason,
            )

    # --- analyze --------------------------------------------------------------------------------

    async def analyze(self, article_id: int, *, after: asyncio.Future[None] | None = None) -> tuple[int, ...]:
        """Analyzes the article's current version if it is due; the deliveries to send now.

        Reading runs beside others; recording waits for `after`, so that stances are stepped in the order of the news.
        """
        stored = await self._stored(self.store.article, article_id)
        if not stored.due:
            return ()
        try:
            readings = [one for each in self._analyzers for one in await self._read(each, stored.article)]
            if after is not None:
                await asyncio.wait([after])
            return await self._stored(self._record, stored, readings)
        except RefusedRowError as error:
            await self._analysis_failed(stored, error)
        except StoreError:
            raise  # the database is at fault, not the article
        except Exception as error:  # a fault of ours on one text must not stop the others
            log.exception("analyze failed", article=article_id)
            await self._analysis_failed(stored, error)
        return ()

    async def _read(self, analyzer: Analyzer, article: Article) -> tuple[Reading, ...]:
        """The default's reading, and that of the language model where one is configured and asked; the last one counts."""
        first: Reading = await self._computed(read, analyzer, article, self._wires)
        if self._second is None:
            return (first,)
        *beside, last = await self._second.findings(article, first.finding)
        if last is first.finding and not beside:
            return (first,)  # it was not asked
        counts = await self._computed(voiced, last, article, self._wires)
        return (*(Reading(each, None, (), outvoted_by=last.analyzer) for each in beside), counts)

    async def _analysis_failed(self, stored: StoredArticle, error: Exception) -> None:
        wait = analysis_wait(stored.attempts + 1)
        log.error("article failed", article=stored.id, error=words(error), attempt=stored.attempts + 1, again_in=wait)
        failed = partial(self.store.analysis_failed, error=words(error), now=self.clock(), wait=wait)
        await self._stored(failed, stored.id)

    def _record(self, stored: StoredArticle, readings: Sequence[Reading]) -> tuple[int, ...]:
        """Findings, events, tracks, changes and deliveries of one article, and that it is analyzed: all or nothing."""
        now = self.clock()
        deliveries: list[int] = []
        with self.store.transaction() as tx:
            if not tx.claim(stored):
                return ()
            for reading in readings:
                if tx.save_finding(stored, reading.finding, now=now) and reading.finding.events:
                    self._keep(tx, stored, reading)
                    if not (self.follow_later or reading.outvoted_by):
                        deliveries += self._follow(tx, stored, topic=reading.finding.topic, now=now)
            tx.analysis_done(stored)
        for reading in readings:
            found = reading.finding
            log.info("analyzed", article=stored.id, topic=found.topic, gate=found.gate.value, events=len(found.events))
        return tuple(deliveries)

    def _keep(self, tx: Transaction, stored: StoredArticle, reading: Reading) -> None:
        finding = reading.finding
        if reading.outvoted_by is not None:
            for event in finding.events:
                kept, _ = tx.save_event(
                    stored, event, topic=finding.topic, analyzer=finding.analyzer, voice=stored.voice
                )
                tx.save_verdict(
                    kept, OTHER_TIER, f"kept beside; for this article the word of {reading.outvoted_by} counts"
                )
            return
        voice = voice_of(stored.voice, credited=reading.credited, wires=self._wires)
        tx.save_voice(stored, voice=voice, copy_of=None)
        tx.save_signature(stored, reading.signature)
        for event in finding.events:
            tx.save_event(stored, event, topic=finding.topic, analyzer=finding.analyzer, voice=voice)

    # --- follow ---------------------------------------------------------------------------------

    async def follow(self, topic: str) -> tuple[int, ...]:
        """Tells tracks of the events that wait, in the order of the news; the deliveries to send now.

        For engines whose workers read in any order (`follow_later`); otherwise the analysis does it itself.
        """
        deliveries: tuple[int, ...] = ()
        while waiting := await self._stored(partial(self.store.to_follow, topic=topic)):
            deliveries += await self._stored(self._follow_all, topic, waiting)
        return deliveries

    def _follow_all(self, topic: str, waiting: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        deliveries: list[int] = []
        for article_id, number in waiting:
            stored = self.store.article(article_id, version=number)
            with self.store.transaction() as tx:
                tx.lock_topic(topic)
                deliveries += self._follow(tx, stored, topic=topic, now=self.clock())
        return tuple(deliveries)

    def _follow(self, tx: Transaction, stored: StoredArticle, *, topic: str, now: datetime) -> list[int]:
        """Tells the tracks of one article's events, if nobody has."""
        waiting = tx.unfollowed(stored, topic=topic)
        if not waiting:
            return []
        policy = self._policies.get(topic, Policy())
        original = self._original(tx, stored, topic=topic, policy=policy)
        if original is not None:
            tx.save_voice(stored, voice=original.voice, copy_of=original.id)
        deliveries: list[int] = []
        for each in waiting:
            if original is not None:
                tx.retell(each.id, voice=original.voice, copy_of=original.id)
            if tx.said_before(stored, each.event, topic=topic):
                tx.save_verdict(each.id, "said_before", "an earlier version of the article says the same")
                continue
            if stored.feed.is_archive and stored.article.published_at is None:
                # The hour of a backfill is not the hour of its news: an undated document would become today's stance.
                tx.save_verdict(each.id, "undated", "an archived document without a date: for the timeline only")
                continue
            report = _report(stored, each, topic=topic, original=original)
            change = _step(tx, report, policy=policy)
            if change is not None:
                deliveries += self._announce(tx, change, by=report, now=now)
        return deliveries

    def _original(self, tx: Transaction, stored: StoredArticle, *, topic: str, policy: Policy) -> Told | None:
        """An article that tracks were told of and that this one copies (or that copies this one: one voice either way)."""
        mine = tx.signature(stored)
        near = tx.told(topic=topic, since=stored.at - policy.window, until=stored.at + policy.window)
        return next((each for each in near if each.id != stored.id and resemblance(mine, each.signature) >= COPY), None)

    def _announce(self, tx: Transaction, change: StanceChange, *, by: Report, now: datetime) -> list[int]:
        """`by`: what made, confirmed or undid the change; its sentence is that of the one that made it."""
        change_id, news = tx.save_change(change, now=now)
        if not news:
            return []
        log.info(
            "stance changed",
            article=change.after.article_id,
            by=by.article_id,
            change=change_id,
            holder=change.holder,
            level=change.level.value,
            why=change.reason,
        )
        # What old feeds reported may be confirmed by a new one; what only new feeds say is where they begin.
        new_feed = tx.first_poll_of(by) if tx.first_poll_of(change.after) else None
        silences = tx.silences(now)
        made = [
            self._put_out(tx, change_id, change, channel, silences=silences, new_feed=new_feed, now=now)
            for channel in self._channels.values()
        ]
        return [delivery for delivery in made if delivery is not None]

    def _put_out(
        self,
        tx: Transaction,
        change_id: int,
        change: StanceChange,
        channel: AnyChannel,
        *,
        silences: Sequence[Silence],
        new_feed: str | None,
        now: datetime,
    ) -> int | None:
        """Puts the alert into the outbox of one channel, at once or with others, or the reason why not."""
        decision = decide(change, channel, now=now, silences=silences, new_feed=new_feed)
        waits = None
        if decision.send and channel.group is not None:
            tx.lock_channel(channel.id)
            waits = collect(change, channel, now=now, waiting=tx.collecting(channel.id, now=now))
        return tx.add_delivery(
            change_id,
            change,
            channel.id,
            key=f"{alert_key(change)}.{channel.id}",
            reason=waits.words if waits else decision.words,
            send=decision.send,
            now=now,
            due_at=waits.until if waits else None,
        )

    # --- deliver --------------------------------------------------------------------------------

    async def deliver(self, delivery_id: int) -> None:
        """Sends the message that the row leads, if it is due. See `pipeline.deliveries`."""
        await self._deliveries.deliver(delivery_id)

    # --- retention ------------------------------------------------------------------------------

    async def prune(self, *, most: int = 10_000) -> dict[str, int]:
        """Drops what is older than it is kept, at most so many rows a kind; kind → how many. Nothing without `keep`.

        In small transactions, so that polls and analyses go on in between.
        """
        dropped: dict[str, int] = {}
        if self.keep is None:
            return dropped
        for kind in Prunable:
            batch = partial(self.store.prune, kind, self.keep, now=self.clock(), limit=_PRUNED_AT_ONCE)
            while dropped.get(kind, 0) < most and (gone := await self._stored(batch)):
                dropped[kind] = dropped.get(kind, 0) + gone
                if gone < _PRUNED_AT_ONCE:
                    break
        if dropped:
            log.info("pruned", **dropped)
        return dropped

    # --- where work runs --------------------------------------------------------------------------

    async def _stored(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_pool(self.pools.store, partial(work, *args, **kwargs))

    async def _computed(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_pool(self.pools.cpu, partial(work, *args, **kwargs))


def _step(tx: Transaction, report: Report, *, policy: Policy) -> StanceChange | None:
    result = advance(tx.lock_tracks(report.topic, report.event.actor), report, policy)
    for track in result.tracks:
        tx.save_track(track)
    tx.save_verdict(report.event_id, result.verdict.value, result.words)
    return result.change


def _report(stored: StoredArticle, told: Unfollowed, *, topic: str, original: Told | None) -> Report:
    return Report(
        event_id=told.id,
        article_id=stored.id,
        topic=topic,
        event=told.event,
        at=stored.at,
        seen_at=stored.seen_at,
        language=told.language,
        publisher=stored.publisher,
        voice=original.voice if original else told.voice,
        own_outlet=own_outlet(stored.feed.speaks_for, told.event),
        copy_of=original.id if original else None,
        title=stored.article.title,
        url=stored.article.url,
    )
