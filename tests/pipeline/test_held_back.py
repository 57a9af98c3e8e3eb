"""What silences, quiet hours and hourly limits hold back stays in the outbox with its reason; what waits goes out later."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from monitor.alerts import QuietHours, Silence
from monitor.model import DeliveryState
from monitor.store import Store
from tests.pipeline.test_pipeline import SAYS, World, run
from tests.rows import HOUR, NOW, entry, feed

NIGHT = QuietHours.model_validate({"from": time(11, 0), "to": time(14, 0), "zone": "UTC"})


@pytest.mark.parametrize("language", sorted(SAYS))
def test_a_silence_keeps_the_alert_back_with_its_reason_and_the_change_is_kept(store: Store, language: str) -> None:
    world = World(store)
    silence = Silence(holder="USA", author="Nour", reason="being written up", until=NOW + timedelta(days=10))
    number, _ = store.add_silence(silence, now=NOW)
    world.tell("one", "a", SAYS[language]["support"])
    world.tell("two", "b", SAYS[language]["oppose"])
    [delivery] = store.deliveries()
    assert (delivery.state, world.channel.sent) == (DeliveryState.SKIPPED, [])
    assert "silenced by Nour" in delivery.reason
    assert "being written up" in delivery.reason
    assert len(store.changes()) == 1
    store.end_silence(number, now=world.clock())
    world.tell("three", "c", f"{SAYS[language]['oppose']} {SAYS[language]['oppose'][::-1]}")
    assert [alert.change.level.value for _, alert in world.channel.sent] == ["confirmed"]


def test_a_silence_of_somebody_else_holds_nothing_back(store: Store) -> None:
    world = World(store)
    store.add_silence(Silence(holder="RUS", author="Nour", reason="x", until=NOW + timedelta(days=10)), now=NOW)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    assert len(world.channel.sent) == 1


def test_a_message_waits_for_the_end_of_the_quiet_hours(store: Store) -> None:
    world = World(store, quiet_hours=NIGHT)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    [held] = store.deliveries()
    assert (held.state, held.attempts, world.channel.sent) == (DeliveryState.HELD, 0, [])
    assert held.next_try_at == world.clock().replace(hour=14, minute=0)
    assert "quiet hours until 14:00 UTC" in held.reason
    world.clock.forward(HOUR * 2)
    run(world.everything())
    assert [each.state for each in store.deliveries()] == [DeliveryState.SENT]
    assert len(world.channel.sent) == 1


def test_no_more_messages_an_hour_than_the_channel_takes(store: Store) -> None:
    world = World(store, per_hour=1)
    world.tell("one", "a", f"{SAYS['en']['support']}. Moscow supports it")
    world.tell("two", "b", f"{SAYS['en']['oppose']}. Moscow rejects it")
    assert sorted(each.state for each in store.deliveries()) == [DeliveryState.HELD, DeliveryState.SENT]
    world.clock.forward(timedelta(minutes=59))
    run(world.everything())
    assert len(world.channel.sent) == 1
    world.clock.forward(timedelta(minutes=1))
    run(world.everything())
    assert len(world.channel.sent) == 2
    assert len(set(world.channel.keys)) == 2


# --- new feeds --------------------------------------------------------------------------------------


def added(world: World, *names: str) -> None:
    """Feeds that join a monitor that runs already."""
    world.store.sync_feeds(tuple(feed(name) for name in ("one", "two", "three", *names)), world.clock())


@pytest.mark.parametrize("language", sorted(SAYS))
def test_what_a_new_feed_brings_first_is_its_baseline_and_its_next_article_may_alert(
    store: Store, language: str
) -> None:
    says = SAYS[language]
    world = World(store)
    world.tell("one", "a", says["support"])
    added(world, "new")
    world.tell("new", "b", says["oppose"])
    (row,) = store.deliveries()
    assert (row.state, world.channel.sent) == (DeliveryState.SKIPPED, [])
    assert "first poll of new" in row.reason
    assert len(store.changes()) == 1, "it is found and kept all the same"
    world.tell("new", "c", says["support"] + " again, and again, and more of it")
    assert [message.change.after.event.stance.value for _, message in world.channel.sent] == ["support"]


def test_a_confirmation_by_a_feed_that_is_known_is_told_though_a_new_one_was_first(store: Store) -> None:
    world = World(store)
    world.tell("one", "a", SAYS["en"]["support"])
    added(world, "new", "newer")
    world.shows("newer", entry("c", "Washington rejects, says another", published_at=world.clock() + timedelta(days=1)))
    world.tell("new", "b", SAYS["en"]["oppose"])
    assert {row.level.value for row in store.deliveries()} == {"reported", "confirmed"}
    assert world.channel.sent == [], "two new feeds that agree are still a baseline"
    added(world, "new", "newer", "newest")
    world.tell("two", "d", "Now it is said that Moscow rejects it")
    world.tell("three", "e", "Washington studies all of it")
    assert [message.change.level.value for _, message in world.channel.sent] == ["reported"]
