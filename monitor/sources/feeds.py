"""One document from outside becomes a ParsedFeed: RSS, RDF and Atom by feedparser, JSON feeds and news sitemaps by us.

feedparser gets bytes only, never an address or a path: given those it would open them. What it gets was decoded by us
and begins at the root element: without a DOCTYPE there are no entities to expand. Its cost is linear in the number of
elements however they nest (measured), so a cap on that number bounds the time.
"""

from __future__ import annotations

import html.entities
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import feedparser

from monitor.model import DateQuality, Entry, Health, Hints
from monitor.sources.charset import decode
from monitor.sources.direct import Raw, read_directly
from monitor.sources.discover import feeds_in
from monitor.sources.identity import with_keys
from monitor.sources.jsonfeed import parse_json
from monitor.sources.parsed import MAX_ENTRIES, FeedFormat, ParsedFeed, concluded, make_entry, refused
from monitor.sources.sitemap import parse_sitemap
from monitor.sources.urls import site

MAX_ELEMENTS = 400_000
MAX_REFERENCES = 1_000_000  # real feeds have had over a hundred thousand
_HEAD = 20_000
_ROOT = re.compile(
    r"<!--.*?-->|<(?:[A-Za-z_][\w.-]*:)?(rss|rdf|feed|urlset|sitemapindex)(?=[\s>/])", re.DOTALL | re.IGNORECASE
)
_FIRST = re.compile(r"<!--.*?-->|<([A-Za-z_][\w:.-]*)|<!doctype\s+(html)", re.DOTALL | re.IGNORECASE)
_HTML = frozenset(
    [
        "html",
        "head",
        "body",
        "script",
        "div",
        "meta",
        "title",
        "p",
        "center",
        "h1",
        "h2",
        "br",
        "b",
        "style",
        "link",
        "span",
        "iframe",
        "noscript",
        "form",
        "pre",
    ]
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_BARE = re.compile(r"&(?!#?\w{1,32};)")
_SKIPPED = re.compile(r"<skip(Hours|Days)>(.{0,2000}?)</skip\1>", re.DOTALL | re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_NUMBERED = re.compile(r"&#(?:([0-9]{1,20})|[xX]([0-9a-fA-F]{1,20}));")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_FORMATS = {
    "rss": FeedFormat.RSS,
    "rdf": FeedFormat.RDF,
    "feed": FeedFormat.ATOM,
    "urlset": FeedFormat.SITEMAP,
    "sitemapindex": FeedFormat.SITEMAP,
}
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FULL_TEXT = ("yandex_full-text", "full-text", "fulltext")
_DATES = ("published", "created", "updated")
# What feedparser (or a parser under it) has been seen to raise on broken documents.
_PARSER_FAULTS = (ArithmeticError, LookupError, ValueError, AssertionError, AttributeError, TypeError, RecursionError)


def parse_feed(body: bytes, *, content_type: str | None, url: str, now: datetime, feed_id: str = "") -> ParsedFeed:
    """What the document at `url` holds. Never raises for its content; `feed_id` scopes GUIDs that are no addresses."""
    if not body.strip():
        return refused(FeedFormat.UNKNOWN, Health.EMPTY, "the answer has no content")
    decoded = decode(body, content_type=content_type)
    text = decoded.text.lstrip("\ufeff \t\r\n\x00")
    feed = parse_json(text, url=url, now=now) if text[:1] in "{[" else _parse_markup(text, url=url, now=now)
    entries = with_keys(feed.entries, scope=feed_id or url.partition("://")[2] or url, feed_url=url)
    notes = (*((decoded.note,) if decoded.note else ()), *feed.notes, *_remarks(entries))
    return feed.model_copy(update={"entries": entries, "notes": notes})


def _remarks(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """What the operator should know of entries that were read well enough."""
    guids = Counter(entry.guid for entry in entries if entry.guid)
    unkeyed = sum(bool(entry.guid) and not any(key.startswith("guid:") for key in entry.keys) for entry in entries)
    ahead = sum(entry.date_quality is DateQuality.FUTURE for entry in entries)
    unread = sum(entry.date_quality is DateQuality.UNREADABLE for entry in entries)
    said = (
        (
            unkeyed,
            f"{unkeyed} of {len(entries)} GUIDs are useless ({len(guids)} distinct); addresses tell articles apart",
        ),
        (ahead, f"{ahead} of {len(entries)} entries are dated in the future; their dates are not used"),
        (unread, f"{unread} of {len(entries)} dates could not be read"),
    )
    return tuple(sentence for count, sentence in said if count)


def _parse_markup(text: str, *, url: str, now: datetime) -> ParsedFeed:
    root = next((match for match in _ROOT.finditer(text[:_HEAD]) if match.group(1)), None)
    if root is None:
        return _no_feed(text, url=url)
    # From the root on: declaration, DOCTYPE and whatever a server printed before it are left behind.
    text = text[root.start() :]
    format_ = _FORMATS[root.group(1).lower()]
    if text.count("<") > 2 * MAX_ELEMENTS:
        return refused(format_, Health.TOO_LARGE, f"more than {MAX_ELEMENTS:,} elements")
    if text.count("&") > MAX_REFERENCES:
        return refused(format_, Health.TOO_LARGE, f"more than {MAX_REFERENCES:,} entity references")
    document = _well_formed(text).encode("utf-8")
    if format_ is FeedFormat.SITEMAP:
        return parse_sitemap(document, url=url, now=now)
    raw = read_directly(document)
    if raw is None:
        return _by_feedparser(document, format_, url=url, now=now)
    return _made(raw, document, format_, url=url, now=now)


def _no_feed(text: str, *, url: str) -> ParsedFeed:
    first = next((match for match in _FIRST.finditer(text[:_HEAD]) if match.group(1) or match.group(2)), None)
    name = (first.group(1) or first.group(2)).lower() if first else None
    if name not in _HTML:
        what = f"begins with <{name[:40]}>" if name else f"begins with {text[:30]!r}"
        return refused(FeedFormat.UNKNOWN, Health.BROKEN_XML, f"not a feed: the document {what}")
    found = feeds_in(text, url=url)
    hint = f"; it names a feed at {found[0].url}" if found else ""
    page = refused(FeedFormat.HTML, Health.HTML, f"a web page instead of a feed{hint}")
    return page.model_copy(update={"alternates": tuple(link.url for link in found)})


def _well_formed(text: str) -> str:
    """Mends what makes strict parsers give up and readers do not mind: control characters and HTML's named entities."""
    text = _ILLEGAL.sub("", text)
    if "&" not in text:
        return text
    pieces: list[str] = []
    for outside, section in _sections(text):
        pieces += (_mended(outside) if "&" in outside else outside, section)
    return "".join(pieces)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Text outside of CDATA, and the section that follows it, where an ampersand is just that.

    Not by a pattern: one that looks for the end of each of a million sections that have none takes for ever.
    """
    at = 0
    while (start := text.find(_CDATA, at)) >= 0 and (end := text.find(_CDATA_END, start)) >= 0:
        yield text[at:start], text[start : end + len(_CDATA_END)]
        at = end + len(_CDATA_END)
    yield text[at:], ""


def _mended(text: str) -> str:
    return _NUMBERED.sub(_numbered, _NAMED.sub(_named, _BARE.sub("&amp;", text)))


def _named(match: re.Match[str]) -> str:
    name = match.group(1)
    return match.group(0) if name in _XML_OWN else html.entities.html5.get(f"{name};", f"&amp;{name};")


def _numbered(match: re.Match[str]) -> str:
    decimal, hexadecimal = match.groups()
    code = int(decimal) if decimal else int(hexadecimal, 16)
    legal = code in {9, 10, 13} or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match.group(0) if legal else ""


def _by_feedparser(document: bytes, format_: FeedFormat, *, url: str, now: datetime) -> ParsedFeed:
    try:
        raw = feedparser.parse(
            io.BytesIO(document),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            # What comes out is made plain text below, so neither its markup nor its links matter.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _PARSER_FAULTS as fault:
        return refused(format_, Health.BROKEN_XML, f"broken XML: {type(fault).__name__}: {str(fault)[:100]}")
    items = [dict(item) for item in raw["entries"]]
    return _made(Raw(dict(raw["feed"]), items), document, format_, url=url, now=now, fault=_fault(raw))


def _made(
    raw: Raw, document: bytes, format_: FeedFormat, *, url: str, now: datetime, fault: str | None = None
) -> ParsedFeed:
    dropped: Counter[str] = Counter()
    if len(raw.items) > MAX_ENTRIES:
        dropped[f"beyond {MAX_ENTRIES:,} entries"] = len(raw.items) - MAX_ENTRIES
    atom = format_ is FeedFormat.ATOM
    read = [_entry(item, url=url, now=now, dropped=dropped, atom=atom) for item in raw.items[:MAX_ENTRIES]]
    return concluded(
        format_,
        entries=tuple(entry for entry in read if entry),
        dropped=dropped,
        title=_text(raw.channel.get("title")),
        language=_text(raw.channel.get("language")),
        hints=_hints(raw.channel, document),
        fault=fault,
    )


def _fault(raw: Mapping[str, Any]) -> str | None:
    if not raw.get("bozo"):
        return None
    return f"not well-formed XML ({str(raw.get('bozo_exception'))[:120]})"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _entry(item: Mapping[str, Any], *, url: str, now: datetime, dropped: Counter[str], atom: bool) -> Entry | None:
    text, literal, whole = _longest_text(item, atom=atom)
    publisher, title = _publisher(item, url=url)
    return make_entry(
        guid=_text(item.get("id")),
        url=_link(item),
        title=title,
        text=text,
        date=next((value for name in _DATES if (value := _text(item.get(name)))), None),
        author=_text(item.get("author")),
        publisher=publisher,
        base=url,
        now=now,
        dropped=dropped,
        markup=not literal,
        whole=whole,
    )


def _link(item: Mapping[str, Any]) -> str | None:
    link = _text(item.get("link"))
    guid = _text(item.get("id"))
    if guid and link in {None, guid}:  # feedparser takes any GUID for an address unless told otherwise
        return guid if guid.startswith(("http://", "https://")) else None
    return link


def _longest_text(item: Mapping[str, Any], *, atom: bool) -> tuple[str, bool, bool]:
    """The fullest text of an item, whether it is literal, and whether it came where publishers put whole articles."""
    # Elements may have any name, also one under which feedparser keeps things of its own.
    parts = [part for part in item.get("content") or () if isinstance(part, Mapping)]
    whole = bool(parts)
    if _text(item.get("summary")):
        detail = item.get("summary_detail")
        parts.append(detail if isinstance(detail, Mapping) and "value" in detail else {"value": item["summary"]})
    for name in _FULL_TEXT:
        if _text(item.get(name)):
            parts.append({"value": item[name], "type": "text/html"})
            whole = True
    best: Mapping[str, Any] = max(parts, key=lambda part: len(part.get("value") or ""), default={})
    return best.get("value") or "", atom and best.get("type") == "text/plain", whole


def _publisher(item: Mapping[str, Any], *, url: str) -> tuple[str | None, str | None]:
    """Who published first, if an aggregator says so, and the title without that name hung on."""
    title = _text(item.get("title"))
    source = item.get("source")
    if not isinstance(source, Mapping):
        return None, title
    name, home = _text(source.get("title")), _text(source.get("href"))
    if not name or not home or not home.startswith(("http://", "https://")) or _same_site(home, url):
        return None, title
    return name, title.removesuffix(f" - {name}") if title else None


def _same_site(one: str, other: str) -> bool:
    try:
        return site(one) == site(other)
    except ValueError:
        return False


def _hints(channel: Mapping[str, Any], document: bytes) -> Hints:
    every, said_by = _every(channel)
    # feedparser keeps only the last hour and day of these lists.
    skipped = {kind.lower(): words for kind, words in _SKIPPED.findall(document[:_HEAD].decode("utf-8", "ignore"))}
    hours = {int(hour) % 24 for hour in re.findall(r"\d{1,2}", skipped.get("hours", ""))}
    days = {place for place, day in enumerate(_DAYS) if day in skipped.get("days", "").lower()}
    return Hints(
        every=every,
        said_by=said_by,
        skip_hours=tuple(sorted(hours)) if len(hours) < 24 else (),
        skip_days=tuple(sorted(days)) if len(days) < 7 else (),
    )


def _every(channel: Mapping[str, Any]) -> tuple[timedelta | None, str]:
    ttl = str(channel.get("ttl") or "").strip()
    if ttl.isdecimal() and int(ttl[:9]) > 0:
        return timedelta(minutes=min(int(ttl[:9]), 525_600)), f"ttl {ttl[:9]} minutes"
    period = str(channel.get("sy_updateperiod") or "").strip().lower()
    times = str(channel.get("sy_updatefrequency") or "1").strip()
    if period not in _PERIODS:
        return None, ""
    often = max(1, int(times[:6])) if times.isdecimal() else 1
    return timedelta(hours=_PERIODS[period]) / often, f"sy:updatePeriod {period}, {often} times"
