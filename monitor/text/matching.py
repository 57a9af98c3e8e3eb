"""Finds many terms in one pass over folded text (ahocorasick_rs; its offsets are code points)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from monitor.text.normalize import fold_key


class Match(NamedTuple):
    """A term found at `start:end` of the folded text; `label` is what it stands for."""

    start: int
    end: int
    label: str


class Matcher:
    """Terms of several labels, matched at word boundaries.

    `proclitics` may stand glued before a term (Arabic و ف ب ل ك ال); they are no part of the match.
    A term that ends in `*` matches any ending.
    """

    def __init__(self, terms: Mapping[str, Iterable[str]], *, proclitics: frozenset[str] = frozenset()) -> None:
        self._labels: dict[str, list[tuple[str, bool]]] = {}
        for label, variants in terms.items():
            for variant in variants:
                pattern = fold_key(variant.rstrip("*")).strip()
                if pattern:
                    self._labels.setdefault(pattern, []).append((label, variant.endswith("*")))
        self._patterns = list(self._labels)
        self._automaton = AhoCorasick(self._patterns) if self._patterns else None
        self._proclitics = frozenset(proclitics) | {""}
        self._longest_proclitic = max(len(proclitic) for proclitic in self._proclitics)

    def find(self, folded: str) -> tuple[Match, ...]:
        """Every term in `folded`, overlapping ones too, in order of their end."""
        return tuple(self._find(folded))

    def labels(self, folded: str, *, enough: int | None = None) -> set[str]:
        """The labels that have a term in `folded`; stops looking once it has `enough` of them."""
        named: set[str] = set()
        for match in self._find(folded):
            named.add(match.label)
            if enough is not None and len(named) >= enough:
                break
        return named

    def _find(self, folded: str) -> Iterator[Match]:
        if self._automaton is None:
            return
        try:
            matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        except UnicodeEncodeError:  # broken surrogates; one stand-in for each keeps the offsets
            readable = folded.encode("utf-8", "replace").decode("utf-8")
            matches = self._automaton.find_matches_as_indexes(readable, overlapping=True)
        for index, start, end in matches:
            if not self._starts_word(folded, start):
                continue
            open_end = end < len(folded) and folded[end].isalnum()
            for label, any_ending in self._labels[self._patterns[index]]:
                if any_ending or not open_end:
                    yield Match(start, end, label)

    def _starts_word(self, folded: str, start: int) -> bool:
        if start == 0 or not folded[start - 1].isalnum():
            return True
        if self._longest_proclitic == 0:
            return False
        begin = start
        while begin > 0 and start - begin <= self._longest_proclitic and folded[begin - 1].isalnum():
            begin -= 1
        return folded[begin:start] in self._proclitics
