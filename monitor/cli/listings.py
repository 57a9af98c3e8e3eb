"""The listings: `feeds articles events stances changes alerts`. Each takes --json, --format, and filters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.analyze import parse_date
from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.show import Format, chosen, emit, short_time
from monitor.model import (
    ArticleRow,
    ChangeRow,
    DeliveryState,
    EventRow,
    FeedRow,
    Level,
    MonitorError,
    Report,
    Stance,
    Track,
)
from monitor.text.display import isolate

if TYPE_CHECKING:
    from monitor.store import Store

FormatOption = Annotated[Format | None, typer.Option("--format", "-f", help="table, json, jsonl or csv.")]
LimitOption = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Only the newest so many.")]
TopicOption = Annotated[str | None, typer.Option("--topic", help="Only this topic.")]
ActorOption = Annotated[str | None, typer.Option("--actor", help="Only this actor: USA, RUS, SYR-OPP …")]
SinceOption = Annotated[str | None, typer.Option("--since", help="From this day or time on (ISO 8601).")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this day or time (ISO 8601).")]


def open_store(database: str | None, *, make: bool = False) -> Store:
    """The store of a command: `--database`, MONITOR_DATABASE_URL, or ./monitor.db. Asking must not make one."""
    from monitor.settings import database_url
    from monitor.store import Store
    from monitor.store.database import Database

    url = database_url(database)
    path = Database(url).path
    if not make and path is not None and not path.exists():
        raise MonitorError(f"there is no database {path}; set MONITOR_DATABASE_URL, or start with `monitor run`")
    return Store.open(url)


def moment(value: str | None, *, option: str) -> datetime | None:
    """A --since or --until; a usage error when it is no ISO date."""
    found, problem = parse_date(value)
    if problem:
        raise typer.BadParameter(f"{value!r} is not ISO 8601, like 2016-06-30", param_hint=option)
    return found.replace(hour=0) if found and value and len(value) == len("2016-06-30") else found


# --- feeds ------------------------------------------------------------------------------------

feeds_app = typer.Typer(help="The feeds and how each is doing, with the reason.", invoke_without_command=True)
app.add_typer(feeds_app, name="feeds")


@feeds_app.callback()
def feeds(
    context: typer.Context,
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    every: Annotated[bool, typer.Option("--all", help="Feeds that are switched off, too.")] = False,
    bad: Annotated[bool, typer.Option("--bad", help="Only feeds that fail.")] = False,
) -> None:
    """The feeds and how each is doing, with the reason."""
    if context.invoked_subcommand:
        return
    with open_store(database) as store:
        rows = store.feeds(active_only=not every)
    if bad:
        rows = tuple(row for row in rows if not row.state.health.working)
    emit(
        [feed_json(row) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns={
            "id": "feed",
            "health": "health",
            "articles": "art.",
            "last_polled": "last poll",
            "health_reason": "reason",
        },
        empty="no feeds yet; `monitor run` reads feeds.yaml and starts polling",
    )


def feed_json(row: FeedRow) -> dict[str, Any]:
    state = row.state.model_dump(mode="json", exclude={"feed_id"})
    definition = row.feed.model_dump(mode="json")
    last = short_time(state["last_polled_at"])
    return {**definition, "active": row.active, "articles": row.articles, **state, "last_polled": last}


# --- articles and events ----------------------------------------------------------------------


@app.command()
def articles(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    topic: TopicOption = None,
    relevant: Annotated[
        bool | None, typer.Option("--relevant/--irrelevant", help="Only those on (off) the topic.")
    ] = None,
    feed: Annotated[str | None, typer.Option("--feed", help="Only this feed.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="ar, en or ru.")] = None,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="Only those given up after failing.")] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
) -> None:
    """The articles, oldest first: relevant or not, and the reason."""
    with open_store(database) as store:
        rows = store.articles(
            topic=topic,
            relevant=relevant,
            feed_id=feed,
            language=language,
            set_aside=set_aside,
            since=moment(since, option="--since"),
            until=moment(until, option="--until"),
            limit=limit,
        )
    emit(
        [article_json(row) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns={"ref": "id", "when": "date", "publisher": "publisher", "verdict": "verdict", "title": "title"},
        empty="no articles match",
    )


def article_json(row: ArticleRow) -> dict[str, Any]:
    verdict = {None: "waits", True: "relevant", False: row.gate.value if row.gate else "irrelevant"}[row.relevant]
    plain = row.model_dump(mode="json")
    return {"ref": f"a{row.id}", **plain, "verdict": verdict, "when": short_time(plain["at"])}


@app.command()
def events(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    institution: Annotated[
        str | None, typer.Option("--institution", help="pentagon, mfa …; '' for the country itself.")
    ] = None,
    stance: Annotated[Stance | None, typer.Option("--stance", help="Only this stance.")] = None,
    article: Annotated[int | None, typer.Option("--article", help="Only of this article.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
) -> None:
    """The coded events, oldest first: who took which stance, in which words."""
    with open_store(database) as store:
        rows = store.events(
            topic=topic,
            actor=actor,
            institution=institution,
            stance=stance.value if stance else None,
            article_id=article,
            since=moment(since, option="--since"),
            until=moment(until, option="--until"),
            limit=limit,
        )
    emit(
        [event_json(row) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns=EVENT_COLUMNS,
        empty="no events match",
    )


EVENT_COLUMNS = {
    "ref": "id",
    "when": "date",
    "holder": "holder",
    "stance": "stance",
    "publisher": "publisher",
    "quote": "quote",
}


def event_json(row: EventRow) -> dict[str, Any]:
    plain = row.model_dump(mode="json", exclude={"event"})
    event = row.event.model_dump(mode="json", exclude={"contributions"})
    return {"ref": f"e{row.id}", **plain, **event, "holder": row.event.holder, "when": short_time(plain["at"])}


# --- stances ----------------------------------------------------------------------------------


@app.command()
def stances(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
) -> None:
    """Where every actor stands now, since when, in which words; what challenges it; splits and disputes."""
    with open_store(database) as store:
        tracks = settled(store.tracks(topic=topic, actor=actor), now=datetime.now(UTC))
    emit(
        [track_json(track) for track in tracks if track.stance or track.challenger],
        form=chosen(form, json_flag=json_out),
        columns={"holder": "holder", "stance": "stance", "since_day": "since", "open": "open", "quote": "quote"},
        empty="no stances yet",
    )


def settled(tracks: Iterable[Track], *, now: datetime) -> tuple[Track, ...]:
    """The tracks as they stand at `now`: a challenger whose window has passed is open no more."""
    from monitor.settings import load_knowledge
    from monitor.tracking import settle

    topics = load_knowledge().topics
    return tuple(
        settle(track, now=now, policy=topics[track.topic].policy) if track.topic in topics else track
        for track in tracks
    )


def track_json(track: Track) -> dict[str, Any]:
    waiting = track.challenger
    remarks = [
        f"{waiting.stance.value}?" if waiting else "",
        "split" if track.split else "",
        "disputed" if track.disputed else "",
    ]
    return {
        "topic": track.topic,
        "actor": track.actor,
        "institution": track.institution,
        "holder": track.holder,
        "stance": track.stance.value if track.stance else None,
        "since": track.since.isoformat() if track.since else None,
        "since_day": track.since.date().isoformat() if track.since else "",
        "quote": track.standing.event.quote if track.standing else None,
        "standing": report_json(track.standing) if track.standing else None,
        "challenger": waiting.stance.value if waiting else None,
        "challenged_by": [report_json(report) for report in waiting.reports] if waiting else [],
        "split": list(track.split),
        "disputed": [report_json(report) for report in track.disputed],
        "open": ", ".join(remark for remark in remarks if remark),
    }


def report_json(report: Report) -> dict[str, Any]:
    """An event with its publication, flat, as `changes` and `stances` give it."""
    event = report.event.model_dump(mode="json", exclude={"contributions"})
    plain = report.model_dump(mode="json", exclude={"event", "topic"})
    return {**plain, **event}


# --- changes and alerts -----------------------------------------------------------------------


@app.command()
def changes(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    level: Annotated[Level | None, typer.Option("--level", help="reported or confirmed.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
) -> None:
    """The changes of stance, oldest first, each with both quotes."""
    with open_store(database) as store:
        rows = store.changes(
            topic=topic,
            actor=actor,
            level=level,
            since=moment(since, option="--since"),
            until=moment(until, option="--until"),
            limit=limit,
        )
    emit(
        [change_json(row) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns={
            "ref": "id",
            "when": "date",
            "holder": "holder",
            "turn": "turn",
            "level": "level",
            "quote_before": "before",
            "quote_after": "after",
        },
        empty="no changes yet",
    )


def change_json(row: ChangeRow) -> dict[str, Any]:
    """One change as docs/accuracy.md describes the output line."""
    change = row.change
    plain = change.model_dump(mode="json", exclude={"before", "after"})
    before, after = change.before.event, change.after.event
    return {
        "ref": f"c{row.id}",
        "id": row.id,
        **plain,
        "holder": change.holder,
        "before": before.stance.value,
        "after": after.stance.value,
        "before_event": report_json(change.before),
        "after_event": report_json(change.after),
        "when": short_time(plain["at"]),
        "turn": f"{before.stance.value} → {after.stance.value}",
        "quote_before": f"before: {isolate(before.quote)}",
        "quote_after": f"after:  {isolate(after.quote)}",
    }


alerts_app = typer.Typer(
    help="The alerts: every message on its way to a channel, sent, or stuck.", invoke_without_command=True
)
app.add_typer(alerts_app, name="alerts")


@alerts_app.callback()
def alerts(
    context: typer.Context,
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="waiting, sent, dead, unconfirmed, held or skipped.")
    ] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Only this channel.")] = None,
    limit: LimitOption = None,
) -> None:
    """The alerts: every message on its way to a channel, sent, or stuck."""
    if context.invoked_subcommand:
        return
    with open_store(database) as store:
        rows = store.deliveries(state=state, channel=channel, limit=limit)
        known = {row.id: row.change for row in store.changes()}
    listed: list[dict[str, Any]] = []
    for row in rows:
        plain = row.model_dump(mode="json")
        change = known.get(row.change_id)
        turn = (
            f"{change.holder}: {change.before.event.stance.value} → {change.after.event.stance.value}" if change else ""
        )
        listed.append(
            {
                "ref": f"d{row.id}",
                **plain,
                "change": turn,
                "when": short_time(plain["sent_at"] or plain["created_at"]),
                "how": f"{row.state.value} via {row.via}" if row.via else row.state.value,
                "held_by": row.reason if row.state in {DeliveryState.HELD, DeliveryState.SKIPPED} else None,
            }
        )
    emit(
        listed,
        form=chosen(form, json_flag=json_out),
        columns={
            "ref": "id",
            "when": "date",
            "channel": "channel",
            "how": "state",
            "level": "level",
            "change": "change",
            "held_by": "why not",
            "last_error": "last error",
        },
        empty="no alerts yet",
    )


@alerts_app.command("resend")
def resend(
    delivery: Annotated[
        str, typer.Argument(help="The dead or unconfirmed delivery, as `monitor alerts --state dead` lists it: d12.")
    ],
    database: DatabaseOption = None,
) -> None:
    """Make a dead or unconfirmed delivery due again."""
    number = delivery.removeprefix("d")
    if not number.isdigit():
        raise typer.BadParameter(
            f"{delivery!r} is no delivery; `monitor alerts --state dead` lists them", param_hint="DELIVERY"
        )
    with open_store(database) as store:
        again = store.send_again(int(number), now=datetime.now(UTC))
    typer.echo(f"d{number} is due again" if again else f"d{number} is neither dead nor unconfirmed; nothing to do")
