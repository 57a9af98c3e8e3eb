"""`monitor plot`: stances through time, as a picture in a file or as bars in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import ActorOption, TopicOption, moment, open_store
from monitor.cli.show import STANCE_COLOURS, console
from monitor.model import Language, Level, MonitorError, Stance

if TYPE_CHECKING:
    from monitor.charts import Lane
    from monitor.store import Store

_LABEL = 22  # cells


@app.command()
def plot(
    database: DatabaseOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="file.svg, file.png or file.html; the terminal if not given.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Where time ends on the chart; now if not given.")
    ] = None,
    language: Annotated[
        Language, typer.Option("--language", help="Of the words on the picture: en, ar or ru.")
    ] = Language.EN,
) -> None:
    """Draw where every actor stood when."""
    end = moment(until, option="--until") or datetime.now(UTC)
    with open_store(database) as store:
        drawn = lanes_of(store, topic=topic, actor=actor)
    if not drawn:
        raise MonitorError("no stances to draw yet; `monitor stances` lists them once there are some")
    if out is None:
        show_bars(drawn, end=end)
        return
    if out.suffix not in _WRITTEN:
        raise typer.BadParameter(
            f"{out.suffix or 'no ending'}: {', '.join(_WRITTEN)} can be written", param_hint="--out"
        )
    out.write_bytes(_WRITTEN[out.suffix](picture(drawn, now=end, language=language), language))
    console().print(f"wrote {out}")


def picture(drawn: Sequence[Lane], *, now: datetime, language: Language) -> str:
    """The step chart as SVG, with the words of that language."""
    from monitor.alerts import holder_name, say
    from monitor.charts import svg

    words = {name: say(name, language) for name in (*Stance, *Level, "split", "in_dispute")}
    words["disputed"] = words.pop("in_dispute")
    names = {lane.holder: holder_name(lane.holder, language) for lane in drawn}
    return svg(drawn, now=now, words=words, names=names, title=say("through_time", language))


def png(drawing: str) -> bytes:
    """The drawing at twice its size, for screens of today. Raises MonitorError without the extra `png`."""
    try:
        import resvg_py
    except ImportError as error:
        raise MonitorError("PNG needs the extra `png`: pip install 'stance-monitor[png]'") from error
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, background="#ffffff", zoom=2))


def _html(drawing: str, language: Language) -> bytes:
    direction = "rtl" if language is Language.AR else "ltr"
    return (
        f'<!doctype html><html lang="{language.value}" dir="{direction}"><meta charset="utf-8">'
        f"<title>Stance Monitor</title><body>{drawing}</body></html>"
    ).encode()


_WRITTEN: dict[str, Callable[[str, Language], bytes]] = {
    ".svg": lambda drawing, _: drawing.encode(),
    ".png": lambda drawing, _: png(drawing),
    ".html": _html,
}


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
