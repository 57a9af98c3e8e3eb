"""Splits text into sentences and finds quotations, with offsets into the original text.

Own rules, since no library measured got half of fourteen ordinary news texts right (docs/design.md): abbreviation
lists, no break inside a quotation, none before a lower-case letter or a dash. All work is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from monitor.model import Language

_ABBREVIATION_LISTS = {
    Language.AR: "د أ م ج ص ت ب ف أ.ف.ب د.ب.أ ق.م هـ",
    Language.EN: (
        "mr mrs ms dr prof gen lt col maj sgt capt cpl adm brig sen rep gov amb st jr sr no vs etc inc ltd co corp "
        "u.s u.n u.k e.u d.c a.m p.m i.e e.g jan feb mar apr jun jul aug sep sept oct nov dec mt ft ret spc pres"
    ),
    Language.RU: (
        "т е д п г гг в вв др пр см стр руб коп млн млрд тыс им ул св проф акад ген полк подп кап ком янв фев мар апр "
        "авг сент сен окт нояб дек кв км чел т.е т.д т.п т.н т.к н.э и.о обл р"
    ),
}
ABBREVIATIONS = {language: frozenset(listed.split()) for language, listed in _ABBREVIATION_LISTS.items()}
_ALL_ABBREVIATIONS = frozenset().union(*ABBREVIATIONS.values())

_QUOTES = '"“”„‟«»'
_CLOSERS = _QUOTES + "'’)]"
_END = re.compile(rf"[.!?؟…۔]+[{re.escape(_CLOSERS)}]*(?=\s)|\n+")
_LAST_TOKEN = re.compile(r"[^\s(\[\"«“„'‘]{1,24}\Z")
_LONGEST_WHOLE_QUOTATION = 700  # characters; a longer quotation is a passage of its own and is split inside


class Span(NamedTuple):
    """A stretch of the original text, `text[start:end]`."""

    start: int
    end: int


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of `text` in order, without surrounding white space. A line break always ends one."""
    closed = [span for span in quotations(text) if span.end - span.start <= _LONGEST_WHOLE_QUOTATION]
    starts = [span.start for span in closed]
    found: list[Span] = []
    begin = 0
    for match in _END.finditer(text):
        if match.group()[0] != "\n" and not _ends_sentence(text, match, closed, starts):
            continue
        _append(found, text, begin, match.end())
        begin = match.end()
    _append(found, text, begin, len(text))
    return tuple(found)


def _append(found: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        lead = len(piece) - len(piece.lstrip())
        found.append(Span(start + lead, start + lead + len(stripped)))


def _ends_sentence(text: str, match: re.Match[str], quoted: list[Span], starts: list[int]) -> bool:
    if _inside(match.start(), match.end(), quoted, starts):
        return False
    following = _next_visible(text, match.end())
    if following.islower() or following in "-–—,،;؛":
        return False
    marks = match.group()
    if not marks.startswith(".") or marks.startswith(".."):
        return True
    token = _LAST_TOKEN.search(text, max(0, match.start() - 24), match.start())
    if token is None:
        return True
    word = token.group()
    return not (_is_initial(word) or word.lower() in _ALL_ABBREVIATIONS or (word.isdigit() and len(word) <= 2))


_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]\Z")


def _is_initial(word: str) -> bool:
    if _INITIALS.match(word) and word.isupper():
        return True
    return len(word) == 1 and word.isalpha() and (word.isupper() or not word.islower())


def _next_visible(text: str, offset: int) -> str:
    for char in text[offset : offset + 8]:
        if not char.isspace() and char not in _QUOTES + "([":
            return char
    return "\n"


def _inside(start: int, end: int, spans: list[Span], starts: list[int]) -> bool:
    """Whether the mark at `start:end` lies in a quotation that goes on after it."""
    index = bisect_right(starts, start) - 1
    return index >= 0 and start < spans[index].end and end < spans[index].end


def quotations(text: str) -> tuple[Span, ...]:
    """What stands between quotation marks, without the marks, outermost only, in order.

    Marks of any kind, mixed, reversed and unbalanced (Arabic typing has all of these): whether a mark opens or closes
    is read off the white space around it. A mark without its partner in the same paragraph counts for nothing.
    """
    return tuple(_quotations(text))


def _quotations(text: str) -> Iterator[Span]:
    opened: int | None = None
    depth = 0
    for match in re.finditer(rf"[{_QUOTES}\n]", text):
        place = match.start()
        if match.group() == "\n":
            opened, depth = None, 0
        elif _opens(text, place, is_open=opened is not None):
            depth += 1
            opened = place if opened is None else opened
        elif opened is not None:
            depth -= 1
            # A reader closes the outermost quotation even when an inner mark got lost: «he said “no».
            if depth <= 0 or not _closes_later(text, place):
                if place > opened + 1:
                    yield Span(opened + 1, place)
                opened, depth = None, 0


def _opens(text: str, place: int, *, is_open: bool) -> bool:
    before = text[place - 1] if place else " "
    after = text[place + 1] if place + 1 < len(text) else " "
    free_before = before.isspace() or before in "([-–—:،,/" or before in _QUOTES
    free_after = after.isspace() or after in ".,;:!?)]-–—،؛؟" or after in _QUOTES
    if free_before != free_after:
        return free_before
    return not is_open


def _closes_later(text: str, place: int) -> bool:
    """Whether another mark follows in this paragraph, so that the outer quotation may still be closed."""
    end = text.find("\n", place)
    rest = text[place + 1 : min(place + 1 + _LONGEST_WHOLE_QUOTATION, end if end >= 0 else len(text))]
    return any(mark in rest for mark in _QUOTES)
