"""Whether a text is about the target at all: a gate in one pass, then a model over counts of what the text names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.analysis.knowledge import Actor, Facet, Knowledge, Lexicon, Terms, Topic
from monitor.analysis.linear import logit
from monitor.analysis.mentions import Kind
from monitor.analysis.reading import Reading
from monitor.analysis.roles import Scene
from monitor.analysis.views import FACTS, facts_of, view_of
from monitor.model import Language
from monitor.text.matching import Matcher
from monitor.text.normalize import fold_key

Features = dict[str, float]
_READ_BY_GATE = 200_000  # characters
_SHORTEST_STEM = 3


class Gate:
    """Says which facets of the topic a text names, at thousands of articles a second.

    Inflected languages: a name's stem with any of the language's endings. Wrong finds cost time, not precision:
    the full reading follows.
    """

    def __init__(self, topic: Topic, knowledge: Knowledge) -> None:
        self._facets = topic.facets
        self._matchers = {
            language: Matcher(
                {facet.id: _stemmed(facet, topic, knowledge, lexicon) for facet in topic.facets},
                proclitics=frozenset(fold_key(each) for each in lexicon.proclitics),
            )
            for language, lexicon in knowledge.languages.items()
        }

    def missing(self, text: str, title: str | None, language: Language) -> tuple[Facet, ...]:
        """The facets that neither title nor text names."""
        folded = fold_key(text[:_READ_BY_GATE])
        if title:
            folded = f"{fold_key(title[:1000])}\n{folded}"
        named = self._matchers[language].labels(folded, enough=len(self._facets))
        return tuple(facet for facet in self._facets if facet.id not in named)


def _stemmed(facet: Facet, topic: Topic, knowledge: Knowledge, lexicon: Lexicon) -> set[str]:
    """The facet's terms; in languages with endings single words lose theirs and match with any."""
    found: set[str] = set()
    for term in _facet_terms(facet, topic, knowledge, lexicon.language):
        plain = term.lstrip("=")
        found.add(plain)
        stem = _stem(plain, lexicon.endings)
        if stem != plain and len(stem) >= _SHORTEST_STEM + 1 and not term.startswith("="):
            found.add(stem + "*")
    return found


def _stem(term: str, endings: Sequence[str]) -> str:
    for ending in sorted(endings, key=len, reverse=True):
        if ending and term.endswith(ending) and len(term) - len(ending) >= _SHORTEST_STEM:
            return term[: -len(ending)]
    return term + "" if not endings else term + "*"


def _facet_terms(facet: Facet, topic: Topic, knowledge: Knowledge, language: Language) -> Iterable[str]:
    yield from facet.terms.get(language, ())
    yield from facet.hints.get(language, ())
    for actor_id in facet.actors:
        actor = topic.actor(actor_id)
        if actor is None:
            continue
        for terms in _actor_terms(actor):
            yield from terms.get(language, ())
        for office in knowledge.offices:
            if office.actor == actor_id:
                yield from office.names.get(language, ())


def _actor_terms(actor: Actor) -> Iterable[Terms]:
    yield from (actor.names, actor.adjectives, actor.people, actor.metonyms)
    for part in actor.institutions:
        yield from (part.names, part.posts)


def relevance_features(
    reading: Reading, scenes: Sequence[Scene], topic: Topic, others: Counter[str], places: Sequence[int]
) -> Features:
    """Few counts with much behind each: a text is on the target when it tells of something between the principals."""
    views = [view_of(reading, scene, topic) for scene in scenes]
    counts = Counter(name for view in views for name in facts_of(view))
    found: Features = {name: math.log1p(counts[name]) for name in FACTS}
    evident = counts["both principals and the target"]
    found["share of sentences with both and the target"] = evident / max(1, len(views))
    found["any sentence with both and the target"] = float(evident > 0)
    found["any clause with both and the target"] = float(counts["clause with both and the target"] > 0)
    found["length"] = math.log1p(len(views))
    _setting(found, scenes, topic, others, places)
    return found


def _setting(
    found: Features, scenes: Sequence[Scene], topic: Topic, others: Counter[str], places: Sequence[int]
) -> None:
    """Headline, other subjects, the war's places, how the names are spread."""
    principals = set(topic.principals)
    head = {mention.actor for scene in scenes[:1] for mention in scene.mentions}
    start = {mention.actor for scene in scenes[:3] for mention in scene.mentions}
    found["both in the headline"] = float(principals <= head)
    found["principals in the first sentences"] = float(len(start & principals))
    subjects = sum(others.values())
    themes = sum(len(scene.themes) for scene in scenes)
    found["other subjects' share"] = subjects / (1 + subjects + themes)
    found["no other subject"] = float(not others)
    counts = Counter(mention.actor for scene in scenes for mention in scene.mentions if mention.kind is not Kind.JOINT)
    found["rarer principal"] = math.log1p(min((counts[actor] for actor in principals), default=0))
    found["principals' share of names"] = sum(counts[actor] for actor in principals) / (sum(counts.values()) or 1)
    beside = set(places)
    found["the war's places named"] = math.log1p(len(beside))
    found["the war at the start"] = float(bool(beside & {0, 1}))
    together = [scene for scene in scenes if principals <= {mention.actor for mention in scene.mentions}]
    found["both and the war in a sentence"] = math.log1p(sum(scene.sentence.number in beside for scene in together))


def verdict_features(chance: float, saliences: Sequence[float]) -> Features:
    """For the last word on relevance: the counts' answer, and how strongly single sentences show a stance."""
    best = [*sorted(saliences, reverse=True)[:2], 0.001, 0.001]
    return {
        "counts say": logit(chance),
        "best sentence": logit(best[0]),
        "second sentence": logit(best[1]),
        "all sentences": math.log1p(sum(saliences)),
    }
