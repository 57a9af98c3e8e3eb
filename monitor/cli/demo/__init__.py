"""`monitor demo`: the whole loop on shipped sample feeds, over real HTTP and SMTP on loopback, history driving the clock."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import app
from monitor.cli.show import console
from monitor.model import Feed, MonitorError

if TYPE_CHECKING:
    from monitor.cli.demo.world import World
    from monitor.pipeline import Pools
    from monitor.store import Store


TOPICS = ("us-russia-syria",)


class Clock:
    """The time of the demo's world; it stands still until it is set."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


@app.command()
def demo(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where database, mails and log go; a new temporary folder if not given."),
    ] = None,
    seeds: Annotated[Path | None, typer.Option("--seeds", help="The folder of sample articles.")] = None,
    web: Annotated[bool, typer.Option("--web", help="Leave the demo's world open in the dashboard.")] = False,
) -> None:
    """Run the whole loop on shipped sample feeds: collect, analyze, follow, alert; then show how things stand."""
    from monitor.cli.demo.show import show_demo
    from monitor.cli.demo.world import read_world
    from monitor.cli.run import set_up_logs
    from monitor.store import Store

    folder = out or Path(tempfile.mkdtemp(prefix="monitor-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    set_up_logs(json_lines=True, level=logging.ERROR)  # the years between two articles would alarm any operator
    world = read_world(seeds or seeds_folder())
    database = folder / "demo.db"
    if database.exists():
        raise MonitorError(f"{database} is there already; give an empty folder with --out")
    with Store.open(f"sqlite:///{database}") as store:
        clock, mails = asyncio.run(play(world, store, folder=folder))
        show_demo(store, folder=folder, mails=mails, now=clock.now)
        if web:
            _open(store, clock)


def seeds_folder() -> Path:
    """The sample articles: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[2]
    beside = package.parent / "seeds"
    return beside if beside.is_dir() else package / "seeds"


async def play(world: World, store: Store, *, folder: Path) -> tuple[Clock, list[Path]]:
    """Lets the world's history run through collect, analyze and deliver; (the clock at its end, the mails)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from monitor.cli.demo.edge import Mailbox, feed_server

    moments = world.moments()
    clock = Clock(moments[0] - timedelta(days=1))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[day]}"))
    with Mailbox(folder / "mail") as mailbox, Progress(*columns, console=console(), transient=True) as progress:
        async with feed_server(world, clock=clock) as base:
            task = progress.add_task("history runs", total=len(moments), day="")

            def passed(moment: datetime) -> None:
                progress.update(task, advance=1, day=f"{moment:%Y-%m-%d}")

            await _run(world, store, base=base, port=mailbox.port, folder=folder, clock=clock, passed=passed)
        return clock, mailbox.received


def _run_feeds(world: World, base: str) -> tuple[Feed, ...]:
    return tuple(
        Feed(
            id=feed.id,
            url=base + feed.url_path,
            publisher=feed.publisher,
            name=feed.name,
            language=language,
            country=feed.country,
            kind=feed.kind,
            family=feed.family,
            speaks_for=feed.speaks_for,
            every=timedelta(minutes=15),
        )
        for language, feed in world.feeds
    )


async def _run(
    world: World, store: Store, *, base: str, port: int, folder: Path, clock: Clock, passed: Callable[[datetime], None]
) -> None:
    from monitor.channels import EmailChannel, LogChannel
    from monitor.cli.assembly import pipeline_of, poller
    from monitor.engines.local import LocalEngine, Pace
    from monitor.pipeline import Pools
    from monitor.sources.fetch import Fetcher, Limits

    feeds = _run_feeds(world, base)
    channels = (
        LogChannel(kind="log", id="log", path=folder / "alerts.jsonl"),
        EmailChannel(
            kind="email", id="desk", host="127.0.0.1", port=port, security="plain",
            sender="monitor@example.org", to=("desk@example.org",),
        ),
    )  # fmt: skip
    pools: Pools = Pools()
    limits = Limits(spacing=0, per_host=8)
    store.sync_feeds(feeds, clock())
    async with Fetcher(contact="demo", allow_private=("127.0.0.1",), limits=limits) as fetcher:
        pipeline = pipeline_of(
            store,
            topics=TOPICS,
            feeds=feeds,
            channels=channels,
            fetch=poller(fetcher, cpu=pools.cpu, clock=clock, store=store, topics=TOPICS),
            clock=clock,
            pools=pools,
        )
        # One at a time, so that the same history gives the same rows with the same numbers.
        pace = Pace(collect_at_once=1, analyze_at_once=1, deliver_at_once=1)
        for moment in world.moments():
            clock.now = moment
            await LocalEngine(pipeline, pace=pace).run_once()
            passed(moment)


def _open(store: Store, clock: Clock) -> None:
    from monitor.cli.web import bound, serve
    from monitor.settings import load_knowledge
    from monitor.web import create_app

    policies = {name: topic.policy for name, topic in load_knowledge().topics.items()}
    try:
        listening = bound("127.0.0.1", 8350)
    except MonitorError:
        listening = bound("127.0.0.1", 0)  # another dashboard has the usual port
    serve(create_app(store, clock=clock, policies=policies), listening, ends="Ctrl-C ends the demo")
