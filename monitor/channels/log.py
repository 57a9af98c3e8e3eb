"""Alerts as JSON lines, for a log collector or a file that `tail -f` follows."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from monitor.alerts import ChannelPolicy, thread_key
from monitor.model import Alert, DeliveryError, Message, Report
from monitor.text.display import one_line, printable


class LogChannel(ChannelPolicy):
    """One line a message: the key, the change, both quotes. To standard error, or appended to `path`."""

    kind: Literal["log"]
    path: Path | None = Field(default=None, description="file to append to; without it standard error")

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        """Raises DeliveryError when the line cannot be written."""
        write(self, data_of(message, key=key, answers=answers))


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


def data_of(message: Message, *, key: str, answers: Sequence[str] = ()) -> dict[str, Any]:
    """The message as plain data: one change, or several under `changes`."""
    if isinstance(message, Alert):
        return fields(message, key=key, answers=answers)
    changes = [fields(alert, key=alert.key) for alert in message.alerts]
    return {
        "event": "stances_changed",
        "key": key,
        "answers": [*answers],
        "subject": message.subject,
        "notes": _plain(message.notes),
        "changes": changes,
    }


def fields(alert: Alert, *, key: str, answers: Sequence[str] = ()) -> dict[str, Any]:
    """The alert as plain data; JSON names are the names of the model."""
    change = alert.change
    return {
        "event": "stance_changed",
        "key": key,
        "thread": thread_key(change),
        "answers": [*answers],
        "topic": change.topic,
        "actor": change.actor,
        "institution": change.institution,
        "level": change.level.value,
        "outcome": change.outcome.value,
        "at": _iso(change.at),
        "confirmed_at": _iso(change.confirmed_at) if change.confirmed_at else None,
        "before": _report(change.before),
        "after": _report(change.after),
        "publishers": list(change.publishers),
        "copies": list(change.copies),
        "reason": change.reason,
        "subject": alert.subject,
        "notes": _plain(alert.notes),
    }


def _plain(notes: Sequence[str]) -> list[str]:
    return [one_line(note) for note in notes]  # without the marks of direction that people's screens need


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
