"""`monitor worker`: one of many workers on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, app
from monitor.cli.run import JsonLogsOption, chosen_settings, now, set_up_logs, signs_of
from monitor.model import ConfigError

if TYPE_CHECKING:
    from monitor.engines.distributed import Pace
    from monitor.settings import Settings


@app.command()
def worker(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    queues: Annotated[
        str | None, typer.Option("--queues", help="Only these, with commas: collect, analyze, follow, deliver, clock.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, help="Steps at once in this worker.")] = 8,
    json_logs: JsonLogsOption = None,
) -> None:
    """Work on a PostgreSQL database together with other workers, on as many machines as you like.

    Start as many as you need; each takes the next due step. Ends cleanly on SIGTERM or Ctrl-C.
    """
    from monitor.engines.loop import run as run_loop

    set_up_logs(json_lines=json_logs)
    settings = chosen_settings(config, database)
    if not settings.database_url.startswith("postgres"):
        raise ConfigError("workers share a PostgreSQL database; on SQLite start `monitor run` instead")
    run_loop(work(settings, pace=pace_of(queues, concurrency)))


def pace_of(queues: str | None, concurrency: int) -> Pace:
    """One crew for all the queues named. Raises ConfigError for one that there is not."""
    from monitor.engines.distributed import QUEUES, Crew, Pace

    chosen = tuple(name.strip() for name in queues.split(",") if name.strip()) if queues else QUEUES
    if unknown := sorted({*chosen} - {*QUEUES}):
        raise ConfigError(f"no queue {unknown[0]!r}; there are {', '.join(QUEUES)}")
    return Pace(crews=(Crew(chosen, concurrency),))


async def work(settings: Settings, *, pace: Pace) -> None:
    from monitor.cli.assembly import installation
    from monitor.engines import distributed

    async with installation(settings, clock=now) as pipeline:
        await distributed.run(pipeline, pace=pace, signs=signs_of(settings))
