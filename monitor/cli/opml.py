"""`monitor feeds export` and `monitor feeds import`: feed lists to and from feed readers, as OPML."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.app import ConfigOption
from monitor.cli.feeds import append_feeds, feed_line
from monitor.cli.listings import feeds_app
from monitor.cli.show import console
from monitor.model import Language, MonitorError


@feeds_app.command("export")
def export_feeds(
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output if not given.")] = None,
) -> None:
    """Write the configured feeds as OPML, which any feed reader takes."""
    from monitor.settings import load_settings
    from monitor.sources.opml import write_opml

    feeds = load_settings(config).feeds
    document = write_opml(feeds, title="Stance Monitor", now=datetime.now(UTC))
    if out is None:
        sys.stdout.write(document.decode())
        return
    out.write_bytes(document)
    console().print(f"wrote {len(feeds)} feeds to {out}", soft_wrap=True)


@feeds_app.command("import")
def import_feeds(
    file: Annotated[Path, typer.Argument(help="OPML file of a feed reader.")],
    language: Annotated[Language, typer.Option(help="Where the file names none: ar, en or ru.")] = Language.EN,
    config: ConfigOption = None,
) -> None:
    """Print the feeds of an OPML file as lines for feeds.yaml (or put them there with --config FILE); known ones are left out."""
    from monitor.settings import load_settings
    from monitor.sources.opml import read_opml

    known = load_settings(config).feeds if config else ()
    try:
        body = file.read_bytes()
    except OSError as error:
        raise MonitorError(f"{file} cannot be read: {error.strerror}") from error
    addresses = {feed.url for feed in known}
    found = [
        feed
        for feed in read_opml(body, language=language, taken=[feed.id for feed in known])
        if feed.url not in addresses
    ]
    lines = "".join(feed_line(feed) for feed in found)
    if config is None:
        sys.stdout.write(lines)
        return
    if lines:
        append_feeds(config, lines)
    console().print(f"added {len(found)} feeds to {config}", soft_wrap=True)
