"""`monitor run`: the daemon, or one pass of it for cron."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections import Counter
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, app
from monitor.cli.show import console
from monitor.model import ConfigError

if TYPE_CHECKING:
    from monitor.engines.heartbeat import Signs
    from monitor.settings import Settings


@app.command()
def run(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    once: Annotated[bool, typer.Option("--once", help="One full pass, then exit: for cron.")] = False,
    json_logs: Annotated[
        bool, typer.Option("--json-logs/--plain-logs", help="Log lines as JSON; plain on a terminal.")
    ] = not sys.stderr.isatty(),
) -> None:
    """Poll the feeds, analyze what comes, follow the stances, send the alerts, until SIGTERM or Ctrl-C.

    Exit codes: 0 stopped cleanly, 1 cannot start (the sentence on stderr says why).
    """
    from monitor.settings import load_knowledge, load_settings

    set_up_logs(json_lines=json_logs)
    settings = load_settings(config)
    if database:
        settings = settings.model_copy(update={"database_url": database})
    knowledge = load_knowledge()
    for topic_id in settings.topics:
        knowledge.topic(topic_id)  # a topic that nobody knows is an error now, not at the first article
    if not any(feed.enabled for feed in settings.feeds):
        raise ConfigError("every feed in feeds.yaml is switched off; there is nothing to do")
    counters = asyncio.run(serve(settings, once=once))
    if once:
        told = ", ".join(f"{count} {name}" for name, count in sorted(counters.items()))
        console().print(f"one pass: {told or 'nothing was due'}")


async def serve(settings: Settings, *, once: bool) -> Counter[str]:
    """The daemon on the settings' database, until it is told to stop."""
    from monitor.cli.assembly import installation
    from monitor.engines.local import Pace
    from monitor.engines.local import run as run_engine

    def clock() -> datetime:
        return datetime.now(UTC)

    limits = settings.limits
    async with installation(settings, clock=clock) as pipeline:
        pace = Pace(
            collect_at_once=limits.polls, analyze_at_once=limits.analyses * 2, deliver_at_once=limits.deliveries
        )
        return await run_engine(pipeline, pace=pace, signs=signs_of(settings), once=once)


def signs_of(settings: Settings) -> Signs:
    """Who hears signs of life and worries."""
    from monitor.engines.heartbeat import Signs

    url = settings.heartbeat_url
    return Signs(
        url=url.get_secret_value() if url else None,
        every=settings.heartbeat_every,
        operator=next((each for each in settings.channels if each.id == settings.operator_channel), None),
    )


def set_up_logs(*, json_lines: bool, level: int = logging.INFO) -> None:
    """One line an outcome on standard error: JSON for collectors, readable on a terminal. Text from outside is escaped."""
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _harmless,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Standard error as it is when a line is written: whoever redirects it (a test, a pager) may have closed the old one.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


class _CurrentStderr(io.TextIOBase):
    """Standard error as it is when a line is written: whoever redirects it meanwhile gets the lines."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _harmless(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Words from feeds must not drive the terminal that shows the log."""
    from monitor.text.display import printable

    fields.update({name: printable(value) for name, value in fields.items() if isinstance(value, str)})
    return fields
