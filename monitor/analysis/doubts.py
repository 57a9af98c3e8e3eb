"""What in the knowledge points nowhere: misspelt ids, terms of a language that is not there. Pure; for `monitor check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from monitor.analysis.knowledge import Actor, Knowledge, Terms, Topic

Place = tuple[int | str, ...]


class Doubt(NamedTuple):
    """A place in a file of the knowledge folder, and what is wrong there, with the mend."""

    file: str
    place: Place
    words: str


def doubts(knowledge: Knowledge) -> tuple[Doubt, ...]:
    """Everything that no rule, text or topic can ever meet, file by file. What only lacks words is a gap, not a doubt."""
    return (*_concepts(knowledge), *_topics(knowledge), *_offices(knowledge))


def _concepts(knowledge: Knowledge) -> Iterator[Doubt]:
    known = {concept.id for concept in knowledge.concepts}
    for language, lexicon in sorted(knowledge.languages.items()):
        file = f"languages/{language.value}.yaml"
        for name, terms in lexicon.concepts.items():
            if name not in known:
                yield Doubt(file, ("concepts", name), f"no concept {name!r} in concepts.yaml{_meant(name, known)}")
            for number, term in enumerate(terms):
                if not term.strip(" =*"):
                    yield Doubt(file, ("concepts", name, number), "an empty term finds nothing; take it out")


def _topics(knowledge: Knowledge) -> Iterator[Doubt]:
    for topic in knowledge.topics.values():
        file = f"topics/{topic.id}.yaml"
        parts = {part.id for actor in topic.actors for part in actor.institutions}
        for number, post in enumerate(topic.posts):
            # A post may stand for a part that no actor lists; only what looks like a slip is told.
            if post.institution not in parts | _roles(topic) and (close := _meant(post.institution, parts)):
                words = f"no actor has an institution {post.institution!r}{close}"
                yield Doubt(file, ("posts", number, "institution"), words)
        for number, name in enumerate(topic.policy.outweighs):
            if name not in parts:
                words = f"no actor has an institution {name!r}{_meant(name, parts)}"
                yield Doubt(file, ("policy", "outweighs", number), words)
        for place, terms in _terms(topic):
            for language, own in terms.items():
                if language not in knowledge.languages:
                    words = (
                        f"terms in {language.value}, but there is no languages/{language.value}.yaml to read it with"
                    )
                    yield Doubt(file, (*place, language.value), words)
                for number, term in enumerate(own):
                    if not term.strip(" =*"):
                        yield Doubt(file, (*place, language.value, number), "an empty term finds nothing; take it out")


def _roles(topic: Topic) -> set[str]:
    """General posts that institutions stand for: `state` is the mfa of the United States."""
    return {part.role for actor in topic.actors for part in actor.institutions if part.role}


def _terms(topic: Topic) -> Iterator[tuple[Place, Terms]]:
    for number, facet in enumerate(topic.facets):
        yield ("facets", number, "terms"), facet.terms
    for kind, themes in (("themes", topic.themes), ("other_subjects", topic.other_subjects)):
        for number, theme in enumerate(themes):
            yield (kind, number, "terms"), theme.terms
    for number, post in enumerate(topic.posts):
        yield ("posts", number, "terms"), post.terms
    for number, actor in enumerate(topic.actors):
        for field, terms in _actor_terms(actor):
            yield ("actors", number, *field), terms


def _actor_terms(actor: Actor) -> Iterator[tuple[Place, Terms]]:
    yield from (
        ((field,), getattr(actor, field)) for field in ("names", "adjectives", "people", "metonyms", "excludes")
    )
    for number, part in enumerate(actor.institutions):
        yield ("institutions", number, "names"), part.names
        yield ("institutions", number, "posts"), part.posts


def _offices(knowledge: Knowledge) -> Iterator[Doubt]:
    parts: dict[str, set[str]] = {}
    for topic in knowledge.topics.values():
        for actor in topic.actors:
            parts.setdefault(actor.id, set()).update(part.id for part in actor.institutions)
    for number, office in enumerate(knowledge.offices):
        if office.actor not in parts:
            words = f"{office.person}: no topic has an actor {office.actor!r}{_meant(office.actor, parts)}"
            yield Doubt("offices.yaml", ("offices", number, "actor"), words)
            continue
        own = parts[office.actor]
        if office.institution and office.institution not in own and (close := _meant(office.institution, own)):
            words = f"{office.person}: {office.actor} has no institution {office.institution!r} in any topic{close}"
            yield Doubt("offices.yaml", ("offices", number, "institution"), words)


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
