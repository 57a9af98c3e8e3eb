"""Lists of feeds in and out as OPML 2.0, the way feed readers exchange them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree

import listparser
from yarl import URL

from monitor.model import ConfigError, Feed, Language
from monitor.sources.charset import decode
from monitor.sources.urls import canonical, site

_UNFIT = re.compile(r"[^a-z0-9]+")
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_LARGEST = 5_000_000


def read_opml(body: bytes, *, language: Language, taken: Iterable[str] = ()) -> tuple[Feed, ...]:
    """The feeds of an OPML file. `language` stands where the file names none; ids differ from those `taken`.

    Raises ConfigError if there is nothing to read.
    """
    text = decode(body[:_LARGEST]).text
    if len(body) > _LARGEST or _DOCTYPE.search(text[:2_000]):
        raise ConfigError("the OPML file is too large or declares a DOCTYPE; export it anew from the feed reader")
    found = listparser.parse(text)
    ids = set(taken)
    feeds: dict[str, Feed] = {}
    for outline in found["feeds"]:
        address = str(outline.get("url") or "").strip()
        if canonical(address) is None or address in feeds:
            continue
        feed = _feed(outline, address=address, language=language, ids=ids)
        ids.add(feed.id)
        feeds[address] = feed
    if not feeds:
        why = found.get("bozo_exception") or "it lists no feed with an http address"
        raise ConfigError(f"not a usable OPML file: {why}")
    return tuple(feeds.values())


def _feed(outline: dict[str, object], *, address: str, language: Language, ids: set[str]) -> Feed:
    title = " ".join(str(outline.get("title") or "").split()) or site(address)
    words = [str(word) for word in (*_words(outline.get("tags")), *_words(outline.get("categories")))]
    known = next((word for word in words if word in set(Language)), language)
    tags = tuple(word for word in dict.fromkeys(words) if word not in set(Language))
    return Feed(id=feed_id(address, taken=ids), url=address, publisher=title[:200], language=Language(known), tags=tags)


def _words(value: object) -> list[object]:
    """A list that may hold lists of words, flat."""
    if not isinstance(value, list | tuple):
        return [value] if value else []
    return [word for part in value for word in _words(part)]


def feed_id(address: str, *, taken: Iterable[str] = ()) -> str:
    """An id after the site's name, unlike those taken: `example-org`, then `example-org-2`."""
    stem = (
        _UNFIT.sub("-", site(canonical(address) or address).partition(":")[0].removesuffix(".com")).strip("-")[:60]
        or "feed"
    )
    used = set(taken)
    return next(name for name in (stem, *(f"{stem}-{count}" for count in range(2, 100_000))) if name not in used)


def write_opml(feeds: Sequence[Feed], *, title: str, now: datetime) -> bytes:
    """The feeds as an OPML document, grouped by language. Our own attributes carry what OPML has no word for."""
    root = ElementTree.Element("opml", version="2.0")
    head = ElementTree.SubElement(root, "head")
    ElementTree.SubElement(head, "title").text = title
    ElementTree.SubElement(head, "dateCreated").text = format_datetime(now, usegmt=True)
    body = ElementTree.SubElement(root, "body")
    for language in sorted({feed.language for feed in feeds}):
        group = ElementTree.SubElement(body, "outline", text=language.value, title=language.value)
        for feed in feeds:
            if feed.language is language:
                ElementTree.SubElement(group, "outline", _attributes(feed))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _attributes(feed: Feed) -> dict[str, str]:
    name = feed.name or feed.publisher
    return {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": feed.url,
        "htmlUrl": str(URL(feed.url).origin()),
        "category": ",".join((f"/{feed.language.value}", *feed.tags)),
        "language": feed.language.value,
    }
