"""Words as the search sees them: folded as everywhere, clitics off, stemmed by script. The same for texts and questions.

One token a word, so that phrases keep their order. Scripts, not languages, choose the stemmer: a question has no
language, and a Russian text names Kerry in both alphabets. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from monitor.model import FoundPiece
from monitor.text.normalize import fold, fold_key
from monitor.text.words import arabic_bare

LONGEST_QUESTION = 300  # characters
MOST_TERMS = 12
_LONGEST_TOKEN = 48  # characters
_SHORTEST_STEM = 3
_SHORTEST_BEGINNING = 2
_AROUND = 110  # characters of a passage on each side of the first word found
_WORD = re.compile(r"[^\W_]+")
_LINE = re.compile(r"[^\n]+")
_ASKED = re.compile(r'"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)')


class Place(NamedTuple):
    """Where a token stands in the text it was read from."""

    start: int
    end: int
    token: str


class Term(NamedTuple):
    """One thing asked for: a word, words in this order, or with `begins` the beginning of a word."""

    tokens: tuple[str, ...]
    begins: bool = False


def tokens(text: str) -> list[str]:
    """The tokens of a text in order."""
    return [token for word in _WORD.findall(fold_key(text)) if (token := _token(word))]


def places(text: str) -> Iterator[Place]:
    """The same tokens with where they stand; offsets into `text`. Folds line by line: a passage seldom needs them all."""
    for line in _LINE.finditer(text):
        folded = fold(line.group())
        for match in _WORD.finditer(folded.text):
            if token := _token(match.group()):
                start, end = folded.span(*match.span())
                yield Place(line.start() + start, line.start() + end, token)


def terms(question: str) -> tuple[Term, ...]:
    """What a question asks for: `words`, `"words in this order"`, `beginn*`. Anything else in it is no operator."""
    if len(question) > LONGEST_QUESTION:  # up to the last word that is whole
        question = question[:LONGEST_QUESTION].rpartition(" ")[0]
    found: list[Term] = []
    for match in _ASKED.finditer(fold_key(question)):
        if match["phrase"] is not None:
            found.append(Term(tuple(tokens(match["phrase"]))))
            continue
        words = tokens(match["word"])
        begins = match["word"].endswith("*") and bool(words) and len(words[-1]) >= _SHORTEST_BEGINNING
        # What a hyphen joins is asked for as words of their own: texts write it both ways.
        found.extend(Term((token,), begins=begins and token is words[-1]) for token in words)
    return tuple(dict.fromkeys(term for term in found if term.tokens))[:MOST_TERMS]


def passage(text: str, asked: tuple[Term, ...]) -> tuple[FoundPiece, ...]:
    """The text around the first thing found of what was asked, cut at spaces; empty when nothing of it stands there."""
    spans = _spans(text, asked)
    first = next(spans, None)
    if first is None:
        return ()
    start, end = _cut(text, *first)
    pieces: list[FoundPiece] = [FoundPiece(text="…", match=False)] if start else []
    place = start
    for found in itertools.takewhile(lambda span: span[1] <= end, itertools.chain([first], spans)):
        if found[0] >= place:  # a word may be found alone and in a phrase
            pieces.append(FoundPiece(text=text[place : found[0]], match=False))
            pieces.append(FoundPiece(text=text[found[0] : found[1]], match=True))
            place = found[1]
    pieces.append(FoundPiece(text=text[place:end] + ("…" if end < len(text) else ""), match=False))
    return tuple(piece for piece in pieces if piece.text)


def _cut(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a passage around `text[start:end]` begins and ends."""
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    if first:
        first = text.find(" ", first, start) + 1 or start
    if last < len(text):
        last = max(text.rfind(" ", end, last), end)
    return first, last


def _spans(text: str, asked: tuple[Term, ...]) -> Iterator[tuple[int, int]]:
    """Where a term stands, in order of the text."""
    last: list[Place] = []  # the newest tokens, as many as the longest phrase has
    longest = max((len(term.tokens) for term in asked), default=0)
    for place in places(text):
        last = [*last, place][-longest:] if longest else []
        for term in asked:
            window = last[-len(term.tokens) :]
            if _holds(term, tuple(each.token for each in window)):
                yield window[0].start, window[-1].end
                break


def _holds(term: Term, tokens: tuple[str, ...]) -> bool:
    return tokens[0].startswith(term.tokens[0]) if term.begins else tokens == term.tokens


# --- one word ---------------------------------------------------------------------------------


@lru_cache(maxsize=200_000)
def _token(folded: str) -> str:
    """The one form under which all forms of a word are kept; letters and digits only."""
    word = folded[:_LONGEST_TOKEN]
    if word == "s":  # of "Kerry's"
        return ""
    if "\u0600" <= word[0] <= "\u06ff":
        return _arabic(word)
    if "\u0400" <= word[0] <= "\u04ff":
        # Snowball takes the ending of a surname off in one case and leaves it in others: Лавров, Лаврова.
        stem = _stem(word, "russian")
        return stem[:-2] if stem.endswith(("ов", "ев")) and len(stem) >= 5 else stem
    return _stem(word, "english")


def _arabic(word: str) -> str:
    bare = arabic_bare(word)
    if bare[0] in "لب" and len(bare) >= 5:
        bare = bare[1:]
    stem = fold_key(_stem(bare, "arabic"))
    if len(stem) > _SHORTEST_STEM and stem[-1] in "ياه":
        stem = stem[:-1]
    return stem if len(stem) >= _SHORTEST_STEM else bare


def _stem(word: str, language: str) -> str:
    return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(language, 0)  # no cache of its own: ours is above, and threads would share this one
