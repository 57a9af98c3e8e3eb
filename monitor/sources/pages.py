"""The full text behind a teaser: the page is asked for if robots.txt allows it, and its article extracted.

What is not an article is said to be so: consent walls, paywalls, stubs. The teaser then stays, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import trafilatura
from lxml import etree
from pydantic import Field

from monitor.model import DateQuality, Entry, Frozen, Instant
from monitor.sources.charset import decode
from monitor.sources.dates import read_date
from monitor.sources.fetch import ACCEPT_PAGE, Fetched, Fetcher
from monitor.sources.markup import heading, tidy
from monitor.sources.robots import Robots
from monitor.sources.urls import canonical

_MAX_PAGE = 2_000_000
_MAX_TAGS = 60_000  # a large news page has 20,000; extraction takes 40 µs each
_MAX_TEXT = 100_000
_SHORTEST = 400
_WALLS = (
    (
        "consent wall",
        re.compile(
            r"(?:we (?:and our (?:\d+ )?partners )?use cookies|accept (?:all )?cookies|before you continue|manage your (?:cookie|privacy)"
            r"|نستخدم ملفات تعريف الارتباط|الموافقة على ملفات|использу\w+ (?:файлы )?cookie|файлы cookie|принять все)",
            re.IGNORECASE,
        ),
    ),
    (
        "paywall",
        re.compile(
            r"(?:subscribe (?:now )?to (?:continue|read|unlock)|to continue reading|already a subscriber|for subscribers only"
            r"|create a free account|sign in to (?:read|continue)"
            r"|للمشتركين فقط|اشترك (?:الآن )?لقراءة|لمتابعة القراءة"
            r"|доступ\w* (?:только )?(?:по подписке|подписчикам)|оформите подписку|чтобы (?:дочитать|читать дальше|продолжить чтение))",
            re.IGNORECASE,
        ),
    ),
    (
        "JavaScript wall",
        re.compile(
            r"(?:enable javascript|javascript is (?:disabled|required)|включите javascript|تفعيل جافا ?سكريبت)",
            re.IGNORECASE,
        ),
    ),
)
_WORDS = {"stub": "the page holds hardly any article", "JavaScript wall": "the page needs JavaScript"}
_PAID = re.compile(r"""["']isAccessibleForFree["']\s*:\s*["']?false""", re.IGNORECASE)
_WALL_TEXT = 1_500
_KEPT = timedelta(days=1)
_KEPT_WITHOUT_TEXT = timedelta(hours=3)
_MOST_KEPT = 200


class Page(Frozen):
    """What a page gave. `text` is None when it gave no article; `reason` says why, or where the text came from."""

    url: str
    text: str | None = None
    gate: str = Field(description="in a word or two, for counting: full text, robots.txt, paywall, stub…")
    reason: str
    title: str | None = None
    author: str | None = None
    published_at: Instant | None = None
    date_raw: str | None = None
    date_quality: DateQuality = DateQuality.UNDATED


def read_page(body: bytes, *, content_type: str | None, url: str, now: datetime) -> Page:
    """The article on a page, or why there is none. Runs in a worker; never raises for the page's content."""
    page = decode(body[:_MAX_PAGE], content_type=content_type).text
    if page.count("<") > _MAX_TAGS:
        return Page(url=url, gate="too large", reason=f"teaser only: the page has more than {_MAX_TAGS:,} tags")
    try:
        found: Any = trafilatura.bare_extraction(
            page,
            url=url,
            include_comments=False,
            include_tables=False,
            favor_precision=True,
            with_metadata=True,
            date_extraction_params={"outputformat": "%Y-%m-%dT%H:%M:%S%z", "original_date": True},
        )
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        AssertionError,
        etree.LxmlError,
    ) as error:
        return Page(url=url, gate="unreadable", reason=f"teaser only: the page cannot be read ({type(error).__name__})")
    text = tidy(found.text or "")[:_MAX_TEXT] if found else ""
    wall = _wall(page, text)
    if wall:
        return Page(url=url, gate=wall, reason=f"teaser only: {_WORDS.get(wall) or f'the page is a {wall}'}")
    return _page(found, text=text, url=url, now=now)


def _page(found: Any, *, text: str, url: str, now: datetime) -> Page:
    dated = read_date(_with_time(found.date), now=now)
    return Page(
        url=canonical(found.url or url, base=url) or url,
        text=text,
        gate="full text",
        reason="full text from the page",
        title=heading(found.title)[:1_000] or None if found.title else None,
        author=heading(found.author)[:200] or None if found.author else None,
        published_at=dated.at,
        date_raw=dated.raw,
        date_quality=dated.quality,
    )


def _with_time(date: str | None) -> str | None:
    """htmldate fills in a midnight where the page names a day only: that is a day, without time or zone."""
    return date.partition("T")[0] if date and "T00:00:00" in date and not date.endswith(("+0000", "Z")) else date


def _wall(page: str, text: str) -> str | None:
    """What stands on the page instead of an article."""
    if len(text) >= _WALL_TEXT:
        return None
    for name, words in _WALLS:
        if words.search(text or page[:200_000]):
            return name
    if _PAID.search(page):
        return "paywall"
    return "stub" if len(text) < _SHORTEST else None


Read = Callable[[Fetched, datetime], Awaitable[Page]]
"""Runs `read` somewhere else than on the event loop."""


def read(fetched: Fetched, now: datetime) -> Page:
    """What a worker runs. Arguments and result can be pickled."""
    return read_page(fetched.body, content_type=fetched.headers.get("content-type"), url=fetched.final_url, now=now)


class Pages:
    """Gets articles behind teasers with the fetcher of the feeds: same guard, same deadlines, same sparing of hosts.

    Feeds show an article for hours and change meanwhile, so what a page gave is kept for a while and not asked for again.
    """

    def __init__(self, fetcher: Fetcher, *, in_worker: Read, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._robots = Robots(fetcher, clock=clock)
        self._in_worker = in_worker
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Page]] = {}

    async def get(self, url: str) -> Page:
        """The article at `url`, or the reason why only the teaser is to be had."""
        kept = self._kept.get(url)
        if kept and self._clock() - kept[0] < (_KEPT if kept[1].text else _KEPT_WITHOUT_TEXT):
            return kept[1]
        page = await self._asked(url)
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[url] = (self._clock(), page)
        return page

    async def _asked(self, url: str) -> Page:
        refusal = await self._robots.refusal(url)
        if refusal:
            return Page(url=url, gate="robots.txt", reason=f"teaser only: {refusal}")
        fetched = await self._fetcher.get(url, accept=ACCEPT_PAGE)
        if fetched.failure:
            return Page(url=url, gate=fetched.failure.value, reason=f"teaser only: {fetched.detail}")
        return await self._in_worker(fetched, self._clock())

    async def full_text(self, entry: Entry) -> tuple[Entry, Page | None]:
        """The entry with the text of its page if that gives more, and the page if one was asked for."""
        if not entry.teaser or not entry.url:
            return entry, None
        page = await self.get(entry.url)
        if page.text is None:
            return entry, page
        if len(page.text) <= len(entry.text):
            reason = "teaser only: the page gives no more than the feed"
            return entry, page.model_copy(update={"gate": "no more than the feed", "reason": reason})
        return with_page(entry, page), page


def with_page(entry: Entry, page: Page) -> Entry:
    """What the feed said outranks the page, but for the text. Keys stay: the article is the same."""
    dated = entry.published_at is not None or page.published_at is None
    return entry.model_copy(
        update={
            "text": page.text or entry.text,
            "teaser": False,
            "title": entry.title or page.title,
            "author": entry.author or page.author,
            **(
                {}
                if dated
                else {"published_at": page.published_at, "date_raw": page.date_raw, "date_quality": page.date_quality}
            ),
        }
    )
