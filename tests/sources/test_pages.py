"""The article behind a teaser is fetched if the site lets us, and walls are called walls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from monitor.model import Entry, Feed, FeedState, Language
from monitor.sources.collect import Collector
from monitor.sources.fetch import Fetcher
from monitor.sources.pages import read_page
from tests.sources.documents import NOW, TEXTS, TITLES, item, rss
from tests.sources.edge import PATIENT

PARAGRAPHS = {
    "ar": ["قال الوزير إن بلاده مستعدة لبحث الاقتراح مع شركائها خلال الأسبوع.", "وأضاف أن القرار النهائي لم يتخذ بعد، وأن المشاورات مستمرة.", "ورفض متحدث باسم الوزارة التعليق على تفاصيل الاجتماع المرتقب.", "ومن المقرر أن يعقد اللقاء في العاصمة بحضور مسؤولين من البلدين.", "وكانت جولة سابقة من المحادثات قد انتهت من دون بيان مشترك.", "ويرى مراقبون أن الخلاف على الشروط ما زال قائما بين الجانبين."],
    "en": ["The minister said his country was ready to look at the proposal with its partners.", "He added that no final decision had been taken and that talks went on.", "A spokesman of the ministry would not comment on the details of the meeting.", "The meeting will be held in the capital with officials of both countries present.", "An earlier round of talks had ended without a joint statement.", "Observers say that the two sides still differ over the conditions."],
    "ru": ["Министр сказал, что его страна готова рассмотреть предложение вместе с партнёрами.", "Он добавил, что окончательное решение не принято и консультации продолжаются.", "Представитель министерства отказался комментировать подробности встречи.", "Встреча пройдёт в столице с участием представителей обеих стран.", "Предыдущий раунд переговоров закончился без совместного заявления.", "Наблюдатели считают, что стороны по-прежнему расходятся в условиях."],
}  # fmt: skip


def page(*paragraphs: str, title: str = "Talks", head: str = "") -> bytes:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return (
        f'<html><head><meta charset="utf-8"><title>{title} - News</title><meta property="og:title" content="{title}">'
        '<meta property="article:published_time" content="2026-11-24T13:00:00+03:00"><meta name="author" content="Anna Writer">'
        f'<link rel="canonical" href="https://news.example/a/1?id=7">{head}</head><body><nav><a href="/">Home</a></nav>'
        f"<article><h1>{title}</h1>{body}</article><footer>All rights reserved</footer></body></html>"
    ).encode()


@pytest.mark.parametrize("language", ["ar", "en", "ru"])
def test_the_article_comes_without_its_surroundings_and_with_its_data(language: str) -> None:
    found = read_page(
        page(*PARAGRAPHS[language], title=TITLES[language]),
        content_type="text/html",
        url="https://news.example/a/1?utm_source=rss",
        now=NOW,
    )
    assert found.text is not None
    assert all(paragraph in found.text for paragraph in PARAGRAPHS[language])
    assert "Home" not in found.text
    assert "rights reserved" not in found.text
    assert (found.title, found.author, found.url) == (TITLES[language], "Anna Writer", "https://news.example/a/1?id=7")
    assert found.published_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "gate"),
    [
        (page("Subscribe to continue reading this article."), "paywall"),
        (page("للمشتركين فقط: اشترك الآن لقراءة المقال كاملا."), "paywall"),
        (page("Доступ только по подписке. Оформите подписку, чтобы дочитать."), "paywall"),
        (
            page(
                *PARAGRAPHS["en"][:3], head='<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
            ),
            "paywall",
        ),
        (page("We use cookies and similar technologies. Accept all cookies to go on."), "consent wall"),
        (page("نستخدم ملفات تعريف الارتباط لتحسين تجربتك. يرجى الموافقة على ملفات الموقع."), "consent wall"),
        (page("Мы используем файлы cookie. Нажмите «Принять все», чтобы продолжить."), "consent wall"),
        (page("Please enable JavaScript to view this page."), "JavaScript wall"),
        (page(PARAGRAPHS["en"][0]), "stub"),
        (b"", "stub"),
        (b"\xff\xfe\x00garbage", "stub"),
        (b"<html>" + b"<div>" * 5_000, "stub"),
        (b"<html>" + b"<p>a " * 70_000, "too large"),
    ],
)
def test_what_is_no_article_is_said_to_be_so(body: bytes, gate: str) -> None:
    found = read_page(body, content_type="text/html", url="https://news.example/a", now=NOW)
    assert (found.text, found.gate) == (None, gate)
    assert found.reason.startswith("teaser only: the page ")


def test_a_long_article_that_mentions_cookies_is_an_article() -> None:
    found = read_page(
        page(
            *PARAGRAPHS["en"],
            *(text.replace("The", "This") for text in PARAGRAPHS["en"]),
            *PARAGRAPHS["ru"],
            *PARAGRAPHS["ar"],
            "We use cookies.",
        ),
        content_type="text/html",
        url="https://news.example/a",
        now=NOW,
    )
    assert found.gate == "full text"


@asynccontextmanager
async def site(robots: str | int) -> AsyncIterator[tuple[str, list[str]]]:
    """A news site: its feed of two teasers, their pages, its robots.txt (text, or the status that comes instead)."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/robots.txt":
            return web.Response(text=robots) if isinstance(robots, str) else web.Response(status=robots)
        if request.path == "/feed":
            links = [f"http://{request.host}/{name}" for name in ("open", "private/closed")]
            items = [item(guid=link, link=link, text=TEXTS["en"], title=f"Of {link[-4:]} things") for link in links]
            return web.Response(
                body=rss([*items, item(guid=str(len(asked)), link=None)]), content_type="application/xml"
            )
        return web.Response(body=page(*PARAGRAPHS["en"]), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def collected(
    robots: str | int, *, polls: int = 1, full_text: bool = True
) -> tuple[list[Entry], dict[str, int], list[str]]:
    async def main() -> tuple[list[Entry], dict[str, int], list[str]]:
        async with site(robots) as (base, asked), Fetcher(limits=PATIENT, allow_private=["127.0.0.1"]) as fetcher:
            feed = Feed(id="n", url=f"{base}/feed", publisher="N", language=Language.EN, full_text=full_text)
            collector = Collector(fetcher, clock=lambda: NOW, wanted=lambda _, entry: bool(entry.url))
            for _ in range(polls):
                poll = await collector(feed, FeedState(feed_id="n"))
            return list(poll.entries), poll.dropped, asked

    return asyncio.run(main())


def test_robots_txt_is_obeyed_and_the_rest_is_read_once() -> None:
    entries, dropped, asked = collected(
        "User-agent: StanceMonitor\nDisallow: /private/\n\nUser-agent: *\nDisallow:", polls=3
    )
    assert [(entry.teaser, len(entry.text) > 400) for entry in entries[:2]] == [(False, True), (True, False)]
    assert dropped == {"teaser only: robots.txt": 1}
    assert sorted(asked) == ["/feed", "/feed", "/feed", "/open", "/robots.txt"]


@pytest.mark.parametrize(
    ("robots", "pages"), [(404, 2), (403, 2), (503, 0), ("User-agent: *\nDisallow: /", 0), ("\x00\xffnonsense", 2)]
)
def test_a_site_without_robots_txt_allows_and_one_that_fails_to_say_does_not(robots: str | int, pages: int) -> None:
    _, _, asked = collected(robots)
    assert sum(path not in {"/feed", "/robots.txt"} for path in asked) == pages


def test_pages_are_left_alone_where_the_feed_does_not_ask_for_full_text() -> None:
    entries, dropped, asked = collected(404, full_text=False)
    assert asked == ["/feed"]
    assert dropped == {}
    assert all(entry.teaser for entry in entries)


def test_full_texts_keep_the_identity_and_date_of_their_entries() -> None:
    entries, _, _ = collected(404)
    assert [entry.keys[0] for entry in entries[:2]] == [f"guid:{entry.url}" for entry in entries[:2]]
    assert {entry.published_at for entry in entries} == {datetime(2026, 11, 24, 10, 0, tzinfo=UTC)}
