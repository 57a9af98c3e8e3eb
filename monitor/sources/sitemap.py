"""News sitemaps: `urlset` with Google's news extension. They list addresses and titles; the text is on the pages."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from lxml import etree

from monitor.model import Entry, Health
from monitor.sources.parsed import MAX_ENTRIES, FeedFormat, ParsedFeed, concluded, make_entry, refused


def parse_sitemap(document: bytes, *, url: str, now: datetime) -> ParsedFeed:
    """The news entries of a sitemap. An index of sitemaps, or one without news, is said to be so."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        return refused(FeedFormat.SITEMAP, Health.BROKEN_XML, f"broken XML: {str(error)[:100]}")
    if root is None or _name(root) == "sitemapindex":
        return refused(
            FeedFormat.SITEMAP, Health.BROKEN_XML, "an index of sitemaps; name its news sitemap as the feed instead"
        )
    dropped: Counter[str] = Counter()
    places = [element for element in root if _name(element) == "url"]
    if len(places) > MAX_ENTRIES:
        dropped[f"beyond {MAX_ENTRIES:,} entries"] = len(places) - MAX_ENTRIES
    read = [_entry(place, url=url, now=now, dropped=dropped) for place in places[:MAX_ENTRIES]]
    return concluded(FeedFormat.SITEMAP, entries=tuple(entry for entry in read if entry), dropped=dropped)


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _entry(place: etree._Element, *, url: str, now: datetime, dropped: Counter[str]) -> Entry | None:
    said = {_name(element): (element.text or "").strip() for element in place.iter()}
    if not said.get("title") or not said.get("loc"):
        dropped["no news in sitemap entry"] += 1
        return None
    return make_entry(
        guid=None,
        url=said["loc"],
        title=said["title"],
        text="",
        date=said.get("publication_date") or said.get("lastmod"),
        author=None,
        publisher=None,
        base=url,
        now=now,
        dropped=dropped,
    )
