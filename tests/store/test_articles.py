"""Articles are stored once, by the identity ladder, and keep every version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.model import DateQuality, Entry, Language, StoreError
from monitor.store import Store
from tests.rows import HOUR, NOW, entry, event, feed, finding, poll


@pytest.fixture(autouse=True)
def feeds(store: Store) -> None:
    two = feed("two", publisher="One", language=Language.RU)
    store.sync_feeds((feed("one"), two, feed("three", publisher="Three", family="House")), NOW)


def test_the_same_poll_twice_stores_its_articles_once(store: Store) -> None:
    first = store.record_poll(poll(entry("a"), entry("b")))
    again = store.record_poll(poll(entry("a"), entry("b"), at=NOW + HOUR))
    assert len(first.new) == 2
    assert (again.new, again.changed) == ((), ())
    assert again.known == first.new


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("ar", "واشنطن تقترح تنسيقا", "اقترحت واشنطن تنسيقا أوسع بشأن الضربات الجوية"),
        ("en", "Washington offers coordination", "Washington offered wider coordination of air strikes"),
        ("ru", "Вашингтон предлагает координацию", "Вашингтон предложил шире согласовывать удары с воздуха"),
    ],
)
@pytest.mark.parametrize("changes", [{"guid": "new"}, {"url": "http://news.test/moved"}, {"guid": None}, {"url": None}])
def test_one_key_that_still_holds_is_enough(
    store: Store, language: str, title: str, text: str, changes: dict[str, str | None]
) -> None:
    del language
    before = entry("a", text, title=title)
    first = store.record_poll(poll(before))
    after = entry("a", text, **({"title": title} | changes))
    assert store.record_poll(poll(after, at=NOW + HOUR)).known == first.new


def test_a_canonical_address_is_known_across_feeds_and_a_guid_is_not(store: Store) -> None:
    first = store.record_poll(poll(entry("a")))
    elsewhere = entry("a", guid="other-guid")
    assert store.record_poll(poll(elsewhere, feed_id="three")).known == first.new
    same_guid = entry("a", "Quite another report from the third feed.", url="http://three.test/x", title="Other")
    assert len(store.record_poll(poll(same_guid, feed_id="three")).new) == 1


def test_equal_guids_do_not_swallow_articles(store: Store) -> None:
    entries = [entry(name, guid="same") for name in "abc"]
    assert len(store.record_poll(poll(*entries)).new) == 3
    assert store.record_poll(poll(*entries, at=NOW + HOUR)).new == ()
    lonely = entry("d", "Words that none of the others has used before now.", guid="same")
    store.record_poll(poll(entry("x", guid="same"), at=NOW + HOUR))
    assert len(store.record_poll(poll(lonely, at=NOW + 2 * HOUR)).new) == 1, "also when they come one at a time"


def test_equal_addresses_do_not_swallow_articles(store: Store) -> None:
    entries = [entry(name, url="http://one.test/") for name in "abc"]
    assert len(store.record_poll(poll(*entries)).new) == 3
    assert store.record_poll(poll(*entries, at=NOW + HOUR)).new == ()


def test_the_same_teaser_under_different_titles_is_different_articles(store: Store) -> None:
    teaser = "Read the whole report on our site, free of charge for subscribers."
    assert len(store.record_poll(poll(entry("a", teaser), entry("b", teaser))).new) == 2


def test_an_entry_listed_twice_in_one_poll_is_one_article(store: Store) -> None:
    assert len(store.record_poll(poll(entry("a"), entry("a"))).new) == 1


def test_a_changed_text_is_a_new_version_and_due_again(store: Store) -> None:
    (article,) = store.record_poll(poll(entry("a", "Washington offers to share targets."))).new
    with store.transaction() as tx:
        assert tx.analysis_done(store.article(article))
    assert store.due_articles(NOW) == ()
    later = NOW + HOUR
    recorded = store.record_poll(poll(entry("a", "Washington no longer offers to share targets."), at=later))
    assert recorded.changed == (article,)
    assert store.due_articles(later) == (article,)
    now, before = store.article(article), store.article(article, version=1)
    assert (now.version, now.article.text) == (2, "Washington no longer offers to share targets.")
    assert now.at == later, "the new words were said when they were seen"
    assert before.article.text == "Washington offers to share targets."


def test_white_space_alone_is_no_new_version(store: Store) -> None:
    store.record_poll(poll(entry("a", "Some words,\nand more.")))
    assert store.record_poll(poll(entry("a", "Some words,  and more. "), at=NOW + HOUR)).changed == ()


def test_servers_that_answer_by_turns_make_no_versions_without_end(store: Store) -> None:
    old, new = entry("a", "One wording of it all."), entry("a", "Another wording of it all.")
    for number in range(6):
        store.record_poll(poll(new if number % 2 else old, at=NOW + number * HOUR))
    (row,) = store.articles()
    assert row.version == 2


def test_another_feeds_wording_of_the_same_page_is_no_edit(store: Store) -> None:
    store.record_poll(poll(entry("a", "A long text of the article itself.")))
    shorter = entry("a", "A summary of it.", guid="g2")
    assert store.record_poll(poll(shorter, feed_id="two", at=NOW + HOUR)).changed == ()


def test_a_full_text_replaces_a_teaser_and_never_the_other_way_round(store: Store) -> None:
    teaser = entry("a", "The beginning of …", teaser=True)
    full = entry("a", "The beginning of a long text.", guid="g2")
    store.record_poll(poll(teaser))
    assert len(store.record_poll(poll(full, feed_id="two", at=NOW + HOUR)).changed) == 1
    assert store.record_poll(poll(teaser, at=NOW + 2 * HOUR)).changed == ()


def test_the_full_text_is_wanted_until_it_is_there(store: Store) -> None:
    teaser = entry("a", "The beginning of …", teaser=True)
    assert store.lacks_text(feed("one"), teaser)
    store.record_poll(poll(teaser))
    assert store.lacks_text(feed("one"), teaser)
    store.record_poll(poll(entry("a", "The beginning of a long text."), at=NOW + HOUR))
    assert not store.lacks_text(feed("one"), teaser)


def test_a_vanished_quote_marks_its_event_and_keeps_it(store: Store) -> None:
    text = "The spokesman welcomed the offer. The minister rejected it."
    (article,) = store.record_poll(poll(entry("a", text))).new
    stored = store.article(article)
    stays, goes = event(text, "rejected it"), event(text, "welcomed the offer", actor="RUS")
    with store.transaction() as tx:
        tx.save_finding(stored, finding(stays, goes), now=NOW)
        for each in (stays, goes):
            tx.save_event(stored, each, topic="us-russia-syria", analyzer="test-1", voice=stored.voice)
    store.record_poll(poll(entry("a", "The minister rejected it."), at=NOW + HOUR))
    marks = {row.event.actor: row.source_changed_at for row in store.events()}
    assert marks == {"USA": None, "RUS": NOW + HOUR}
    assert {row.version for row in store.events()} == {1}


@pytest.mark.parametrize(
    ("quality", "published", "expected"),
    [
        (DateQuality.OK, NOW - HOUR, NOW - HOUR),
        (DateQuality.NO_ZONE, NOW - HOUR, NOW - HOUR),
        (DateQuality.UNDATED, None, NOW),
        (DateQuality.FUTURE, NOW + timedelta(days=3), NOW),
    ],
)
def test_an_unusable_date_is_kept_as_it_was_and_the_time_seen_orders(
    store: Store, quality: DateQuality, published: object, expected: object
) -> None:
    store.record_poll(poll(entry("a", published_at=published, date_quality=quality)))
    (row,) = store.articles()
    assert (row.published_at, row.date_quality, row.at) == (published, quality, expected)


def test_due_articles_come_in_the_order_of_the_news(store: Store) -> None:
    entries = [entry(name, published_at=NOW - days * 24 * HOUR) for name, days in (("new", 0), ("old", 9), ("mid", 4))]
    recorded = store.record_poll(poll(*entries))
    due = store.due_articles(NOW)
    assert [store.article(each).article.title for each in due] == ["Title of old", "Title of mid", "Title of new"]
    assert recorded.new == due
    assert store.due_articles(NOW - HOUR) == ()


def test_a_failed_analysis_waits_and_is_set_aside_in_the_end(store: Store) -> None:
    (article,) = store.record_poll(poll(entry("a"))).new
    store.analysis_failed(article, error="worker died", now=NOW, wait=HOUR)
    assert store.due_articles(NOW) == ()
    assert store.due_articles(NOW + HOUR) == (article,)
    store.analysis_failed(article, error="worker died again", now=NOW, wait=None)
    assert store.due_articles(NOW + 99 * HOUR) == ()
    (row,) = store.articles(set_aside=True)
    assert (row.attempts, row.last_error, row.set_aside_at) == (2, "worker died again", NOW)
    store.analyze_again([article], now=NOW + HOUR)
    assert store.due_articles(NOW + HOUR) == (article,)


def test_a_version_that_comes_during_the_analysis_stays_due(store: Store) -> None:
    (article,) = store.record_poll(poll(entry("a", "First words."))).new
    reading = store.article(article)
    store.record_poll(poll(entry("a", "Second words."), at=NOW + HOUR))
    with store.transaction() as tx:
        assert not tx.analysis_done(reading)
    assert store.due_articles(NOW + HOUR) == (article,)


def test_what_no_database_can_hold_is_replaced_letter_for_letter(store: Store) -> None:
    (article,) = store.record_poll(poll(entry("a", "a\x00b\ud83dc", title="\x00t"))).new
    stored = store.article(article).article
    assert (stored.text, stored.title) == ("a\ufffdb\ufffdc", "\ufffdt")


def test_a_feed_of_titles_only_still_has_a_text_to_quote(store: Store) -> None:
    (article,) = store.record_poll(poll(entry("a", ""))).new
    assert store.article(article).article.text == "Title of a"


def test_an_aggregators_article_speaks_with_its_publishers_voice(store: Store) -> None:
    store.record_poll(poll(entry("a", publisher="Three"), entry("b", publisher="Unknown"), entry("c")))
    voices = {row.title: store.article(row.id).voice for row in store.articles()}
    assert voices == {"Title of a": "House", "Title of b": "Unknown", "Title of c": "One"}


def test_a_backfill_adds_articles_of_a_feed_that_is_never_polled(store: Store) -> None:
    archive = feed("archive")
    recorded = store.add_entries(archive, [entry("old")], seen_at=NOW)
    assert len(recorded.new) == 1
    assert "archive" not in store.due_feeds(NOW + 99 * HOUR)


def test_there_is_a_sentence_for_an_article_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no article 7"):
        store.article(7)


def test_an_entry_without_any_key_is_kept(store: Store) -> None:
    assert len(store.record_poll(poll(Entry(text="Words.", keys=()))).new) == 1
