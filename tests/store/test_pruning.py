"""Retention takes old rows that nothing rests on, and never one that an event, a change or an alert rests on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command

from monitor.model import Contribution, DeliveryState, FeedState, Gate, Keep, Level, Stance
from monitor.store import Prunable, Store
from monitor.store.database import Database, _alembic
from tests.rows import HOUR, NOW, TOPIC, change, entry, event, feed, finding, poll, report

DAY = timedelta(days=1)
KEEP = Keep(texts=10 * DAY, articles=100 * DAY, deliveries=50 * DAY, counters=50 * DAY)
OFF = {
    "ar": "وافق مجلس المدينة على خط ترام جديد يوم الثلاثاء.",
    "en": "The city council approved a new tram line on Tuesday.",
    "ru": "Городской совет одобрил во вторник новую трамвайную линию.",
}
SAYS = "Washington offers more. Washington refuses all of it."


def read(store: Store, name: str, text: str, *, relevant: bool = False, days: int = 0) -> int:
    """An article that came `days` ago and was analyzed."""
    store.sync_feeds((feed("one"),), NOW)
    (number,) = store.record_poll(poll(entry(name, text), at=NOW - days * DAY)).new
    article = store.article(number)
    made = finding(
        relevant=relevant,
        gate=Gate.PASSED if relevant else Gate.OFF_TARGET,
        contributions=(Contribution(feature="w", words=text[:9], weight=1.0),),
    )
    with store.transaction() as tx:
        tx.save_finding(article, made, now=NOW)
        tx.analysis_done(article)
    return number


def pruned(store: Store, *kinds: Prunable, keep: Keep = KEEP, limit: int = 500) -> dict[str, int]:
    """What went, after a look at what would go."""
    expected = store.prunable(keep, now=NOW)
    gone = {kind: store.prune(kind, keep, now=NOW, limit=limit) for kind in kinds or Prunable}
    assert {kind: min(expected.get(kind, 0), limit) for kind in gone} == gone
    return {kind.value: amount for kind, amount in gone.items() if amount}


@pytest.mark.parametrize("language", sorted(OFF))
def test_the_text_of_an_article_off_topic_goes_and_its_verdict_stays(store: Store, language: str) -> None:
    old, new = read(store, "old", OFF[language], days=11), read(store, "new", OFF[language] * 2, days=9)
    assert pruned(store) == {"texts": 1}
    article = store.article(old)
    assert (article.article.text, article.text_dropped_at) == ("", NOW)
    assert article.article.title == "Title of old"
    (row,) = store.findings(old)
    assert (row.gate, row.reason, row.contributions) == (Gate.OFF_TARGET, "a test says so", ())
    assert store.article(new).article.text == OFF[language] * 2
    assert store.findings(new)[0].contributions != ()
    assert pruned(store) == {}, "and only once"


WORDS = {"ar": ("مجلس", "ترام"), "en": ("council", "tram"), "ru": ("совет", "трамвайная")}


@pytest.mark.parametrize("language", sorted(OFF))
def test_the_search_forgets_the_words_of_a_text_that_went_and_still_finds_its_title(
    store: Store, language: str
) -> None:
    number = read(store, "old", OFF[language], days=11)

    def found(words: str) -> list[int]:
        return [hit.article.id for hit in store.search(words).articles]

    assert [found(word) for word in WORDS[language]] == [[number], [number]]
    pruned(store)
    assert [found(word) for word in WORDS[language]] == [[], []]
    assert found("Title of old") == [number]
    store.prune(Prunable.ARTICLES, Keep(articles=7 * DAY), now=NOW)
    assert found("Title of old") == []


def test_a_feed_that_still_shows_an_article_without_its_text_brings_no_new_version(store: Store) -> None:
    number = read(store, "old", OFF["en"], days=11)
    pruned(store)
    assert store.record_poll(poll(entry("old", OFF["en"]))).due == ()
    teaser = entry("old", "The city council …", teaser=True)
    assert store.record_poll(poll(teaser)).due == (), "a teaser is no news of a text that is gone"
    assert store.article(number).version == 1


def test_an_article_that_is_rewritten_after_its_text_went_is_read_again(store: Store) -> None:
    number = read(store, "old", OFF["en"], days=11)
    pruned(store)
    assert store.record_poll(poll(entry("old", "Now it says something else."))).changed == (number,)
    article = store.article(number)
    assert (article.version, article.article.text, article.due) == (2, "Now it says something else.", True)
    assert pruned(store) == {}, "what waits for analysis is not touched"
    with store.transaction() as tx:
        tx.save_finding(article, finding(relevant=False, gate=Gate.OFF_TARGET), now=NOW)
        tx.analysis_done(article)
    assert pruned(store) == {"texts": 1}


def test_old_articles_off_topic_go_whole_and_may_come_in_again(store: Store) -> None:
    read(store, "old", OFF["en"], days=101)
    kept = read(store, "on", SAYS, relevant=True, days=101)
    assert pruned(store, Prunable.ARTICLES) == {"articles": 1}
    assert [row.id for row in store.articles()] == [kept]
    assert store.status(NOW).articles == 1
    assert [row.articles for row in store.feeds()] == [1]
    assert len(store.record_poll(poll(entry("old", OFF["en"]))).new) == 1
    assert [row.articles for row in store.feeds()] == [2]


def test_nothing_goes_that_is_on_topic_or_waits_or_was_set_aside_or_has_an_event(store: Store) -> None:
    on_topic = read(store, "on", SAYS, relevant=True, days=101)
    told = read(store, "told", SAYS + " Twice.", days=101)
    with store.transaction() as tx:
        tx.save_event(store.article(told), event(SAYS, "offers more"), topic=TOPIC, analyzer="other", voice="One")
    waits, aside = read(store, "waits", OFF["en"], days=101), read(store, "aside", OFF["ru"], days=101)
    store.analyze_again([waits], now=NOW)
    store.analysis_failed(aside, error="a fault", now=NOW, wait=None)
    texts = {number: store.article(number).article.text for number in (on_topic, told, waits, aside)}
    assert pruned(store, Prunable.TEXTS, Prunable.ARTICLES) == {}
    assert {number: store.article(number).article.text for number in texts} == texts


def test_what_was_relevant_in_an_earlier_version_stays(store: Store) -> None:
    number = read(store, "on", SAYS, relevant=True, days=101)
    store.record_poll(poll(entry("on", "Nothing of it stands here any more.")))
    article = store.article(number)
    with store.transaction() as tx:
        tx.save_finding(article, finding(relevant=False, gate=Gate.OFF_TARGET), now=NOW)
        tx.analysis_done(article)
    assert pruned(store, Prunable.TEXTS, Prunable.ARTICLES) == {}
    assert store.article(number, version=1).article.text == SAYS


def test_finished_messages_go_and_waiting_and_dead_ones_stay(store: Store) -> None:
    number = read(store, "on", SAYS, relevant=True, days=101)
    article = store.article(number)
    old = NOW - 51 * DAY
    with store.transaction() as tx:
        offer, refusal = event(SAYS, "offers more"), event(SAYS, "refuses all", actor="RUS", stance=Stance.OPPOSE)
        ids = [tx.save_event(article, each, topic=TOPIC, analyzer="a", voice="One")[0] for each in (offer, refusal)]
        told = change(report(article, offer, ids[0]), report(article, refusal, ids[1]), level=Level.CONFIRMED)
        change_id, _ = tx.save_change(told, now=old)
        made = {
            name: tx.add_delivery(change_id, told, name, key=name, reason="", send=name != "skipped", now=old) or 0
            for name in ("sent", "skipped", "dead", "waiting")
        }
    store.record_delivery(made["sent"], now=old)
    store.record_delivery(made["dead"], now=old, error="refused")
    assert pruned(store, Prunable.DELIVERIES) == {"deliveries": 2}
    assert {row.channel: row.state for row in store.deliveries()} == {
        "dead": DeliveryState.DEAD,
        "waiting": DeliveryState.WAITING,
    }
    assert len(store.changes()) == 1
    assert len(store.events()) == 2


def test_counters_go_when_they_are_old(store: Store) -> None:
    store.sync_feeds((feed("one"),), NOW)
    for days in (51, 49):
        store.record_poll(poll(at=NOW - days * DAY))
    assert pruned(store) == {"counters": 1}
    assert [day for day, *_ in store.counters(since=NOW - 99 * DAY)] == [f"{NOW - 49 * DAY:%Y-%m-%d}"]


def test_rows_go_in_small_batches_oldest_first(store: Store) -> None:
    numbers = [read(store, f"n{days}", OFF["en"] + f" {days}", days=days) for days in (11, 13, 12)]
    assert pruned(store, Prunable.TEXTS, limit=2) == {"texts": 2}
    assert [bool(store.article(number).article.text) for number in numbers] == [True, False, False]
    assert pruned(store, Prunable.TEXTS, limit=2) == {"texts": 1}


def test_what_is_kept_for_ever_never_goes(store: Store) -> None:
    read(store, "old", OFF["en"], days=5_000)
    for_ever = Keep(texts=None, articles=None, deliveries=None, counters=None)
    assert pruned(store, keep=for_ever) == {}
    assert store.prunable(for_ever, now=NOW) == {}


def test_the_last_poll_is_remembered_with_the_feed(store: Store) -> None:
    store.sync_feeds((feed("one"), feed("two")), NOW)
    store.record_poll(poll(at=NOW - HOUR))
    store.save_feed_state(FeedState(feed_id="two", last_polled_at=NOW - 2 * HOUR))
    assert store.status(NOW).last_poll_at == NOW - HOUR


def test_a_database_of_the_form_before_knows_after_the_migration_what_is_on_topic_and_how_much_there_is(
    database_url: str,
) -> None:
    with Store.open(database_url) as store:
        read(store, "on", SAYS, relevant=True, days=2)
        read(store, "off", OFF["en"], days=20)
        store.record_poll(poll(entry("waits", OFF["ru"]), at=NOW))
        before, feeds = store.status(NOW), store.feeds()
    old = Database(database_url)
    with old.writing() as connection:
        command.downgrade(_alembic(connection), "0003")
    old.close()
    with Store.open(database_url) as store:
        assert store.status(NOW) == before
        assert store.feeds() == feeds
        assert (before.articles, before.relevant, before.last_poll_at) == (3, 1, NOW)
        assert pruned(store, Prunable.TEXTS) == {"texts": 1}
