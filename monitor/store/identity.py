"""Which stored article an entry is: pure decisions over the identity ladder.

A canonical address is known the world over, a GUID means something in its feed only, a title or a text only within
one voice. A match on a key alone is not believed blindly: feeds repeat GUIDs and link every entry to their front
page. In doubt two rows stay two, because a lost article is worse than a double (copies count as one voice anyway).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from monitor.model import Entry

_ALIKE = 0.4  # share of the shorter text's words; an edited report keeps far more, two reports of one outlet far less
_MUCH_SHORTER = 0.6  # of the full text's characters
_INTRODUCES = 0.9  # share of a teaser's words that its full text has; an ellipsis or a byline is the rest
_WORD = re.compile(r"\w+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL has no NUL, UTF-8 no half surrogates


class Known(NamedTuple):
    """A stored article as the ladder sees it."""

    article_id: int
    feed_id: str
    guid: str | None
    url: str | None
    version: int
    title: str | None
    text: str
    text_hash: bytes
    teaser: bool


def storable(text: str) -> str:
    """`text` with what a database cannot hold replaced, letter for letter: offsets stay."""
    return _UNSTORABLE.sub("\ufffd", text)


@lru_cache(maxsize=128)  # asked several times for each entry of the poll at hand
def text_hash(title: str | None, text: str) -> bytes:
    """Equal for texts that differ in white space only."""
    return _digest(" ".join((title or "").split()), " ".join(text.split()))


def digests(keys: Iterable[str], *, feed_id: str, voice: str) -> dict[bytes, str]:
    """The keys as stored, strongest first: digest → key."""
    return {_digest(_scope(key, feed_id=feed_id, voice=voice), key): key for key in keys}


def useful_keys(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """Each entry's keys without those that differing entries of the same poll share."""
    bearers = Counter(
        key for keys, _ in {(entry.keys, text_hash(entry.title, entry.text)) for entry in entries} for key in set(keys)
    )
    return [tuple(key for key in entry.keys if bearers[key] == 1 or key.startswith("text:")) for entry in entries]


def same(entry: Entry, known: Known, *, key: str) -> bool:
    """Whether an entry that shares `key` with a stored article is that article."""
    if text_hash(entry.title, entry.text) == known.text_hash:
        return True
    kind = key.partition(":")[0]
    same_title = bool(entry.title) and entry.title == known.title
    if kind == "text":
        return same_title or entry.title is None or known.title is None
    if kind == "title":
        return not (entry.guid or entry.url) or _alike(entry.text, known.text)
    other = (entry.url, known.url) if kind == "guid" else (entry.guid, known.guid)
    return None in other or other[0] == other[1] or same_title or _alike(entry.text, known.text)


def is_new_version(entry: Entry, known: Known, *, feed_id: str) -> bool:
    """Whether the entry's text should stand as a new version of the article it is.

    Another feed's wording of the same page is no edit, and a teaser never replaces the full text that it introduces.
    A short text that says something else is an edit: the decisive paragraph was taken out.
    """
    if text_hash(entry.title, entry.text) == known.text_hash:
        return False
    if entry.teaser and not known.teaser and (not known.text or _introduces(entry.text, known.text)):
        return False  # a text that is gone was taken by retention: what it said cannot be compared any more
    if known.teaser and not entry.teaser:
        return True
    return feed_id == known.feed_id


def _introduces(teaser: str, full: str) -> bool:
    """Whether the teaser is much shorter than the full text, and nearly every word of it stands there."""
    if len(teaser) > _MUCH_SHORTER * len(full):
        return False  # a paragraph taken out leaves most of a text: that is an edit
    words = _WORD.findall(teaser.casefold())
    there = set(_WORD.findall(full.casefold()))
    return sum(word in there for word in words) >= _INTRODUCES * len(words)


def _scope(key: str, *, feed_id: str, voice: str) -> str:
    if key.startswith(("url:", "guid:http")):  # a GUID that is an address means the same everywhere
        return ""
    return feed_id if key.startswith("guid:") else voice


def _digest(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def _alike(a: str, b: str) -> bool:
    words_a, words_b = set(_WORD.findall(a.casefold())), set(_WORD.findall(b.casefold()))
    shorter = min(len(words_a), len(words_b))
    return shorter > 0 and len(words_a & words_b) >= _ALIKE * shorter
