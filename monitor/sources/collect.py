"""Polls one feed: asks, parses if there is anything new to parse, decides. Holds no state and records nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from monitor.model import Feed, FeedState, Poll
from monitor.sources import poll
from monitor.sources.feeds import parse_feed
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.parsed import ParsedFeed

Parse = Callable[[Fetched, str, datetime], Awaitable[ParsedFeed]]
"""Runs `parse` somewhere else: in a process or thread, since the event loop never computes."""


def parse(fetched: Fetched, feed_id: str, now: datetime) -> ParsedFeed:
    """What a worker runs. Arguments and result can be pickled."""
    return parse_feed(
        fetched.body, content_type=fetched.headers.get("content-type"), url=fetched.final_url, now=now, feed_id=feed_id
    )


async def collect(
    feed: Feed, state: FeedState, *, fetcher: Fetcher, in_worker: Parse, clock: Callable[[], datetime]
) -> Poll:
    """The outcome of polling `feed` once."""
    started = clock()
    wanted = poll.validators(state, now=started)
    fetched = await fetcher.get(
        poll.address(feed, state, now=started), etag=wanted.etag, last_modified=wanted.last_modified
    )
    now = clock()
    readable = fetched.failure is None and not fetched.not_modified and not poll.known(state, fetched)
    parsed = await in_worker(fetched, feed.id, now) if readable else None
    return poll.decide(feed, state, fetched, parsed, now)
