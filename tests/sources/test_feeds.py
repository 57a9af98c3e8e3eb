"""Documents of every format become entries; broken and hostile ones become a problem with its reason."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import DateQuality, Health
from monitor.sources.feeds import MAX_ELEMENTS, parse_feed
from monitor.sources.parsed import MAX_ENTRIES, FeedFormat, ParsedFeed
from tests.sources.documents import NOW, TEXTS, TITLES, item, rss

URL = "https://news.example/feed"
PUBLISHED = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def parse(body: bytes | str, *, content_type: str | None = "application/xml", url: str = URL) -> ParsedFeed:
    raw = body.encode() if isinstance(body, str) else body
    return parse_feed(raw, content_type=content_type, url=url, now=NOW, feed_id="news")


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><entry><id>tag:1</id><title type="html">{title}</title>
<link rel="alternate" href="/a/1"/><published>2026-11-24T13:00:00+03:00</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div></content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>N</title></channel><item rdf:about="https://news.example/a/1">
<title>{title}</title><link>https://news.example/a/1</link><description>{text}</description><dc:date>2026-11-24T10:00Z</dc:date></item></rdf:RDF>"""
RSS_091 = """<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>N</title><item><title>{title}</title><link>https://news.example/a/1</link>
<description>{text}</description><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
RSS_20 = """<rss version="2.0"><channel><item><guid>https://news.example/a/1</guid><title><![CDATA[{title}]]></title>
<description><![CDATA[<p>{text}</p>]]></description><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "N",
        "items": [
            {
                "id": 1,
                "url": "/a/1",
                "title": "{title}",
                "content_html": "<p>{text}</p>",
                "date_published": "2026-11-24T10:00:00Z",
            }
        ],
    }
)


@pytest.mark.parametrize("language", ["ar", "en", "ru"])
@pytest.mark.parametrize(
    ("document", "format_"),
    [
        (RSS_20, FeedFormat.RSS),
        (RSS_091, FeedFormat.RSS),
        (ATOM, FeedFormat.ATOM),
        (RDF, FeedFormat.RDF),
        (JSON, FeedFormat.JSON),
    ],
    ids=["rss2", "rss091", "atom", "rdf", "json"],
)
def test_every_format_gives_the_same_entry(document: str, format_: FeedFormat, language: str) -> None:
    feed = parse(document.replace("{title}", TITLES[language]).replace("{text}", TEXTS[language]))
    assert (feed.format, feed.problem) == (format_, None)
    (entry,) = feed.entries
    assert (entry.title, entry.text, entry.url) == (TITLES[language], TEXTS[language], "https://news.example/a/1")
    assert (entry.published_at, entry.date_quality) == (PUBLISHED, DateQuality.OK)
    assert "url:news.example/a/1" in entry.keys


def test_a_news_sitemap_gives_titles_and_addresses_and_counts_the_rest() -> None:
    feed = parse(
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://news.example/a/1</loc><news:news>'
        "<news:publication><news:name>N</news:name><news:language>ar</news:language></news:publication>"
        f"<news:publication_date>2026-11-24T10:00:00Z</news:publication_date><news:title>{TITLES['ar']}</news:title></news:news></url>"
        "<url><loc>https://news.example/about</loc></url></urlset>"
    )
    assert [(entry.title, entry.published_at, entry.teaser) for entry in feed.entries] == [
        (TITLES["ar"], PUBLISHED, True)
    ]
    assert feed.dropped == {"no news in sitemap entry": 1}


def test_an_index_of_sitemaps_says_what_to_do() -> None:
    feed = parse("<sitemapindex><sitemap><loc>https://news.example/s1.xml</loc></sitemap></sitemapindex>")
    assert (feed.problem, "name its news sitemap" in feed.reason) == (Health.BROKEN_XML, True)


@pytest.mark.parametrize(
    ("body", "problem", "words"),
    [
        ("", Health.EMPTY, "no content"),
        (" \n", Health.EMPTY, "no content"),
        (rss([]), Health.EMPTY, "a feed without entries"),
        (rss(["<item></item>"]), Health.EMPTY, "1 dropped"),
        ("<!doctype html><html><head></head><body>Hello</body></html>", Health.HTML, "a web page instead of a feed"),
        ("\ufeff\n<HTML><BODY>x", Health.HTML, "a web page"),
        (
            '<html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head></html>',
            Health.HTML,
            "it names a feed at https://news.example/rss.xml",
        ),
        ("Too many connections", Health.BROKEN_XML, "begins with 'Too many connections'"),
        ("<opml version='2.0'/>", Health.BROKEN_XML, "begins with <opml>"),
        ('{"error": "gone"}', Health.BROKEN_XML, "not a JSON Feed"),
        ('{"items": [', Health.BROKEN_XML, "broken JSON"),
        ("[" * 200_000, Health.BROKEN_XML, "broken JSON"),
        ("<rss><channel><item", Health.BROKEN_XML, "not well-formed XML"),
        ("<rss>" + "<a>" * (2 * MAX_ELEMENTS), Health.TOO_LARGE, "400,000 elements"),
        ("<rss>" + "&amp;" * 1_000_001, Health.TOO_LARGE, "1,000,000 entity references"),
        (rss([item(date=None)]), Health.UNDATED, "none of 1 entries has a usable date"),
        (rss([item(date="soon")]), Health.UNDATED, "none of 1"),
        ("\x00\x01\x02\x03", Health.BROKEN_XML, "not a feed"),
    ],
)
def test_what_is_no_usable_feed_says_so(body: bytes | str, problem: Health, words: str) -> None:
    feed = parse(body)
    assert feed.problem is problem
    assert words in feed.reason


def test_a_path_in_the_body_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss())
    assert parse(str(secret)).entries == ()


def test_entities_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{laughs}<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>{item(title="&l11; &x;")}</channel></rss>'
    (entry,) = parse(bomb).entries
    assert len(entry.title or "") < 40
    assert "root:" not in (entry.title or "")


def test_deep_nesting_and_a_hundred_thousand_references_are_read() -> None:
    assert len(parse(b"<rss><channel>" + b"<a>" * 20_000 + item().encode()).entries) == 1
    (entry,) = parse(rss([item(text="&amp;" * 111_206)])).entries
    assert entry.text == "&" * 111_206


@pytest.mark.parametrize(
    "piece",
    [
        b"<![CDATA[",
        b"<!--",
        b"<!DOCTYPE x [",
        b"<a b='",
        b'<a b="',
        b"&",
        b"&#",
        b"</a>",
        b"<?x ",
        b"<script>",
        b"<skipHours>",
        b"<p ",
        b"]]>",
    ],
)
def test_no_piece_repeated_makes_reading_slow(piece: bytes) -> None:
    """A parser or pattern that is quadratic in any of these would run into the time limit of the suite."""
    many = piece * (200_000 // len(piece))
    for body in (
        b"<rss><channel>" + many,
        many + rss(),
        rss([item(text="<![CDATA[" + many.decode().replace("]]>", "") + "]]>")]),
    ):
        assert parse(body).reason


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: body.rindex(b"</item>") + 7],  # broke off
        lambda body: body.replace(b"<title>News", b"<title>News & views &copy; AT&T &#8; &#xFFFFFFFF; \x0b"),
        lambda body: body.replace(b"</channel>", b"</chanel>"),
        lambda body: b"<br /><b>Warning</b>: mysql_connect() in /var/www\n" + body,
        lambda body: b"\n\n \xef\xbb\xbf" + body,
        lambda body: body.replace(b"<item>", b"<item><media:content url='x'>", 1),
        lambda body: body.replace(b'encoding="utf-8"', b'encoding="us-ascii"'),
    ],
)
def test_a_damaged_feed_gives_what_it_holds(damage: object) -> None:
    body = rss(
        [item(title=TITLES[language], guid=language, link=f"https://news.example/{language}") for language in TITLES]
    )
    feed = parse(damage(body))  # type: ignore[operator]
    assert [entry.title for entry in feed.entries] == list(TITLES.values())
    assert feed.problem is None


@pytest.mark.parametrize("encoding", ["windows-1256", "iso-8859-6"])
def test_an_arabic_feed_in_an_old_encoding_is_read_even_if_the_server_calls_it_latin(encoding: str) -> None:
    body = rss([item(title=TITLES["ar"], text=TEXTS["ar"])], encoding=encoding)
    (entry,) = parse(body, content_type="text/xml; charset=iso-8859-1").entries
    assert (entry.title, entry.text) == (TITLES["ar"], TEXTS["ar"])


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r"])
def test_a_russian_feed_in_an_old_encoding_is_read_without_any_declaration(encoding: str) -> None:
    body = rss([item(title=TITLES["ru"], text=TEXTS["ru"].replace("ё", "е"))], encoding=encoding)
    (entry,) = parse(body.replace(f'encoding="{encoding}"'.encode(), b""), content_type=None).entries
    assert entry.title == TITLES["ru"]


def test_nothing_that_could_run_survives() -> None:
    evil = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;text\x1b]0;title\x07"
    (entry,) = parse(rss([item(title=evil, text=evil, link="javascript:alert(1)")])).entries
    for shown in (entry.title or "", entry.text):
        assert "alert" not in shown
        assert "<" not in shown
        assert "\x1b" not in shown
    assert entry.url is None


def test_an_aggregator_keeps_the_original_publisher() -> None:
    body = rss(
        [
            (
                "<item><title>US and Russia agree - Reuters</title><link>https://news.google.com/rss/articles/CBMi?oc=5</link>"
                '<guid isPermaLink="false">CBMi</guid><pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>'
                '<source url="https://www.reuters.com">Reuters</source></item>'
            )
        ]
    )
    (entry,) = parse(body, url="https://news.google.com/rss/search?q=x").entries
    assert (entry.publisher, entry.title) == ("Reuters", "US and Russia agree")
    assert any(key.startswith("title:") for key in entry.keys)  # wrapped addresses change


def test_a_feed_that_names_itself_as_source_is_no_aggregator() -> None:
    body = rss([item().replace("</item>", '<source url="https://www.news.example/rss">News</source></item>')])
    assert parse(body).entries[0].publisher is None


@pytest.mark.parametrize(
    ("tail", "teaser"),
    [
        ("", True),
        (" " + TEXTS["en"] * 12, False),
        (" " + TEXTS["ru"] * 12 + " Читать далее", True),
        (" " + TEXTS["ar"] * 14 + "…", True),
    ],
)
def test_a_teaser_is_known_by_its_length_or_its_end(tail: str, teaser: bool) -> None:
    assert parse(rss([item(text=TEXTS["en"] + tail)])).entries[0].teaser is teaser


def test_the_fullest_text_counts_wherever_the_publisher_put_it() -> None:
    full = TEXTS["ru"] * 5
    body = rss([item(text="коротко").replace("</item>", f"<yandex:full-text>{full}</yandex:full-text></item>")])
    body = body.replace(b'version="2.0"', b'version="2.0" xmlns:yandex="http://news.yandex.ru"')
    (entry,) = parse(body).entries
    assert (entry.text, entry.teaser) == (full, False)


@pytest.mark.parametrize(
    "name", ["summary_detail", "content", "source", "id", "published_parsed", "guidislink", "links"]
)
def test_an_element_may_be_called_what_the_parser_calls_things_of_its_own(name: str) -> None:
    odd = item().replace("</item>", f"<{name}>odd</{name}><{name} x='y'>odd</{name}></item>")
    (entry,) = parse(rss([odd])).entries
    assert (entry.title, entry.text) == (TITLES["en"], TEXTS["en"])


def test_what_is_dropped_is_counted() -> None:
    items = [item(guid=str(n), link=f"https://news.example/{n}") for n in range(MAX_ENTRIES + 3)]
    feed = parse(rss([*items[:-1], "<item/>", items[-1]]))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.dropped == {f"beyond {MAX_ENTRIES:,} entries": 4}
    long = parse(rss([item(text="слово " * 50_000)]))
    assert (len(long.entries[0].text), long.dropped) == (200_000, {"text cut at 200,000 characters": 1})


def test_the_feed_says_how_often_it_wants_to_be_asked() -> None:
    channel = "<ttl>45</ttl><skipHours><hour>0</hour><hour>13</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    hints = parse(rss(channel=channel)).hints
    assert (hints.every, hints.skip_hours, hints.skip_days) == (timedelta(minutes=45), (0, 13), (6,))
    period = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>6</sy:updateFrequency>"
    assert parse(rss(channel=period)).hints.every == timedelta(hours=4)
    for nonsense in (
        "<ttl>soon</ttl>",
        "<ttl>-5</ttl>",
        "<ttl>0</ttl>",
        "<sy:updatePeriod>fortnightly</sy:updatePeriod>",
    ):
        assert parse(rss(channel=nonsense)).hints.every is None
    assert parse(rss(channel="<ttl>99999999999999999999</ttl>")).hints.every == timedelta(minutes=525_600)


def test_future_dates_are_said_in_the_notes() -> None:
    feed = parse(rss([item(), item(guid="2", link="https://news.example/a/2", date="Tue, 24 Nov 2099 10:00:00 GMT")]))
    assert feed.notes == ("1 of 2 entries are dated in the future; their dates are not used",)
    assert [entry.published_at for entry in feed.entries] == [PUBLISHED, None]


def test_a_parsed_feed_goes_to_another_process_and_back() -> None:
    feed = parse(rss())
    assert pickle.loads(pickle.dumps(feed)) == feed


# --- identity ---------------------------------------------------------------------------------------


def keys_of(*items: str, url: str = URL, feed_id: str = "news") -> list[tuple[str, ...]]:
    feed = parse_feed(rss(items), content_type=None, url=url, now=NOW, feed_id=feed_id)
    return [entry.keys for entry in feed.entries]


def test_a_guid_counts_within_its_feed_and_an_address_everywhere() -> None:
    (one,), (other,) = keys_of(item(), feed_id="one"), keys_of(item(), feed_id="other")
    assert set(one) & set(other) == {"url:news.example/a/1"}
    (one,), (other,) = (keys_of(item(guid="https://news.example/?p=7", link=None), feed_id=name) for name in ("a", "b"))
    assert "guid:https://news.example/?p=7" in set(one) & set(other)


@pytest.mark.parametrize("guids", [["same"] * 3, ["0", "1", "2"], ["1", "2", "3"], ["", "", ""]])
def test_guids_that_repeat_or_count_places_are_useless(guids: list[str]) -> None:
    items = [
        item(guid=guid, title=f"Title number {n}", link=f"https://news.example/{n}") for n, guid in enumerate(guids)
    ]
    assert keys_of(*items) == [(f"url:news.example/{n}",) for n in range(3)]


def test_a_new_guid_and_a_tracked_mobile_address_do_not_make_another_article() -> None:
    (before,) = keys_of(item(guid="monday"))
    (after,) = keys_of(item(guid="tuesday", link="http://m.news.example/a/1/amp?utm_campaign=x", title="New headline"))
    assert set(before) & set(after) == {"url:news.example/a/1"}


@pytest.mark.parametrize("language", ["ar", "en", "ru"])
def test_without_guid_and_address_title_and_day_tell_or_the_text(language: str) -> None:
    def make(date: str | None) -> tuple[str, ...]:
        return keys_of(item(guid=None, link=None, title=TITLES[language], text=TEXTS[language], date=date))[0]

    monday, later, tuesday = (
        make("Mon, 23 Nov 2026 08:00:00 GMT"),
        make("Mon, 23 Nov 2026 19:00:00 GMT"),
        make("Tue, 24 Nov 2026 08:00:00 GMT"),
    )
    assert monday == later
    assert monday[0].startswith("title:")
    assert monday[0] != tuesday[0]
    assert make(None)[0].startswith("text:")


def test_an_article_that_a_feed_lists_twice_keeps_its_address_as_key() -> None:
    once = keys_of(item(guid=None))
    assert keys_of(item(guid=None), item(guid=None)) == once * 2


def test_every_entry_has_a_key_and_entries_that_differ_share_none() -> None:
    items = [
        item(guid=None, link="https://news.example/", title=f"{word}", text=word, date=None)
        for word in ("عاجل", "Breaking", "Срочно")
    ]
    keys = keys_of(*items)
    assert all(keys)
    assert len({key for row in keys for key in row}) == sum(map(len, keys))
