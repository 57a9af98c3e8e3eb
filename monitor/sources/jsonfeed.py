"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from monitor.model import Entry, Health
from monitor.sources.parsed import MAX_ENTRIES, FeedFormat, ParsedFeed, concluded, make_entry, refused


def parse_json(text: str, *, url: str, now: datetime) -> ParsedFeed:
    """The JSON Feed in `text`; other JSON is said to be none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return refused(FeedFormat.JSON, Health.BROKEN_XML, f"broken JSON: {str(error)[:100]}")
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        return refused(FeedFormat.JSON, Health.BROKEN_XML, "JSON, but not a JSON Feed: it has no list of items")
    dropped: Counter[str] = Counter()
    if len(items) > MAX_ENTRIES:
        dropped[f"beyond {MAX_ENTRIES:,} entries"] = len(items) - MAX_ENTRIES
    read = [_entry(item, url=url, now=now, dropped=dropped) for item in items[:MAX_ENTRIES]]
    return concluded(
        FeedFormat.JSON,
        entries=tuple(entry for entry in read if entry),
        dropped=dropped,
        title=_text(data.get("title")),
        language=_text(data.get("language")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _guid(value: Any) -> str | None:
    # Numbers are allowed by version 1.0; a float would be written differently by each reader.
    return (
        str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else _text(value)
    )


def _entry(item: Any, *, url: str, now: datetime, dropped: Counter[str]) -> Entry | None:
    if not isinstance(item, dict):
        dropped["nothing to read"] += 1
        return None
    markup, literal, summary = (_text(item.get(name)) for name in ("content_html", "content_text", "summary"))
    return make_entry(
        guid=_guid(item.get("id")),
        url=_text(item.get("url")) or _text(item.get("external_url")),
        title=_text(item.get("title")),
        text=markup or literal or summary or "",
        date=_text(item.get("date_published")) or _text(item.get("date_modified")),
        author=_author(item),
        publisher=None,
        base=url,
        now=now,
        dropped=dropped,
        markup=markup is not None,
        whole=bool(markup or literal),
    )


def _author(item: dict[str, Any]) -> str | None:
    authors = item.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return _text(first.get("name")) if isinstance(first, dict) else None
