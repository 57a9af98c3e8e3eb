"""What a parsed feed is, whatever format it came in."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from monitor.model import Entry, Frozen, Health, Hints
from monitor.sources.dates import read_date
from monitor.sources.markup import heading, plain, tidy
from monitor.sources.urls import canonical

MAX_ENTRIES = 5_000
MAX_TEXT = 200_000
_MAX_TITLE = 1_000
_MAX_NAME = 200
_MAX_GUID = 2_000
_TEASER_LENGTH = 700
_STUB_LENGTH = 200
_CUT_OFF = ("read more", "continue reading", "اقرأ المزيد", "للمزيد", "читать далее", "подробнее")


class FeedFormat(StrEnum):
    RSS = "rss"
    RDF = "rdf"
    ATOM = "atom"
    JSON = "json"
    SITEMAP = "sitemap"
    HTML = "html"
    UNKNOWN = "unknown"


class ParsedFeed(Frozen):
    """The entries of one document, or the problem that there are none; `reason` says it in a sentence."""

    format: FeedFormat
    title: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    dropped: dict[str, int] = Field(default={})
    problem: Health | None = Field(default=None, description="HTML, BROKEN_XML, TOO_LARGE or EMPTY")
    reason: str = ""
    notes: tuple[str, ...] = Field(default=(), description="what was mended on the way: charset, XML, GUIDs")
    hints: Hints = Hints()
    alternates: tuple[str, ...] = Field(default=(), description="feeds that an HTML page names")


def refused(format_: FeedFormat, problem: Health, reason: str, *, notes: tuple[str, ...] = ()) -> ParsedFeed:
    return ParsedFeed(format=format_, problem=problem, reason=reason, notes=notes)


def concluded(
    format_: FeedFormat,
    *,
    entries: tuple[Entry, ...],
    dropped: Counter[str],
    title: str | None = None,
    language: str | None = None,
    hints: Hints | None = None,
    fault: str | None = None,
) -> ParsedFeed:
    """A feed as read, with what is wrong with it as a whole. A fault that cost no entries is a note."""
    problem, reason = _problem(entries, dropped=dropped, fault=fault)
    return ParsedFeed(
        format=format_,
        title=heading(title) if title else None,
        language=language[:35] if language else None,
        entries=entries,
        dropped=dict(dropped),
        problem=problem,
        reason=reason,
        notes=(f"{fault}; read leniently",) if fault and entries else (),
        hints=hints or Hints(),
    )


def _problem(entries: tuple[Entry, ...], *, dropped: Counter[str], fault: str | None) -> tuple[Health | None, str]:
    if not entries and fault:
        return Health.BROKEN_XML, f"{fault}, and no entry could be read"
    if not entries:
        lost = sum(dropped.values())
        return Health.EMPTY, f"a feed without usable entries ({lost} dropped)" if lost else "a feed without entries"
    if not any(entry.published_at for entry in entries):
        return Health.UNDATED, f"none of {len(entries)} entries has a usable date"
    return None, "1 entry" if len(entries) == 1 else f"{len(entries)} entries"


def make_entry(
    *,
    guid: str | None,
    url: str | None,
    title: str | None,
    text: str,
    date: str | None,
    author: str | None,
    publisher: str | None,
    base: str,
    now: datetime,
    dropped: Counter[str],
    markup: bool = True,
    whole: bool = False,
) -> Entry | None:
    """One entry in plain text, or None (counted in `dropped`) if it holds nothing to read.

    `whole` says that the text came from where publishers put whole articles.
    """
    words = plain(text) if markup else tidy(text)
    headline = heading(title)[:_MAX_TITLE] if title else ""
    if not words and not headline:
        dropped["nothing to read"] += 1
        return None
    if len(words) > MAX_TEXT:
        dropped["text cut at 200,000 characters"] += 1
        words = words[:MAX_TEXT]
    dated = read_date(date, now=now)
    return Entry(
        guid=tidy(guid)[:_MAX_GUID] or None if guid else None,
        url=canonical(url, base=base) if url else None,
        title=headline or None,
        text=words,
        published_at=dated.at,
        date_raw=dated.raw,
        date_quality=dated.quality,
        author=heading(author)[:_MAX_NAME] or None if author else None,
        publisher=heading(publisher)[:_MAX_NAME] or None if publisher else None,
        teaser=is_teaser(words, whole=whole),
    )


def is_teaser(text: str, *, whole: bool) -> bool:
    """Whether this is less than an article: cut off in so many words, or short where summaries stand."""
    end = text[-40:].casefold().rstrip(" .>»)]")
    if text.endswith(("...", "…", "[…]", "…]")) or end.endswith(_CUT_OFF):
        return True
    return len(text) < (_STUB_LENGTH if whole else _TEASER_LENGTH)
