"""What a headline claims of an actor, beside what its text says: headlines say more. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.analysis.candidates import Candidate
from monitor.analysis.knowledge import Bond, Group, Topic
from monitor.analysis.reading import Cue, Vocabulary
from monitor.model import Event, Stance

_WHOLE = {Group.SUPPORT: Stance.SUPPORT, Group.OPPOSE: Stance.OPPOSE, Group.SUSPEND: Stance.SUSPEND}
_TURNED = {Group.SUPPORT: Stance.OPPOSE}  # "does not agree"; a negated refusal claims nothing whole
_WAVERING = frozenset({Group.CONDITIONAL, Group.NEUTRAL})
_CONDITIONS = frozenset({"condition", "only_condition"})
_DOING = frozenset({"speaker", "subject", "agent", "joint"})
_PARTIAL = frozenset({Stance.CONDITIONAL, Stance.NEUTRAL})


def headline_notes(
    events: Sequence[Event], headline: Sequence[Candidate], *, topic: Topic, vocabulary: Vocabulary
) -> tuple[str, ...]:
    """A sentence for each actor of whom the headline claims a whole stance that the text takes back.

    `headline` holds the candidates of the headline's one sentence.
    """
    notes: list[str] = []
    for actor in dict.fromkeys(event.actor for event in events):
        claimed = _claimed([each for each in headline if each.actor == actor], topic, vocabulary)
        said = tuple(dict.fromkeys(event.stance for event in events if event.actor == actor))
        if claimed is not None and all(_less(stance, claimed) for stance in said):
            told = " and ".join(stance.value for stance in said)
            notes.append(f"the headline says more than its text: {actor} {claimed.value}, in the text {told}")
    return tuple(notes)


def _less(said: Stance, claimed: Stance) -> bool:
    return said in _PARTIAL or said.side is not claimed.side


def _claimed(own: Sequence[Candidate], topic: Topic, vocabulary: Vocabulary) -> Stance | None:
    """The one whole stance that the actor's own words in the headline show toward the target; None where they waver."""
    doing = [each for each in own if each.role in _DOING and _on_target(each, topic, vocabulary)]
    cues = [cue for each in doing for cue in _telling(each)]
    groups = [(vocabulary.groups.get(cue.concept), cue) for cue in cues]
    if any(group in _WAVERING or cue.concept in _CONDITIONS for group, cue in groups):
        return None  # the headline itself says less
    found = {(_TURNED if cue.negated else _WHOLE).get(group) for group, cue in groups if group} - {None}
    return found.pop() if len(found) == 1 else None


def _telling(candidate: Candidate) -> list[Cue]:
    """The holder's own cues; in "rejects coordination" the second word is the target, and tells no stance."""
    target = {place for hit in candidate.scene.themes for place in range(hit.first, hit.last)}
    return [owned.cue for owned in candidate.own if owned.cue.first not in target]


def _on_target(candidate: Candidate, topic: Topic, vocabulary: Vocabulary) -> bool:
    """Whether the headline names a form of the target, or the other principal: else its words may be of anything."""
    bonds = {vocabulary.bonds[hit.label] for hit in candidate.scene.themes}
    here = {mention.actor for mention in candidate.scene.mentions}
    return bool(bonds & {Bond.CORE, Bond.NEAR}) or set(topic.principals) <= here | {candidate.actor}
