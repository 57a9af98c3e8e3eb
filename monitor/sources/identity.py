"""The identity ladder: under which keys an article is known, so that it is stored once and never mistaken for another.

Two articles are one if they share any key, so a key that could be shared by chance is not given: GUIDs that repeat
within a feed or merely count its places, addresses that several entries share, titles where an address tells better.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from monitor.model import Entry
from monitor.sources.urls import canonical, site, twin_key

_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_SHORTEST_TITLE = 3
_SHORTEST_TEXT = 40


def digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def with_keys(entries: Sequence[Entry], *, scope: str, feed_url: str) -> tuple[Entry, ...]:
    """The entries with their keys, strongest first. `scope` names the feed: a GUID that is no address means nothing outside."""
    useless = _useless_guids(entries)
    # Listed twice is one article; one address under several titles is none's own.
    titles_at = {(twin_key(entry.url), entry.title) for entry in entries if entry.url}
    urls = Counter(address for address, _ in titles_at)
    home = twin_key(feed_url) if _URL.match(feed_url) else ""
    home_site = home.partition("/")[0]
    return tuple(
        entry.model_copy(
            update={"keys": _keys(entry, scope=scope, site_of_feed=home_site or scope, useless=useless, urls=urls)}
        )
        for entry in entries
    )


def _keys(entry: Entry, *, scope: str, site_of_feed: str, useless: set[str], urls: Counter[str]) -> tuple[str, ...]:
    keys = []
    guid = _guid_key(entry.guid, scope=scope) if entry.guid and entry.guid not in useless else None
    if guid:
        keys.append(guid)
    address = twin_key(entry.url) if entry.url else ""
    telling = bool(address) and urls[address] == 1 and address.strip("/") != site_of_feed
    if telling:
        keys.append(f"url:{address}")
    # Aggregators wrap addresses anew each time; elsewhere a title is asked only where no address tells.
    if not telling or entry.publisher:
        keys.extend(_weak_keys(entry, owner=entry.publisher or site_of_feed))
    return tuple(dict.fromkeys(keys)) or (f"text:{digest(f'{scope} {entry.title} {entry.text} {entry.url}')}",)


def _guid_key(guid: str, *, scope: str) -> str:
    if not _URL.fullmatch(guid):
        return f"guid:{scope}:{guid if len(guid) <= 200 else digest(guid)}"
    address = canonical(guid) or guid
    return f"guid:{address if len(address) <= 300 else digest(address)}"


def _weak_keys(entry: Entry, *, owner: str) -> list[str]:
    words = _WORD.findall((entry.title or "").casefold())
    keys = []
    if entry.published_at and len(words) >= _SHORTEST_TITLE:
        keys.append(f"title:{digest(f'{owner} {entry.published_at:%Y-%m-%d}' + ' '.join(words))}")
    text = " ".join(_WORD.findall(entry.text.casefold()))
    if len(text) >= _SHORTEST_TEXT:
        keys.append(f"text:{digest(f'{owner} {text}')}")
    return keys


def _useless_guids(entries: Sequence[Entry]) -> set[str]:
    guids = [entry.guid for entry in entries if entry.guid]
    repeated = {guid for guid, count in Counter(guids).items() if count > 1 and not _same_article(entries, guid)}
    places = {guid for place, guid in enumerate(guids) if guid in {str(place), str(place + 1)}}
    return repeated | (places if len(places) > 1 and len(places) * 2 > len(guids) else set())


def _same_article(entries: Sequence[Entry], guid: str) -> bool:
    """Repeated because the feed lists one article twice."""
    return len({(entry.url, entry.title) for entry in entries if entry.guid == guid}) == 1


def home_of(address: str) -> str:
    """The site a feed belongs to, as its readers name it."""
    return site(address) if _URL.match(address) else ""
