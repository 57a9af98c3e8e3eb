"""`monitor run`: the daemon, or one pass of it for cron."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, app
from monitor.cli.show import console
from monitor.model import ConfigError

if TYPE_CHECKING:
    from monitor.engines.heartbeat import Signs
    from monitor.pipeline import Pipeline
    from monitor.settings import Settings

JsonLogsOption = Annotated[
    bool | None, typer.Option("--json-logs/--plain-logs", help="Log lines as JSON; plain on a terminal.")
]


@app.command()
def run(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    once: Annotated[bool, typer.Option("--once", help="One full pass, then exit: for cron.")] = False,
    json_logs: JsonLogsOption = None,
) -> None:
    """Poll the feeds, analyze what comes, follow the stances, send the alerts, until SIGTERM or Ctrl-C.

    On PostgreSQL it shares the work with every `monitor worker` and `monitor run` on the same database.
    Exit codes: 0 stopped cleanly, 1 cannot start (the sentence on stderr says why).
    """
    from monitor.engines.loop import run as run_loop

    set_up_logs(json_lines=json_logs)
    settings = chosen_settings(config, database)
    if not any(feed.enabled for feed in settings.feeds):
        raise ConfigError("every feed in feeds.yaml is switched off; there is nothing to do")
    counters = run_loop(serve(settings, once=once))
    if once:
        told = ", ".join(f"{count} {name}" for name, count in sorted(counters.items()))
        console().print(f"one pass: {told or 'nothing was due'}")


def chosen_settings(config: Path | None, database: str | None) -> Settings:
    """The installation's settings, on the database named. Raises ConfigError for a topic that nobody knows."""
    from monitor.settings import load_knowledge, load_settings

    settings = load_settings(config)
    if database:
        settings = settings.model_copy(update={"database_url": database})
    knowledge = load_knowledge()
    for topic_id in settings.topics:
        knowledge.topic(topic_id)  # now, not at the first article
    return settings


async def serve(settings: Settings, *, once: bool) -> Counter[str]:
    """The daemon on the settings' database, until it is told to stop."""
    from monitor.cli.assembly import installation
    from monitor.engines.garbage import collect_seldom

    async with installation(settings, clock=now) as pipeline:
        collect_seldom()
        if pipeline.store.path or once:
            return await _serve_alone(pipeline, settings, once=once)
        return await _serve_shared(pipeline, settings)


def now() -> datetime:
    return datetime.now(UTC)


async def _serve_alone(pipeline: Pipeline, settings: Settings, *, once: bool) -> Counter[str]:
    from monitor.engines.local import Pace
    from monitor.engines.local import run as run_engine

    limits = settings.limits
    pace = Pace(
        collect_at_once=limits.polls * 2,  # while one is parsed or recorded, another may ask
        analyze_at_once=analyses_at_once(settings),
        deliver_at_once=limits.deliveries,
    )
    return await run_engine(pipeline, pace=pace, signs=signs_of(settings), once=once)


async def _serve_shared(pipeline: Pipeline, settings: Settings) -> Counter[str]:
    from monitor.engines import distributed

    limits = settings.limits
    crews = distributed.crews_of(polls=limits.polls, analyses=analyses_at_once(settings), deliveries=limits.deliveries)
    return await distributed.run(pipeline, pace=distributed.Pace(crews=crews), signs=signs_of(settings))


def analyses_at_once(settings: Settings) -> int:
    """Articles that wait for the language model compute nothing: others may be read meanwhile."""
    waiting = settings.language_model.concurrency if settings.language_model else 0
    return settings.limits.analyses * 2 + waiting


def signs_of(settings: Settings) -> Signs:
    """Who hears signs of life and worries."""
    from monitor.engines.heartbeat import Signs

    url = settings.heartbeat_url
    channels = {each.id: each for each in settings.channels}
    operator = channels.get(settings.operator_channel or "")
    return Signs(
        url=url.get_secret_value() if url else None,
        every=settings.heartbeat_every,
        operator=operator,
        stand_in=channels.get(operator.fallback or "") if operator else None,
    )


def set_up_logs(*, json_lines: bool | None, level: int = logging.INFO) -> None:
    """One line an outcome on standard error: JSON for collectors, readable on a terminal. Text from outside is escaped.

    What libraries log from warnings on goes the same way, so that every line is of one form.
    """
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if (not sys.stderr.isatty() if json_lines is None else json_lines)
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
    logging.basicConfig(level=logging.WARNING, handlers=[_OfLibraries()])


class _OfLibraries(logging.Handler):
    """Hands the lines of libraries to our logger."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        exc_info = record.exc_info or None
        structlog.get_logger().log(record.levelno, record.getMessage(), library=record.name, exc_info=exc_info)


def _harmless(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Words from feeds must not drive the terminal that shows the log."""
    from monitor.text.display import printable

    fields.update({name: printable(value) for name, value in fields.items() if isinstance(value, str)})
    return fields
