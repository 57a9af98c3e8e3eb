"""Folds spelling variants so that terms match, and maps every folded place back to the original text.

Arabic: alef with hamza or madda, hamza carriers, final ya, ta marbuta, tatweel, diacritics, presentation forms, digits.
Russian: ё. All: case, typographic quotation marks, dashes, invisible characters.
A chain of `str.replace` is four times as fast as `str.translate` on Arabic and Cyrillic text (15 µs against 72 µs for
1,700 characters), and the gate lives on this.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_SAME_LENGTH = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ی": "ي", "ک": "ك",
    "ё": "е", "ς": "σ",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'",
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-",
    "\u00a0": " ", "\u202f": " ",
    **{digit: str(value % 10) for value, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")},
}  # fmt: skip

_DELETED = (
    *(chr(code) for code in range(0x064B, 0x0660)),  # Arabic diacritics
    "\u0640",  # tatweel
    "\u0670",  # superscript alef
    "\u0301",  # the stress mark of Russian dictionaries
    *"\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff",
)

_REPLACED = tuple((variant, plain) for variant, plain in _SAME_LENGTH.items())
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_IRREGULAR = re.compile(f"[{''.join(_DELETED)}\ufb50-\ufdff\ufe70-\ufefcİ]")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with the way back. `starts[i]` is the original offset of folded character `i`; None: they are equal."""

    text: str
    original: str = field(repr=False)
    starts: tuple[int, ...] | None = field(default=None, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of the folded span `start:end`; marks that were folded away go with their letter."""
        if self.starts is None:
            return start, end
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else len(self.original)
            return place, place
        return self.starts[start], self.starts[end] if end < len(self.starts) else len(self.original)


def fold(text: str) -> Folded:
    """`text` with spelling variants folded, and the map of offsets back to it."""
    if not _IRREGULAR.search(text):
        return Folded(text=fold_key(text), original=text)
    pieces: list[str] = []
    starts: list[int] = []
    for offset, char in enumerate(text):
        piece = fold_key(char)
        pieces.append(piece)
        starts.extend([offset] * len(piece))
    return Folded(text="".join(pieces), original=text, starts=tuple(starts))


def fold_key(text: str) -> str:
    """`text` folded, without the way back: for terms, keys and comparisons."""
    if text.isascii():
        return text.lower()
    if _PRESENTATION.search(text):
        text = "".join(unicodedata.normalize("NFKC", char) if _PRESENTATION.match(char) else char for char in text)
    text = text.replace("İ", "i").lower()
    for variant, plain in _REPLACED:
        text = text.replace(variant, plain)
    if _IRREGULAR.search(text):
        for mark in _DELETED:
            text = text.replace(mark, "")
    return text
