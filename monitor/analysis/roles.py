"""Who does what in a sentence: the subject of each cue, who speaks, and the candidates whose stance it may show.

The owner of a cue is the mention with the best score over distance, order, case, prepositions and clause borders;
one scoring for all languages, since what differs between them (word order, cases) is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.analysis.knowledge import Group
from monitor.analysis.mentions import Kind, Mention
from monitor.analysis.reading import Cue, Reading, Sentence
from monitor.analysis.terms import Hit

_CARRIERS = frozenset(
    {"pronoun_he", "pronoun_they", "it_pronoun", "we", "add", "say", "stress", "official_generic", "spokesperson"}
)
_NAMING = frozenset(set(Kind) - {Kind.PRONOUN, Kind.JOINT})
_FAR = 14  # words from a cue to its subject
_LEAST = -0.9


@dataclass(frozen=True, slots=True)
class Owned:
    """A cue and the mention it is said of: by its grammar, or through the speaker when `inherited`."""

    cue: Cue
    owner: Mention | None
    inherited: bool = False


@dataclass(slots=True)
class Scene:
    """A sentence with its mentions, owned cues and speaker."""

    sentence: Sentence
    mentions: list[Mention]
    cues: list[Owned]
    themes: list[Hit[str]]
    speaker: Mention | None = None
    carried: bool = False
    flags: set[str] = field(default_factory=set)


def scenes(reading: Reading, mentions: Sequence[Mention], *, verb_first: bool) -> list[Scene]:
    """The text sentence by sentence; the last speaker is carried on where a sentence names none."""
    by_sentence: dict[int, list[Mention]] = {}
    for mention in mentions:
        by_sentence.setdefault(mention.sentence, []).append(mention)
    out: list[Scene] = []
    last: Mention | None = None
    since = 0
    for sentence in reading.sentences:
        scene = _scene(reading, sentence, by_sentence.get(sentence.number, []), verb_first=verb_first)
        if scene.speaker is None and last is not None and since < 3 and _carries_on(reading, scene):
            scene.speaker, scene.carried = last, True
        since = 0 if scene.speaker is not None else since + 1
        if scene.speaker is not None and not sentence.is_title:
            last = scene.speaker
        scene.cues = _inherited(scene)
        out.append(scene)
    return out


def _scene(reading: Reading, sentence: Sentence, mentions: list[Mention], *, verb_first: bool) -> Scene:
    cues = _outside_names(reading.cues_by_sentence[sentence.number], mentions)
    owned = [Owned(cue, _owner(cue, mentions, reading, verb_first=verb_first)) for cue in cues]
    scene = Scene(sentence, mentions, owned, reading.themes_by_sentence[sentence.number])
    scene.speaker = _speaker(scene, reading)
    return scene


def _outside_names(cues: Sequence[Cue], mentions: Sequence[Mention]) -> list[Cue]:
    """The cues but those that are part of a name: "US" is no "us", the president of "President Assad" no bare title."""
    named = {place for mention in mentions if mention.kind in _NAMING for place in range(mention.first, mention.last)}
    return [cue for cue in cues if not all(place in named for place in range(cue.first, cue.last))]


def _owner(cue: Cue, mentions: Sequence[Mention], reading: Reading, *, verb_first: bool) -> Mention | None:
    best, found = _LEAST, None
    for mention in mentions:
        if mention.first < cue.last and cue.first < mention.last:
            continue
        score = _fit(cue, mention, reading, verb_first=verb_first)
        if score > best:
            best, found = score, mention
    return found


def _fit(cue: Cue, mention: Mention, reading: Reading, *, verb_first: bool) -> float:
    before = mention.last <= cue.first
    distance = cue.first - mention.last if before else mention.first - cue.last
    if distance > _FAR * 2:
        return -9.0
    edge = mention.last - 1 if before else mention.first
    middle = cue.first if before else cue.last - 1
    commas = abs(reading.clause[middle] - reading.clause[edge])
    strong = abs(reading.strong[middle] - reading.strong[edge])
    speech = reading.vocabulary.groups.get(cue.concept) is Group.SPEECH
    if speech and reading.quoted[middle] < 0 <= reading.quoted[edge]:
        return -9.0  # who is named inside a quotation does not utter it
    if speech and not before and (strong or not _inverted(cue, mention, reading, verb_first=verb_first)):
        return -9.0  # what comes after "said that" is said, and does not say
    score = -0.07 * distance - 0.25 * commas - 0.8 * strong
    score += _order(before=before, distance=distance, speech=speech, verb_first=verb_first, free=bool(mention.cases))
    if reading.quoted[edge] != reading.quoted[middle]:
        score -= 0.6
    if mention.by_agent:
        return score + (1.2 if not before else -0.6)
    if mention.after_preposition:
        score -= 1.2
    if mention.kind is Kind.ADJECTIVE:
        score += 0.5 if distance == 0 else -0.4
    if mention.cases:
        score += _case(mention, before=before, distance=distance)
    return score


def _inverted(cue: Cue, mention: Mention, reading: Reading, *, verb_first: bool) -> bool:
    """Whether a speaker may follow this word of speech: always where verbs come first or cases tell, else after a quote."""
    if verb_first or mention.cases:
        return True
    start = reading.words[cue.first].start
    return any(mark in reading.text[max(0, start - 3) : start] for mark in ",\"”»’'")


def _order(*, before: bool, distance: int, speech: bool, verb_first: bool, free: bool) -> float:
    if verb_first:
        # The subject follows its verb at once; what comes later is object or another clause's.
        return 0.45 if before else 0.8 if distance <= 2 else -0.2
    if free:  # the case tells, not the place
        return 0.6 if before else 0.4
    if before:
        return 0.8
    return 0.4 if speech and distance <= 2 else -0.5


def _case(mention: Mention, *, before: bool, distance: int) -> float:
    if "nomn" in mention.cases:
        return 0.4
    # "отказ Вашингтона": a genitive right after the noun is its doer.
    if "gent" in mention.cases and not before and distance == 0:
        return 0.2
    return -1.0


def _speaker(scene: Scene, reading: Reading) -> Mention | None:
    """Who says what stands in the sentence: the owner of its first word of speech outside quotation marks."""
    groups = reading.vocabulary.groups
    for owned in scene.cues:
        speaks = groups.get(owned.cue.concept) is Group.SPEECH and reading.quoted[owned.cue.first] < 0
        if speaks and owned.owner is not None and owned.owner.kind is not Kind.ADJECTIVE:
            return owned.owner
    for owned in scene.cues:
        if owned.cue.concept in {"according_to", "according_to_him"}:
            after = [m for m in scene.mentions if m.first == owned.cue.first or 0 <= m.first - owned.cue.last <= 2]
            if after:
                return after[0]
    named = _source(scene, reading)
    if named is not None:
        return named
    # Headlines: "Lavrov: no talks".
    for mention in scene.mentions:
        end = reading.words[mention.last - 1].end
        if scene.mentions[0] is mention and reading.text[end : end + 2].lstrip('"»”')[:1] == ":":
            return mention
    return None


def _source(scene: Scene, reading: Reading) -> Mention | None:
    """Whom a headline names at its end as the source of what it says: "No talks planned — Lavrov"."""
    if not scene.mentions or not scene.sentence.is_title:
        return None
    last = scene.mentions[-1]
    before = reading.text[max(0, reading.words[last.first].start - 3) : reading.words[last.first].start].strip()
    ends = reading.words[last.last - 1].end >= scene.sentence.end - 2
    return last if ends and before in {"—", "–", "-", ":", "/"} and last.kind is not Kind.ADJECTIVE else None


def _carries_on(reading: Reading, scene: Scene) -> bool:
    """Whether the sentence goes on with what the last speaker says: he, the general, 'added', or only a quotation."""
    first, last = scene.sentence.first, scene.sentence.last
    opening = {owned.cue.concept for owned in scene.cues if owned.cue.first - first <= 6}
    ending = {owned.cue.concept for owned in scene.cues if last - owned.cue.last <= 6}
    groups = reading.vocabulary.groups
    speaks = any(groups.get(owned.cue.concept) is Group.SPEECH and owned.owner is None for owned in scene.cues)
    if speaks and (opening | ending) & _CARRIERS:
        return True
    inside = sum(1 for place in range(first, last) if reading.quoted[place] >= 0)
    return inside * 2 > last - first or bool(opening & {"add"}) or "we" in opening


def _inherited(scene: Scene) -> list[Owned]:
    """A cue that no mention owns is said of (by) the speaker."""
    if scene.speaker is None:
        return scene.cues
    return [
        owned if owned.owner is not None else Owned(owned.cue, scene.speaker, inherited=True) for owned in scene.cues
    ]
