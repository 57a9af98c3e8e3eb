"""Cuts texts for showing: where evidence and conditions stand, what one version has that another lacks. Pure."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from monitor.model import EventRow

_PARAGRAPHS = re.compile(r"[^\n]*\n+|[^\n]+")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS = 4_000  # of a changed stretch; longer ones are told as wholly new
_AROUND = 280  # characters of context on either side


class Part(NamedTuple):
    """A stretch of an article's text, with the evidence it belongs to."""

    text: str
    event: EventRow | None
    number: int
    first: bool
    last: bool
    condition: bool


def parts_of(text: str, events: Sequence[EventRow]) -> tuple[Part, ...]:
    """The text cut where evidence and conditions begin and end; overlapping evidence belongs to the first of them."""
    spans = [(row.event.start, row.event.end) for row in events]
    conditions = [(part.start, part.end) for row in events for part in row.event.conditions]
    cuts = sorted({0, len(text), *(edge for span in (*spans, *conditions) for edge in span if edge <= len(text))})
    parts: list[Part] = []
    for start, end in itertools.pairwise(cuts):
        owner = next(((n, row) for n, row in enumerate(events, 1) if row.event.start <= start < row.event.end), None)
        row = owner[1] if owner else None
        parts.append(
            Part(
                text=text[start:end],
                event=row,
                number=owner[0] if owner else 0,
                first=row is not None and row.event.start == start,
                last=row is not None and row.event.end == end,
                condition=any(first <= start < last for first, last in conditions),
            )
        )
    return tuple(parts)


def around(text: str, *, start: int, end: int) -> tuple[str, str]:
    """What stands before and after `text[start:end]`, to the nearest space, with `…` where more is left out."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    if start > _AROUND:
        before = "…" + before[before.find(" ") :]
    if end + _AROUND < len(text):
        after = after[: after.rfind(" ") + 1] + "…"
    return before, after


class Kept(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Piece(NamedTuple):
    text: str
    kept: Kept


def compared(before: str, after: str) -> tuple[Piece, ...]:
    """What of `before` is gone and what `after` has new, by words within changed paragraphs.

    The pieces that aren't new make up `before`, those that aren't gone make up `after`.
    """
    first, second = _PARAGRAPHS.findall(before), _PARAGRAPHS.findall(after)
    pieces: list[Piece] = []
    for old, new in _blocks(first, second):
        if old == new:
            pieces.append(Piece("".join(old), Kept.SAME))
            continue
        pieces.extend(_by_words("".join(old), "".join(new)))
    return tuple(piece for piece in pieces if piece.text)


def _blocks(first: Sequence[str], second: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        yield first[start:end], second[other_start:other_end]


def _by_words(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        old, new = [before], [after]
    for gone, come in _blocks(old, new):
        if gone == come:
            yield Piece("".join(gone), Kept.SAME)
            continue
        yield Piece("".join(gone), Kept.GONE)
        yield Piece("".join(come), Kept.NEW)
