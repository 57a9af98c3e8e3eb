"""The shortest span that shows a stance: the part of the sentence that holds its cue and the target."""

from __future__ import annotations

from collections import defaultdict

from monitor.analysis.candidates import Candidate
from monitor.analysis.knowledge import Group
from monitor.analysis.reading import Reading
from monitor.model import Evidence, Stance, quote

_SHORTEST = 30  # characters: less shows nothing
_QUOTES = "\"“”«»‘’'"  # a closing mark goes with its opening one only
_CONDITIONS = frozenset({"condition", "only_condition"})
_ASIDE = {"relative": 0.5, "concession": 0.3}  # how little a part counts that such a word opens
_AS_TELLING = 0.5  # of the best part's weight, that its neighbour needs to be shown with it
_LONGEST = 220  # characters of several parts together

Part = tuple[int, int, int]
"""Number, first and last word (exclusive) of a strong part."""


def evidence_span(candidate: Candidate, stance: Stance, reading: Reading) -> tuple[int, int]:
    """Characters of the clause that shows the stance; the whole sentence where no part stands out."""
    sentence = candidate.scene.sentence
    parts = _parts(reading, sentence.first, sentence.last)
    if len(parts) == 1:
        return sentence.start, sentence.end
    weights = _weights(candidate, stance, reading)
    best = max(parts, key=lambda part: (weights[part[0]], part[2] - part[1]))
    if weights[best[0]] <= 0:
        return sentence.start, sentence.end
    place = parts.index(best)
    first, last = _with_neighbours(parts, place, weights, reading)
    if stance is Stance.CONDITIONAL:
        first, last = _with_condition(parts, place, candidate, first, last)
    while _length(reading, first, last) < _SHORTEST and (first > sentence.first or last < sentence.last):
        place_after = next((part for part in parts if part[1] == last), None)
        if place_after is not None:
            last = place_after[2]
        else:
            first = next(part[1] for part in parts if part[2] == first)
    return _trimmed(reading, _past_subordinator(candidate, reading, first, last), last)


def _with_neighbours(parts: list[Part], place: int, weights: dict[int, float], reading: Reading) -> tuple[int, int]:
    """The best part with the ones beside it that tell nearly as much, as long as the whole stays short."""
    wanted = _AS_TELLING * weights[parts[place][0]]
    low = high = place
    while True:
        beside = [number for number in (high + 1, low - 1) if 0 <= number < len(parts)]
        for number in beside:
            first, last = min(parts[low][1], parts[number][1]), max(parts[high][2], parts[number][2])
            if weights[parts[number][0]] >= wanted and _length(reading, first, last) <= _LONGEST:
                low, high = min(low, number), max(high, number)
                break
        else:
            return parts[low][1], parts[high][2]


def _past_subordinator(candidate: Candidate, reading: Reading, first: int, last: int) -> int:
    """The first word after a leading "that", что, أن: it belongs to the words of the reporter."""
    for owned in candidate.scene.cues:
        cue = owned.cue
        if cue.concept == "subordinator" and cue.first == first and _length(reading, cue.last, last) >= _SHORTEST:
            return cue.last
    return first


def _parts(reading: Reading, first: int, last: int) -> list[Part]:
    """The strong parts of a sentence: number, first and last word."""
    parts: list[Part] = []
    begin = first
    for place in range(first + 1, last + 1):
        if place == last or reading.strong[place] != reading.strong[begin]:
            parts.append((reading.strong[begin], begin, place))
            begin = place
    return parts


def _weights(candidate: Candidate, stance: Stance, reading: Reading) -> dict[int, float]:
    weights: dict[int, float] = defaultdict(float)
    groups = reading.vocabulary.groups
    own = {owned.cue for owned in candidate.own}
    for owned in candidate.scene.cues:
        cue = owned.cue
        group = groups.get(cue.concept)
        if group is None or group is Group.SPEECH:
            continue
        part = reading.strong[cue.first]
        if cue.concept in _CONDITIONS:
            weights[part] += 1.5 if stance is Stance.CONDITIONAL else 0.0
        elif group is not Group.GRAMMAR:
            fits = group.value == stance.value or (cue.negated and group is Group.SUPPORT and stance is Stance.OPPOSE)
            weights[part] += (1.0 if fits else 0.3) * (1.0 if cue in own else 0.5)
    for hit in candidate.scene.themes:
        weights[reading.strong[hit.first]] += 0.6
    for part in {reading.strong[owned.cue.first] for owned in candidate.scene.cues}:
        weights[part] *= _aside(candidate, part, reading)
    return weights


def _aside(candidate: Candidate, part: int, reading: Reading) -> float:
    """Less than one where a relative or conceding word opens the part."""
    sentence = candidate.scene.sentence
    opened = (
        _ASIDE[owned.cue.concept]
        for owned in candidate.scene.cues
        if owned.cue.concept in _ASIDE
        and reading.strong[owned.cue.first] == part
        and (owned.cue.first == sentence.first or reading.strong[owned.cue.first - 1] != part)
    )
    return min(opened, default=1.0)


def _with_condition(parts: list[Part], place: int, candidate: Candidate, first: int, last: int) -> tuple[int, int]:
    """A conditional stance shows only together with its condition."""
    for owned in candidate.scene.cues:
        if owned.cue.concept in _CONDITIONS:
            part = next((each for each in parts if each[1] <= owned.cue.first < each[2]), None)
            if part is not None and abs(parts.index(part) - place) <= 1:
                first, last = min(first, part[1]), max(last, part[2])
    return first, last


def _length(reading: Reading, first: int, last: int) -> int:
    return reading.words[last - 1].end - reading.words[first].start


def _trimmed(reading: Reading, first: int, last: int) -> tuple[int, int]:
    start, end = reading.words[first].start, reading.words[last - 1].end
    inside = any(mark in _QUOTES for mark in reading.text[start:end])
    while end < len(reading.text) and (reading.text[end] in "%!?؟" or (inside and reading.text[end] in _QUOTES)):
        end += 1
    return start, end


def condition_spans(candidate: Candidate, reading: Reading) -> tuple[Evidence, ...]:
    """The conditions of the sentence, each from its marker to the end of its clause."""
    found: list[Evidence] = []
    sentence = candidate.scene.sentence
    taken = -1
    for owned in candidate.scene.cues:
        cue = owned.cue
        if cue.concept not in _CONDITIONS or cue.first < taken:
            continue
        clause = reading.clause[cue.first]
        last = cue.last
        while last < sentence.last and (reading.clause[last] == clause or reading.clause[last] - clause <= 0):
            last += 1
        if last == cue.last and last < sentence.last:
            last += 1
        start, end = _trimmed(reading, cue.first, last)
        if end - start > 5:
            found.append(quote(reading.text, start=start, end=end))
        taken = last
    return tuple(found[:4])
