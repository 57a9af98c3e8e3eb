"""Finds dictionary terms among the words of a text: word by word, by lemma or stem, several words in a row.

`=term` matches as written, `term*` any ending, `a _ b` with up to five words between, as where the subject stands between
verb and object. A term's own words are taken as they stand (they are dictionary forms);
the text's words bring their lemmas. That keeps start-up free of morphology for single words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from monitor.model import Language
from monitor.text.normalize import fold_key
from monitor.text.words import arabic_bare, keys, words

L = TypeVar("L")
_NOTHING: tuple[()] = ()
_PREFIX = 3  # characters of an open-ended term by which it is looked up
_GAP = "_"
_WIDEST_GAP = 5  # words


class Hit(NamedTuple, Generic[L]):
    """A term found at words `first:last` (end exclusive); `label` is what it stands for.

    Of a term with a gap `tail` is where its second part begins and `head` where its first ends; else both are `last`.
    """

    first: int
    last: int
    label: L
    head: int = -1
    tail: int = -1

    def places(self) -> Iterable[int]:
        """The words that belong to the term itself."""
        if self.head < 0:
            return range(self.first, self.last)
        return (*range(self.first, self.head), *range(self.tail, self.last))


class _Term(NamedTuple, Generic[L]):
    label: L
    parts: tuple[frozenset[str], ...]
    exact: bool
    open_end: str
    tail: tuple[frozenset[str], ...] = ()


class TermIndex(Generic[L]):
    """Terms of many labels, looked up by the keys of their first word."""

    def __init__(self, terms: Iterable[tuple[L, str]], *, language: Language) -> None:
        self._language = language
        self._by_key: dict[str, list[_Term[L]]] = {}
        self._open: dict[str, list[_Term[L]]] = {}
        self._starts: dict[str, tuple[_Term[L], ...]] = {}
        for label, text in terms:
            self._add(label, text)

    def _add(self, label: L, text: str) -> None:
        exact = text.startswith("=")
        text, _, rest = text.partition(f" {_GAP} ")
        pieces = [word.folded for word in words(text.lstrip("="))]
        if not pieces:
            return
        if text.endswith("*") and len(pieces[-1]) >= _PREFIX and len(pieces) == 1:
            self._open.setdefault(pieces[0][:_PREFIX], []).append(_Term(label, _NOTHING, exact, pieces[0]))
            return
        single = len(pieces) == 1 and not rest
        parts = tuple(_term_keys(piece, self._language, exact=exact, single=single) for piece in pieces)
        far = (_term_keys(word.folded, self._language, exact=exact, single=False) for word in words(rest))
        term = _Term(label, parts, exact, "", tuple(far))
        for key in parts[0]:
            self._by_key.setdefault(key, []).append(term)

    def find(
        self, folded: Sequence[str], found_keys: Sequence[frozenset[str]], breaks: frozenset[int] = frozenset()
    ) -> list[Hit[L]]:
        """Every term among the words, in order of their first word. Overlapping terms are all found.

        `breaks` are the words before which a mark stands: no term of several words goes across one.
        """
        hits: list[Hit[L]] = []
        starts = self._starts
        total = len(folded)
        for place, word in enumerate(folded):
            candidates = starts.get(word)
            if candidates is None:
                candidates = starts[word] = self._candidates(word, found_keys[place])
            for term in candidates:
                size = len(term.parts) or 1
                if place + size > total:
                    continue
                if term.tail:
                    hit = _gapped(term, folded, found_keys, place, breaks)
                    if hit is not None:
                        hits.append(hit)
                elif size == 1:
                    hits.append(Hit(place, place + 1, term.label))
                elif _follows(term.parts, term.exact, folded, found_keys, place) and breaks.isdisjoint(
                    range(place + 1, place + size)
                ):
                    hits.append(Hit(place, place + size, term.label))
        return hits

    def _candidates(self, word: str, word_keys: frozenset[str]) -> tuple[_Term[L], ...]:
        if len(self._starts) > 100_000:  # news repeats its words; a stream of noise must not fill the memory
            self._starts.clear()
        found = [
            term for key in word_keys for term in self._by_key.get(key, ()) if not term.exact or word in term.parts[0]
        ]
        for stem in {word, *word_keys}:
            found += [term for term in self._open.get(stem[:_PREFIX], ()) if stem.startswith(term.open_end)]
        unique: dict[int, _Term[L]] = {id(term): term for term in found}
        return tuple(unique.values())


def _follows(
    parts: Sequence[frozenset[str]],
    exact: bool,
    folded: Sequence[str],
    found_keys: Sequence[frozenset[str]],
    place: int,
    *,
    known: int = 1,
) -> bool:
    """Whether the words from `place` on are the parts; the first `known` of them are known to be."""
    for offset in range(known, len(parts)):
        part = parts[offset]
        if exact:
            if folded[place + offset] not in part:
                return False
        elif part.isdisjoint(found_keys[place + offset]):
            return False
    return True


def _gapped(
    term: _Term[L], folded: Sequence[str], found_keys: Sequence[frozenset[str]], place: int, breaks: frozenset[int]
) -> Hit[L] | None:
    """A term of two parts with other words between, none of them behind a mark."""
    head = place + len(term.parts)
    if not _follows(term.parts, term.exact, folded, found_keys, place):
        return None
    for tail in range(head, min(head + _WIDEST_GAP, len(folded) - len(term.tail)) + 1):
        last = tail + len(term.tail)
        if not breaks.isdisjoint(range(place + 1, last)):
            return None
        if _follows(term.tail, term.exact, folded, found_keys, tail, known=0):
            return Hit(place, last, term.label, head, tail)
    return None


def _term_keys(piece: str, language: Language, *, exact: bool, single: bool) -> frozenset[str]:
    folded = fold_key(piece)
    if exact:
        return frozenset({folded})
    if language is Language.AR:
        return frozenset({folded, arabic_bare(folded)} if folded.startswith("ال") else {folded})
    # A row of words may hold inflected ones ("обе стороны", "both sides"): they meet the text at their lemmas.
    return frozenset({folded}) if single else keys(folded, language)
