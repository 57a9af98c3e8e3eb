"""`monitor plot`: stances through time, as a picture in a file or as bars in the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import ActorOption, TopicOption, moment, open_store
from monitor.cli.show import STANCE_COLOURS, console
from monitor.model import MonitorError

if TYPE_CHECKING:
    from monitor.charts import Lane
    from monitor.store import Store

_LABEL = 22  # cells


@app.command()
def plot(
    database: DatabaseOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="file.svg or file.html; the terminal if not given.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Where time ends on the chart; now if not given.")
    ] = None,
) -> None:
    """Draw where every actor stood when."""
    from monitor.charts import svg

    end = moment(until, option="--until") or datetime.now(UTC)
    with open_store(database) as store:
        drawn = lanes_of(store, topic=topic, actor=actor)
    if not drawn:
        raise MonitorError("no stances to draw yet; `monitor stances` lists them once there are some")
    if out is None:
        show_bars(drawn, end=end)
        return
    picture = svg(drawn, now=end, title="Stances through time")
    if out.suffix == ".html":
        picture = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Stances through time</title><body>{picture}</body></html>"
    elif out.suffix != ".svg":
        raise typer.BadParameter(f"{out.suffix or 'no ending'}: .svg and .html can be written", param_hint="--out")
    out.write_text(picture, encoding="utf-8")
    console().print(f"wrote {out}")


def lanes_of(store: Store, *, topic: str | None = None, actor: str | None = None) -> tuple[Lane, ...]:
    from monitor.charts import lanes

    changes = [(row.id, row.change) for row in store.changes(topic=topic, actor=actor)]
    return lanes(store.tracks(topic=topic, actor=actor), changes)


def show_bars(drawn: tuple[Lane, ...], *, end: datetime) -> None:
    """A bar a holder, letters and colours for stances, with the dates below and a key."""
    from rich.text import Text

    from monitor.charts import LETTERS, bar, extent

    start, last = extent(drawn, now=end)
    width = max(20, min(console().width, 120) - _LABEL - 1)
    for lane in drawn:
        line = Text(f"{lane.holder[: _LABEL - 1]:<{_LABEL}}")
        for letters, stance in bar(lane, start=start, end=last, width=width):
            line.append(letters, style=STANCE_COLOURS[stance] if stance else "dim")
        console().print(line)
    first, final = f"{start:%Y-%m-%d}", f"{last:%Y-%m-%d}"
    console().print(" " * _LABEL + first + final.rjust(width - len(first)), style="dim")
    key = Text(" " * _LABEL)
    for stance, letter in LETTERS.items():
        key.append(f"{letter} {stance.value}  ", style=STANCE_COLOURS[stance])
    console().print(key)
