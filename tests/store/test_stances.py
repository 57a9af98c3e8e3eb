"""Findings, events, tracks, changes and the outbox hold each fact once, and no quote that is not there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from monitor.model import (
    DeliveryState,
    Event,
    Evidence,
    Gate,
    Level,
    Outcome,
    RefusedRowError,
    Stance,
    StanceChange,
    StoredArticle,
    Track,
)
from monitor.store import Store
from tests.rows import HOUR, NOW, TOPIC, change, entry, event, feed, finding, poll, report

TEXTS = {
    "ar": ("أعلنت موسكو أنها ترحب 🇷🇺 بالعرض الأميركي بشروط.", "ترحب 🇷🇺 بالعرض"),
    "en": ("Moscow said it welcomes 🇷🇺 the American offer.", "welcomes 🇷🇺 the American offer"),
    "ru": ("Москва заявила, что приветствует 🇷🇺 предложение США.", "приветствует 🇷🇺 предложение"),
}


def stored(store: Store, name: str = "a", text: str = TEXTS["en"][0], hours: int = 0) -> StoredArticle:
    store.sync_feeds((feed("one"),), NOW)
    (article,) = store.record_poll(poll(entry(name, text, published_at=NOW + hours * HOUR))).new
    return store.article(article)


def keep(store: Store, article: StoredArticle, kept: Event) -> int:
    with store.transaction() as tx:
        event_id, _ = tx.save_event(article, kept, topic=TOPIC, analyzer="test-1", voice=article.voice)
    return event_id


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_quote_comes_back_as_it_stands_in_the_text(store: Store, language: str) -> None:
    text, quoted = TEXTS[language]
    article = stored(store, text=text)
    keep(store, article, event(text, quoted, actor="RUS"))
    (row,) = store.events()
    kept = store.article(row.article_id).article.text
    assert kept[row.event.start : row.event.end] == row.event.quote == quoted


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("shift", [-1, 1])
def test_a_quote_beside_its_place_is_refused_and_nothing_of_the_transaction_stays(
    store: Store, language: str, shift: int
) -> None:
    text, quoted = TEXTS[language]
    article = stored(store, text=text)
    right = event(text, quoted, actor="RUS")
    moved = right.model_copy(update={"start": right.start + shift, "end": right.end + shift, "actor": "USA"})
    with pytest.raises(RefusedRowError, match="does not stand at"), store.transaction() as tx:  # noqa: PT012
        tx.save_finding(article, finding(right, moved), now=NOW)
        tx.save_event(article, right, topic=TOPIC, analyzer="test-1", voice="One")
        tx.save_event(article, moved, topic=TOPIC, analyzer="test-1", voice="One")
    assert store.events() == ()
    assert store.findings(article.id) == ()


def test_a_condition_beside_its_place_is_refused_too(store: Store) -> None:
    text = TEXTS["en"][0]
    article = stored(store)
    made = event(text, "welcomes", conditions=(Evidence(start=0, end=7, quote="Nowhere"),))
    with pytest.raises(RefusedRowError):
        keep(store, article, made)


def test_an_event_is_kept_once_per_holder_and_version(store: Store) -> None:
    text = TEXTS["en"][0]
    article = stored(store)
    country = event(text, "welcomes", actor="RUS")
    ministry = event(text, "welcomes", actor="RUS", institution="mfa")
    ids = [keep(store, article, each) for each in (country, ministry, country, ministry)]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2
    assert [row.event for row in store.events(institution="")] == [country]


def test_a_finding_comes_back_whole(store: Store) -> None:
    text = TEXTS["en"][0]
    article = stored(store)
    made = finding(event(text, "welcomes", actor="RUS", speaker="A Minister"), notes=("headline says more",))
    with store.transaction() as tx:
        assert tx.save_finding(article, made, now=NOW)
        assert not tx.save_finding(article, made, now=NOW), "the second time it is there already"
        tx.save_event(article, made.events[0], topic=TOPIC, analyzer="test-1", voice="One")
    assert store.findings(article.id) == (made,)


def test_listings_tell_why_an_article_went_no_further(store: Store) -> None:
    article = stored(store)
    dropped = finding(relevant=False, gate=Gate.MISSING_FACET, reason="no word of Syria")
    with store.transaction() as tx:
        tx.save_finding(article, dropped, now=NOW)
    (row,) = store.articles(topic=TOPIC)
    assert (row.relevant, row.gate, row.reason) == (False, Gate.MISSING_FACET, "no word of Syria")
    assert store.articles(topic=TOPIC, relevant=True) == ()


def test_a_track_is_made_when_first_locked_and_comes_back_as_saved(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.lock_track(TOPIC, "USA", "state") == Track(topic=TOPIC, actor="USA", institution="state")
        tx.save_track(Track(topic=TOPIC, actor="USA", institution="state", stance=Stance.OPPOSE, since=NOW))
    with store.transaction() as tx:
        tracks = tx.lock_tracks(TOPIC, "USA")
    assert [(track.institution, track.stance) for track in tracks] == [(None, None), ("state", Stance.OPPOSE)]


def made_change(store: Store, level: Level = Level.REPORTED) -> tuple[int, bool]:
    text = "Washington offers more. Washington refuses all of it."
    article = stored(store, "a", text) if not store.articles() else store.article(1)
    offer, refusal = event(text, "offers more"), event(text, "refuses all", institution="state", stance=Stance.OPPOSE)
    before, after = (report(article, each, keep(store, article, each)) for each in (offer, refusal))
    with store.transaction() as tx:
        return tx.save_change(change(before, after, level=level), now=NOW)


def test_a_change_is_kept_once_and_raised_once(store: Store) -> None:
    number, _ = made_change(store)
    assert made_change(store) == (number, False)
    assert made_change(store, Level.CONFIRMED) == (number, True)
    assert made_change(store, Level.CONFIRMED) == (number, False)
    assert made_change(store, Level.REPORTED) == (number, False), "and never goes down again"
    (row,) = store.changes()
    assert row.change.level is Level.CONFIRMED


def test_marks_move_with_every_change_its_level_and_history_that_comes_late(store: Store) -> None:
    seen = [store.marks()]
    made_change(store)
    seen.append(store.marks())
    made_change(store, Level.CONFIRMED)
    seen.append(store.marks())
    late = stored(store, "old", "Moscow welcomes the talks.", hours=-9_000)
    seen.append(store.marks())
    keep(store, late, event("Moscow welcomes the talks.", "welcomes the talks", actor="RUS"))
    seen.append(store.marks())
    names = ("articles", "events", "changes")
    assert [[name for name in names if before[name] != after[name]] for before, after in pairwise(seen)] == [
        ["articles", "events", "changes"],
        ["changes"],
        ["articles"],
        ["articles", "events", "changes"],
    ]
    assert store.marks() == seen[-1]


def test_an_alert_goes_into_the_outbox_once_per_level_and_channel(store: Store) -> None:
    number, _ = made_change(store)
    told = store.change(number).change
    with store.transaction() as tx:
        first = tx.add_delivery(number, told, "mail", key="k", reason="reported", now=NOW)
        again = tx.add_delivery(number, told, "mail", key="k", reason="reported", now=NOW)
        tx.add_delivery(number, told, "chat", key="k", reason="wants confirmed ones only", send=False, now=NOW)
        raised = told.model_copy(update={"level": Level.CONFIRMED})
        third = tx.add_delivery(number, raised, "mail", key="k", reason="confirmed", now=NOW)
    assert again is None
    assert store.due_deliveries(NOW) == (first, third)
    (skipped,) = store.deliveries(state=DeliveryState.SKIPPED)
    assert (skipped.channel, skipped.reason) == ("chat", "wants confirmed ones only")


def test_a_delivery_shows_the_change_at_its_own_level(store: Store) -> None:
    number, _ = made_change(store)
    with store.transaction() as tx:
        tx.add_delivery(number, store.change(number).change, "mail", key="k", reason="reported", now=NOW)
    made_change(store, Level.CONFIRMED)
    delivery, told = store.delivery(1)
    assert (delivery.level, told.level) == (Level.REPORTED, Level.REPORTED)


def test_a_failed_delivery_waits_a_dead_one_rests_until_it_is_asked_for_again(store: Store) -> None:
    number, _ = made_change(store)
    with store.transaction() as tx:
        tx.add_delivery(number, store.change(number).change, "mail", key="k", reason="reported", now=NOW)
    store.record_delivery(1, now=NOW, error="refused", next_try_at=NOW + HOUR)
    assert (store.due_deliveries(NOW), store.due_deliveries(NOW + HOUR)) == ((), (1,))
    store.record_delivery(1, now=NOW, error="no such box", next_try_at=None)
    (dead,) = store.deliveries(state=DeliveryState.DEAD)
    assert (dead.attempts, dead.last_error) == (2, "no such box")
    assert store.send_again(1, now=NOW + HOUR)
    assert store.due_deliveries(NOW + HOUR) == (1,)
    store.record_delivery(1, now=NOW + HOUR)
    assert not store.send_again(1, now=NOW + HOUR), "what was sent is not sent again"
    assert store.due_deliveries(NOW + 99 * HOUR) == ()


def test_status_counts_what_waits(store: Store) -> None:
    number, _ = made_change(store)
    with store.transaction() as tx:
        tx.add_delivery(number, store.change(number).change, "mail", key="k", reason="reported", now=NOW)
    status = store.status(NOW + 2 * HOUR)
    assert (status.feeds_due, status.articles, status.articles_due, status.events, status.changes) == (1, 1, 1, 2, 1)
    assert status.deliveries == {DeliveryState.WAITING: 1}
    assert (status.oldest_due_at, status.oldest_waiting_at) == (NOW, NOW)


def test_the_outcome_of_a_change_is_news_of_its_own_and_keeps_its_level(store: Store) -> None:
    number, _ = made_change(store, Level.CONFIRMED)
    told = store.change(number).change
    undone = told.model_copy(update={"level": Level.REPORTED, "outcome": Outcome.CONTRADICTED})
    with store.transaction() as tx:
        first = tx.add_delivery(number, told, "mail", key="k", reason="confirmed", now=NOW)
        assert tx.save_change(undone, now=NOW) == (number, True)
        assert tx.save_change(undone, now=NOW) == (number, False)
        second = tx.add_delivery(number, store_level(undone, told), "mail", key="k", reason="undone", now=NOW)
    kept = store.change(number).change
    assert (kept.level, kept.outcome) == (Level.CONFIRMED, Outcome.CONTRADICTED)
    assert first is not None
    assert second is not None
    assert [store.delivery(each)[1].outcome for each in (first, second)] == [Outcome.STANDS, Outcome.CONTRADICTED]


def store_level(undone: StanceChange, told: StanceChange) -> StanceChange:
    return undone.model_copy(update={"level": told.level})
