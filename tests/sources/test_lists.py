"""Feeds come in and go out as OPML, are found on pages, and the shipped list is sound."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from monitor.model import ConfigError, FeedKind, Language
from monitor.settings import load_settings
from monitor.sources.addresses import refusal
from monitor.sources.discover import feeds_in, usual_places
from monitor.sources.opml import feed_id, read_opml, write_opml
from monitor.sources.urls import canonical
from tests.sources.documents import NOW

ROOT = Path(__file__).parents[2]
SHIPPED = load_settings(ROOT / "monitor" / "feeds.yaml")


def test_the_list_in_the_package_is_the_list_in_the_repository() -> None:
    assert (ROOT / "feeds.yaml").read_bytes() == (ROOT / "monitor" / "feeds.yaml").read_bytes()


def test_the_shipped_list_covers_three_languages_and_names_the_fragile() -> None:
    enabled = [feed for feed in SHIPPED.feeds if feed.enabled]
    assert len(SHIPPED.feeds) >= 60
    for language in (Language.AR, Language.EN, Language.RU):
        assert len({feed.voice for feed in enabled if feed.language is language}) >= 8
    assert len({feed.url for feed in SHIPPED.feeds}) == len(SHIPPED.feeds)
    assert all(canonical(feed.url) for feed in SHIPPED.feeds)
    text = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert "enabled: false" not in line or "#" in line, f"say why: {line[:60]}"


def test_only_official_outlets_speak_for_somebody_and_all_do() -> None:
    for feed in SHIPPED.feeds:
        assert (feed.speaks_for is not None) == (feed.kind is FeedKind.OFFICIAL), feed.id


def test_opml_goes_out_and_comes_back() -> None:
    document = write_opml(SHIPPED.feeds, title="Stance Monitor – مراقب", now=NOW)
    back = read_opml(document, language=Language.OTHER)
    assert [(feed.url, feed.publisher, feed.language) for feed in sorted(back, key=lambda feed: feed.url)] == [
        (feed.url, feed.publisher, feed.language) for feed in sorted(SHIPPED.feeds, key=lambda feed: feed.url)
    ]
    assert len({feed.id for feed in back}) == len(back)
    assert ElementTree.fromstring(document).find("head/title") is not None


def test_opml_of_other_readers_is_read_and_what_is_no_feed_left_out() -> None:
    document = """<?xml version="1.0"?><opml version="1.0"><body><outline text="Сирия"><outline type="rss" text="Новости"
      xmlUrl="https://www.news.example/rss"/><outline type="rss" text="twice" xmlUrl="https://www.news.example/rss"/>
      <outline text="no feed" htmlUrl="https://x.example"/><outline type="rss" text="evil" xmlUrl="javascript:alert(1)"/>
      <outline type="rss" text="" xmlUrl="http://other.example/f.xml"/></outline></body></opml>""".encode()
    feeds = read_opml(document, language=Language.RU, taken=["news-example"])
    assert [(feed.id, feed.publisher, feed.tags) for feed in feeds] == [
        ("news-example-2", "Новости", ("Сирия",)),
        ("other-example", "other.example", ("Сирия",)),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<html></html>",
        b"<opml version='2.0'><body/></opml>",
        b'<!DOCTYPE o [<!ENTITY a "b">]><opml/>',
        b"<opml>" * 1_000_000,
    ],
)
def test_an_opml_file_that_gives_nothing_is_an_error_in_words(body: bytes) -> None:
    with pytest.raises(ConfigError, match="OPML"):
        read_opml(body, language=Language.EN)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.bbc.com/x", "bbc"),
        ("https://feeds.bbci.co.uk/a", "feeds-bbci-co-uk"),
        ("https://مثال.example/", "xn-mgbh0fb-example"),
    ],
)
def test_an_id_is_made_of_the_sites_name(address: str, name: str) -> None:
    assert feed_id(address) == name


def test_the_feeds_of_a_page_are_found_announced_ones_first() -> None:
    page = """<html><head><link rel="stylesheet" href="/feed.css"><link rel="alternate" hreflang="ru" href="/ru" type="application/rss+xml">
      <link rel="alternate" type="application/rss+xml" title="خلاصة &lt;b&gt;" href="/rss.xml"><link rel="alternate"
      type="application/atom+xml" href="https://cdn.example/atom.xml"></head><body><a href="/feed/">RSS</a>
      <a href="/comments/feed">no</a><a href="/about">no</a><a href="javascript:feed()">no</a></body></html>"""
    found = feeds_in(page, url="https://news.example/")
    assert [(link.url, link.announced) for link in found] == [
        ("https://news.example/rss.xml", True),
        ("https://cdn.example/atom.xml", True),
        ("https://news.example/feed/", False),
    ]
    assert found[0].title == "خلاصة"
    assert feeds_in("", url="https://news.example/") == ()
    assert usual_places("https://news.example/deep/page?x=1")[0] == "https://news.example/feed"
    assert usual_places("nonsense") == ()


def test_no_shipped_feed_points_at_an_address_of_its_own_network() -> None:
    for feed in SHIPPED.feeds:
        host = feed.url.split("/")[2]
        assert not host[0].isdigit() or refusal(host) is None
