"""Whether a text is about the target at all: a gate in one pass, then a model over counts of what the text names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from monitor.analysis.knowledge import Actor, Facet, Knowledge, Lexicon, Terms, Topic
from monitor.analysis.mentions import Kind, Mention
from monitor.analysis.reading import Reading
from monitor.analysis.roles import Scene
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
    reading: Reading,
    scenes: Sequence[Scene],
    topic: Topic,
    title: str | None,
    others: Counter[str],
    syria: Sequence[int],
) -> Features:
    """Counts of what the text names, as features of the relevance model."""
    found: Features = {}
    principals = set(topic.principals)
    themes = Counter(hit.label for scene in scenes for hit in scene.themes)
    together = [scene for scene in scenes if principals <= {mention.actor for mention in scene.mentions}]
    for theme, count in themes.items():
        found[f"theme:{theme}"] = 1.0
        found[f"themes of {theme}"] = math.log1p(count)
    in_company = {hit.label for scene in together for hit in scene.themes}
    found.update({f"beside both principals:{theme}": 1.0 for theme in in_company})
    for subject, count in others.items():
        found[f"other subject:{subject}"] = math.log1p(count)
    found["both principals in a sentence"] = math.log1p(len(together))
    found["both principals in any sentence"] = 1.0 if together else 0.0
    found["themes where both are"] = math.log1p(sum(len(scene.themes) for scene in together))
    found["share of sentences with both"] = len(together) / max(1, len(scenes))
    _headline(found, scenes, principals)
    _links(found, reading, scenes, principals)
    _stance_words(found, reading, together, "beside both principals")
    _stance_words(found, reading, scenes[:4], "at the start")
    found["length"] = math.log1p(len(scenes))
    found["the war's places named"] = math.log1p(len(syria))
    found["no other subject"] = 0.0 if others else 1.0
    found["other subjects' share"] = sum(others.values()) / (1 + sum(others.values()) + sum(themes.values()))
    _actors(found, scenes, principals)
    beside = set(syria)
    with_war = [scene for scene in together if scene.sentence.number in beside]
    found["both and the war in a sentence"] = math.log1p(len(with_war))
    found["the war in the headline or first sentence"] = 1.0 if beside & {0, 1} else 0.0
    return found


def _links(found: Features, reading: Reading, scenes: Sequence[Scene], principals: set[str]) -> None:
    """Between whom each theme is said to be: both principals, one and a third party, or nobody near."""
    best: Counter[str] = Counter()
    for scene in scenes:
        named = [(reading.strong[mention.first], mention) for mention in scene.mentions]
        speaker = {scene.speaker.actor} if scene.speaker is not None else set()
        early = scene.sentence.number <= 1
        for hit in scene.themes:
            part = reading.strong[hit.first]
            near = {mention.actor for place, mention in named if place == part}
            link = _link(near, near | speaker, principals)
            best[f"{hit.label} {link}"] += 1
            best[f"any theme {link}"] += 1
            if early:
                best[f"any theme {link}, at the start"] += 1
        parts: dict[int, set[str]] = {}
        for place, mention in named:
            parts.setdefault(place, set()).add(mention.actor)
        if not scene.themes and any(principals <= near for near in parts.values()):
            best["both principals in a clause, no theme"] += 1
    for name, count in best.items():
        found[name] = 1.0
        if name.startswith("any theme"):
            found[f"{name} (count)"] = math.log1p(count)


def _link(near: set[str], heard: set[str], principals: set[str]) -> str:
    if principals <= near:
        return "between both" if near == principals else "between both and others"
    if principals <= heard:
        return "between a principal and its speaker"
    others = near - principals
    if near & principals:
        return "of one principal and others" if others else "of one principal"
    return "of others" if others else "of nobody near"


def _headline(found: Features, scenes: Sequence[Scene], principals: set[str]) -> None:
    head = [scene for scene in scenes if scene.sentence.is_title or scene.sentence.number == 0]
    named = {mention.actor for scene in head for mention in scene.mentions}
    found["principals in the headline"] = float(len(named & principals))
    found["both in the headline"] = 1.0 if principals <= named else 0.0
    start = {mention.actor for scene in scenes[:3] for mention in scene.mentions}
    found["principals in the first sentences"] = float(len(start & principals))
    found["theme in the headline"] = 1.0 if any(scene.themes for scene in head) else 0.0


def _stance_words(found: Features, reading: Reading, scenes: Sequence[Scene], where: str) -> None:
    groups = reading.vocabulary.groups
    counts = Counter(
        str(groups[owned.cue.concept]) for scene in scenes for owned in scene.cues if owned.cue.concept in groups
    )
    for group in ("support", "conditional", "neutral", "oppose", "suspend", "speech"):
        found[f"{group} words {where}"] = math.log1p(counts[group])


def _actors(found: Features, scenes: Sequence[Scene], principals: set[str]) -> None:
    counts = Counter(mention.actor for scene in scenes for mention in scene.mentions if mention.kind is not Kind.JOINT)
    total = sum(counts.values()) or 1
    found["principals' share of names"] = sum(counts[actor] for actor in principals) / total
    found["rarer principal"] = math.log1p(min((counts[actor] for actor in principals), default=0))
    found["actors"] = math.log1p(len(counts))


def holders(mentions: Sequence[Mention]) -> Mapping[str, int]:
    return Counter(mention.actor for mention in mentions)
