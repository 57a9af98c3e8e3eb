"""The quick way into plain feeds says what feedparser says, or leaves the document to it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.sources.direct import read_directly
from monitor.sources.feeds import parse_feed
from monitor.sources.parsed import ParsedFeed
from tests.sources.documents import NOW, item, rss
from tests.sources.kinds import KINDS, composed


def parse(document: bytes) -> ParsedFeed:
    return parse_feed(
        document, content_type="application/xml", url="https://news.example/feed", now=NOW, feed_id="news"
    )


def by_feedparser(document: bytes) -> ParsedFeed:
    """A word that could be `xml:base` sends any document the long way."""
    return parse(document + b"<!-- base= -->")


@pytest.mark.parametrize("kind", [kind for kind, document in KINDS.items() if document.startswith(b"<")])
def test_both_ways_say_the_same_of_every_kind_of_feed(kind: str) -> None:
    assert parse(KINDS[kind]) == by_feedparser(KINDS[kind])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_both_ways_say_the_same_of_odd_elements_in_any_order(seed: int) -> None:
    document = composed(Random(seed))
    assert parse(document) == by_feedparser(document)


@pytest.mark.parametrize("kind", ["rss 0.91", "rss 0.92", "rss 1.0", "rss 2.0", "yandex", "aggregator", "atom 0.3"])
def test_common_feeds_go_the_quick_way(kind: str) -> None:
    document = KINDS[kind]
    start = min(at for root in (b"<rss", b"<rdf:RDF", b"<feed") if (at := document.find(root)) >= 0)
    assert read_directly(document[start:]) is not None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<rss",
        b"<rss><channel><item><title>open</item></channel></rss>",
        b"<rss><channel/><channel/></rss>",
        b"<rss><item><title>no channel</title></item></rss>",
        b"<rss><channel><wrapped><item><title>T</title></item></wrapped></channel></rss>",
        b'<rss><channel xml:base="https://e.org/"><item><title>T</title></item></channel></rss>',
        b"<rss><channel><item><title>T <b>bold</b></title></item></channel></rss>",
        b"<urlset><url><loc>x</loc></url></urlset>",
        b"<rss><channel>" + b"<a>" * 20_000,
    ],
)
def test_what_is_broken_or_can_be_read_in_two_ways_is_left_to_feedparser(document: bytes) -> None:
    assert read_directly(document) is None


def test_ten_thousand_levels_are_no_trouble() -> None:
    document = b"<rss><channel>" + b"<a>" * 10_000 + b"</a>" * 10_000 + item().encode() + b"</channel></rss>"
    assert len(parse(document).entries) == 1
    assert parse(rss([f"<item><title>T</title>{'<a>' * 9_000}{'</a>' * 9_000}</item>"])).entries[0].title == "T"
