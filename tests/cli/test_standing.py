"""`judge` says the worst first, and OK only when nothing worries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model import ChannelTrouble, DeliveryState, EngineRow, Feed, FeedRow, FeedState, Health, Language, Status
from monitor.standing import Level, judge, span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)


def engine(*, beat: timedelta = timedelta(seconds=20), stopped: timedelta | None = None) -> EngineRow:
    return EngineRow(
        id="e", engine="local", host="h", pid=1, started_at=NOW - timedelta(days=1), beat_at=NOW - beat,
        stopped_at=NOW - stopped if stopped else None,
    )  # fmt: skip


def feed(name: str, health: Health = Health.OK) -> FeedRow:
    return FeedRow(
        feed=Feed(id=name, url="https://example.org", publisher="P", language=Language.EN),
        state=FeedState(feed_id=name, health=health),
        active=True,
    )


def trouble(span: timedelta, **more: Any) -> ChannelTrouble:
    told = {"channel": "desk", "since": NOW - span, "error": "desk: HTTP 503", "waiting": 0, "diverted": 0}
    return ChannelTrouble.model_validate(told | more)


def status(**changes: object) -> Status:
    calm: dict[str, object] = {
        "feeds": {Health.OK: 2}, "feeds_due": 0, "articles": 9, "articles_due": 0, "articles_set_aside": 0,
        "oldest_due_at": None, "relevant": 3, "events": 4, "changes": 1, "deliveries": {}, "oldest_waiting_at": None,
        "last_poll_at": NOW - timedelta(minutes=2), "engines": (engine(),),
    }  # fmt: skip
    return Status.model_validate({**calm, **changes})


FEEDS = (feed("a"), feed("b"), feed("c"))


def test_nothing_to_worry_about_is_ok_and_says_what_there_is() -> None:
    standing = judge(status(), FEEDS, now=NOW)
    assert standing.level is Level.OK
    assert standing.line.startswith("OK - 2 feeds, last poll 2 min ago, 1 changes, nothing waiting | feeds=3 failing=0")


@pytest.mark.parametrize(
    ("changes", "feeds", "level", "words"),
    [
        ({"engines": ()}, FEEDS, Level.WARNING, "no daemon has run"),
        ({"engines": (engine(beat=AN_HOUR),)}, FEEDS, Level.CRITICAL, "last sign of life 60 min ago"),
        ({"engines": (engine(stopped=timedelta(days=3)),)}, FEEDS, Level.CRITICAL, "no daemon has run for 3 days"),
        ({"engines": (engine(stopped=AN_HOUR),)}, FEEDS, Level.OK, "nothing waiting"),
        ({"last_poll_at": NOW - timedelta(hours=7)}, FEEDS, Level.CRITICAL, "no feed was polled for 7 h"),
        ({}, (*FEEDS, feed("d", Health.DNS)), Level.WARNING, "1 of 4 feeds fail (d dns)"),
        ({}, (feed("d", Health.TLS), feed("e", Health.HTML)), Level.CRITICAL, "2 of 2 feeds fail"),
        ({}, (*FEEDS, feed("q", Health.QUIET)), Level.WARNING, "quiet for longer than usual (q quiet)"),
        ({"articles_due": 3, "oldest_due_at": NOW - timedelta(minutes=30)}, FEEDS, Level.WARNING, "3 articles wait"),
        ({"articles_due": 3, "oldest_due_at": NOW - timedelta(hours=3)}, FEEDS, Level.CRITICAL, "3 articles wait"),
        ({"articles_set_aside": 1}, FEEDS, Level.WARNING, "set aside"),
        ({"deliveries": {DeliveryState.DEAD: 1}}, FEEDS, Level.CRITICAL, "1 messages could not be delivered"),
        (
            {"deliveries": {DeliveryState.WAITING: 2}, "oldest_waiting_at": NOW - AN_HOUR},
            FEEDS, Level.WARNING, "2 messages wait to be sent",
        ),
        ({}, (), Level.WARNING, "no feed is enabled"),
        ({"channels_in_trouble": (trouble(AN_HOUR),)}, FEEDS, Level.WARNING, "desk has taken nothing for 60 min"),
        ({"channels_in_trouble": (trouble(AN_HOUR / 6),)}, FEEDS, Level.OK, "nothing waiting"),
        (
            {"channels_in_trouble": (trouble(AN_HOUR / 6, fallback="pager", diverted=3),)},
            FEEDS, Level.WARNING, "3 messages went through pager (desk: HTTP 503)",
        ),
    ],
)  # fmt: skip
def test_each_worry_has_its_level_and_its_words(
    changes: dict[str, object], feeds: tuple[FeedRow, ...], level: Level, words: str
) -> None:
    standing = judge(status(**changes), feeds, now=NOW)
    assert standing.level is level
    assert words in standing.line


def test_the_worst_worry_comes_first() -> None:
    standing = judge(status(articles_set_aside=1, deliveries={DeliveryState.DEAD: 1}), FEEDS, now=NOW)
    assert "delivered" in standing.reasons[0]
    assert "set aside" in standing.reasons[1]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=12), "12 min"),
        (AN_HOUR * 3, "3 h"),
        (AN_HOUR * 96, "4 days"),
    ],
)
def test_a_span_is_said_as_people_say_it(length: timedelta, words: str) -> None:
    assert span(length) == words
