"""Feeds the parser damaged and odd documents until time is up: `python -m bench.fuzz_feeds --minutes 60 [--seed N]`.

Odd but well-formed ones are read both ways, directly and by feedparser, and must come out the same. A crash prints the seed and the document that did it; a document that takes over two seconds is reported as slow.
"""

from __future__ import annotations

import argparse
import random
import time

from monitor.model import Feed, FeedState, Language
from monitor.sources import poll
from monitor.sources.feeds import parse_feed
from monitor.sources.fetch import Fetched
from monitor.sources.pages import read_page
from tests.sources.documents import NOW
from tests.sources.kinds import composed
from tests.sources.test_fuzz import SHARDS, WHOLE

_FEED = Feed(id="fuzz", url="https://e.org/f", publisher="Fuzz", language=Language.EN)
_TYPES = (
    None,
    "text/xml",
    "application/json",
    "text/html; charset=windows-1256",
    "text/xml; charset=utf-16",
    "x/y; charset=idna",
)
_SLOW = 2.0


def damaged(chance: random.Random) -> bytes:
    body = chance.choice(WHOLE)
    if chance.random() < 0.3:
        body = body.decode().encode(chance.choice(["utf-16", "windows-1251", "koi8-r", "windows-1256"]), "replace")
    for _ in range(chance.randrange(1, 25)):
        at, cut = chance.randrange(len(body) + 1), chance.choice((0, 0, 1, 5, 40, 400))
        piece = chance.choice((chance.choice(SHARDS), chance.randbytes(chance.randrange(8)), body[at : at + cut] * 3))
        body = body[:at] + piece * chance.choice((1, 1, 1, 50)) + body[at + cut :]
    return body


def same_both_ways(body: bytes) -> int:
    """The number of entries. Raises AssertionError where the quick way says something else than feedparser."""
    quick = parse_feed(body, content_type=None, url=_FEED.url, now=NOW)
    long = parse_feed(body + b"<!-- base= -->", content_type=None, url=_FEED.url, now=NOW)  # could be `xml:base`
    if quick != long:
        raise AssertionError(f"{quick!r} is not {long!r}")
    return len(quick.entries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    until, count, entries, slow, twice = time.monotonic() + options.minutes * 60, 0, 0, 0, 0
    while time.monotonic() < until:
        body, kind, started = damaged(chance), chance.choice(_TYPES), time.process_time()
        try:
            parsed = parse_feed(body, content_type=kind, url=_FEED.url, now=NOW)
            fetched = Fetched(url=_FEED.url, final_url=_FEED.url, status=200, body=body)
            poll.decide(_FEED, FeedState(feed_id="fuzz"), fetched, parsed, NOW).model_dump_json()
            read_page(body, content_type=kind, url=_FEED.url, now=NOW)
            odd = composed(chance)
            twice, body = twice + 1, odd
            entries += same_both_ways(odd)
        except BaseException:
            print(f"seed {options.seed}, document {count}, type {kind}: {body!r}")
            raise
        count, entries = count + 1, entries + len(parsed.entries)
        if time.process_time() - started > _SLOW:
            slow += 1
            print(f"slow: {time.process_time() - started:.1f} s of CPU, document {count}: {body[:300]!r}")
    print(f"{count} damaged documents, {twice} odd ones both ways, {entries} entries, {slow} slow, no crash")


if __name__ == "__main__":
    main()
