"""Changes of stance in the sample world: those the analyzer's events give, against those the labels give.

`python -m bench.changes`, by the confidence that an event needs to move a track. The sample articles also train the
models, so the figures flatter; how they move with the threshold is what counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from monitor.analysis import analyzer
from monitor.cli.demo.world import SeedArticle, SeedFeed, World, read_world
from monitor.model import Article, Event, Language, Policy, Report, StanceChange, Track
from monitor.settings import load_knowledge
from monitor.tracking import advance
from monitor.tracking.countries import in_order

TOPIC = "us-russia-syria"
SEEDS = Path(__file__).parent.parent / "seeds"
Turn = tuple[str, str, str, str]
Reader = Callable[[SeedArticle, Language], Iterable[Event]]


def labelled(article: SeedArticle, _language: Language) -> list[Event]:
    """The article's labels as events that are sure."""
    events = []
    for label in article.stances:
        start = article.text.index(label.quote)
        events.append(
            Event(
                actor=label.actor,
                institution=label.institution,
                stance=label.stance,
                start=start,
                end=start + len(label.quote),
                quote=label.quote,
                confidence=1,
                reason="labelled",
            )
        )
    return events


def turns(world: World, reader: Reader, policy: Policy) -> set[Turn]:
    """(actor, before, after, day) of each change that the world's history gives."""
    feeds = {feed.id: (language, feed) for language, feed in world.feeds}
    owner = {article.id: feeds[article.feed][1] for article in world.articles}
    tracks: dict[tuple[str, str | None], Track] = {}
    changes: dict[tuple[str, int], StanceChange] = {}
    number = 0
    for place, article in enumerate(world.articles):
        language, feed = feeds[article.feed]
        voice = owner[article.copy_of or article.id]
        for event in in_order(reader(article, language)):
            number += 1
            report = _report(article, event, number=number, place=place, language=language, feed=feed, voice=voice)
            step = advance([track for track in tracks.values() if track.actor == event.actor], report, policy)
            tracks |= {(track.actor, track.institution): track for track in step.tracks}
            if step.change:
                changes[step.change.holder, step.change.cause] = step.change
    return {
        (each.actor, each.before.event.stance, each.after.event.stance, f"{each.at:%Y-%m-%d}")
        for each in changes.values()
    }


def _report(
    article: SeedArticle, event: Event, *, number: int, place: int, language: Language, feed: SeedFeed, voice: SeedFeed
) -> Report:
    return Report(
        event_id=number,
        article_id=place + 1,
        topic=TOPIC,
        event=event,
        at=article.published,
        seen_at=article.appears_at,
        language=language,
        publisher=feed.publisher,
        voice=voice.family or voice.publisher,
        own_outlet=bool(feed.speaks_for) and str(feed.speaks_for).split("/")[0] == event.actor,
    )


def main() -> None:
    world, knowledge = read_world(SEEDS), load_knowledge()
    policy, rules = knowledge.topic(TOPIC).policy, analyzer(knowledge, TOPIC)
    read: dict[str, tuple[Event, ...]] = {}

    def ours(article: SeedArticle, language: Language) -> tuple[Event, ...]:
        if article.id not in read:
            text = Article(
                id=article.id, text=article.text, title=article.title, published_at=article.published, language=language
            )
            read[article.id] = rules.analyze(text).events
        return read[article.id]

    wanted = turns(world, labelled, policy)
    sys.stdout.write(f"{len(wanted)} turns by the labels\nneeds  turns  precision  recall    F1\n")
    for needed in (0.0, 0.2, 0.3, 0.35, 0.4, 0.5):
        found = turns(world, ours, policy.model_copy(update={"min_confidence": needed}))
        right = len(found & wanted)
        figures = right / max(1, len(found)), right / len(wanted), 2 * right / (len(found) + len(wanted))
        sys.stdout.write(f"{needed:5.2f}  {len(found):5}  {figures[0]:9.2f}  {figures[1]:6.2f}  {figures[2]:.3f}\n")


if __name__ == "__main__":
    main()
