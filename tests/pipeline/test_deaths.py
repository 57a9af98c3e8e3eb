"""A process that dies in the moment of sending: its message goes once more, and never a third time by itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from monitor.model import Delivery, DeliveryState, Message
from monitor.store import Store
from tests.fakes import MemoryChannel, refused
from tests.pipeline.test_messages import MINUTE
from tests.pipeline.test_pipeline import SAYS, World, run


class Died(BaseException):
    """What `kill -9` looks like to whoever comes after."""


class DyingChannel(MemoryChannel):
    """Sends, and the process dies before anybody can note it."""

    deaths: list[int] = []  # noqa: RUF012 -- pydantic copies it per instance

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        super().send(message, key=key, answers=answers)
        if self.deaths:
            self.deaths.pop()
            raise Died


def lives(world: World, count: int) -> None:
    for _ in range(count):
        world.clock.forward(MINUTE)
        with suppress(Died):
            run(world.everything())


def dies(store: Store, *, deaths: int) -> tuple[World, DyingChannel]:
    dying = DyingChannel(id="dying", deaths=list(range(deaths)))
    world = World(store, dying, topics=("none",))
    world.tell("one", "a", SAYS["en"]["support"])
    with suppress(Died):
        world.tell("two", "b", SAYS["en"]["oppose"])
    return world, dying


def of_dying(store: Store) -> Delivery:
    (row,) = store.deliveries(channel="dying")
    return row


def test_what_was_sent_in_the_moment_of_death_goes_once_more_with_the_same_key(store: Store) -> None:
    world, dying = dies(store, deaths=1)
    assert of_dying(store).state is DeliveryState.WAITING
    lives(world, 3)
    assert (len(dying.keys), len(set(dying.keys))) == (2, 1)
    assert of_dying(store).state is DeliveryState.SENT
    assert of_dying(store).last_error is None


def test_what_two_processes_died_with_is_unconfirmed_and_goes_again_only_if_somebody_asks(store: Store) -> None:
    world, dying = dies(store, deaths=2)
    lives(world, 5)
    row = of_dying(store)
    assert (row.state, len(dying.keys)) == (DeliveryState.UNCONFIRMED, 2)
    assert "may have gone out" in (row.last_error or "")
    assert [row.id for row in store.deliveries(state=DeliveryState.UNCONFIRMED)] == [row.id]
    assert store.send_again(row.id, now=world.clock())
    lives(world, 2)
    assert (of_dying(store).state, len(dying.keys)) == (DeliveryState.SENT, 3)


def test_a_refusal_between_two_deaths_does_not_hide_the_first_one(store: Store) -> None:
    world, dying = dies(store, deaths=2)
    dying.failures.append(refused(permanent=False))
    lives(world, 1)
    assert of_dying(store).state is DeliveryState.WAITING
    lives(world, 5)
    assert (of_dying(store).state, len(dying.keys)) == (DeliveryState.UNCONFIRMED, 2)


def test_what_is_held_after_a_death_goes_once_more_only(store: Store) -> None:
    world, dying = dies(store, deaths=2)
    with store.transaction() as tx:
        tx.hold([of_dying(store).id], reason="quiet hours", until=world.clock())
    lives(world, 5)
    assert (of_dying(store).state, len(dying.keys)) == (DeliveryState.UNCONFIRMED, 2)


def test_what_was_broken_off_can_be_left_for_later(store: Store) -> None:
    world, _ = dies(store, deaths=1)
    now = world.clock() + MINUTE
    assert store.due_deliveries(now, unsure=False) == ()
    assert store.due_deliveries(now) == (of_dying(store).id,)
