"""Archives for `monitor backfill`: folders of saved feeds, and WARC files of feeds and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from monitor.model import Article, Entry, Feed, MonitorError

_MOST_BYTES = 20_000_000  # as for a polled feed
_FEED = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml|<rss|<feed|<rdf|\{)", re.IGNORECASE)
_WARC = (".warc", ".warc.gz")


class Snapshot(NamedTuple):
    """What one saved document holds; or, with `problem`, why it holds nothing."""

    source: str
    articles: tuple[Article, ...] = ()
    problem: str | None = None


def is_archive(path: Path) -> bool:
    return path.is_dir() or path.name.lower().endswith(_WARC)


def read_archive(path: Path, *, sites: Mapping[str, Feed], now: datetime) -> Iterator[Snapshot]:
    """The documents of a folder (in the order of their names) or of a WARC file (in its own order).

    `sites` says which publisher a site is; others are called by the feed's title or the host. Raises MonitorError
    when the archive itself can't be read.
    """
    if not path.is_dir():
        yield from _warc(path, sites=sites)
        return
    for file in sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith(".")):
        if is_archive(file):
            yield from _warc(file, sites=sites)
        else:
            yield _saved(file, sites=sites, now=now)


def _saved(file: Path, *, sites: Mapping[str, Feed], now: datetime) -> Snapshot:
    try:
        if file.stat().st_size > _MOST_BYTES:
            return Snapshot(str(file), problem=f"over {_MOST_BYTES // 1_000_000} MB")
        body = file.read_bytes()
    except OSError as error:
        return Snapshot(str(file), problem=f"cannot be read: {error.strerror}")
    return _feed(body, content_type=None, url=f"file://{file.name}", source=str(file), sites=sites, now=now)


def _feed(
    body: bytes, *, content_type: str | None, url: str, source: str, sites: Mapping[str, Feed], now: datetime
) -> Snapshot:
    from monitor.sources.feeds import parse_feed

    parsed = parse_feed(body, content_type=content_type, url=url, now=now)
    if parsed.problem is not None:
        return Snapshot(source, problem=parsed.reason or parsed.problem.value)
    articles = (_article(each, called=parsed.title, feed_url=url, sites=sites) for each in parsed.entries)
    return Snapshot(source, tuple(each for each in articles if each.text.strip()))


def _article(entry: Entry, *, called: str | None, feed_url: str, sites: Mapping[str, Feed]) -> Article:
    known = _known(entry.url, sites) or _known(feed_url, sites)
    host = urlsplit(entry.url or feed_url).hostname
    return Article(
        id=_name(entry),
        text=entry.text or entry.title or "",
        title=entry.title,
        published_at=entry.published_at,
        publisher=entry.publisher or (known.publisher if known else called or host),
        url=entry.url,
        language=known.language if known else None,
    )


def _name(entry: Entry) -> str:
    """What the article is known by in every snapshot, whatever the file is called."""
    telling = next((key for key in entry.keys if key.startswith("url:")), None)
    return telling or (f"guid:{entry.guid}" if entry.guid else entry.keys[-1])


def _known(url: str | None, sites: Mapping[str, Feed]) -> Feed | None:
    from monitor.sources.urls import site

    return sites.get(site(url)) if url and url.startswith("http") else None


# --- WARC ---------------------------------------------------------------------------------------


def _warc(path: Path, *, sites: Mapping[str, Feed]) -> Iterator[Snapshot]:
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError as error:
        raise MonitorError("WARC files need warcio: pip install 'stance-monitor[archive]'") from error
    try:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response" and record.http_headers is not None:
                    yield from _record(record, sites=sites)
    except (OSError, EOFError, ArchiveLoadFailed) as error:
        yield Snapshot(str(path), problem=f"the archive breaks off: {error}")


def _record(record: Any, *, sites: Mapping[str, Feed]) -> Iterator[Snapshot]:
    from monitor.sources.pages import read_page
    from monitor.sources.urls import twin_key

    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    content_type = record.http_headers.get_header("Content-Type")
    if record.http_headers.get_statuscode() != "200" or not url.startswith("http"):
        return
    body = record.content_stream().read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        yield Snapshot(url, problem=f"over {_MOST_BYTES // 1_000_000} MB")
        return
    now = _moment(record.rec_headers.get_header("WARC-Date"))
    if _FEED.match(body) and "html" not in (content_type or ""):
        yield _feed(body, content_type=content_type, url=url, source=url, sites=sites, now=now)
    elif "html" in (content_type or ""):
        page = read_page(body, content_type=content_type, url=url, now=now)
        keys = (f"url:{twin_key(page.url)}",)
        entry = Entry(url=page.url, title=page.title, text=page.text or "", published_at=page.published_at, keys=keys)
        found = _article(entry, called=None, feed_url=url, sites=sites)
        yield Snapshot(url, (found,)) if page.text else Snapshot(url, problem=page.reason)


def _moment(text: str | None) -> datetime:
    """When the record was made: what is later than that was wrongly dated."""
    try:
        made = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.now(UTC)
    return made if made.tzinfo else made.replace(tzinfo=UTC)
