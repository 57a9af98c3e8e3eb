"""A decision becomes an event: the shortest span that shows it, conditions, who said it to whom, and why."""

from __future__ import annotations

from monitor.analysis.decide import Decision
from monitor.analysis.knowledge import Knowledge
from monitor.model import Article, Attribution, Event, EventKind, Evidence, quote


def event_of(decision: Decision, extracted, article: Article, knowledge: Knowledge) -> Event:  # type: ignore[no-untyped-def]
    candidate = decision.best.candidate
    sentence = candidate.scene.sentence
    mention = candidate.mention
    reading = extracted.reading
    start, end = sentence.start, sentence.end
    return Event(
        actor=decision.actor,
        institution=decision.institution,
        speaker=mention.person,
        office=mention.office,
        said_as=reading.words_text(mention.first, mention.last),
        stance=decision.stance,
        start=start,
        end=end,
        quote=article.text[start:end],
        confidence=decision.confidence,
        reason=f"{decision.actor} {decision.stance.value}",
    )
