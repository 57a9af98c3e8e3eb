"""Feed documents for tests, in the three languages side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

TITLES = {
    "ar": "وزير الدفاع يبحث التنسيق مع نظيره",
    "en": "Defence minister discusses coordination with his counterpart",
    "ru": "Министр обороны обсудил координацию с коллегой",
}
TEXTS = {
    "ar": "قال الوزير إن الاقتراح سيناقش هذا الأسبوع في العاصمة مع شركاء بلاده.",
    "en": "The minister said that the proposal would be discussed this week in the capital with partners.",
    "ru": "Министр сказал, что предложение обсудят на этой неделе в столице вместе с партнёрами.",
}


def item(
    *,
    title: str = TITLES["en"],
    text: str = TEXTS["en"],
    link: str | None = "https://news.example/a/1",
    guid: str | None = "id-1",
    date: str | None = "Tue, 24 Nov 2026 10:00:00 GMT",
) -> str:
    parts = (
        f"<title>{title}</title>",
        f"<link>{link}</link>" if link else "",
        f'<guid isPermaLink="false">{guid}</guid>' if guid else "",
        f"<pubDate>{date}</pubDate>" if date else "",
        f"<description>{text}</description>",
    )
    return f"<item>{''.join(parts)}</item>"


def rss(items: Sequence[str] = (item(),), *, channel: str = "", encoding: str = "utf-8") -> bytes:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        f"<channel><title>News</title><link>https://news.example/</link>{channel}{''.join(items)}</channel></rss>"
    ).encode(encoding)
