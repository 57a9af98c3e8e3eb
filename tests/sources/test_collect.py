"""Polling real addresses: what a hostile server does to a feed shows in its state, and its articles come through all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import pytest

from monitor.model import Feed, FeedState, Health, Language, Poll
from monitor.sources.collect import Collector
from monitor.sources.fetch import Fetcher, Limits
from monitor.sources.poll import FULL_FETCH_EVERY
from tests.sources.documents import NOW, TITLES, item, rss
from tests.sources.edge import PATIENT, SHORT, run_against
from tests.sources.hostile import Hostile


def polled(path: str, *, times: int = 1) -> tuple[list[Poll], list[str]]:
    """Polls `path` of a hostile server, a quarter of an hour apart; the polls and what the server was asked."""

    async def work(server: Hostile, fetcher: Fetcher) -> tuple[list[Poll], list[str]]:
        feed = Feed(id="news", url=server.at(path), publisher="News", language=Language.EN)
        state, polls = FeedState(feed_id="news"), []
        for number in range(times):
            now = NOW + timedelta(minutes=15) * number
            poll = await Collector(fetcher, clock=lambda now=now: now)(feed, state)  # type: ignore[misc]
            polls.append(poll)
            state = poll.state
        return polls, [headers.get("If-None-Match", "-") for _, headers in server.asked]

    return run_against(work, limits=SHORT if path == "/silent" else PATIENT)


@pytest.mark.parametrize(
    ("path", "health"),
    [
        ("/good.xml", Health.OK),
        ("/says-html.xml", Health.OK),
        ("/br.xml", Health.OK),
        ("/raw/truncated", Health.OK),
        ("/to/301?to=/good.xml", Health.MOVED),
        ("/page.html", Health.HTML),
        ("/cloudflare", Health.BOT_WALL),
        ("/empty", Health.BAD_RESPONSE),
        ("/bomb-zstd", Health.TOO_LARGE),
        ("/status/410", Health.GONE),
        ("/silent", Health.TIMEOUT),
        ("/to/307?to=http://169.254.169.254/", Health.REFUSED_ADDRESS),
    ],
)
def test_a_feed_ends_in_a_state_with_a_reason_and_a_next_poll(path: str, health: Health) -> None:
    ((poll,), _) = polled(path)
    assert poll.state.health is health
    assert bool(poll.entries) is health.working
    assert poll.state.health_reason
    assert poll.state.poll_reason
    assert poll.state.next_poll_at is not None
    assert poll.state.next_poll_at > NOW


def test_an_unchanged_feed_is_asked_conditionally_and_brings_nothing() -> None:
    polls, asked = polled("/conditional.xml", times=3)
    assert asked == ["-", '"v1"', '"v1"']
    assert [(poll.status, len(poll.entries), poll.state.unchanged_polls) for poll in polls] == [
        (200, 1, 0),
        (304, 0, 1),
        (304, 0, 2),
    ]


def test_a_liar_is_asked_for_everything_now_and_then_and_loses_its_validators() -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> tuple[list[Health], list[str], Sequence[str | None]]:
        feed = Feed(id="news", url=server.at("/liar.xml"), publisher="News", language=Language.EN)
        state, healths = FeedState(feed_id="news"), []
        titles: list[str | None] = []
        for number in range(FULL_FETCH_EVERY + 3):
            now: datetime = NOW + timedelta(minutes=15) * number
            if number == 1:  # an article that the server keeps to itself
                fresh = item(title=TITLES["ar"], guid="2", link="https://news.example/a/2", date=now.isoformat())
                server.document = rss([fresh, item()])
            poll = await Collector(fetcher, clock=lambda now=now: now)(feed, state)  # type: ignore[misc]
            state = poll.state
            healths.append(state.health)
            titles = [entry.title for entry in poll.entries] or titles
        return healths, [headers.get("If-None-Match", "-") for _, headers in server.asked], titles

    healths, asked, titles = run_against(work)
    assert healths[-2:] == [Health.STUCK_304, Health.STUCK_304]
    assert asked[-3:] == ['"always the same"', "-", "-"]
    assert titles[0] == TITLES["ar"]  # late, but not lost


def test_parsing_runs_in_another_process() -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> Poll:
        feed = Feed(id="news", url=server.at("/good.xml"), publisher="News", language=Language.EN)
        with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as workers:
            return await Collector(fetcher, clock=lambda: NOW, workers=workers)(feed, FeedState(feed_id="news"))

    assert [entry.title for entry in run_against(work).entries] == [TITLES["en"]]


def test_many_feeds_at_once_some_of_them_hostile_do_not_hold_each_other_up() -> None:
    paths = [
        "/good.xml",
        "/conditional.xml",
        "/silent",
        "/status/500",
        "/page.html",
        "/raw/hang-up",
        "/gzip.xml",
        "/loop/0",
    ] * 25

    async def work(server: Hostile, fetcher: Fetcher) -> list[Poll]:
        collector = Collector(fetcher, clock=lambda: NOW)
        feeds = [
            Feed(id=f"f-{number}", url=server.at(path), publisher="P", language=Language.EN)
            for number, path in enumerate(paths)
        ]
        return list(await asyncio.gather(*(collector(feed, FeedState(feed_id=feed.id)) for feed in feeds)))

    polls = run_against(work, limits=Limits(connect=10, read=2.5, total=10, spacing=0))
    states = {
        path: {poll.state.health for poll, asked in zip(polls, paths, strict=True) if asked == path} for path in paths
    }
    assert states == {
        "/good.xml": {Health.OK},
        "/conditional.xml": {Health.OK},
        "/gzip.xml": {Health.OK},
        "/silent": {Health.TIMEOUT},
        "/status/500": {Health.SERVER_ERROR},
        "/page.html": {Health.HTML},
        "/raw/hang-up": {Health.CONNECT},
        "/loop/0": {Health.REDIRECTS},
    }
