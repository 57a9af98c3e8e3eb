"""Whatever bytes come, reading them ends in entries or a reason. Long runs: `python -m bench.fuzz_feeds --minutes 60`."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import FeedState
from monitor.sources import poll
from monitor.sources.charset import decode
from monitor.sources.compression import CorruptError, TooLargeError, decompress
from monitor.sources.dates import read_date
from monitor.sources.feeds import parse_feed
from monitor.sources.fetch import Fetched
from monitor.sources.markup import plain
from monitor.sources.pages import read_page
from monitor.sources.urls import canonical, twin_key
from tests.sources.documents import NOW, TEXTS, item, rss
from tests.sources.kinds import KINDS
from tests.sources.test_poll import feed

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WHOLE = [rss(), rss([item(text=text) for text in TEXTS.values()]), *KINDS.values()]
SHARDS = [
    b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&", b"&#", b"&#xFFFFFFFFF;", b"&nbsp;", b"<", b">", b"\x00", b"\xff\xfe",
    b"\xef\xbb\xbf", b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"]>", b"<?xml version='1.0' encoding='utf-7'?>", b"<content type='xhtml'>", b"<div>",
    b"<link href='http://[x'/>", b"<guid>", b"<pubDate>9999-99-99", b"xml:base='http://[", b" xmlns:a='b'", b"{", b"[", b'"', "\u202e\ud7ff".encode(), b"<title type='html'>",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good document with pieces cut out and shards put in."""
    body = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(body)))
        cut = draw(st.integers(0, 60))
        body = body[:at] + draw(st.sampled_from(SHARDS) | st.binary(max_size=6)) + body[at + cut :]
    return body


@quick
@given(
    body=damaged() | st.binary(max_size=400),
    charset=st.sampled_from([None, "utf-8", "windows-1256", "utf-16", "rot13", "idna", "punycode", "x"]),
)
def test_any_document_becomes_entries_or_a_problem(body: bytes, charset: str | None) -> None:
    parsed = parse_feed(
        body, content_type=f"text/xml; charset={charset}" if charset else None, url="https://e.org/f", now=NOW
    )
    assert parsed.entries or parsed.problem
    for entry in parsed.entries:
        assert entry.keys
        (entry.title or "" + entry.text).encode()  # can be stored
        assert "\x00" not in f"{entry.title}{entry.text}{entry.guid}{entry.url}"
        assert entry.published_at is None or entry.published_at.year >= 1990
    fetched = Fetched(url="https://e.org/f", final_url="https://e.org/f", status=200, body=body)
    decided = poll.decide(feed(), FeedState(feed_id="news"), fetched, parsed, NOW)
    assert decided.state.health_reason
    assert decided.state.next_poll_at
    assert decided.state.next_poll_at > NOW


@quick
@given(body=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", ""]))
def test_any_compressed_body_is_undone_within_bounds_or_refused(body: bytes, encoding: str) -> None:
    with suppress(CorruptError, TooLargeError):
        assert len(decompress(body, encoding=encoding, limit=10_000)) <= 10_000


@quick
@given(st.text(max_size=120))
def test_any_words_are_read_as_a_date_or_not(raw: str) -> None:
    dated = read_date(raw, now=NOW)
    assert dated.at is None or dated.at.year >= 1990


@quick
@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_markup_and_any_bytes_become_text(markup: str, body: bytes) -> None:
    plain(markup).encode()
    plain(f"<p>{markup}</p>").encode()
    assert isinstance(decode(body, content_type=markup).text, str)
    read_page(body, content_type=None, url="https://e.org/", now=NOW)


WORDS = st.text(alphabet="aбв ١\n\t;'\"=", max_size=6) | st.sampled_from(
    ["&amp;", "&nbsp;", "&laquo;", "&#1610;", "&lt;", "<br/>", "<BR>"]
)
INLINE = st.recursive(
    WORDS,
    lambda inner: st.tuples(
        st.sampled_from([("<b>", "</b>"), ('<a href="x?a=1&amp;b=2">', "</a>"), ("<span class='q'>", "</span>")]),
        st.lists(inner, max_size=4),
    ).map(lambda pair: f"{pair[0][0]}{''.join(pair[1])}{pair[0][1]}"),
    max_leaves=12,
)
# No paragraph stands in another: HTML has no such thing, and parsers differ in what they make of it.
MARKUP = st.lists(INLINE | INLINE.map(lambda words: f"<p>{words}</p>"), max_size=4).map("".join)


@quick
@given(MARKUP)
def test_simple_markup_gives_the_same_words_with_and_without_a_parser(markup: str) -> None:
    with_parser = plain(f"<wbr>{markup}")  # a tag that only the parser knows
    assert plain(markup).split() == with_parser.split()


@quick
@given(st.text(max_size=80) | st.text(max_size=60).map(lambda tail: f"https://e.org/{tail}"))
def test_any_address_is_canonical_or_none_and_canonical_once_is_canonical_for_good(address: str) -> None:
    found = canonical(address, base="https://e.org/feed")
    if found is not None:
        assert found.startswith(("http://", "https://"))
        assert canonical(found) == found
        assert twin_key(found)
