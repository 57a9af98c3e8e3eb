"""Which actor may take a stance in which sentence, and the features by which the models decide it.

A candidate is one sentence for one holder (actor and institution). Features are words an analyst can read: concept
ids with their owner, negation and condition; themes of the target; roles; place in the text.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from monitor.analysis.knowledge import Bond, Group, Topic
from monitor.analysis.mentions import Kind, Mention
from monitor.analysis.reading import Cue, Reading
from monitor.analysis.roles import Owned, Scene
from monitor.analysis.standing import company, standing
from monitor.analysis.views import facts_of, view_of

Features = dict[str, float]
_STANCED = frozenset({Group.SUPPORT, Group.CONDITIONAL, Group.NEUTRAL, Group.OPPOSE, Group.SUSPEND})
_FLIPPED = {Group.SUPPORT: "against", Group.OPPOSE: "for", Group.SUSPEND: "for"}
_FLAGS = frozenset(
    {"background_time", "recap", "anniversary", "yesterday_now", "future", "plan", "past_perfect", "question",
     "hypothetical", "former", "nonofficial", "source_anon", "quoting_media", "condition", "only_condition",
     "concession", "no_condition", "contrast", "own_terms", "denies_report", "near_negation", "negation", "joint", "joint_pair", "according_to",
     "stop_war"}
)  # fmt: skip


@dataclass(slots=True)
class Candidate:
    """A sentence read for one holder."""

    scene: Scene
    actor: str
    institution: str | None
    mention: Mention
    role: str
    own: list[Owned]
    named: Mention | None
    features: Features = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What the whole text adds to each sentence."""

    topic: Topic
    reading: Reading
    relevance: float
    mentions_of: Counter[str]
    sentences: int


def candidates(scenes: Sequence[Scene], context: Context) -> list[Candidate]:
    """Every candidate of the text, with its features."""
    found: list[Candidate] = []
    for scene in scenes:
        here = _in_scene(scene, context)
        roles = [(each.actor, each.role) for each in here]
        for candidate in here:
            candidate.features = _features(candidate, context) | company(roles, candidate.actor)
            found.append(candidate)
    return found


def _in_scene(scene: Scene, context: Context) -> list[Candidate]:
    holders: dict[tuple[str, str | None], Candidate] = {}
    for mention, role in _roles(scene, context):
        key = (mention.actor, mention.institution)
        known = holders.get(key)
        if known is None:
            named = mention if mention.person else None
            holders[key] = Candidate(scene, mention.actor, mention.institution, mention, role, [], named)
        else:
            if _RANK[role] < _RANK[known.role]:
                known.mention, known.role = mention, role
            if mention.person and not known.named:
                known.named = mention
    _merge_bare(holders)
    for candidate in holders.values():
        candidate.own = [owned for owned in scene.cues if _owns(candidate, owned, scene)]
    return list(holders.values())


_RANK = {
    role: rank
    for rank, role in enumerate(("speaker", "carried", "agent", "subject", "joint", "other", "object", "possessor"))
}


def _roles(scene: Scene, context: Context) -> Iterable[tuple[Mention, str]]:
    if scene.speaker is not None:
        yield scene.speaker, "carried" if scene.carried else "speaker"
    owners = {id(owned.owner) for owned in scene.cues if owned.owner is not None and _is_stanced(owned.cue, context)}
    for mention in scene.mentions:
        if mention is scene.speaker:
            continue
        if scene.speaker is not None and 0 <= mention.group == scene.speaker.group:
            yield mention, "carried" if scene.carried else "speaker"
            continue
        if mention.kind is Kind.JOINT:
            yield mention, "joint"
        elif mention.by_agent:
            yield mention, "agent"
        elif id(mention) in owners and mention.kind is not Kind.ADJECTIVE:
            yield mention, "subject"
        elif mention.kind is Kind.ADJECTIVE:
            yield mention, "possessor"
        elif mention.after_preposition:
            yield mention, "object"
        else:
            yield mention, "other"


def _is_stanced(cue: Cue, context: Context) -> bool:
    return context.reading.vocabulary.groups.get(cue.concept) in _STANCED


def _merge_bare(holders: dict[tuple[str, str | None], Candidate]) -> None:
    """'Lavrov said Russia is ready': the bare country is the speaker's own, not a second holder."""
    for actor in {actor for actor, institution in holders if institution is None}:
        parts = [each for (name, institution), each in holders.items() if name == actor and institution]
        if not parts:
            continue
        first = min(parts, key=lambda each: _RANK[each.role])
        bare = holders[actor, None]
        if _RANK[first.role] <= _RANK["subject"] or _RANK[first.role] <= _RANK[bare.role]:
            del holders[actor, None]


def only_spoken_of(candidate: Candidate) -> bool:
    """Whether another actor speaks in the sentence and this one is only talked about: an accusation is not its stance."""
    speaker = candidate.scene.speaker
    if speaker is None or speaker.actor == candidate.actor:
        return False
    return candidate.role not in {"joint", "agent"} and not _with_speaker(candidate)


def _with_speaker(candidate: Candidate) -> bool:
    """Whether the speaker's own side stands beside it in one group: "Kerry said the US, Russia and Jordan agreed"."""
    speaker, group = candidate.scene.speaker, candidate.mention.group
    return (
        speaker is not None
        and group >= 0
        and any(each.group == group and each.actor == speaker.actor for each in candidate.scene.mentions)
    )


def _owns(candidate: Candidate, owned: Owned, scene: Scene) -> bool:
    owner = owned.owner
    if owner is None:
        return False
    if owner.actor == candidate.actor:
        return owner.institution is None or candidate.institution is None or owner.institution == candidate.institution
    if owner.group < 0:
        return False
    return any(each.group == owner.group and each.actor == candidate.actor for each in scene.mentions)


# --- features ---------------------------------------------------------------------------------


def _features(candidate: Candidate, context: Context) -> Features:
    found: Features = {}
    scene, reading = candidate.scene, context.reading
    own_cues = {owned.cue for owned in candidate.own}
    conditioned = _conditioned(scene, reading)
    by_other = scene.speaker is not None and scene.speaker.actor != candidate.actor
    if by_other and _with_speaker(candidate):
        found["beside the speaker's side"] = 1.0
        by_other = False
    targeted = _targeted(candidate, context)
    waits = _not_until(scene)
    for owned in scene.cues:
        _cue_features(found, owned, candidate, reading, owned.cue in own_cues, conditioned, targeted, waits=waits)
    for hit in scene.themes:
        found[f"theme:{hit.label}"] = 1.0
    flags = {owned.cue.concept for owned in scene.cues} & _FLAGS
    found.update({f"flag:{flag}": 1.0 for flag in flags})
    _condition_features(found, candidate, reading, conditioned, waits=waits)
    found[f"role:{candidate.role}"] = 1.0
    found[f"kind:{candidate.mention.kind}"] = 1.0
    if by_other:
        found["quoted by another actor"] = 1.0
        found[f"role:{candidate.role}|by other"] = 1.0
    principals = frozenset(context.topic.principals)
    found.update({f"scene:{fact}": 1.0 for fact in facts_of(view_of(reading, scene, context.topic))})
    found |= standing(candidate.mention, candidate.role, candidate.own, scene, reading, principals)
    _company(found, candidate, context)
    _place(found, candidate, context)
    return found


def _condition_features(
    found: Features, candidate: Candidate, reading: Reading, conditioned: frozenset[int], *, waits: bool
) -> None:
    """What a condition bears on: the holder's own words, the target, or something else."""
    if waits:
        found["not until"] = 1.0
    if not conditioned:
        return
    groups = reading.vocabulary.groups
    own = any(owned.cue.first in conditioned and groups.get(owned.cue.concept) in _STANCED for owned in candidate.own)
    target = any(hit.first in conditioned for hit in candidate.scene.themes)
    found["condition on own words"] = float(own)
    found["condition on the target"] = float(target)
    found["condition on something else"] = float(not own and not target)


def _not_until(scene: Scene) -> bool:
    """Whether the sentence says "not … until", "not … before"."""
    refusals = [
        owned.cue.first
        for owned in scene.cues
        if owned.cue.concept in _NEGATORS or owned.cue.negated or owned.cue.concept in _REFUSALS
    ]
    limits = [owned.cue.first for owned in scene.cues if owned.cue.concept in _LIMITS]
    return any(
        refusal < limit <= refusal + _LIMIT_REACH or (limit <= scene.sentence.first + 2 and refusal > limit)
        for refusal in refusals
        for limit in limits
    )


_NEGATORS = frozenset({"negation", "near_negation"})
_REFUSALS = frozenset({"refuse", "reject", "no_plan", "unwilling", "cannot", "rule_out"})
_LIMITS = frozenset({"until", "only_condition"})
_LIMIT_REACH = 20  # words


def _cue_features(
    found: Features,
    owned: Owned,
    candidate: Candidate,
    reading: Reading,
    own: bool,
    conditioned: frozenset[int],
    targeted: frozenset[int],
    *,
    waits: bool,
) -> None:
    cue = owned.cue
    group = reading.vocabulary.groups.get(cue.concept)
    if group is None or group is Group.GRAMMAR:
        return
    sign = "not " if cue.negated else ""
    who = "own" if own else "other's" if owned.owner is not None else "nobody's"
    found[f"{who}:{sign}{cue.concept}"] = 1.0
    found[f"any:{sign}{cue.concept}"] = 1.0
    if group is Group.SPEECH:
        return
    aimed = own and reading.strong[cue.first] in targeted
    if aimed:
        found[f"own, on the target:{sign}{cue.concept}"] = 1.0
    direction = _direction(cue, group, waits=waits)
    found[f"{who}:{direction} words"] = min(3.0, found.get(f"{who}:{direction} words", 0.0) + 1.0)
    if cue.concept in reading.vocabulary.acts and not cue.negated:
        found[f"{who}:{direction} act"] = 1.0
    if own and cue.first in conditioned:
        found[f"own:{direction} words under a condition"] = 1.0
    if aimed:
        name = f"own:{direction} words on the target"
        found[name] = min(3.0, found.get(name, 0.0) + 1.0)
    near = reading.strong[cue.first] == reading.strong[candidate.mention.first]
    if near and not own:
        found[f"near:{direction} words"] = 1.0


def _direction(cue: Cue, group: Group, *, waits: bool) -> str:
    """Whither a cue points: a negation turns it round, and "not … until" makes terms of a refusal."""
    if waits and ((cue.negated and group is Group.SUPPORT) or cue.concept in _REFUSALS):
        return Group.CONDITIONAL.value
    return _FLIPPED.get(group, group.value) if cue.negated else group.value


def _targeted(candidate: Candidate, context: Context) -> frozenset[int]:
    """Parts of the sentence that name the target, or (for a principal) the other principal."""
    reading, scene = context.reading, candidate.scene
    bonds = reading.vocabulary.bonds
    parts = {reading.strong[hit.first] for hit in scene.themes if bonds[hit.label] in {Bond.CORE, Bond.NEAR}}
    others = set(context.topic.principals) - {candidate.actor}
    if len(others) < len(context.topic.principals):
        parts |= {reading.strong[mention.first] for mention in scene.mentions if mention.actor in others}
    return frozenset(parts)


def _conditioned(scene: Scene, reading: Reading) -> frozenset[int]:
    """Word places within reach of a true condition: its clause and the ones beside it."""
    marks = [owned.cue for owned in scene.cues if owned.cue.concept in {"condition", "only_condition"}]
    places: set[int] = set()
    for mark in marks:
        clause = reading.clause[mark.first]
        places.update(
            place
            for place in range(scene.sentence.first, scene.sentence.last)
            if abs(reading.clause[place] - clause) <= 1
        )
    return frozenset(places)


def _company(found: Features, candidate: Candidate, context: Context) -> None:
    """Who else is there: the other principals in the sentence, and how often the holder is named in the text."""
    principals = context.topic.principals
    here = {mention.actor for mention in candidate.scene.mentions}
    others = [actor for actor in principals if actor != candidate.actor]
    named = [actor for actor in others if actor in here]
    if candidate.actor in principals:
        found["principal"] = 1.0
        found[f"actor:{candidate.actor}"] = 1.0
        if named:
            found["other principal in sentence"] = 1.0
    elif len(named) == len(others):
        found["both principals in sentence"] = 1.0
    elif named:
        found["one principal in sentence"] = 1.0
    found["others in sentence"] = float(min(4, len(here - {candidate.actor})))
    found["often named"] = math.log1p(context.mentions_of[candidate.actor])
    found[f"institution:{candidate.institution or 'none'}"] = 1.0


def _place(found: Features, candidate: Candidate, context: Context) -> None:
    sentence = candidate.scene.sentence
    if sentence.is_title:
        found["in the headline"] = 1.0
    found["first sentences"] = 1.0 if not sentence.is_title and sentence.number <= 2 else 0.0
    found["depth"] = sentence.number / max(1, context.sentences)
    found["number"] = math.log1p(sentence.number)
    found["short text"] = 1.0 if context.sentences <= 5 else 0.0
    found["text's relevance"] = context.relevance
    words = sentence.last - sentence.first
    found["length"] = math.log1p(words)
    inside = sum(1 for place in range(sentence.first, sentence.last) if context.reading.quoted[place] >= 0)
    found["quotation"] = inside / max(1, words)
    if not candidate.scene.themes:
        found["no theme"] = 1.0
    if candidate.mention.former:
        found["former official"] = 1.0
