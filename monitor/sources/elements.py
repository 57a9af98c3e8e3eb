"""What the elements of RSS, RDF and Atom are called, and what each is to us: feedparser's tables, as far as we use them."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

_SPACES = {
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "http://search.yahoo.com/mrss": "media:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
    "http://purl.org/rss/1.0/modules/syndication/": "sy:",
    "http://news.yandex.ru": "yandex:",
}


class Kind(StrEnum):
    """What an element is to us; its value is the name under which feedparser keeps it, where there is one."""

    ITEM = "item"
    CHANNEL = "channel"
    TITLE = "title"
    PHOTO = "title of a photo"
    LINK = "link"
    ID = "id"
    TEXT = "text"
    PUBLISHED = "published"
    CREATED = "created"
    UPDATED = "updated"
    AUTHOR = "author"
    SOURCE = "source"
    LANGUAGE = "language"
    TTL = "ttl"
    PERIOD = "sy_updateperiod"
    FREQUENCY = "sy_updatefrequency"
    UNUSUAL = "unusual"


_NAMES = {
    Kind.ITEM: "item entry",
    Kind.CHANNEL: "channel",
    Kind.TITLE: "title dc:title",
    Kind.PHOTO: "media:title",
    Kind.LINK: "link",
    Kind.ID: "guid id",
    Kind.TEXT: "description dc:description summary content content:encoded full-text fulltext yandex:full-text",
    Kind.PUBLISHED: "published issued pubdate dcterms:issued",
    Kind.CREATED: "created dcterms:created",
    Kind.UPDATED: "updated modified lastbuilddate dc:date dcterms:modified",
    Kind.AUTHOR: "author managingeditor dc:author dc:creator itunes:author",
    Kind.SOURCE: "source",
    Kind.LANGUAGE: "language dc:language",
    Kind.TTL: "ttl",
    Kind.PERIOD: "sy:updateperiod",
    Kind.FREQUENCY: "sy:updatefrequency",
    # What feedparser reads by rules of its own, or keeps under a name that means something to us.
    Kind.UNUSUAL: "body fullitem abstract date items feed rss svg math summary_detail source_detail media:description "
    "itunes:summary xhtml:body",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_LOCALS = frozenset(name.rpartition(":")[2] for name in _KINDS)

DATES = frozenset({Kind.PUBLISHED, Kind.CREATED, Kind.UPDATED})
HINTS = frozenset({Kind.TTL, Kind.PERIOD, Kind.FREQUENCY})


@lru_cache(maxsize=4_096)
def name_of(tag: str) -> str:
    """`{http://purl.org/dc/elements/1.1/}Title` → `dc:title`; a name of an unknown space begins with `?`."""
    space, _, local = tag.rpartition("}")
    prefix = _SPACES.get(space[1:].lower(), "?:") if space else ""
    return f"{prefix}{local.lower()}"


@lru_cache(maxsize=4_096)
def kind_of(tag: str) -> Kind | None:
    """What the element is to us; None if nothing."""
    name = name_of(tag)
    if name.startswith("?:"):  # its prefix, which is lost here, could mean something to feedparser
        return Kind.UNUSUAL if name[2:] in _LOCALS else None
    return _KINDS.get(name)
