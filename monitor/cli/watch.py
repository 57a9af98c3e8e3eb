"""`monitor watch`: the newest changes and events in the terminal, as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import ActorOption, TopicOption, open_store
from monitor.cli.show import STANCE_COLOURS, cell, console
from monitor.model import ChangeRow, EventRow, Report, StoreError

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

    from monitor.store import Store

_COLOURS = {"OK": "green", "WARNING": "yellow", "CRITICAL": "red", "UNKNOWN": "magenta"}
_FRAME = 6  # lines that are neither changes nor events: status, titles, blanks
_A_CHANGE = 3  # lines a change takes
_AN_EVENT = 2
_BAR = "▌"  # in the colour of the stance, before its quote


@app.command()
def watch(
    database: DatabaseOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    every: Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")] = 3.0,
    once: Annotated[bool, typer.Option("--once", help="One frame, then exit.")] = False,
) -> None:
    """Show the newest changes and events as they come, below how things stand. Ctrl-C ends it.

    What came since the start is marked. Without a terminal it prints one frame and ends.
    """
    from rich.live import Live

    with open_store(database) as store:
        view = View(store, topic=topic, actor=actor, started_at=datetime.now(UTC))
        if once or not console().is_terminal:
            console().print(view.frame(datetime.now(UTC), height=40))
            return
        try:
            with Live(console=console(), screen=True, auto_refresh=False) as live:
                for now in _moments(every):
                    live.update(view.frame(now, height=console().height), refresh=True)
        except KeyboardInterrupt:
            return  # that is how it ends


def _moments(every: float) -> Iterator[datetime]:
    while True:
        yield datetime.now(UTC)
        time.sleep(every)


class View:
    """What is looked at, and since when: rows found later are new."""

    def __init__(self, store: Store, *, topic: str | None, actor: str | None, started_at: datetime) -> None:
        self._store = store
        self._topic = topic
        self._actor = actor
        self._started_at = started_at

    def frame(self, now: datetime, *, height: int) -> Group:
        """One picture of `height` lines at most; a database that is away for a moment is said, and looked for again."""
        from rich.console import Group
        from rich.text import Text

        try:
            lines = [self._status(now), Text(), *self._rows(max(1, (height - _FRAME) // 2))]
        except StoreError as error:
            lines = [Text("UNKNOWN ", style=_COLOURS["UNKNOWN"]).append_text(cell(str(error)))]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*lines[: max(1, height)])

    def _status(self, now: datetime) -> Text:
        from rich.text import Text

        from monitor.standing import judge

        standing = judge(self._store.status(now), self._store.feeds(), now=now)
        line = Text(f"{now:%Y-%m-%d %H:%M:%S} UTC  ", style="dim")
        line.append(standing.level.name, style=_COLOURS[standing.level.name])
        return line.append("  ").append_text(cell("; ".join(standing.reasons)))

    def _rows(self, lines: int) -> list[Text]:
        """Changes in the upper half, events in the lower, newest first."""
        from rich.text import Text

        topic, actor = self._topic, self._actor
        changes = self._store.changes(topic=topic, actor=actor, limit=max(1, lines // _A_CHANGE))[::-1]
        events = self._store.events(topic=topic, actor=actor, limit=max(1, lines // _AN_EVENT))[::-1]
        return [
            Text("changes", style="bold"),
            *(line for row in changes for line in self._change(row)),
            *([] if changes else [Text("  none yet", style="dim")]),
            Text(),
            Text("events", style="bold"),
            *(line for row in events for line in self._event(row)),
            *([] if events else [Text("  none yet", style="dim")]),
        ]

    def _change(self, row: ChangeRow) -> list[Text]:
        change = row.change
        line = self._head(f"c{row.id}", change.at, change.holder, new=row.created_at >= self._started_at)
        line.append_text(cell(change.before.event.stance.value)).append(" → ")
        line.append_text(cell(change.after.event.stance.value)).append(f"  {change.level}")
        if change.outcome != "stands":
            line.append(f", {change.outcome}", style="yellow")
        return [line, _said(change.before), _said(change.after)]

    def _event(self, row: EventRow) -> list[Text]:
        from rich.text import Text

        line = self._head(f"e{row.id}", row.at, row.event.holder, new=row.seen_at >= self._started_at)
        line.append_text(cell(row.event.stance.value)).append("  ").append_text(cell(row.publisher))
        return [line, Text("      ").append_text(cell(row.event.quote))]

    def _head(self, reference: str, at: datetime, holder: str, *, new: bool) -> Text:
        from rich.text import Text

        line = Text("* " if new else "  ", style="bold yellow")
        line.append(f"{reference:<6}{at:%Y-%m-%d %H:%M}  ", style="dim")
        return line.append(holder, style="bold").append("  ")


def _said(report: Report) -> Text:
    from rich.text import Text

    return Text("      ").append(_BAR, style=STANCE_COLOURS[report.event.stance]).append_text(cell(report.event.quote))
