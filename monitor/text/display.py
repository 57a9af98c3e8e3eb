"""Makes text from outside harmless and readable where people see it: terminals, mails, pages.

Feeds are hostile: escape sequences would drive a terminal, bidi overrides would turn a line around, line breaks would
forge mail headers. What is stored stays as it came; these functions are for the moment of showing.
"""

from __future__ import annotations

import unicodedata

FIRST_STRONG_ISOLATE = "\u2068"
POP_DIRECTIONAL_ISOLATE = "\u2069"

# Cc and Cs are control and surrogates; the bidi formatting characters are listed since other Cf (ZWNJ, ZWJ) carry meaning.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _harmful(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}


def printable(text: str, *, keep: str = "\n\t") -> str:
    """`text` without control, surrogate and bidi formatting characters, but for those in `keep`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if char in keep or not _harmful(char))


def one_line(text: str) -> str:
    """`text` on one line, harmless: for subjects, table cells, log fields."""
    return " ".join(printable(text).split())


def isolate(text: str) -> str:
    """`text` in a first-strong isolate, so that Arabic in a left-to-right line keeps to itself."""
    return f"{FIRST_STRONG_ISOLATE}{printable(text)}{POP_DIRECTIONAL_ISOLATE}"
