"""Where a holder stands in its sentence: before or after the others, in which clause, with which words of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from monitor.analysis.knowledge import Group
from monitor.analysis.mentions import Mention
from monitor.analysis.reading import Reading
from monitor.analysis.roles import Owned, Scene

Features = dict[str, float]
_STANCED = frozenset({Group.SUPPORT, Group.CONDITIONAL, Group.NEUTRAL, Group.OPPOSE, Group.SUSPEND})


def standing(
    mention: Mention, role: str, own: Sequence[Owned], scene: Scene, reading: Reading, principals: frozenset[str]
) -> Features:
    """What the sentence's build says of one holder named in it (or carried on from an earlier one)."""
    found = _words_of_its_own(role, own, scene, reading)
    found |= _order(mention, scene, principals)
    kind = "a principal" if mention.actor in principals else "a third party"
    for what in (
        kind,
        "a person" if mention.person else "no person",
        "headline" if scene.sentence.is_title else "text",
    ):
        found[f"role:{role}|{what}"] = 1.0
    if scene.sentence.first <= mention.first < scene.sentence.last:
        found |= _within(mention, role, scene, reading)
    return found


def company(roles: Sequence[tuple[str, str]], actor: str) -> Features:
    """As what other actors stand in the sentence: who is spoken to differs from who is alone."""
    others = {role for name, role in roles if name != actor}
    return {f"another is {role}": 1.0 for role in others} or {"alone": 1.0}


def _words_of_its_own(role: str, own: Sequence[Owned], scene: Scene, reading: Reading) -> Features:
    groups = reading.vocabulary.groups
    every = sum(groups.get(owned.cue.concept) in _STANCED for owned in scene.cues)
    mine = sum(groups.get(owned.cue.concept) in _STANCED for owned in own)
    return {
        "own stance words": float(min(3, mine)),
        "no stance word of its own": float(not mine),
        "share of the stance words": mine / every if every else 0.0,
        "all stance words are its own": float(0 < every == mine),
        "own by grammar": float(any(not owned.inherited for owned in own)),
        "speaks with a stance": float(bool(mine) and role in {"speaker", "carried"}),
    }


def _order(mention: Mention, scene: Scene, principals: frozenset[str]) -> Features:
    if not scene.mentions:
        return {}
    found = {"first named": float(scene.mentions[0].actor == mention.actor)}
    first = next((each for each in scene.mentions if each.actor in principals), None)
    if first is not None and mention.actor not in principals:
        found["before the principals"] = float(mention.first < first.first)
    return found


def _within(mention: Mention, role: str, scene: Scene, reading: Reading) -> Features:
    sentence = scene.sentence
    found = {
        "how far in the sentence": (mention.first - sentence.first) / (sentence.last - sentence.first),
        "words before": math.log1p(mention.first - sentence.first),
        "named in a quotation": float(reading.quoted[mention.first] >= 0 and role != "carried"),
        "a theme in its part": float(
            any(reading.strong[hit.first] == reading.strong[mention.first] for hit in scene.themes)
        ),
    }
    if _in_relative_clause(mention, scene, reading):
        # "the truce that Moscow and Washington brokered": told in passing, to say which truce.
        found["in a relative clause"] = found[f"role:{role}|relative clause"] = 1.0
    return found


def _in_relative_clause(mention: Mention, scene: Scene, reading: Reading) -> bool:
    clause = reading.clause[mention.first]
    return any(
        owned.cue.concept == "relative"
        and owned.cue.first < mention.first
        and reading.clause[owned.cue.first] == clause
        for owned in scene.cues
    )
