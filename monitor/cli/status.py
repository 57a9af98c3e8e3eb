"""`monitor status`: how things stand, for a monitoring system in one line and for people below it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import open_store, settled, track_json
from monitor.cli.show import Format, console, dumps, emit, write_line
from monitor.cli.silence import silence_json, silence_words
from monitor.model import EngineRow, FeedRow, ModelDay, MonitorError, Queue, Status, Track
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.standing import Standing

_COLOURS = {"OK": "green", "WARNING": "yellow", "CRITICAL": "red", "UNKNOWN": "magenta"}


@app.command()
def status(database: DatabaseOption = None, json_out: JsonOption = False) -> None:
    """How things stand: daemon, feeds, queues, deliveries, and where every actor stands now.

    The first line is for monitoring systems. Exit codes: 0 OK, 1 warning, 2 critical, 3 unknown (the database can't be read).
    """
    from monitor.standing import Level, judge

    now = datetime.now(UTC)
    try:
        with open_store(database) as store:
            rows, feeds, tracks = store.status(now), store.feeds(), settled(store.tracks(), now=now)
            silences = tuple(row for row in store.silences() if row.holds(now))
    except MonitorError as error:
        sentence = one_line(str(error))
        write_line(dumps({"level": "UNKNOWN", "reasons": [sentence]}) if json_out else f"UNKNOWN - {sentence}")
        raise typer.Exit(int(Level.UNKNOWN)) from error
    standing = judge(rows, feeds, now=now)
    if json_out:
        quiet = [silence_json(row, now=now) for row in silences]
        write_line(dumps(status_json(standing, rows, feeds, tracks) | {"silences": quiet}, indent=2))
    else:
        show_status(standing, rows, tracks, now=now)
        for row in silences:
            console().print(f"silence {row.id}   {one_line(silence_words(row))}", style="yellow")
    raise typer.Exit(int(standing.level))


def status_json(
    standing: Standing, rows: Status, feeds: tuple[FeedRow, ...], tracks: tuple[Track, ...]
) -> dict[str, Any]:
    return {
        "level": standing.level.name,
        "reasons": list(standing.reasons),
        "figures": standing.figures,
        **rows.model_dump(mode="json"),
        "failing_feeds": [
            {"id": row.feed.id, "health": row.state.health.value, "reason": row.state.health_reason}
            for row in feeds
            if row.active and not row.state.health.working
        ],
        "stances": [track_json(track) for track in tracks if track.stance],
    }


def model_words(day: ModelDay, *, today: date) -> str:
    """`12 of 500 requests today, 488 left; 9 articles answered, 1 not: HTTP 503`."""
    when, left = (
        ("today", f", {day.left} left") if day.day == today else (f"on {day.day}, the last day it was asked", "")
    )
    failure = f": {one_line(day.last_error)}" if day.last_error else ""
    return f"{day.asked} of {day.budget} requests {when}{left}; {day.answered} articles answered, {day.failed} not{failure}"


def show_status(standing: Standing, rows: Status, tracks: tuple[Track, ...], *, now: datetime) -> None:
    """The line for machines, then what a person wants to know."""
    from rich.text import Text

    from monitor.standing import ago

    line = Text(one_line(standing.line))
    line.stylize(_COLOURS[standing.level.name], 0, len(standing.level.name))
    console().print(line, soft_wrap=True)
    polled = ago(now - rows.last_poll_at) if rows.last_poll_at else "never"
    health = ", ".join(f"{count} {state.value}" for state, count in sorted(rows.feeds.items()))
    console().print()
    for heading, words in engine_lines(rows, now=now):
        console().print(f"{heading:11} {words}")
    console().print(f"feeds       {health or 'none'}; last poll {polled}{_late(rows.oldest_feed_due_at, now)}")
    console().print(
        f"articles    {rows.articles}, {rows.relevant} relevant, {rows.articles_due} waiting"
        f"{_late(rows.oldest_due_at, now)}, {rows.articles_set_aside} set aside"
    )
    sent = ", ".join(f"{count} {state.value}" for state, count in sorted(rows.deliveries.items()))
    waits = _late(rows.oldest_waiting_at, now)
    console().print(f"events      {rows.events}; changes {rows.changes}; messages {sent or 'none'}{waits}")
    if rows.language_model is not None:
        console().print(f"model       {model_words(rows.language_model, today=now.date())}")
    console().print()
    emit(
        [track_json(track) for track in tracks if track.stance],
        form=Format.TABLE,
        columns={"holder": "holder", "stance": "stance", "since_day": "since", "open": "open", "quote": "quote"},
        empty="no stances yet",
    )


def engine_lines(rows: Status, *, now: datetime) -> list[tuple[str, str]]:
    """(heading, words): who runs, who went silent, and what their queue holds."""
    from monitor.standing import alive, silent

    lines = []
    living = [engine for engine in rows.engines if engine.stopped_at is None]
    if rows.queue is not None:
        lines.append(("queue", _queue_words(rows.queue, now)))
        living = list(alive(rows.engines, now=now))
        lines += [("silent", _engine_words(engine, now)) for engine in silent(rows.engines, now=now)]
    told = [(engine.engine if rows.queue else "daemon", _engine_words(engine, now)) for engine in living]
    return [*(told or [("daemon", "not running")]), *lines]


def _engine_words(engine: EngineRow, now: datetime) -> str:
    from monitor.standing import ago

    return f"{one_line(engine.engine)} on {one_line(engine.host)} (pid {engine.pid}), last sign of life {ago(now - engine.beat_at)}"


def _queue_words(queue: Queue, now: datetime) -> str:
    waiting = ", ".join(f"{count} {name}" for name, count in sorted(queue.waiting.items()))
    words = (
        f"{waiting or 'nothing'} waiting{_late(queue.oldest_waiting_at, now)}, {sum(queue.running.values())} running"
    )
    return f"{words}, {queue.stalled} stalled, {queue.failed} given up"


def _late(since: datetime | None, now: datetime) -> str:
    from monitor.standing import span

    return f" (the oldest for {span(now - since)})" if since is not None else ""
