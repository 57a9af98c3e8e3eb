"""What goes out at once, again, or another way: groups, repeats, fallbacks, and the limit that many workers share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any

import pytest

from monitor.alerts import QuietHours, Silence
from monitor.model import Alert, AlertGroup, Delivery, DeliveryState, Message
from monitor.store import Store
from monitor.text.display import one_line
from tests.fakes import MemoryChannel, refused
from tests.pipeline.test_pipeline import DAY, SAYS, World, run
from tests.rows import HOUR, entry

MINUTE = timedelta(minutes=1)
GROUP = 30 * MINUTE
MOSCOW = {"ar": ("موسكو تؤيد", "موسكو ترفض"), "en": ("Moscow supports", "Moscow rejects"), "ru": ("Москва поддерживает", "Москва отвергает")}  # fmt: skip


def both_turn(world: World, language: str = "en") -> None:
    """Washington and Moscow support, and on the next day reject: two changes found in one pass."""
    says, (before, after) = SAYS[language], MOSCOW[language]
    world.tell("one", "a", f"{says['support']}. {before}.")
    world.tell("two", "b", f"{says['oppose']}. {after}.")


def later(world: World, span: timedelta) -> None:
    world.clock.forward(span)
    run(world.everything())


def states(store: Store) -> list[DeliveryState]:
    return [row.state for row in store.deliveries()]


def only(store: Store) -> Delivery:
    (row,) = store.deliveries()
    return row


# --- groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(SAYS))
def test_changes_found_within_the_time_go_in_one_message(store: Store, language: str) -> None:
    world = World(store, group=GROUP, language=language)
    both_turn(world, language)
    assert (world.channel.sent, states(store)) == ([], [DeliveryState.HELD] * 2)
    assert "collects what comes until" in store.deliveries()[0].reason
    later(world, GROUP)
    [(key, message)] = world.channel.sent
    assert isinstance(message, AlertGroup)
    assert {alert.change.actor for alert in message.alerts} == {"USA", "RUS"}
    for alert in message.alerts:
        assert alert.change.after.event.quote in message.text
        assert alert.change.before.event.quote in message.html
    assert {row.message_key for row in store.deliveries()} == {key}
    assert {row.message for row in store.deliveries()} == {1}


def test_the_group_closes_when_the_first_of_it_has_waited_long_enough(store: Store) -> None:
    world = World(store, group=GROUP)
    world.tell("one", "a", f"{SAYS['en']['support']}. Moscow supports.")
    world.tell("two", "b", SAYS["en"]["oppose"])
    world.clock.forward(GROUP / 2)
    world.feeds.shows["three"] = (entry("c", "Moscow rejects", published_at=world.clock()),)
    run(world.everything())
    first, second = store.deliveries()
    assert first.next_try_at == second.next_try_at
    later(world, GROUP / 2)
    assert [type(message) for _, message in world.channel.sent] == [AlertGroup]


def test_a_change_that_comes_alone_goes_alone_with_its_own_key(store: Store) -> None:
    world = World(store, group=GROUP)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    later(world, GROUP)
    [(key, message)] = world.channel.sent
    assert isinstance(message, Alert)
    assert key == only(store).key


@pytest.mark.parametrize(("group_by", "messages"), [("all", 1), ("topic", 1), ("actor", 2)])
def test_what_may_go_together_is_data(store: Store, group_by: str, messages: int) -> None:
    world = World(store, group=GROUP, group_by=group_by)
    both_turn(world)
    later(world, GROUP)
    assert len(world.channel.sent) == messages


def test_a_report_and_its_confirmation_in_one_message_are_told_as_confirmed(store: Store) -> None:
    world = World(store, group=5 * DAY)
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])
    world.tell("three", "c", f"{SAYS['en']['oppose']} {SAYS['en']['oppose'][::-1]}")
    later(world, 5 * DAY)
    [(_, message)] = world.channel.sent
    assert isinstance(message, Alert)
    assert message.change.level == "confirmed"
    assert states(store) == [DeliveryState.SENT] * 2


def test_an_update_answers_the_group_that_told_of_the_change_first(store: Store) -> None:
    world = World(store, group=GROUP)
    both_turn(world)
    later(world, GROUP)
    world.tell("three", "c", f"{SAYS['en']['oppose']} {SAYS['en']['oppose'][::-1]}")
    later(world, GROUP)
    (group, _), (_, update) = world.channel.sent
    assert isinstance(update, Alert)
    assert world.channel.answered == [(), (group,)]


def test_a_crash_in_the_middle_sends_the_same_group_with_the_same_key(store: Store) -> None:
    world = World(store, group=GROUP)
    both_turn(world)
    world.clock.forward(GROUP)
    world.channel.failures.append(KeyboardInterrupt("killed"))
    with pytest.raises(KeyboardInterrupt):
        run(world.everything())
    world.clock.forward(MINUTE)
    world.feeds.shows["three"] = (
        entry("c", f"Washington studies it, day {world.clock()}", published_at=world.clock() + DAY),
    )
    bound = {row.message_key for row in store.deliveries()}
    later(world, timedelta())
    assert [key for key, _ in world.channel.sent] == [*bound]
    assert len(bound) == 1


def test_a_refused_group_waits_as_one_and_goes_as_one(store: Store) -> None:
    world = World(store, group=GROUP)
    both_turn(world)
    world.channel.failures.append(refused(permanent=False))
    later(world, GROUP)
    assert [(row.state, row.attempts) for row in store.deliveries()] == [(DeliveryState.WAITING, 1)] * 2
    assert store.due_deliveries(world.clock() + HOUR) == (1,), "its leader is tried, for all of them"
    later(world, MINUTE)
    assert len(world.channel.sent) == 1
    assert states(store) == [DeliveryState.SENT] * 2


def test_what_waited_for_the_end_of_quiet_hours_comes_in_one_message(store: Store) -> None:
    night = QuietHours.model_validate({"from": time(11, 0), "to": time(14, 0), "zone": "UTC"})
    world = World(store, quiet_hours=night)
    both_turn(world)
    assert states(store) == [DeliveryState.HELD] * 2
    later(world, 2 * HOUR)
    [(_, message)] = world.channel.sent
    assert isinstance(message, AlertGroup)
    assert "quiet hours until 14:00 UTC" in message.text


def test_members_of_a_message_whose_leader_was_corrected_go_out_all_the_same(store: Store) -> None:
    world = World(store, group=GROUP)
    both_turn(world)
    world.channel.failures.append(refused(permanent=False))
    later(world, GROUP)
    cause = store.change(store.deliveries()[0].change_id).change.cause
    store.correct(cause, None, who="Nour", why="a misreading", now=world.clock())
    later(world, MINUTE)
    [(_, message)] = world.channel.sent
    assert isinstance(message, Alert)
    assert states(store) == [DeliveryState.SKIPPED, DeliveryState.SENT]


# --- told again -------------------------------------------------------------------------------------


def turned(world: World) -> None:
    world.tell("one", "a", SAYS["en"]["support"])
    world.tell("two", "b", SAYS["en"]["oppose"])


def test_an_alert_is_told_again_as_often_as_asked_for_and_says_so(store: Store) -> None:
    world = World(store, repeat=DAY, repeats=2)
    turned(world)
    for _ in range(4):
        later(world, DAY)
    first, second, third = world.channel.sent
    assert [first[0], f"{first[0]}.again1", f"{first[0]}.again2"] == [first[0], second[0], third[0]]
    assert "Told again" in second[1].text
    assert world.channel.answered[1:] == [(first[0],)] * 2
    assert [row.told for row in store.deliveries()] == [0, 1, 2]


def test_what_was_confirmed_or_has_turned_again_is_not_told_again(store: Store) -> None:
    world = World(store, repeat=3 * DAY)
    turned(world)
    world.tell("three", "c", f"{SAYS['en']['oppose']} {SAYS['en']['oppose'][::-1]}")
    world.tell("one", "d", "Now it is said that Washington studies it")
    later(world, 3 * DAY)
    again = [row for row in store.deliveries() if row.told]
    assert [row.state for row in again][:2] == [DeliveryState.SKIPPED] * 2
    assert "confirmed meanwhile" in again[0].reason
    assert "has turned since" in again[1].reason


# --- another channel stands in -----------------------------------------------------------------------


def failing(channel: MemoryChannel, times: int, *, permanent: bool = False) -> None:
    channel.failures.extend(refused(permanent=permanent) for _ in range(times))


def wants(**more: Any) -> dict[str, Any]:
    return {"fallback": "pager", "fallback_after": HOUR, **more}


def quiet_pager(**more: Any) -> MemoryChannel:
    """A channel that is told of nothing by itself."""
    return MemoryChannel.model_validate({"id": "pager", "topics": ("none",), **more})


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "instead of memory"), ("ar", "بدلًا من memory"), ("ru", "вместо memory")],
)
def test_after_an_hour_of_failures_the_fallback_is_told_and_the_alert_says_so(
    store: Store, language: str, words: str
) -> None:
    pager = quiet_pager(language=language)
    world = World(store, pager, **wants())
    failing(world.channel, 99)
    turned(world)
    for _ in range(5):
        later(world, 11 * MINUTE)
    assert pager.sent == [], "not before its time"
    for _ in range(9):
        later(world, 10 * MINUTE)
    [(key, message)] = pager.sent
    assert words in one_line(message.text)
    assert words in one_line(message.html)
    row = next(each for each in store.deliveries() if each.channel == "memory")
    assert (row.key, row.via, row.state) == (key, "pager", DeliveryState.SENT)
    assert "has taken nothing since" in row.reason
    [trouble] = store.status(world.clock()).channels_in_trouble
    assert (trouble.channel, trouble.fallback, trouble.diverted, trouble.waiting) == ("memory", "pager", 1, 0)


def test_while_the_channel_fails_new_messages_try_it_once_and_go_on_at_once(store: Store) -> None:
    pager = quiet_pager()
    world = World(store, pager, **wants())
    failing(world.channel, 99)
    turned(world)
    for _ in range(3):
        later(world, HOUR)
    assert len(pager.sent) == 1
    world.tell("three", "c", f"{SAYS['en']['oppose']} {SAYS['en']['oppose'][::-1]}")
    run(world.everything())
    assert [message.change.level for _, message in pager.sent] == ["reported", "confirmed"]
    world.channel.failures.clear()
    world.tell("one", "d", "Now it is said that Washington studies it")
    assert len(world.channel.sent) == 1, "it is back, and gets its own messages again"
    assert store.status(world.clock()).channels_in_trouble == ()


def test_a_message_that_the_channel_refuses_for_good_goes_through_the_fallback_at_once(store: Store) -> None:
    pager = quiet_pager()
    world = World(store, pager, **wants())
    failing(world.channel, 1, permanent=True)
    turned(world)
    run(world.everything())
    assert len(pager.sent) == 1
    assert "refuses this message" in pager.sent[0][1].text


def test_a_fallback_that_was_told_by_itself_is_not_told_twice(store: Store) -> None:
    pager = MemoryChannel(id="pager")
    world = World(store, pager, **wants())
    failing(world.channel, 99)
    turned(world)
    for _ in range(5):
        later(world, HOUR)
    assert len(pager.sent) == 1
    assert store.deliveries(channel="memory")[0].state is DeliveryState.WAITING, "it waits for its own channel"


def test_a_fallback_that_fails_too_loses_nothing(store: Store) -> None:
    pager = quiet_pager()
    world = World(store, pager, **wants())
    failing(world.channel, 99)
    failing(pager, 2)
    turned(world)
    for _ in range(8):
        later(world, HOUR)
        run(world.everything())
    assert len(pager.sent) == 1
    assert store.deliveries()[0].state is DeliveryState.SENT


# --- silences and limits --------------------------------------------------------------------------------


def silence(world: World, holder: str | None, span: timedelta) -> Silence:
    return Silence(holder=holder, author="Nour", reason="being written up", until=world.clock() + span)


def test_a_silence_holds_what_waits_already_and_its_end_lets_it_go(store: Store) -> None:
    world = World(store)
    failing(world.channel, 1)
    turned(world)
    number, held = store.add_silence(silence(world, "USA", DAY), now=world.clock())
    row = only(store)
    assert (held, row.state) == (1, DeliveryState.HELD)
    assert "silenced by Nour" in row.reason
    later(world, HOUR)
    assert world.channel.sent == []
    store.end_silence(number, now=world.clock())
    later(world, MINUTE)
    assert len(world.channel.sent) == 1


def test_a_silence_takes_one_change_out_of_a_group_and_lets_the_others_go(store: Store) -> None:
    world = World(store, group=GROUP)
    both_turn(world)
    failing(world.channel, 1)
    later(world, GROUP)
    store.add_silence(silence(world, "RUS", DAY), now=world.clock())
    later(world, MINUTE)
    [(_, message)] = world.channel.sent
    assert isinstance(message, Alert)
    assert message.change.actor == "USA"
    later(world, DAY)
    assert [each.change.actor for _, each in world.channel.sent] == ["USA", "RUS"]


def test_a_silence_of_the_configuration_holds_what_waits_too(store: Store) -> None:
    world = World(store)
    failing(world.channel, 1)
    turned(world)
    hushed = MemoryChannel(id="memory", silences=(silence(world, None, DAY),))
    again = World(store, silences=hushed.silences)
    again.clock.now = world.clock() + MINUTE
    run(again.everything())
    assert again.channel.sent == []
    assert "silenced by Nour" in only(store).reason


class GatedChannel(MemoryChannel):
    """Takes nothing before its gate opens: every message is under way before the first one is done."""

    gate: Any

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        self.gate.wait(timeout=10)
        super().send(message, key=key, answers=answers)


@pytest.mark.parametrize("limit", [1, 2])
def test_workers_that_send_at_once_do_not_overshoot_the_hourly_limit(store: Store, limit: int) -> None:
    gate = threading.Event()
    slow = GatedChannel(id="slow", per_hour=limit, group_by="actor", gate=gate)
    world = World(store, slow, topics=("none",))
    actors = ("FRA", "GBR", "IRN", "TUR")
    world.clock.forward(DAY)
    world.shows("one", *(entry(f"a{name}", f"{name} supports it", published_at=world.clock()) for name in actors))
    run(world.everything())
    world.clock.forward(DAY)
    world.shows("two", *(entry(f"b{name}", f"{name} rejects it", published_at=world.clock()) for name in actors))

    async def all_at_once() -> None:
        await world.pipeline.collect("two")
        for article_id in store.due_articles(world.clock()):
            await world.pipeline.analyze(article_id)
        sending = [
            asyncio.create_task(world.pipeline.deliver(number)) for number in store.due_deliveries(world.clock())
        ]
        while sum(task.done() for task in sending) < len(sending) - limit:
            await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED, timeout=0.05)
        gate.set()
        await asyncio.gather(*sending)

    run(all_at_once())
    assert len(slow.sent) == limit
    assert [row.state for row in store.deliveries(channel="slow")].count(DeliveryState.HELD) == len(actors) - limit
    later(world, HOUR)
    assert len(slow.sent) <= 2 * limit
