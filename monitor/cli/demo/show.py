"""What the demo shows at its end: the alerts with both quotes, the stances through time, how things stand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.text import Text

from monitor.cli.listings import settled
from monitor.cli.plot import lanes_of, show_bars
from monitor.cli.show import STANCE_COLOURS, console
from monitor.cli.status import show_status
from monitor.model import ChangeRow, Report
from monitor.standing import judge
from monitor.store import Store
from monitor.text.display import isolate, one_line


def show_demo(store: Store, *, folder: Path, mails: list[Path], now: datetime) -> None:
    """The alerts, the timeline, the stances, the status."""
    out = console()
    rows = store.changes()
    out.rule("alerts")
    for row in rows:
        out.print(_change(row))
    out.rule("stances through time")
    show_bars(lanes_of(store), end=now)
    out.rule("status")
    status, feeds, tracks = store.status(now), store.feeds(), settled(store.tracks(), now=now)
    show_status(judge(status, feeds, now=now), status, tracks, now=now)
    out.print(
        f"{len(mails)} mails in {folder / 'mail'}, log in {folder / 'alerts.jsonl'}, database {folder / 'demo.db'}",
        soft_wrap=True,
    )
    out.print(f"look closer: MONITOR_DATABASE_URL=sqlite:///{folder / 'demo.db'} monitor explain c1", soft_wrap=True)


def _change(row: ChangeRow) -> Text:
    change = row.change
    lines = Text(f"c{row.id} {change.at:%Y-%m-%d} {change.holder}: ", style="bold")
    lines.append(change.before.event.stance.value, style=STANCE_COLOURS[change.before.event.stance])
    lines.append(" → ")
    lines.append(change.after.event.stance.value, style=STANCE_COLOURS[change.after.event.stance])
    lines.append(f" ({change.level.value})\n")
    for title, report in (("before", change.before), ("after ", change.after)):
        lines.append(f"  {title} {_said(report)}\n")
    lines.append(f"  why    {one_line(change.reason)}\n", style="dim")
    if change.copies:
        lines.append(f"  copies {', '.join(one_line(each) for each in change.copies)}\n", style="dim")
    return lines


def _said(report: Report) -> str:
    who = f"{report.event.speaker}: " if report.event.speaker else ""
    return f"{who}{isolate(one_line(report.event.quote))} [{isolate(one_line(report.publisher))}, {report.at:%Y-%m-%d}]"
