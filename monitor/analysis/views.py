"""What one sentence tells of the principals and the target: the facts that relevance counts and candidates carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.analysis.knowledge import Bond, Group, Topic
from monitor.analysis.reading import Reading
from monitor.analysis.roles import Scene


@dataclass(frozen=True, slots=True)
class View:
    """What one sentence says of the principals and the target."""

    both: bool
    core: bool
    near: bool
    mutual: bool
    stanced: bool
    opposed: bool
    third: bool
    tight: bool
    addressed: bool
    principal: bool
    elsewhere: bool
    number: int

    @property
    def evident(self) -> bool:
        """Both principals together with the target or with something done between two sides."""
        return self.both and (self.core or self.near or self.mutual)


def view_of(reading: Reading, scene: Scene, topic: Topic) -> View:
    vocabulary, principals = reading.vocabulary, set(topic.principals)
    speaker = {scene.speaker.actor} if scene.speaker is not None else set()
    heard = {mention.actor for mention in scene.mentions} | speaker
    bonds = {vocabulary.bonds[hit.label] for hit in scene.themes}
    concepts = {owned.cue.concept for owned in scene.cues}
    groups = {vocabulary.groups.get(concept) for concept in concepts}
    targeted = {
        reading.strong[hit.first] for hit in scene.themes if vocabulary.bonds[hit.label] in {Bond.CORE, Bond.NEAR}
    } | {reading.strong[owned.cue.first] for owned in scene.cues if owned.cue.concept in vocabulary.mutual}
    named: dict[int, set[str]] = {}
    for mention in scene.mentions:
        named.setdefault(reading.strong[mention.first], set()).add(mention.actor)
    return View(
        both=principals <= heard,
        core=Bond.CORE in bonds,
        near=Bond.NEAR in bonds,
        mutual=bool(concepts & vocabulary.mutual),
        stanced=bool(groups & {Group.SUPPORT, Group.CONDITIONAL, Group.NEUTRAL, Group.SUSPEND}),
        opposed=Group.OPPOSE in groups,
        third=bool(heard - principals - set(topic.peripheral)),
        tight=any(principals <= named.get(part, set()) for part in targeted),
        addressed=any(speaker & principals and (principals - speaker) & named.get(part, set()) for part in targeted),
        principal=bool(heard & principals),
        elsewhere=Bond.ELSEWHERE in bonds,
        number=scene.sentence.number,
    )


FACTS = (
    "both principals",
    "both principals and a core theme",
    "both principals and a near theme",
    "both principals and something mutual",
    "both principals and the target",
    "both, the target and a stance",
    "both and the target at the start",
    "both, the target and a third party",
    "both and the target alone",
    "clause with both and the target",
    "clause with both and the target at the start",
    "one principal speaks of the other and the target",
    "one principal and a third party on the target",
    "both and blame, no target",
    "a theme of other partners",
)


def facts_of(view: View) -> Iterable[str]:
    targeted = view.core or view.near
    start = view.number <= 2
    facts = {
        "both principals": view.both,
        "both principals and a core theme": view.both and view.core,
        "both principals and a near theme": view.both and view.near,
        "both principals and something mutual": view.both and view.mutual,
        "both principals and the target": view.evident,
        "both, the target and a stance": view.evident and view.stanced,
        "both and the target at the start": view.evident and start,
        "both, the target and a third party": view.evident and view.third,
        "both and the target alone": view.evident and not view.third,
        "clause with both and the target": view.tight,
        "clause with both and the target at the start": view.tight and start,
        "one principal speaks of the other and the target": view.addressed,
        "one principal and a third party on the target": view.principal and not view.both and view.third and targeted,
        "both and blame, no target": view.both and view.opposed and not targeted,
        "a theme of other partners": view.elsewhere,
    }
    return (name for name, holds in facts.items() if holds)
