"""Puts an installation together: settings, knowledge, store and pools become a pipeline. Nothing decides anything here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import structlog

from monitor.alerts.render import BUILT_IN, Setter
from monitor.analysis.relevance import Gate
from monitor.channels import AnyChannel
from monitor.cli.wording import setter_of
from monitor.endpoint import Budget, Endpoint, LanguageModel
from monitor.model import Entry, Feed, Keep, Policy
from monitor.pipeline import Pipeline, Poller, Pools, SecondReader, StoredBudget
from monitor.settings import KnownAnalyzer, Settings, load_knowledge, load_prompt, load_wires
from monitor.sources.collect import Collector
from monitor.sources.fetch import Fetcher, Limits
from monitor.store import Store
from monitor.tracking import adapt

log = structlog.get_logger()


def poller(
    fetcher: Fetcher, *, cpu: Executor | None, clock: Callable[[], datetime], store: Store, topics: Sequence[str]
) -> Poller:
    """Polls feeds with `fetcher`, parsing in the pool; pages are fetched for teasers that pass a cheap first gate."""
    knowledge = load_knowledge()
    gates = [Gate(knowledge.topic(topic_id), knowledge) for topic_id in topics]

    def wanted(feed: Feed, entry: Entry) -> bool:
        # A teaser says little: all facets but one are enough to ask for the rest.
        return any(
            len(gate.missing(entry.text, entry.title, feed.language)) <= 1 for gate in gates
        ) and store.lacks_text(feed, entry)

    return Collector(fetcher, clock=clock, workers=cpu, wanted=wanted)


def pipeline_of(
    store: Store,
    *,
    topics: Sequence[str],
    feeds: Sequence[Feed],
    channels: Sequence[AnyChannel],
    fetch: Poller,
    clock: Callable[[], datetime],
    pools: Pools,
    shared: bool = False,
    keep: Keep | None = None,
    second: SecondReader | None = None,
    setter: Setter = BUILT_IN,
) -> Pipeline:
    """The pipeline of an installation; a topic's policy asks for no more voices than there are to hear.

    `shared`: other processes may work on the same database.
    """
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
        follow_later=shared,  # workers read in any order
        keep=keep,
        second=second,
        setter=setter,
    )


@asynccontextmanager
async def second_reader(
    model: LanguageModel | None, *, topics: Sequence[str], clock: Callable[[], datetime], budget: Budget | None
) -> AsyncIterator[SecondReader | None]:
    """The configured language model behind the gates, if one is configured; its connections close with the block."""
    if model is None:
        yield None
        return
    import aiohttp

    knowledge = load_knowledge()
    async with aiohttp.ClientSession() as session:
        yield SecondReader(
            Endpoint(model, session, clock=clock, budget=budget),
            prompt=load_prompt(),
            topics={topic_id: knowledge.topic(topic_id) for topic_id in topics},
            offices=knowledge.offices,
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


@asynccontextmanager
async def installation(settings: Settings, *, clock: Callable[[], datetime]) -> AsyncIterator[Pipeline]:
    """The pipeline of an installation, with its store, pools and fetcher open until the block ends."""
    limits = settings.limits
    fetching = Limits(at_once=limits.polls)
    with (
        Store.open(settings.database_url) as store,
        pools(workers=limits.analyses, deliveries=limits.deliveries) as work,
    ):
        store.sync_feeds(settings.feeds, clock())
        async with (
            Fetcher(contact=settings.contact, allow_private=settings.allow_private, limits=fetching) as fetcher,
            second_reader(
                settings.language_model, topics=settings.topics, clock=clock, budget=StoredBudget(store)
            ) as second,
        ):
            yield pipeline_of(
                store,
                topics=settings.topics,
                feeds=settings.feeds,
                channels=settings.channels,
                fetch=poller(fetcher, cpu=work.cpu, clock=clock, store=store, topics=settings.topics),
                clock=clock,
                pools=work,
                shared=store.path is None,
                keep=settings.keep,
                second=second,
                setter=setter_of(settings),
            )
