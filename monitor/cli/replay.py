"""`monitor replay`: reads stored articles anew with today's knowledge, and says what would be different. Sends nothing."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, JsonOption, app
from monitor.cli.backfill import run_history
from monitor.cli.listings import TopicOption, moment, open_store
from monitor.cli.run import set_up_logs
from monitor.cli.show import console, dumps, write_line
from monitor.model import ArticleRow, ChangeRow, ConfigError, Entry, EventRow, Feed
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.endpoint import LanguageModel
    from monitor.store import Store

_BATCH = 500
Key = tuple[Any, ...]


@app.command()
def replay(
    database: DatabaseOption = None,
    config: ConfigOption = None,
    start: Annotated[str | None, typer.Option("--from", help="Compare from this day or time on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Compare up to this day or time (ISO 8601).")] = None,
    topic: TopicOption = None,
    json_out: JsonOption = False,
) -> None:
    """Analyze stored articles again with today's knowledge and print what differs in events and changes.

    The whole history up to --to runs again in a scratch database, since a stance rests on what came before; only the
    window is compared. Nothing is sent and nothing is written to the database. A language model is not asked: the answers
    that it gave are read from its cache.
    """
    set_up_logs(json_lines=False, level=logging.WARNING)
    first, last = moment(start, option="--from"), moment(until, option="--to")
    with tempfile.TemporaryDirectory(prefix="monitor-replay-") as folder, open_store(database) as store:
        from monitor.store import Store as Scratch

        with Scratch.open(f"sqlite:///{Path(folder) / 'replay.db'}") as scratch:
            origin = copy_articles(store, scratch, until=last)
            asyncio.run(run_history(scratch, model=_model(config)))
            told = difference(store, scratch, origin=origin, topic=topic, since=first, until=last)
    if json_out:
        write_line(dumps(told, indent=2))
        return
    console().print(f"{len(origin)} articles read again")
    for what in ("events", "changes"):
        lost, gained = told[what]["only stored"], told[what]["only replayed"]
        console().print(
            f"{what}: {told[what]['same']} the same, {len(lost)} only stored, {len(gained)} only in the replay",
            style="bold",
        )
        for sign, rows, colour in (("-", lost, "red"), ("+", gained, "green")):
            for row in rows:
                console().print(
                    f"{sign} {one_line(' '.join(str(part) for part in row if part is not None))}", style=colour
                )


def _model(config: Path | None) -> LanguageModel | None:
    """The configured language model, whose answers are kept; none where there is no configuration that can be read."""
    from monitor.settings import load_settings

    if config is not None:
        return load_settings(config).language_model
    try:
        return load_settings().language_model
    except ConfigError:
        return None  # a replay needs no feeds.yaml


def copy_articles(store: Store, scratch: Store, *, until: datetime | None) -> dict[int, int]:
    """Puts the articles' current versions into the scratch store; original article id by scratch id."""
    feeds = {row.feed.id: row.feed for row in store.feeds()}
    by_feed: dict[str, list[ArticleRow]] = {}
    for row in store.articles(until=until):
        by_feed.setdefault(row.feed_id, []).append(row)
    origin: dict[int, int] = {}
    for feed_id, rows in by_feed.items():
        unique = list({row.id: row for row in rows}.values())
        for start in range(0, len(unique), _BATCH):
            batch = unique[start : start + _BATCH]
            entries = [_entry(store, row, feeds[feed_id]) for row in batch]
            added = scratch.add_entries(feeds[feed_id], entries, seen_at=min(row.seen_at for row in batch))
            origin |= dict(zip(added.new, (row.id for row in batch), strict=True))
    return origin


def _entry(store: Store, row: ArticleRow, feed: Feed) -> Entry:
    stored = store.article(row.id)
    return Entry(
        guid=str(row.id),
        url=row.url,
        title=row.title,
        text=stored.article.text,
        published_at=row.published_at,
        date_quality=row.date_quality,
        publisher=row.publisher if row.publisher != feed.publisher else None,
        keys=(f"guid:{feed.id}:{row.id}",),
    )


def difference(
    store: Store,
    scratch: Store,
    *,
    origin: dict[int, int],
    topic: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    """What only one of the two has, within the window: events by article, holder and stance; changes by holder, turn and day."""
    same = {row.id: row.id for row in store.articles(until=until)}

    def told(of: Store, ids: dict[int, int]) -> tuple[set[Key], set[Key]]:
        events = of.events(topic=topic, since=since, until=until)
        return _events(events, ids), _changes(of.changes(topic=topic, since=since, until=until))

    (stored_events, stored_changes), (new_events, new_changes) = told(store, same), told(scratch, origin)
    return {"events": _compared(stored_events, new_events), "changes": _compared(stored_changes, new_changes)}


def _events(rows: Iterable[EventRow], origin: dict[int, int]) -> set[Key]:
    return {
        (f"{row.at:%Y-%m-%d}", f"a{origin.get(row.article_id, 0)}", row.topic, row.event.holder, row.event.stance.value)
        for row in rows
        if row.source_changed_at is None
    }


def _changes(rows: Iterable[ChangeRow]) -> set[Key]:
    return {
        (
            f"{row.change.at:%Y-%m-%d}",
            row.change.topic,
            row.change.holder,
            row.change.before.event.stance.value,
            "→",
            row.change.after.event.stance.value,
            row.change.level.value,
        )
        for row in rows
    }


def _compared(stored: set[Key], replayed: set[Key]) -> dict[str, Any]:
    return {
        "same": len(stored & replayed),
        "only stored": sorted(stored - replayed, key=str),
        "only replayed": sorted(replayed - stored, key=str),
    }
