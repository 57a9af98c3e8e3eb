"""What a poll means: states with reasons, pauses with reasons, and servers that lie. All pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model import Feed, FeedKind, FeedState, Health, Language
from monitor.sources import poll, schedule
from monitor.sources.feeds import parse_feed
from monitor.sources.fetch import Fetched
from tests.sources.documents import NOW, item, rss

URL = "https://news.example/feed"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def feed(**more: Any) -> Feed:
    return Feed(id="news", url=URL, publisher="News", language=Language.EN, every=15 * MINUTE, **more)


def news(at: datetime = NOW, *, gap: timedelta = HOUR, count: int = 8, channel: str = "") -> bytes:
    """A document whose newest article is of `at`."""
    dates = [at - gap * n for n in range(count)]
    items = [
        item(guid=f"{date:%s}", link=f"https://news.example/{date:%s}", title=f"Of {date:%H:%M}", date=date.isoformat())
        for date in dates
    ]
    return rss(items, channel=channel)


def ok(body: bytes, **more: Any) -> Fetched:
    return Fetched(url=URL, final_url=URL, status=200, body=body, **more)


def not_modified(**headers: str) -> Fetched:
    return Fetched(url=URL, final_url=URL, status=304, headers=headers)


def failed(health: Health, **more: Any) -> Fetched:
    return Fetched(url=URL, final_url=URL, failure=health, detail=f"it was {health.value}", **more)


def after(
    *fetches: Fetched,
    state: FeedState | None = None,
    now: datetime = NOW,
    step: timedelta = 15 * MINUTE,
    of: Feed | None = None,
) -> FeedState:
    """The state after polls that brought these answers, the last of them at `now`."""
    state = state or FeedState(feed_id="news")
    for number, fetched in enumerate(fetches, start=1):
        state = one(state, fetched, now=now - step * (len(fetches) - number), of=of).state
    return state


def one(state: FeedState, fetched: Fetched, *, now: datetime = NOW, of: Feed | None = None) -> Any:
    parsed = None
    if fetched.failure is None and not fetched.not_modified and not poll.known(state, fetched):
        parsed = parse_feed(fetched.body, content_type=None, url=URL, now=now, feed_id="news")
    return poll.decide(of or feed(), state, fetched, parsed, now)


# --- health -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fetched", "health", "words"),
    [
        (ok(news()), Health.OK, "8 entries"),
        (ok(rss([])), Health.EMPTY, "without entries"),
        (ok(rss([item(date=None)])), Health.UNDATED, "none of 1"),
        (ok(b"<html><body>moved"), Health.HTML, "web page"),
        (ok(b"<rss><channel><item"), Health.BROKEN_XML, "not well-formed"),
        (ok(b""), Health.BAD_RESPONSE, "no content"),
        (ok(news(NOW - 40 * DAY)), Health.QUIET, "nothing new for 40 d; usually something every 1 h"),
        (ok(news(), complete=False), Health.OK, "broke off"),
        (
            ok(news(), moved_to="https://new.example/feed"),
            Health.MOVED,
            "redirects for good to https://new.example/feed",
        ),
        *(
            (failed(health), health, f"it was {health.value}")
            for health in (Health.DNS, Health.TLS, Health.TIMEOUT, Health.GONE, Health.BOT_WALL)
        ),
    ],
)
def test_each_outcome_is_a_state_with_its_reason(fetched: Fetched, health: Health, words: str) -> None:
    state = after(fetched)
    assert (state.health, state.health_since) == (health, NOW)
    assert words in state.health_reason
    assert state.poll_reason
    assert state.next_poll_at is not None
    assert state.next_poll_at > NOW


def test_the_date_of_a_state_is_when_it_began() -> None:
    state = after(ok(news()), *[failed(Health.DNS)] * 3)
    assert (state.failures, state.health_since) == (3, NOW - 30 * MINUTE)


def test_a_304_never_heals_a_failure() -> None:
    broken = after(ok(news(), headers={"etag": '"a"'}), failed(Health.BROKEN_XML))
    assert poll.validators(broken, now=NOW) == poll.Validators()
    again = after(not_modified(), not_modified(), state=broken)
    assert (again.health, again.failures) == (Health.BROKEN_XML, 3)
    assert again.health_reason == "it was broken_xml; a 304 does not mend that"
    assert after(ok(news()), state=again).health is Health.OK


def test_the_same_bytes_as_before_heal_a_failure_and_are_read_again() -> None:
    body = ok(news())
    state = after(body, failed(Health.TIMEOUT))
    assert not poll.known(state, body)
    assert after(body, state=state).failures == 0


def test_bytes_that_were_read_are_not_parsed_again() -> None:
    body = ok(news(), headers={"etag": '"2"'})
    state = after(body)
    assert poll.known(state, body)
    same = poll.decide(feed(), state, body, None, NOW)
    assert (same.state.unchanged_polls, same.entries, same.state.etag) == (1, (), '"2"')


def test_a_body_that_broke_off_leaves_no_validators() -> None:
    state = after(ok(news(), complete=False, headers={"etag": '"a"', "last-modified": "x"}))
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, None)


def test_a_server_that_says_unchanged_while_articles_appear_is_found_out_and_asked_without_validators() -> None:
    state = after(
        ok(news(NOW - DAY), headers={"etag": '"a"'}), *[not_modified()] * poll.FULL_FETCH_EVERY, now=NOW - HOUR
    )
    assert poll.validators(state, now=NOW) == poll.Validators()  # the forced full fetch is due
    lied = after(ok(news(NOW - 5 * HOUR), headers={"etag": '"a"'}), state=state)
    assert lied.health is Health.STUCK_304
    assert "although an article of 2026-11-25 07:00 was out" in lied.health_reason
    for days, wanted in ((1, poll.Validators()), (8, poll.Validators('"a"', None))):
        assert poll.validators(lied, now=NOW + days * DAY) == wanted
    assert after(ok(news(NOW)), state=lied, now=NOW + HOUR).health is Health.STUCK_304
    assert after(ok(news(NOW + 8 * DAY)), state=lied, now=NOW + 8 * DAY).health is Health.OK


def test_an_article_that_came_just_now_accuses_nobody() -> None:
    state = after(ok(news(NOW - DAY), headers={"etag": '"a"'}), *[not_modified()] * 3, now=NOW - HOUR)
    assert after(ok(news(NOW - 5 * MINUTE)), state=state).health is Health.OK


@pytest.mark.parametrize(
    ("kind", "gap", "silence", "quiet"),
    [
        (FeedKind.PRIVATE, HOUR, 20 * HOUR, False),
        (FeedKind.PRIVATE, HOUR, 26 * HOUR, True),
        (FeedKind.PRIVATE, DAY, 10 * DAY, False),
        (FeedKind.PRIVATE, DAY, 13 * DAY, True),
        (FeedKind.OFFICIAL, HOUR, 3 * DAY, False),  # a long weekend
        (FeedKind.OFFICIAL, HOUR, 5 * DAY, True),
    ],
)
def test_quiet_too_long_goes_by_the_feeds_own_rhythm(
    kind: FeedKind, gap: timedelta, silence: timedelta, quiet: bool
) -> None:
    state = after(ok(news(NOW - silence, gap=gap)), of=feed(kind=kind))
    later = after(not_modified(), state=state, of=feed(kind=kind))
    assert state.health is later.health is (Health.QUIET if quiet else Health.OK)


def test_silence_ends_with_a_new_article() -> None:
    quiet = after(ok(news(NOW - 40 * DAY)))
    assert after(ok(news(NOW)), state=quiet).health is Health.OK


# --- moving -----------------------------------------------------------------------------------------


def moved(to: str = "https://new.example/feed", body: bytes | None = None) -> Fetched:
    return ok(news() if body is None else body, moved_to=to)


def test_a_permanent_redirect_is_adopted_only_after_days() -> None:
    state = after(moved(), now=NOW)
    assert poll.address(feed(), state, now=NOW + 2 * DAY) == URL
    assert poll.address(feed(), state, now=NOW + 3 * DAY) == "https://new.example/feed"
    adopted = after(
        Fetched(url="https://new.example/feed", final_url="", status=200, body=news(NOW + 3 * DAY)),
        state=state,
        now=NOW + 3 * DAY,
    )
    assert (adopted.health, adopted.moved_to) == (Health.MOVED, "https://new.example/feed")
    assert "change url in feeds.yaml" in adopted.health_reason


@pytest.mark.parametrize(
    "answer", [moved(body=b"<html>for sale"), failed(Health.NOT_FOUND, moved_to="https://new.example/feed")]
)
def test_a_redirect_that_leads_to_no_feed_is_never_adopted(answer: Fetched) -> None:
    state = after(ok(news()), answer, answer)
    assert state.moved_to is None
    assert poll.address(feed(), state, now=NOW + 30 * DAY) == URL


def test_a_redirect_that_goes_away_or_elsewhere_starts_anew() -> None:
    state = after(moved(), now=NOW)
    assert after(ok(news(NOW)), state=state).moved_to is None
    other = after(moved("https://other.example/"), state=state, now=NOW + 2 * DAY)
    assert (other.moved_to, other.moved_since) == ("https://other.example/", NOW + 2 * DAY)


def test_when_the_new_address_fails_both_are_tried_in_turn() -> None:
    state = after(moved(), now=NOW - 4 * DAY)
    asked = set()
    for _ in range(4):
        asked.add(poll.address(feed(), state, now=NOW))
        state = after(failed(Health.DNS), state=state)
    assert asked == {URL, "https://new.example/feed"}


# --- when next --------------------------------------------------------------------------------------


def pause(state: FeedState) -> timedelta:
    assert state.next_poll_at
    assert state.last_polled_at
    return state.next_poll_at - state.last_polled_at


@pytest.mark.parametrize(
    ("gap", "wait", "words"),
    [
        (MINUTE, 15 * MINUTE, "every 15 min as configured"),
        (80 * MINUTE, 40 * MINUTE, "slowed to 40 min"),
        (7 * DAY, HOUR, "slowed to 1 h"),
    ],
)
def test_a_slow_feed_is_asked_less_between_floor_and_ceiling(gap: timedelta, wait: timedelta, words: str) -> None:
    state = after(ok(news(NOW, gap=gap)))
    assert wait <= pause(state) <= wait * 1.1
    assert words in state.poll_reason


@pytest.mark.parametrize(
    ("headers", "channel", "wait", "words"),
    [
        ({"cache-control": "public, max-age=7200"}, "", 2 * HOUR, "Cache-Control"),
        ({"cache-control": "max-age=60"}, "", 30 * MINUTE, "slowed to 30 min"),
        ({"cache-control": "no-cache, max-age=7200"}, "", 30 * MINUTE, "slowed"),
        ({"expires": "Wed, 25 Nov 2026 15:00:00 GMT"}, "", 3 * HOUR, "Expires"),
        ({"expires": "0"}, "", 30 * MINUTE, "slowed"),
        ({"expires": "Wed, 25 Nov 2026 15:00:00 GMT", "cache-control": "max-age=3600"}, "", HOUR, "Cache-Control"),
        ({}, "<ttl>90</ttl>", 90 * MINUTE, "ttl 90 minutes"),
        ({}, "<ttl>1440</ttl>", 6 * HOUR, "honoured up to 6 h"),
        ({}, "<sy:updatePeriod>hourly</sy:updatePeriod>", HOUR, "sy:updatePeriod hourly"),
        ({"cache-control": "max-age=9000"}, "<ttl>90</ttl>", 150 * MINUTE, "Cache-Control"),
    ],
)
def test_the_publishers_wishes_are_honoured_and_capped(
    headers: dict[str, str], channel: str, wait: timedelta, words: str
) -> None:
    state = after(ok(news(NOW, channel=channel), headers=headers))
    assert wait <= pause(state) <= wait * 1.1
    assert words in state.poll_reason
    if channel:  # a 304 brings no document, but the wish still stands
        assert words in after(not_modified(**headers), state=state, now=NOW + HOUR).poll_reason


def test_hours_and_days_to_skip_are_left_out() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(12, 23))
    state = after(ok(news(NOW, channel=f"<skipHours>{hours}</skipHours>")))
    assert state.next_poll_at
    assert state.next_poll_at.hour == 23
    days = after(ok(news(NOW, channel="<skipDays><day>Wednesday</day></skipDays>")))
    assert days.next_poll_at
    assert f"{days.next_poll_at:%A %H}" == "Thursday 00"


@pytest.mark.parametrize(
    ("health", "waits"),
    [
        (Health.TIMEOUT, ["15 min", "30 min", "1 h", "2 h", "4 h", "6 h", "6 h"]),
        (Health.SERVER_ERROR, ["15 min", "30 min", "1 h"]),
        (Health.FORBIDDEN, ["1 h", "2 h", "4 h", "8 h", "16 h", "1 d", "1 d"]),
        (Health.HTML, ["1 h", "2 h"]),
        (Health.NOT_FOUND, ["1 h", "2 h"]),
        (Health.GONE, ["1 d", "2 d", "4 d", "7 d", "7 d"]),
    ],
)
def test_pauses_after_failures_double_up_to_the_longest_of_their_class(health: Health, waits: list[str]) -> None:
    state = FeedState(feed_id="news")
    for wait in waits:
        state = one(state, failed(health)).state
        assert f"again in {wait}" in state.poll_reason


def test_no_failure_is_for_ever() -> None:
    state = FeedState(feed_id="news", failures=10_000)
    for health in Health:
        assert pause(after(failed(health), state=state)) < 8 * DAY


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7200", 2 * HOUR),
        ("Wed, 25 Nov 2026 14:00:00 GMT", 2 * HOUR),
        ("99999999999", DAY),
        ("Wed, 25 Nov 2099 14:00:00 GMT", DAY),
        ("Wed, 25 Nov 2020 14:00:00 GMT", None),
        ("-5", None),
        ("soon", None),
        ("٥", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(value: str | None, wait: timedelta | None) -> None:
    assert schedule.retry_after(value, now=NOW) == wait
    state = after(failed(Health.RATE_LIMITED, headers={"retry-after": value} if value else {}))
    assert pause(state) >= (wait or HOUR)


def test_the_same_poll_of_a_feed_always_gets_the_same_slot_and_feeds_get_different_ones() -> None:
    waits = {name: schedule.jittered(HOUR, feed_id=name, polls=1) for name in map(str, range(500))}
    assert waits["7"] == schedule.jittered(HOUR, feed_id="7", polls=1)
    assert len(set(waits.values())) > 490
    assert all(HOUR <= wait <= 66 * MINUTE for wait in waits.values())


def test_nothing_in_a_decision_is_naive_about_time() -> None:
    state = after(ok(news()), failed(Health.GONE), ok(news(NOW)))
    for value in (state.next_poll_at, state.last_polled_at, state.health_since, state.newest_at):
        assert value is not None
        assert value.tzinfo is UTC
