"""`monitor feeds check` and `monitor feeds add`: try feeds before trusting them, find the feed of a page."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import ConfigOption, JsonOption
from monitor.cli.listings import FormatOption, feeds_app
from monitor.cli.show import chosen, console, emit
from monitor.model import Feed, FeedState, Health, Language, MonitorError
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.sources.fetch import Fetched, Fetcher
    from monitor.sources.parsed import ParsedFeed


@feeds_app.command("check")
def check_feeds(
    config: ConfigOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    every: Annotated[bool, typer.Option("--all", help="Feeds that are switched off, too.")] = False,
    only: Annotated[list[str] | None, typer.Argument(help="Only these feeds (ids).")] = None,
) -> None:
    """Try every feed once and say what it gives. Nothing is stored. Exit 1 when one does not work."""
    from monitor.settings import load_settings

    settings = load_settings(config)
    wanted = [feed for feed in settings.feeds if (every or feed.enabled) and (not only or feed.id in only)]
    unknown = sorted(set(only or ()) - {feed.id for feed in settings.feeds})
    if unknown:
        raise MonitorError(f"no feed {unknown[0]!r} in the configuration")
    rows = asyncio.run(_try_all(wanted, contact=settings.contact, allow_private=settings.allow_private))
    emit(
        rows,
        form=chosen(form, json_flag=json_out),
        columns={"id": "feed", "health": "health", "entries": "entries", "newest": "newest", "health_reason": "reason"},
        empty="no feeds to try",
    )
    if any(not Health(row["health"]).working for row in rows):
        raise typer.Exit(1)


async def _try_all(feeds: list[Feed], *, contact: str | None, allow_private: tuple[str, ...]) -> list[dict[str, Any]]:
    from rich.console import Console
    from rich.progress import Progress

    from monitor.sources.fetch import Fetcher

    async with Fetcher(contact=contact, allow_private=allow_private) as fetcher:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("trying feeds", total=len(feeds))

            async def one(feed: Feed) -> dict[str, Any]:
                row = await _try(feed, fetcher)
                progress.advance(task)
                return row

            return list(await asyncio.gather(*(one(feed) for feed in feeds)))


async def _try(feed: Feed, fetcher: Fetcher) -> dict[str, Any]:
    from monitor.sources.collect import collect

    poll = await collect(
        feed, FeedState(feed_id=feed.id), fetcher=fetcher, in_worker=_in_thread, clock=lambda: datetime.now(UTC)
    )
    dated = [entry.published_at for entry in poll.entries if entry.published_at]
    return {
        "id": feed.id,
        "url": feed.url,
        "health": poll.state.health.value,
        "health_reason": poll.state.health_reason,
        "status": poll.status,
        "bytes": poll.bytes_read,
        "entries": len(poll.entries),
        "teasers": sum(entry.teaser for entry in poll.entries),
        "newest": f"{max(dated):%Y-%m-%d %H:%M}" if dated else "",
        "dropped": poll.dropped,
        "next": poll.state.poll_reason,
    }


async def _in_thread(fetched: Fetched, feed_id: str, now: datetime) -> ParsedFeed:
    from monitor.sources.collect import parse

    return await asyncio.to_thread(parse, fetched, feed_id, now)


@feeds_app.command("add")
def add_feed(
    url: Annotated[str, typer.Argument(help="A feed, or a page whose feed is looked for.")],
    publisher: Annotated[str | None, typer.Option(help="Who stands behind it; the site's name if not given.")] = None,
    language: Annotated[Language | None, typer.Option(help="ar, en or ru; told from the entries if not given.")] = None,
    config: ConfigOption = None,
) -> None:
    """Find and try the feed of a page, and print the lines for feeds.yaml (or append them with --config FILE)."""
    found, poll = asyncio.run(_find(url))
    entries = poll.entries
    told = language or _language_of([f"{entry.title} {entry.text}" for entry in entries])
    host = re.sub(r"^(www|feeds?|rss)\.", "", found.split("//", 1)[-1].split("/", 1)[0])
    name = re.sub(r"[^a-z0-9]+", "-", host.rsplit(".", 1)[0].lower()).strip("-") or "feed"
    line = (
        f"  - {{id: {name}-{told.value}, url: {_yaml(found)}, publisher: {_yaml(publisher or host)}, "
        f"language: {told.value}}}\n"
    )
    console().print(f"{found}: {len(entries)} entries, {one_line(poll.state.health_reason)}", soft_wrap=True)
    if config is None:
        console().print(f"put this under `feeds:` in feeds.yaml:\n{line}", soft_wrap=True)
        return
    append_feeds(config, line)
    console().print(f"added to {config}", soft_wrap=True)


def feed_line(feed: Feed) -> str:
    """The feed as a line under `feeds:`."""
    tags = f", tags: [{', '.join(map(_yaml, feed.tags))}]" if feed.tags else ""
    return (
        f"  - {{id: {feed.id}, url: {_yaml(feed.url)}, publisher: {_yaml(feed.publisher)}, "
        f"language: {feed.language.value}{tags}}}\n"
    )


def _yaml(value: str) -> str:
    return '"' + one_line(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _language_of(texts: list[str]) -> Language:
    from monitor.text.language import detect

    told = detect(" ".join(texts))
    if told is Language.OTHER:
        raise MonitorError("the entries are in none of ar, en, ru; name the language with --language")
    return told


async def _find(url: str) -> tuple[str, Any]:
    """(address, its first poll) of the first address that works as a feed: `url` itself, then what its page names."""
    from monitor.sources.discover import feeds_in, usual_places
    from monitor.sources.fetch import Fetcher, Limits

    async with Fetcher(limits=Limits(spacing=0.2)) as fetcher:
        page = await fetcher.get(url)
        if page.failure:
            raise MonitorError(f"{url}: {page.detail}")
        linked = [link.url for link in feeds_in(page.body.decode("utf-8", "replace"), url=page.final_url)]
        for address in dict.fromkeys([url, *linked, *usual_places(page.final_url)]):
            poll = await _poll(address, fetcher)
            if poll.state.health.working and poll.entries:
                return address, poll
    raise MonitorError(f"{url}: no feed there, none announced by the page, none at the usual places")


async def _poll(address: str, fetcher: Fetcher) -> Any:
    from monitor.sources.collect import collect

    feed = Feed(id="candidate", url=address, publisher="candidate", language=Language.OTHER)
    state = FeedState(feed_id=feed.id)
    return await collect(feed, state, fetcher=fetcher, in_worker=_in_thread, clock=lambda: datetime.now(UTC))


def append_feeds(path: Path, line: str) -> None:
    """Adds the lines as the first of the list and keeps the rest of the file, comments and all; the result must load."""
    from monitor.settings import load_settings

    before = path.read_text(encoding="utf-8")
    after, count = re.subn(r"(?m)^feeds:[ \t]*(#.*)?$\n", lambda match: match.group(0) + line, before, count=1)
    if not count:
        raise MonitorError(f"{path}: there is no line `feeds:` to add to; put this there by hand:\n{line}")
    path.write_text(after, encoding="utf-8")
    try:
        load_settings(path)
    except MonitorError:
        path.write_text(before, encoding="utf-8")
        raise
