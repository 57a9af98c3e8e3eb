"""Feeds follow the configuration and remember what polls told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.model import FeedState, Health, StoreError
from monitor.store import Store
from tests.rows import HOUR, NOW, entry, feed, poll


def test_new_feeds_are_due_at_once_and_disabled_ones_never(store: Store) -> None:
    store.sync_feeds((feed("a"), feed("b", enabled=False)), NOW)
    assert store.due_feeds(NOW) == ("a",)


def test_a_feed_that_leaves_the_configuration_rests_and_keeps_its_articles(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.record_poll(poll(entry("a")))
    store.sync_feeds((feed("other"),), NOW + HOUR)
    assert store.due_feeds(NOW + 9 * HOUR) == ("other",)
    assert [(row.feed.id, row.active, row.articles) for row in store.feeds()] == [("one", False, 1), ("other", True, 0)]
    store.sync_feeds((feed("one"),), NOW + HOUR)
    assert store.due_feeds(NOW + HOUR) == ("one",), "and is due again when it comes back"


def test_workers_that_start_at_once_with_new_feeds_agree(store: Store) -> None:
    """Each brings the same forty, among them one that changed; all of them may start before any has written."""
    store.sync_feeds((feed("f0", publisher="Before"),), NOW)
    together, new = threading.Barrier(6), tuple(feed(f"f{n}") for n in range(40))

    def start() -> None:
        together.wait(60)
        store.sync_feeds(new, NOW)

    with ThreadPoolExecutor(6) as workers:
        for each in [workers.submit(start) for _ in range(6)]:
            each.result()
    assert {row.feed for row in store.feeds()} == set(new)
    assert len(store.due_feeds(NOW)) == 40


def test_several_feeds_come_in_the_order_asked_for_and_an_unknown_one_is_named(store: Store) -> None:
    store.sync_feeds(tuple(feed(name) for name in "abc"), NOW)
    assert [definition.id for definition, _ in store.feeds_named(["c", "a"])] == ["c", "a"]
    with pytest.raises(StoreError, match="no feed has the id 'x'"):
        store.feeds_named(["a", "x"])


def test_a_changed_feed_keeps_its_validators(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.record_poll(poll(etag='"1"'))
    store.sync_feeds((feed("one", publisher="Renamed"),), NOW)
    definition, state = store.feed("one")
    assert (definition.publisher, state.etag, state.next_poll_at) == ("Renamed", '"1"', NOW + HOUR)


def test_a_new_address_forgets_the_validators_of_the_old_one(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.record_poll(poll(etag='"1"'))
    store.sync_feeds((feed("one", url="https://elsewhere.example/rss"),), NOW)
    _, state = store.feed("one")
    assert (state.etag, state.next_poll_at) == (None, NOW)


def test_feeds_are_due_in_the_order_of_their_times(store: Store) -> None:
    store.sync_feeds(tuple(feed(name) for name in "abc"), NOW)
    for name, hours in (("a", 3), ("b", 1), ("c", 2)):
        store.save_feed_state(FeedState(feed_id=name, next_poll_at=NOW + hours * HOUR))
    assert store.due_feeds(NOW + 2 * HOUR) == ("b", "c")
    assert store.due_feeds(NOW + 9 * HOUR, limit=1) == ("b",)


def test_a_feed_switched_off_while_it_is_polled_stays_off(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.sync_feeds((feed("one", enabled=False),), NOW)
    store.record_poll(poll())
    assert store.due_feeds(NOW + 9 * HOUR) == ()


def test_a_poll_tells_when_it_last_brought_something_new(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.record_poll(poll(entry("a")))
    store.record_poll(poll(entry("a"), at=NOW + HOUR, last_new_at=NOW))
    assert store.feed_state("one").last_new_at == NOW


def test_what_comes_and_what_is_dropped_is_counted_by_day(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.record_poll(poll(entry("a"), entry("b")).model_copy(update={"dropped": {"nothing to read": 2}}))
    store.record_poll(poll(entry("a"), health=Health.TIMEOUT, failures=1).model_copy(update={"bytes_read": 7}))
    counted = {name: amount for _, _, name, amount in store.counters(since=NOW)}
    assert counted == {"polls": 2, "failed": 1, "bytes": 7, "entries": 3, "new": 2, "dropped:nothing to read": 2}


def test_an_unknown_feed_gets_a_sentence(store: Store) -> None:
    with pytest.raises(StoreError, match="no feed has the id 'nowhere'"):
        store.feed("nowhere")
