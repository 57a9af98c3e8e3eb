"""From feed to inbox, step by step: each step records all or nothing, and does nothing the second time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from monitor.model import DeliveryState, Entry, Health, Language, Level, Policy, Stance, StoreError
from monitor.pipeline import Pipeline, analysis_wait, delivery_wait
from monitor.store import Store
from tests.fakes import Clock, MemoryChannel, ScriptedFeeds, WordAnalyzer, refused
from tests.rows import HOUR, NOW, TOPIC, entry, feed

T = TypeVar("T")
DAY = timedelta(days=1)

SAYS = {
    "ar": {"support": "أعلنت واشنطن تؤيد التنسيق الجوي", "oppose": "وقالت واشنطن ترفض التنسيق الجوي من جديد"},
    "en": {"support": "It said Washington supports coordination", "oppose": "Now Washington rejects all of it again"},
    "ru": {"support": "Заявлено: Вашингтон поддерживает координацию", "oppose": "Теперь Вашингтон отвергает всё это"},
}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class World:
    """Three feeds of independent publishers, one channel (and `more`), a clock."""

    def __init__(self, store: Store, *more: MemoryChannel, **options: Any) -> None:
        self.store = store
        self.clock = Clock()
        self.feeds = ScriptedFeeds(self.clock)
        self.channel = MemoryChannel(id="memory", **options)
        self.pipeline = Pipeline(
            store=store,
            fetch=self.feeds,
            analyzers=[WordAnalyzer()],
            channels=[self.channel, *more],  # type: ignore[list-item]
            clock=self.clock,
            policies={TOPIC: Policy(confirmations=2)},
        )
        store.sync_feeds(tuple(feed(name) for name in ("one", "two", "three")), NOW)

    def shows(self, name: str, *entries: Entry) -> None:
        self.feeds.shows[name] = entries

    async def everything(self) -> None:
        for feed_id in self.store.due_feeds(self.clock()):
            await self.pipeline.collect(feed_id)
        for article_id in self.store.due_articles(self.clock()):
            await self.pipeline.analyze(article_id)
        for delivery_id in self.store.due_deliveries(self.clock()):
            await self.pipeline.deliver(delivery_id)

    def tell(self, name: str, key: str, text: str, **fields: Any) -> None:
        """`name` publishes an article now, and everything runs."""
        self.clock.forward(DAY)
        self.shows(name, entry(key, text, published_at=self.clock(), **fields))
        run(self.everything())


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.mark.parametrize("language", sorted(SAYS))
def test_a_turn_is_reported_then_confirmed_and_both_are_sent_with_both_quotes(world: World, language: str) -> None:
    says = SAYS[language]
    world.tell("one", "a", says["support"])
    assert world.channel.sent == [], "the first stance of an actor is a baseline"
    world.tell("two", "b", says["oppose"])
    world.tell("three", "c", f"{says['oppose']} {says['oppose'][::-1]}")
    reported, confirmed = world.channel.sent
    assert (reported[1].change.level, confirmed[1].change.level) == (Level.REPORTED, Level.CONFIRMED)
    before, after = reported[1].change.before.event, reported[1].change.after.event
    assert (before.stance, after.stance) == (Stance.SUPPORT, Stance.OPPOSE)
    assert before.quote in reported[1].text
    assert after.quote in reported[1].text
    assert len(world.store.changes()) == 1


@pytest.mark.parametrize("times", [2, 5])
def test_every_step_run_again_changes_nothing(world: World, times: int) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    before = (world.store.articles(), world.store.events(), world.store.tracks(), world.store.changes())

    async def again() -> None:
        for _ in range(times):
            await world.pipeline.collect("two")
            await world.pipeline.analyze(2)
            await world.pipeline.deliver(1)

    run(again())
    assert (world.store.articles(), world.store.events(), world.store.tracks(), world.store.changes()) == before
    assert len(world.channel.sent) == 1


def test_the_same_poll_served_again_makes_no_second_article(world: World) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.clock.forward(HOUR)
    run(world.everything())
    assert len(world.store.articles()) == 1
    assert world.feeds.polls.count("one") == 2


def test_a_crash_between_sending_and_recording_sends_again_with_the_same_key(world: World) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.channel.failures.append(KeyboardInterrupt("killed"))
    with pytest.raises(KeyboardInterrupt):
        world.tell("two", "b", SAYS["en"]["oppose"])
    run(world.everything())
    assert len(world.channel.sent) == 1
    assert world.store.deliveries()[0].state is DeliveryState.SENT


def test_a_refused_message_waits_longer_each_time_and_goes_in_the_end(world: World) -> None:
    world.channel.failures.extend(refused(permanent=False) for _ in range(3))
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    waits = []
    while not world.channel.sent:
        (row,) = world.store.deliveries()
        assert row.next_try_at is not None
        assert row.last_error == "the box is full"
        waits.append(row.next_try_at - world.clock())
        world.clock.now = row.next_try_at
        run(world.everything())
    assert waits == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (refused(permanent=True), DeliveryState.DEAD),
        (refused(permanent=False), DeliveryState.WAITING),
        (ZeroDivisionError("a fault of ours"), DeliveryState.WAITING),
    ],
)
def test_a_failure_is_kept_on_the_row_and_stops_nobody_else(
    world: World, failure: Exception, state: DeliveryState
) -> None:
    world.channel.failures.append(failure)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    row = world.store.deliveries()[0]
    assert (row.state, row.attempts) == (state, 1)
    assert str(failure) in (row.last_error or "")


def test_a_delivery_to_a_channel_that_left_the_configuration_is_dead_and_says_so(world: World) -> None:
    world.channel.failures.append(refused(permanent=False))
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    bare = Pipeline(store=world.store, fetch=world.feeds, analyzers=[], channels=[], clock=lambda: world.clock() + HOUR)
    run(bare.deliver(1))
    (row,) = world.store.deliveries()
    assert (row.state, row.last_error) == (DeliveryState.DEAD, "no channel 'memory' is configured any more")


def test_a_channel_that_wants_less_keeps_the_reason_why_it_was_not_told(store: Store) -> None:
    world = World(store, min_level=Level.CONFIRMED)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    (row,) = store.deliveries()
    assert row.state is DeliveryState.SKIPPED
    assert "confirmed" in row.reason
    assert world.channel.sent == []


def test_a_text_that_breaks_the_analyzer_is_tried_again_then_set_aside_and_shown(world: World) -> None:
    world.tell("one", "bad", "poison")
    world.tell("two", "good", SAYS["en"]["support"])
    for _ in range(4):
        world.clock.forward(2 * HOUR)
        run(world.everything())
    (row,) = world.store.articles(set_aside=True)
    assert row.attempts == 5
    assert row.last_error == "ValueError: this text breaks the analyzer"
    assert world.store.status(world.clock()).articles_set_aside == 1
    assert len(world.store.events()) == 1


def test_an_article_whose_quotes_are_not_in_its_text_is_refused_whole(world: World) -> None:
    class Liar(WordAnalyzer):
        def analyze(self, article: Any) -> Any:
            found = super().analyze(article)
            moved = tuple(
                each.model_copy(update={"start": each.start + 1, "end": each.end + 1}) for each in found.events
            )
            return found.model_copy(update={"events": moved})

    world.pipeline = Pipeline(store=world.store, fetch=world.feeds, analyzers=[Liar()], channels=[], clock=world.clock)
    world.tell("one", "a", SAYS["ru"]["support"])
    (row,) = world.store.articles()
    assert (row.relevant, row.attempts) == (None, 1)
    assert "does not stand at" in (row.last_error or "")
    assert world.store.events() == ()


def test_a_feed_on_which_the_program_itself_fails_says_so_and_waits(world: World) -> None:
    world.feeds.shows["one"] = RuntimeError("a fault of ours")
    world.shows("two", entry("b", SAYS["en"]["support"]))
    run(world.everything())
    state = world.store.feed_state("one")
    assert (state.health, state.failures, state.next_poll_at) == (Health.BAD_RESPONSE, 1, NOW + HOUR / 4)
    assert "a fault of ours" in state.health_reason
    assert len(world.store.articles()) == 1


def test_one_poll_that_cannot_be_recorded_fails_no_other(world: World) -> None:
    world.shows("one", entry("a").model_copy(update={"date_quality": None}))  # as no source should ever make it
    world.shows("two", entry("b"))
    world.shows("three", entry("c"))

    async def all_at_once() -> None:
        await asyncio.gather(*(world.pipeline.collect(name) for name in ("one", "two", "three")))

    run(all_at_once())
    assert sorted(row.feed_id for row in world.store.articles()) == ["three", "two"]
    states = {row.feed.id: row.state for row in world.store.feeds()}
    assert (states["one"].health, states["two"].health) == (Health.BAD_RESPONSE, Health.OK)
    assert "the monitor itself failed on it" in states["one"].health_reason


def test_a_feed_that_is_not_due_is_not_polled(world: World) -> None:
    run(world.everything())
    run(world.pipeline.collect("one"))
    assert world.feeds.polls.count("one") == 1


def test_without_channels_changes_are_kept_and_nobody_is_told(world: World) -> None:
    world.pipeline = Pipeline(
        store=world.store, fetch=world.feeds, analyzers=[WordAnalyzer()], channels=[], clock=world.clock
    )
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    assert len(world.store.changes()) == 1
    assert world.store.deliveries() == ()


def test_a_wire_text_printed_by_another_paper_confirms_nothing(world: World) -> None:
    wire = (
        "The agency writes at length about it. " + SAYS["en"]["oppose"] + " " + " ".join(f"word{n}" for n in range(60))
    )
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", wire)
    world.tell("three", "c", wire + " Edited a little by our staff.")
    (row,) = world.store.changes()
    assert row.change.level is Level.REPORTED
    copy = world.store.events(article_id=3)[0]
    assert (copy.copy_of, copy.voice) == (2, "Two")


def test_a_wire_text_that_comes_after_its_copy_confirms_nothing_either(world: World) -> None:
    wire = (
        "The agency writes at length about it. " + SAYS["en"]["oppose"] + " " + " ".join(f"word{n}" for n in range(60))
    )
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "copy", wire + " Edited a little by our staff.")
    world.shows("three", entry("original", wire, published_at=world.clock() - HOUR))
    world.clock.forward(HOUR)
    run(world.everything())
    (row,) = world.store.changes()
    assert row.change.level is Level.REPORTED


def test_an_edit_that_says_the_same_is_no_second_report_and_one_that_says_otherwise_is(world: World) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("one", "a", SAYS["en"]["support"] + " with one word more")
    world.tell("one", "a", SAYS["en"]["oppose"])
    verdicts = [(row.version, row.verdict) for row in world.store.events()]
    assert verdicts == [(1, "baseline"), (2, "said_before"), (3, "reported")]
    assert [row.source_changed_at is not None for row in world.store.events()] == [True, True, False]


def test_an_old_article_that_comes_late_is_for_the_timeline_only(world: World) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.clock.forward(DAY)
    world.shows("two", entry("old", SAYS["en"]["oppose"], published_at=NOW - 90 * DAY))
    run(world.everything())
    assert world.store.changes() == ()
    assert [row.verdict for row in world.store.events()] == ["late", "baseline"]


def test_a_database_in_trouble_is_not_the_articles_fault(world: World) -> None:
    class Lost(WordAnalyzer):
        def analyze(self, article: Any) -> Any:
            raise StoreError("the disk is full")

    pipeline = Pipeline(store=world.store, fetch=world.feeds, analyzers=[Lost()], channels=[], clock=world.clock)
    world.shows("one", entry("a"))
    run(world.pipeline.collect("one"))
    with pytest.raises(StoreError):
        run(pipeline.analyze(1))
    assert world.store.articles()[0].attempts == 0
    assert world.store.due_articles(world.clock()) == (1,)


def test_two_workers_on_one_article_record_it_once(world: World) -> None:
    world.shows("one", entry("a", SAYS["en"]["support"]))

    async def both() -> None:
        await world.pipeline.collect("one")
        await asyncio.gather(*(world.pipeline.analyze(1) for _ in range(4)))

    run(both())
    assert len(world.store.events()) == 1
    assert len(world.store.findings(1)) == 1


def test_an_articles_language_reaches_the_analyzer(store: Store) -> None:
    world = World(store)
    store.sync_feeds((feed("one", language=Language.RU),), NOW)
    world.tell("one", "a", SAYS["ru"]["support"])
    assert store.findings(1)[0].language is Language.RU


def test_waits_grow_and_end() -> None:
    minutes = [wait and wait / timedelta(minutes=1) for wait in map(analysis_wait, range(1, 6))]
    assert minutes == [1, 4, 16, 64, None]
    waits = [delivery_wait(n) for n in range(1, 51)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert timedelta(days=1) < sum(known, timedelta()) < timedelta(days=3)
