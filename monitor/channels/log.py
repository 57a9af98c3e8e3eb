"""Alerts as JSON lines, for a log collector or a file that `tail -f` follows."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from monitor.alerts import ChannelPolicy
from monitor.model import Alert, DeliveryError, Report
from monitor.text.display import printable


class LogChannel(ChannelPolicy):
    """One line a message: the key, the change, both quotes. To standard error, or appended to `path`."""

    kind: Literal["log"]
    path: Path | None = Field(default=None, description="file to append to; without it standard error")

    def send(self, alert: Alert, *, key: str, thread: str | None = None) -> None:
        """Raises DeliveryError when the line cannot be written."""
        write(self, fields(alert, key=key, thread=thread))


def write(channel: LogChannel, data: dict[str, Any]) -> None:
    """One line. Raises DeliveryError when it cannot be written."""
    line = dumps(data) + "\n"
    if channel.path is None:
        sys.stderr.write(line)
        sys.stderr.flush()
        return
    try:
        _append(channel.path, line.encode())
    except OSError as error:
        raise DeliveryError(f"{channel.id}: {channel.path}: {error.strerror}", permanent=False) from error


def _append(path: Path, line: bytes) -> None:
    # One write of the whole line in append mode: two processes do not mix their lines.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        written = os.write(handle, line)
        if written < len(line):
            raise OSError(28, "the disk took only a part of the line")
        os.fsync(handle)
    finally:
        os.close(handle)


def dumps(data: dict[str, Any]) -> str:
    """One line of JSON, letters readable; what would drive a terminal or turn a line around is escaped, not lost."""
    line = json.dumps(data, ensure_ascii=False)
    if printable(line) == line:
        return line
    return "".join(char if printable(char) else f"\\u{ord(char):04x}" for char in line)


def fields(alert: Alert, *, key: str, thread: str | None = None) -> dict[str, Any]:
    """The alert as plain data; JSON names are the names of the model."""
    change = alert.change
    return {
        "event": "stance_changed",
        "key": key,
        "thread": thread,
        "topic": change.topic,
        "actor": change.actor,
        "institution": change.institution,
        "level": change.level.value,
        "at": _iso(change.at),
        "confirmed_at": _iso(change.confirmed_at) if change.confirmed_at else None,
        "before": _report(change.before),
        "after": _report(change.after),
        "publishers": list(change.publishers),
        "copies": list(change.copies),
        "reason": change.reason,
        "subject": alert.subject,
    }


def _report(report: Report) -> dict[str, Any]:
    event = report.event
    return {
        "stance": event.stance.value,
        "quote": event.quote,
        "speaker": event.speaker,
        "office": event.office,
        "institution": event.institution,
        "at": _iso(report.at),
        "publisher": report.publisher,
        "language": report.language.value,
        "title": report.title,
        "url": report.url,
        "article_id": report.article_id,
        "event_id": report.event_id,
    }


def _iso(at: Any) -> str:
    return str(at.astimezone(UTC).isoformat().replace("+00:00", "Z"))
