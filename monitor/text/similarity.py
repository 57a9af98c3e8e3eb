"""How alike two texts are: MinHash over three-word shingles of folded words, the same in every language and process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rensa import RMinHash

from monitor.text.words import words

PERMUTATIONS = 128
_SEED = 20160630  # part of every stored signature: changing it makes old signatures worthless
_SHINGLE = 3  # words


def signature(text: str) -> tuple[int, ...]:
    """128 numbers that stand for the text; equal in every process, so they may be stored. Empty for a text without words."""
    shingles = _shingles([word.folded for word in words(text)])
    if not shingles:
        return ()
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update(shingles)
    return tuple(sketch.digest())


def resemblance(a: Sequence[int], b: Sequence[int]) -> float:
    """The estimated share of shingles in common, 0 to 1 (error about 0.04). Nothing resembles an empty text."""
    if not a or len(a) != len(b):
        return 0.0
    return sum(one == other for one, other in zip(a, b, strict=True)) / len(a)


def _shingles(folded: Sequence[str]) -> list[str]:
    if not folded:
        return []
    if len(folded) < _SHINGLE:
        return [" ".join(folded)]
    windows: Iterable[Sequence[str]] = (folded[place : place + _SHINGLE] for place in range(len(folded) - _SHINGLE + 1))
    return [" ".join(window) for window in windows]
