"""The typer application that the command files hang their commands on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="monitor",
    help="Follows who takes which stance in Arabic, English and Russian news, with the sentence it rests on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="feeds.yaml to use.", envvar="MONITOR_CONFIG", show_default=False)
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help="Database URL.", envvar="MONITOR_DATABASE_URL", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def _version(show: bool) -> None:
    if show:
        from monitor import __version__

        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the command."""


from monitor.cli import (  # noqa: E402, F401 -- importing a command file hangs its commands on `app`
    analyze,
    backfill,
    correct,
    coverage,
    db,
    demo,
    digest,
    explain,
    export,
    feeds,
    listings,
    opml,
    plot,
    replay,
    run,
    sample,
    search,
    setup,
    silence,
    status,
    watch,
    web,
    why_not,
    worker,
)
