"""Polls one feed: asks, parses if there is anything new to parse, decides; then gets full texts where wanted.

Holds no state and records nothing. What computes runs in the executor handed in, never on the event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime
from functools import partial

from monitor.model import Entry, Feed, FeedState, Poll
from monitor.sources import poll
from monitor.sources.feeds import parse_feed
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.pages import Page, Pages, read
from monitor.sources.parsed import ParsedFeed

Parse = Callable[[Fetched, str, datetime], Awaitable[ParsedFeed]]
"""Runs `parse` somewhere else: in a process or thread, since the event loop never computes."""
Wanted = Callable[[Feed, Entry], bool]
"""A cheap first look: whether a teaser is worth asking for its page. Called in a thread, so it may ask the store."""

_PAGES_A_POLL = 10


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


class Collector:
    """`collect` for a pipeline: call it with a feed and its state. Full texts only with `wanted`, and where a feed has `full_text`."""

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        clock: Callable[[], datetime],
        workers: Executor | None = None,
        wanted: Wanted | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._workers = workers
        self._wanted = wanted
        self._pages = Pages(fetcher, in_worker=self._read, clock=clock)

    async def __call__(self, feed: Feed, state: FeedState) -> Poll:
        polled = await collect(feed, state, fetcher=self._fetcher, in_worker=self._parse, clock=self._clock)
        if self._wanted is None or not feed.full_text:
            return polled
        return await self._with_full_texts(feed, polled, wanted=self._wanted)

    async def _with_full_texts(self, feed: Feed, polled: Poll, *, wanted: Wanted) -> Poll:
        teasers = [entry for entry in polled.entries if entry.teaser and entry.url]
        asked = await asyncio.to_thread(lambda: [entry for entry in teasers if wanted(feed, entry)]) if teasers else []
        if not asked:
            return polled
        # What is left over is counted, and its turn comes when the feed changes next.
        filled = await asyncio.gather(*(self._pages.full_text(entry) for entry in asked[:_PAGES_A_POLL]))
        texts = {id(before): after for before, (after, _) in zip(asked, filled, strict=False)}
        left = {"full text left for later": len(asked) - len(filled)} if len(asked) > len(filled) else {}
        gates = Counter(f"teaser only: {page.gate}" for entry, page in filled if page and entry.teaser)
        return polled.model_copy(
            update={
                "entries": tuple(texts.get(id(entry), entry) for entry in polled.entries),
                "dropped": {**polled.dropped, **gates, **left},
            }
        )

    async def _parse(self, fetched: Fetched, feed_id: str, now: datetime) -> ParsedFeed:
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(parse, fetched, feed_id, now))

    async def _read(self, fetched: Fetched, now: datetime) -> Page:
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(read, fetched, now))
