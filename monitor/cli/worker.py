"""`monitor worker`: one of many workers on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, app
from monitor.cli.run import set_up_logs
from monitor.model import ConfigError

if TYPE_CHECKING:
    from monitor.settings import Settings


@app.command()
def worker(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    queues: Annotated[
        str | None, typer.Option("--queues", help="Only these, with commas: collect, analyze, follow, deliver, clock.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, help="Steps at once in this worker.")] = 8,
) -> None:
    """Work on a PostgreSQL database together with other workers, on as many machines as you like.

    Start as many as you need; each takes the next due step. Ends cleanly on SIGTERM or Ctrl-C.
    """
    from monitor.settings import load_settings

    set_up_logs(json_lines=True)
    settings = load_settings(config)
    if database:
        settings = settings.model_copy(update={"database_url": database})
    if not settings.database_url.startswith("postgres"):
        raise ConfigError("workers share a PostgreSQL database; on SQLite start `monitor run` instead")
    chosen = tuple(name.strip() for name in queues.split(",")) if queues else None
    asyncio.run(work(settings, queues=chosen, concurrency=concurrency))


async def work(settings: Settings, *, queues: tuple[str, ...] | None, concurrency: int) -> None:
    from monitor.cli.assembly import installation
    from monitor.engines import distributed

    def clock() -> datetime:
        return datetime.now(UTC)

    if unknown := sorted({*(queues or ())} - {*distributed.QUEUES}):
        raise ConfigError(f"no queue {unknown[0]!r}; there are {', '.join(distributed.QUEUES)}")
    async with installation(settings, clock=clock) as pipeline:
        pipeline.follow_later = True  # workers read in any order
        pace = distributed.Pace(concurrency=concurrency, queues=queues or distributed.QUEUES)
        await distributed.run(pipeline, topics=settings.topics, pace=pace)
