"""Bytes to text when declarations lie: BOM, valid UTF-8, what is declared, then what reads like a language."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (  # the long ones first: UTF-32-LE begins like UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED_WIDE = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"), (b"<\x00r\x00", "utf-16-le"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_IN_HEADER = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

# Legacy encodings of the watched languages; the score decides between them.
_LEGACY = ("windows-1256", "iso-8859-6", "windows-1251", "koi8-r", "iso-8859-5", "cp866")
# The commonest letters make up over half of any text; bytes read in a wrong code page do not hit them.
_COMMON = frozenset("اليمنوتربةدعسفإأه" + "оеаинтсрвлкмдпуяыьгзбч")
_NO_CHARSETS = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "utf-7",
        "undefined",
    }
)
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_SAMPLE = 20_000
_MOSTLY_VALID = 0.02
_CLEARLY_BETTER = 1.3


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the encoding that gave it, and what was wrong on the way (None: nothing)."""

    text: str
    encoding: str
    note: str | None = None


def decode(body: bytes, *, content_type: str | None = None) -> Decoded:
    """`body` as text, whatever it claims to be. Never fails; undecodable bytes become U+FFFD and are noted."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _lenient(body[len(bom) :], encoding)
    for start, encoding in _UNMARKED_WIDE:
        if body.startswith(start):
            return _lenient(body, encoding)
    try:
        return Decoded(body.decode("utf-8"), "utf-8")  # non-ASCII bytes that are valid UTF-8 are UTF-8
    except UnicodeDecodeError:
        return _not_utf8(body, declared=_declared(body, content_type))


def _declared(body: bytes, content_type: str | None) -> list[str]:
    head = body[:1024]
    found = [match.group(1).decode("ascii") for match in (_DECLARED.search(head), _META.search(head)) if match]
    header = _IN_HEADER.search(content_type or "")
    names = [*found, *([header.group(1)] if header else [])]
    return [name for name in dict.fromkeys(map(str.lower, names)) if _known(name)]


def _known(encoding: str) -> bool:
    """Python's codecs include some that no document is written in, and that cannot replace what they do not know."""
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return False
    return codec._is_text_encoding and codec.name not in _NO_CHARSETS


def _lenient(body: bytes, encoding: str) -> Decoded:
    text = body.decode(encoding, errors="replace")
    bad = text.count("\ufffd")
    return Decoded(text, encoding, f"{bad} characters are not valid {encoding}" if bad else None)


def _not_utf8(body: bytes, *, declared: list[str]) -> Decoded:
    as_utf8 = _lenient(body, "utf-8")
    high = sum(byte > 0x7F for byte in body[:_SAMPLE]) or 1
    bad = as_utf8.text[:_SAMPLE].count("\ufffd")
    if bad <= max(3, _MOSTLY_VALID * high) and bad * 2 < high:
        return as_utf8
    candidates = [name for name in declared if name not in {"utf-8", "utf8", "us-ascii", "ascii"}]
    best = max((*candidates, *_LEGACY), key=lambda name: _score(body, name))
    for name in candidates:
        if _score(body, best) < _CLEARLY_BETTER * _score(body, name) or not _foreign(body):
            return _lenient(body, name)
    if not _foreign(body):  # a few accents: Western European
        return Decoded(body.decode("windows-1252", errors="replace"), "windows-1252", "no usable charset declared")
    return Decoded(_lenient(body, best).text, best, f"reads as {best}, declared {', '.join(declared) or 'nothing'}")


def _foreign(body: bytes) -> bool:
    """Words made of high bytes, and not accents between ASCII letters."""
    sample = body[:_SAMPLE]
    high = sum(byte > 0x7F for byte in sample)
    return sum(map(len, _RUN.findall(sample))) > 0.5 * high


def _score(body: bytes, encoding: str) -> float:
    high = [char for char in body[:_SAMPLE].decode(encoding, errors="replace") if char > "\x7f"]
    return sum(char in _COMMON for char in high) / (len(high) or 1)
