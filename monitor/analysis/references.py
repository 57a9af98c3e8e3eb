"""Whom "he", "the minister", "الوزير" mean: the last person or body that was named as one who acts or speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.analysis.knowledge import Group
from monitor.analysis.mentions import Kind, Mention
from monitor.analysis.reading import Cue, Reading

_BACK = 3  # sentences over which a name is remembered
_NEAR = 2  # words between a generic title and its verb
_TITLES = frozenset({"official_generic", "spokesperson"})
_PRONOUNS = frozenset({"subject_pronoun", "according_to_him"})
_ANTECEDENTS = frozenset({Kind.PERSON, Kind.POST, Kind.INSTITUTION})


def references(reading: Reading, named: Sequence[Mention]) -> list[Mention]:
    """A mention for every "he" and every title without a name, standing for the one last named."""
    taken = {place for mention in named for place in range(mention.first - 1, mention.last + 1)}
    # "the Pentagon spokesman", "المتحدث باسم البنتاغون": a title beside a name is that name's.
    beside = {place for mention in named for place in range(mention.first - 3, mention.last + 2)}
    found: list[Mention] = []
    for cue in reading.cues:
        pronoun = cue.concept in _PRONOUNS
        if cue.first in taken or not (pronoun or cue.concept in _TITLES):
            continue
        if not pronoun and (cue.first in beside or _named_after(cue, reading, named) or not _beside_verb(cue, reading)):
            continue
        antecedent = _antecedent(cue, reading, named)
        if antecedent is not None:
            taken.update(range(cue.first, cue.last))
            found.append(_standing_for(antecedent, cue, reading))
    return found


_TITLE_REACH = 6  # words from a title to the name it belongs to: "the press officer at the White House, N N"


def _named_after(cue: Cue, reading: Reading, named: Sequence[Mention]) -> bool:
    return any(
        mention.kind is Kind.PERSON
        and 0 <= mention.first - cue.last <= _TITLE_REACH
        and reading.strong[mention.first] == reading.strong[cue.first]
        for mention in named
    )


def _beside_verb(cue: Cue, reading: Reading) -> bool:
    """A bare title refers back only where it speaks: "the general complained", «добавил министр», قال الوزير."""
    groups = reading.vocabulary.groups
    return any(
        groups.get(each.concept) is Group.SPEECH
        and reading.clause[each.first] == reading.clause[cue.first]
        and (0 <= each.first - cue.last <= _NEAR or 0 <= cue.first - each.last <= _NEAR)
        for each in reading.cues_by_sentence[reading.sentence_of(cue.first)]
    )


def _antecedent(cue: Cue, reading: Reading, named: Sequence[Mention]) -> Mention | None:
    sentence = reading.sentence_of(cue.first)
    best: Mention | None = None
    for mention in named:
        if mention.first >= cue.first:
            break
        able = mention.kind in _ANTECEDENTS and not mention.after_preposition
        # The first one of a sentence is whom it is about.
        if able and sentence - mention.sentence <= _BACK and (best is None or best.sentence != mention.sentence):
            best = mention
    return best


def _standing_for(antecedent: Mention, cue: Cue, reading: Reading) -> Mention:
    return replace(
        antecedent,
        first=cue.first,
        last=cue.last,
        kind=Kind.PRONOUN,
        after_preposition=False,
        by_agent=False,
        cases=frozenset({"nomn"}) if antecedent.cases else frozenset(),
        sentence=reading.sentence_of(cue.first),
        group=-1,
    )
