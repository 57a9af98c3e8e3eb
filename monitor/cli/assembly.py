"""Puts an installation together: settings, knowledge, store and pools become a pipeline. Nothing decides anything here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import structlog

from monitor.channels import AnyChannel
from monitor.model import Feed, FeedState, Policy, Poll
from monitor.pipeline import Pipeline, Poller, Pools
from monitor.settings import KnownAnalyzer, load_knowledge, load_wires
from monitor.sources.collect import collect, parse
from monitor.sources.fetch import Fetched, Fetcher
from monitor.sources.parsed import ParsedFeed
from monitor.store import Store
from monitor.tracking import adapt

log = structlog.get_logger()


def poller(fetcher: Fetcher, *, cpu: Executor | None, clock: Callable[[], datetime]) -> Poller:
    """Polls feeds with `fetcher`, parsing in the pool."""
    import asyncio

    async def in_worker(fetched: Fetched, feed_id: str, now: datetime) -> ParsedFeed:
        return await asyncio.get_running_loop().run_in_executor(cpu, parse, fetched, feed_id, now)

    async def poll(feed: Feed, state: FeedState) -> Poll:
        return await collect(feed, state, fetcher=fetcher, in_worker=in_worker, clock=clock)

    return poll


def pipeline_of(
    store: Store,
    *,
    topics: Sequence[str],
    feeds: Sequence[Feed],
    channels: Sequence[AnyChannel],
    fetch: Poller,
    clock: Callable[[], datetime],
    pools: Pools,
) -> Pipeline:
    """The pipeline of an installation; a topic's policy asks for no more voices than there are to hear."""
    knowledge = load_knowledge()
    policies: dict[str, Policy] = {}
    voices = len({feed.voice for feed in feeds if feed.enabled})
    for topic_id in topics:
        policies[topic_id], lowered = adapt(knowledge.topic(topic_id).policy, voices=voices)
        if lowered:
            log.warning("policy lowered", topic=topic_id, why=lowered)
    return Pipeline(
        store=store,
        fetch=fetch,
        analyzers=[KnownAnalyzer(topic=topic_id) for topic_id in topics],
        channels=channels,
        clock=clock,
        policies=policies,
        wires=load_wires(),
        pools=pools,
    )


@contextmanager
def pools(*, workers: int, deliveries: int) -> Iterator[Pools]:
    """Processes for computing, threads for the store and the channels; all end with the block."""
    from monitor.engines.workers import Workers

    cpu = Workers(workers)
    with ThreadPoolExecutor(4, "store") as rows, ThreadPoolExecutor(deliveries, "channel") as ways:
        try:
            yield Pools(cpu=cpu, store=rows, channels=ways)
        finally:
            cpu.shutdown(wait=True, cancel_futures=True)
