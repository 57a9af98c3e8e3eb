"""Finds the feeds of a site: what its page announces, then what it links to, then where feeds usually are."""

from __future__ import annotations

import re

from lxml import etree
from yarl import URL

from monitor.model import Frozen
from monitor.sources.markup import heading
from monitor.sources.urls import canonical

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "text/xml",
        "application/xml",
    }
)
_LOOKS_LIKE_FEED = re.compile(r"(?:/|\.|\b)(?:rss|feed|atom|rdf)(?:s|2|20)?(?:\.xml|\.json|/|\?|$)", re.IGNORECASE)
_NOT_A_FEED = re.compile(r"comments?/feed|/wp-json|\.(?:css|js|png|jpe?g|svg|ico)(?:\?|$)", re.IGNORECASE)
_USUAL = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json", "/news-sitemap.xml")
_MOST = 20
_PAGE = 2_000_000


class FeedLink(Frozen):
    """A feed that a page announces or links to."""

    url: str
    title: str | None = None
    announced: bool = True


def feeds_in(page: str, *, url: str) -> tuple[FeedLink, ...]:
    """The feeds a page names, announced ones first, without comment feeds."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(page[:_PAGE].encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ()
    if root is None:
        return ()
    found: dict[str, FeedLink] = {}
    for element in root.iter("link", "a"):
        link = _link(element, url=url)
        if link:
            found.setdefault(link.url, link)
    return tuple(sorted(found.values(), key=lambda link: not link.announced)[:_MOST])


def usual_places(url: str) -> tuple[str, ...]:
    """Where a site that announces nothing may still keep a feed."""
    try:
        site = URL(url).origin()
    except ValueError:
        return ()
    return tuple(str(site.with_path(path)) for path in _USUAL)


def _link(element: etree._Element, *, url: str) -> FeedLink | None:
    address = canonical(str(element.get("href") or ""), base=url) if element.get("href") else None
    if address is None or address == url or _NOT_A_FEED.search(address):
        return None
    announced = element.tag == "link" and _is_alternate(element)
    if not announced and not (element.tag == "a" and _LOOKS_LIKE_FEED.search(address)):
        return None
    title = element.get("title") or (element.text if element.tag == "a" else None)
    return FeedLink(url=address, title=heading(str(title))[:200] or None if title else None, announced=announced)


def _is_alternate(element: etree._Element) -> bool:
    relations = str(element.get("rel") or "").lower().split()
    kind = str(element.get("type") or "").partition(";")[0].strip().lower()
    return "alternate" in relations and kind in _TYPES and not element.get("hreflang")
