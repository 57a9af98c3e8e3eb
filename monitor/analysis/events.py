"""A decision becomes an event: the shortest span that shows it, conditions, who reports that who said it, and why."""

from __future__ import annotations

from monitor.analysis.decide import Decision
from monitor.analysis.knowledge import Concept, Group, Knowledge
from monitor.analysis.linear import contributions
from monitor.analysis.mentions import Kind
from monitor.analysis.reading import Reading
from monitor.analysis.spans import condition_spans, evidence_span
from monitor.model import Article, Attribution, Event, EventKind, Stance


def event_of(decision: Decision, reading: Reading, article: Article, knowledge: Knowledge) -> Event:
    """The event of one decision; every part of it can be pointed at in the text."""
    candidate = decision.best.candidate
    mention = candidate.mention if candidate.mention.person or candidate.named is None else candidate.named
    start, end = evidence_span(candidate, decision.stance, reading)
    conditional = decision.stance is Stance.CONDITIONAL
    model = knowledge.models["stance"]
    return Event(
        actor=decision.actor,
        institution=decision.institution,
        speaker=None if mention.former else mention.person,
        office=mention.office,
        said_as=None if mention.kind is Kind.JOINT else reading.words_text(mention.first, mention.last),
        stance=decision.stance,
        start=start,
        end=end,
        quote=article.text[start:end],
        conditions=condition_spans(candidate, reading) if conditional else (),
        attribution=_attribution(decision, reading, article),
        kind=_kind(decision, reading),
        confidence=round(decision.confidence, 4),
        reason=_reason(decision, reading, knowledge.concepts),
        contributions=contributions(model, candidate.features, of=decision.stance.value),
    )


def _kind(decision: Decision, reading: Reading) -> EventKind:
    """An act when the holder's own cue is a deed and nobody of it is quoted; else a statement."""
    acts = reading.vocabulary.acts
    own = decision.best.candidate.own
    deed = any(owned.cue.concept in acts and not owned.cue.negated and not owned.inherited for owned in own)
    return (
        EventKind.ACT if deed and decision.best.candidate.role in {"subject", "joint", "agent"} else EventKind.STATEMENT
    )


def _attribution(decision: Decision, reading: Reading, article: Article) -> tuple[Attribution, ...]:
    """Outlet, then the speaker the sentence names, then the holder where another speaks of it."""
    chain: list[Attribution] = []
    if article.publisher:
        chain.append(Attribution(source=article.publisher, role="outlet"))
    candidate = decision.best.candidate
    speaker = candidate.scene.speaker
    if speaker is None:
        return tuple(chain)
    groups = reading.vocabulary.groups
    cue = next(
        (
            reading.words_text(owned.cue.first, owned.cue.last)
            for owned in candidate.scene.cues
            if groups.get(owned.cue.concept) is Group.SPEECH
        ),
        None,
    )
    role = "speaker" if speaker.person else "institution"
    chain.append(Attribution(source=reading.words_text(speaker.first, speaker.last), role=role, cue=cue))
    if speaker.actor != decision.actor and candidate.mention.kind is not Kind.JOINT:
        named = reading.words_text(candidate.mention.first, candidate.mention.last)
        chain.append(Attribution(source=named, role="quoted"))
    return tuple(chain)


_ROLE_WORDS = {
    "speaker": "speaks",
    "carried": "goes on speaking",
    "subject": "is the doer",
    "agent": "is the doer (passive)",
    "joint": "is one of both sides",
    "object": "is spoken to or about",
    "possessor": "owns what is spoken of",
    "other": "is named",
}


def _reason(decision: Decision, reading: Reading, concepts: tuple[Concept, ...]) -> str:
    """A sentence a reader can check against the text."""
    candidate = decision.best.candidate
    words = {concept.id: concept.words for concept in concepts}
    groups = reading.vocabulary.groups
    said = [
        ("not: " if owned.cue.negated else "")
        + f"{words.get(owned.cue.concept, owned.cue.concept)} ({reading.words_text(owned.cue.first, owned.cue.last)})"
        for owned in candidate.own
        if groups.get(owned.cue.concept) not in {None, Group.SPEECH, Group.GRAMMAR}
    ]
    holder = decision.actor + (f"/{decision.institution}" if decision.institution else "")
    cues = "; ".join(dict.fromkeys(said[:3])) or "no cue of its own, judged by the sentence"
    where = "the headline" if candidate.scene.sentence.is_title else f"sentence {candidate.scene.sentence.number + 1}"
    return (
        f"{holder} {_ROLE_WORDS[candidate.role]} in {where}: {cues}; "
        f"{decision.stance.value} {decision.stances[decision.stance.value]:.0%}, takes a stance {decision.chance:.0%}"
    )
