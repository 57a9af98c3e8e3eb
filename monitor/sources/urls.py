"""Addresses of articles: one canonical form to keep and show, and one key under which its twins meet."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from courlan import clean_url
from courlan.clean import clean_query
from yarl import URL

_PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::(?!(?:80|443)(?:/|$))\d+)?(?:/[A-Za-z0-9_~%/-]*(?:\.[A-Za-z0-9]+)?)?")
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.=&-]*")
_AMP_CACHE = re.compile(
    r"^https?://(?:www\.google\.[a-z.]+/amp/(s/)?|[a-z0-9-]+\.cdn\.ampproject\.org/[cv]/(s/)?)(.+)$"
)
_AMP_PATH = re.compile(r"(?:/amp/?|\.amp|\.amp\.html)$|(?<=/)amp/(?=.)")
_TWIN_LABELS = ("www.", "m.", "mobile.", "amp.", "www.m.")
_AMP_QUERY = frozenset({"amp", "outputType", "mobile", "m"})
# courlan knows utm_*, fbclid and their like; these are what Arabic and Russian publishers add.
_TRACKERS = frozenset(
    [
        "from",
        "rss",
        "traffic_source",
        "mc_cid",
        "mc_eid",
        "ocid",
        "cmp",
        "maca",
        "feature",
        "source",
        "src",
        "ref",
        "referrer",
    ]
)
_TRACKED = frozenset(
    [
        "rss",
        "rss20",
        "feed",
        "rssfeed",
        "twitter",
        "facebook",
        "telegram",
        "tg",
        "yandex",
        "google",
        "whatsapp",
        "newsletter",
        "socialmedia",
    ]
)


@lru_cache(maxsize=20_000)
def canonical(address: str, *, base: str | None = None) -> str | None:
    """The address without trackers, fragment, dot segments and default port; None if it is not http(s)."""
    address = address.strip()
    plain, asked, query = address.partition("?")
    if asked and _PLAIN.fullmatch(plain) and _PLAIN_QUERY.fullmatch(query) and "/." not in plain:
        return _with_query(plain, query)
    if _PLAIN.fullmatch(address) and "/." not in address and "//" not in address[8:]:
        return address
    try:
        url = URL(address)
        if base and not url.scheme:
            url = URL(base).join(url)
        if url.scheme not in {"http", "https"} or not url.host:
            return None
        return _cleaned(url)
    except (ValueError, UnicodeError):
        return None


def _with_query(plain: str, query: str) -> str:
    """The common case at a tenth of the cost: nothing in need of quoting."""
    pairs = [part.partition("=")[::2] for part in clean_query(query).split("&") if part]
    kept = sorted((key, value) for key, value in pairs if not _is_tracker(key, value))
    return f"{plain}?{'&'.join(f'{key}={value}' for key, value in kept)}" if kept else plain


def _cleaned(url: URL) -> str:
    url = url.with_fragment(None).with_user(None)
    if not url.raw_query_string:
        return str(url)
    # In strict mode courlan drops queries that name the article; in this one it only strips trackers.
    known = clean_url(str(url))
    cleaned = URL(known).with_host(url.host or "") if known else url
    pairs = [(key, value) for key, value in cleaned.query.items() if not _is_tracker(key, value)]
    return str(cleaned.with_query(sorted(pairs)).with_fragment(None))


def _is_tracker(key: str, value: str) -> bool:
    return key.lower() in _TRACKERS and (
        value.lower() in _TRACKED or key.lower() in {"mc_cid", "mc_eid", "ocid", "maca", "traffic_source"}
    )


@lru_cache(maxsize=20_000)
def twin_key(address: str) -> str:
    """What http and https, www, mobile and AMP forms of one address share. For comparing, not for visiting."""
    cached = _AMP_CACHE.match(address)
    parts = urlsplit(f"https://{cached.group(3)}" if cached else address)
    path = _AMP_PATH.sub("", parts.path).rstrip("/") if "amp" in parts.path else parts.path.rstrip("/")
    query = "&".join(sorted(part for part in parts.query.split("&") if part.partition("=")[0] not in _AMP_QUERY))
    return f"{_site(parts.netloc)}{path}{'?' if query else ''}{query}"


def site(address: str) -> str:
    """The host without the labels under which a site shows itself twice; port kept if it is not the usual one."""
    return _site(urlsplit(address).netloc)


def _site(place: str) -> str:
    host = place.rpartition("@")[2].lower().removesuffix(":80").removesuffix(":443")
    for label in _TWIN_LABELS:
        if host.startswith(label) and host.count(".") > 1:
            host = host.removeprefix(label)
    return host
