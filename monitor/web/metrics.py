"""The Prometheus text format: how things stand, as numbers."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.model import Queue, Status
from monitor.standing import Standing


def exposition(status: Status, standing: Standing) -> str:
    """Every figure of the first line of `monitor status`, its level, the queue by name, and each engine's sign of life."""
    figures = [(f"monitor_{name}", f"monitor_{name} {value}") for name, value in standing.figures.items()]
    level = ("monitor_level", f"monitor_level {int(standing.level)}")
    lines: list[str] = []
    told = ""
    for name, line in (*figures, level, *_beats(status), *_jobs(status.queue)):
        if name != told:
            lines.append(f"# TYPE {name} gauge")
            told = name
        lines.append(line)
    return "\n".join(lines) + "\n"


def _beats(status: Status) -> Iterable[tuple[str, str]]:
    name = "monitor_beat_timestamp_seconds"
    for each in status.engines:
        if each.stopped_at is None:
            yield name, f'{name}{{engine="{_quoted(each.id)}"}} {each.beat_at.timestamp():.0f}'


def _jobs(queue: Queue | None) -> Iterable[tuple[str, str]]:
    if queue is None:
        return
    for state, counts in (("waiting", queue.waiting), ("running", queue.running)):
        for name, count in sorted(counts.items()):
            yield "monitor_jobs", f'monitor_jobs{{queue="{_quoted(name)}",state="{state}"}} {count}'


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
