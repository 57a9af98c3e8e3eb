"""Markup, encodings and addresses from outside become plain text and one address, in every language."""

from __future__ import annotations

import pytest

from monitor.sources.charset import decode
from monitor.sources.markup import heading, plain
from monitor.sources.urls import canonical, site, twin_key
from tests.sources.documents import TEXTS


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>قال الوزير</p><p>وأضاف</p>", "قال الوزير\nوأضاف"),
        ("<p>First</p>\n\n<p>Second <b>bold</b></p>", "First\nSecond bold"),
        ("Первая строка<br/>Вторая&nbsp;строка &laquo;цитата&raquo;", "Первая строка\nВторая строка «цитата»"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("a\nwrapped\nline of <i>source</i>", "a wrapped line of source"),
        ("plain\ntext keeps its lines", "plain\ntext keeps its lines"),
        ("before<script>alert(1)</script>after", "beforeafter"),
        ("x<style>p{}</style><iframe src=//e>f</iframe><svg><text>s</text></svg>y", "xy"),
        ("<img src=x onerror=alert(1)>text", "text"),
        ("<!-- hidden -->shown", "shown"),
        ("1 < 2 and AT&T", "1 < 2 and AT&T"),
        ("&lt;b&gt;literal&lt;/b&gt;", "<b>literal</b>"),
        ("tail\x1b[31mred\x00\x07", "tail[31mred"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_markup_becomes_plain_text(markup: str, text: str) -> None:
    assert plain(markup) == text


def test_text_nested_deeper_than_a_parser_likes_is_not_lost() -> None:
    text = plain("<div>слово " * 2_000)
    assert text.count("слово") == 2_000


def test_a_title_is_one_line_and_an_entity_escaped_twice_is_resolved() -> None:
    assert heading("AT&amp;amp;T\n says &quot;нет&quot;") == 'AT&T says "нет"'


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ar", "utf-8"),
        ("ar", "windows-1256"),
        ("ar", "iso-8859-6"),
        ("ar", "utf-16"),
        ("ru", "utf-8"),
        ("ru", "windows-1251"),
        ("ru", "koi8-r"),
        ("ru", "cp866"),
        ("ru", "iso-8859-5"),
        ("ru", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("declared", ["rightly", "not at all", "as utf-8", "as iso-8859-1", "as nonsense"])
def test_text_is_decoded_whatever_it_claims_to_be(language: str, encoding: str, declared: str) -> None:
    text = f"<rss>{TEXTS[language] * 3}</rss>".replace("ё", "е")
    if encoding == "utf-16-be":
        text = f'<?xml version="1.0"?>{text}'
    claim = {
        "rightly": f"text/xml; charset={encoding}",
        "as utf-8": "text/xml; charset=utf-8",
        "as iso-8859-1": "text/xml; charset=iso-8859-1",
        "as nonsense": "text/xml; charset=x-mystery",
    }.get(declared)
    assert decode(text.encode(encoding), content_type=claim).text == text


def test_a_declaration_in_the_document_is_heard() -> None:
    body = '<?xml version="1.0" encoding="windows-1252"?><rss>déjà vu – naïve café</rss>'.encode("windows-1252")
    assert "déjà vu – naïve café" in decode(body).text


def test_a_stray_byte_in_utf8_costs_one_character_and_is_said() -> None:
    decoded = decode(TEXTS["ru"].encode() + b"\xff" + TEXTS["ar"].encode(), content_type="text/xml")
    assert decoded.text == f"{TEXTS['ru']}\ufffd{TEXTS['ar']}"
    assert decoded.note == "1 characters are not valid utf-8"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://www.news.example/a?utm_source=rss&id=1#top", "https://www.news.example/a?id=1"),
        ("https://news.example/a?fbclid=x&b=2&a=1", "https://news.example/a?a=1&b=2"),
        ("https://news.example/n?from=rss", "https://news.example/n"),
        ("https://news.example/n?from=moscow", "https://news.example/n?from=moscow"),
        ("HTTP://News.Example:80/a/../b", "http://news.example/b"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("/relative?id=5", "https://feed.example/relative?id=5"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("https://مثال.example/خبر", "https://xn--mgbh0fb.example/%D8%AE%D8%A8%D8%B1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("http://[bad/", None),
        ("", "https://feed.example/rss"),
    ],
)
def test_an_address_has_one_form_without_trackers(address: str, kept: str | None) -> None:
    assert canonical(address, base="https://feed.example/rss") == kept


@pytest.mark.parametrize(
    "twin",
    [
        "https://www.news.example.org/2016/talks",
        "http://news.example.org/2016/talks/",
        "https://m.news.example.org/2016/talks",
        "https://amp.news.example.org/2016/talks",
        "https://www.news.example.org/2016/talks/amp",
        "https://www.news.example.org/2016/talks/amp/",
        "https://www.news.example.org/2016/talks.amp",
        "https://www.news.example.org/amp/2016/talks",
        "https://www.news.example.org/2016/talks?outputType=amp",
        "https://www.google.com/amp/s/www.news.example.org/2016/talks/amp",
        "https://news-example-org.cdn.ampproject.org/c/s/www.news.example.org/2016/talks",
    ],
)
def test_twins_of_one_article_meet_under_one_key(twin: str) -> None:
    assert twin_key(twin) == "news.example.org/2016/talks"


def test_different_articles_keep_different_keys() -> None:
    addresses = [
        "https://e.org/?p=1",
        "https://e.org/?p=2",
        "https://e.org/amplifier",
        "https://e.org/a/camp",
        "https://e.org:8080/a/camp",
    ]
    assert len({twin_key(address) for address in addresses}) == len(addresses)


def test_a_site_is_itself_under_its_labels() -> None:
    assert {site(f"https://{host}/x") for host in ("e.org", "www.e.org", "m.e.org", "amp.e.org")} == {"e.org"}
    assert site("https://m.com/") == "m.com"
