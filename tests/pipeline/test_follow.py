"""Workers may read in any order; tracks are told in the order of the news."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from monitor.model import Policy
from monitor.pipeline import Pipeline
from monitor.store import Store
from tests.fakes import Clock, MemoryChannel, ScriptedFeeds, WordAnalyzer
from tests.rows import NOW, TOPIC, entry, feed

_SAID = ("Washington supports", "Washington rejects", "Moscow studies", "Pentagon rejects", "Moscow supports", "nobody")


def history() -> dict[str, tuple[Any, ...]]:
    """Forty articles of three papers, a few hours apart."""
    chance = random.Random(7)
    shown: dict[str, list[Any]] = {"one": [], "two": [], "three": []}
    for number in range(40):
        said = chance.choice(_SAID)
        words = " ".join(f"w{number}x{n}" for n in range(30))
        at = NOW - timedelta(hours=9 * (40 - number))
        shown[chance.choice(sorted(shown))].append(entry(f"n{number}", f"{said} it. {words}", published_at=at))
    return {name: tuple(entries) for name, entries in shown.items()}


def pipeline_on(store: Store, *, follow_later: bool) -> Pipeline:
    clock = Clock()
    store.sync_feeds(tuple(feed(name) for name in ("one", "two", "three")), NOW)
    feeds = ScriptedFeeds(clock)
    feeds.shows.update(history())
    return Pipeline(
        store=store,
        fetch=feeds,
        analyzers=[WordAnalyzer()],
        channels=[MemoryChannel(id="memory", max_age=timedelta(days=999))],  # type: ignore[list-item]
        clock=clock,
        policies={TOPIC: Policy(confirmations=2)},
        follow_later=follow_later,
    )


def told(store: Store) -> dict[str, Any]:
    """What does not depend on the order in which rows were made."""
    titles = {row.id: row.title for row in store.events()}
    return {
        "verdicts": sorted((row.title, row.event.holder, row.verdict) for row in store.events()),
        "changes": sorted(
            (titles[row.change.cause], row.change.holder, row.change.level, row.change.publishers)
            for row in store.changes()
        ),
        "tracks": sorted((each.holder, each.stance, each.since, each.split) for each in store.tracks()),
        "deliveries": sorted((row.level, row.channel, row.state) for row in store.deliveries()),
    }


async def _collected(pipeline: Pipeline) -> list[int]:
    for name in ("one", "two", "three"):
        await pipeline.collect(name)
    return list(pipeline.store.due_articles(NOW))


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    async def play(store: Store) -> None:
        pipeline = pipeline_on(store, follow_later=False)
        for article in await _collected(pipeline):
            await pipeline.analyze(article)

    with Store.open(str(tmp_path_factory.mktemp("in-order") / "monitor.db")) as store:
        asyncio.run(play(store))
        return told(store)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_history_read_in_any_order_gives_the_same_changes(
    store: Store, in_order: dict[str, Any], seed: int
) -> None:
    async def play() -> None:
        pipeline = pipeline_on(store, follow_later=True)
        articles = await _collected(pipeline)
        random.Random(seed).shuffle(articles)
        for article in articles:
            await pipeline.analyze(article)
            await pipeline.follow(TOPIC)

    asyncio.run(play())
    assert in_order["changes"]
    assert told(store) == in_order


def test_several_followers_at_once_tell_each_event_once(store: Store, in_order: dict[str, Any]) -> None:
    async def play() -> None:
        pipeline = pipeline_on(store, follow_later=True)
        articles = await _collected(pipeline)
        for article in articles:
            await pipeline.analyze(article)
        await asyncio.gather(*(pipeline.follow(TOPIC) for _ in range(4)))

    asyncio.run(play())
    assert told(store) == in_order
