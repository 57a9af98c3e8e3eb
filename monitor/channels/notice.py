"""Words to the operator through any channel: feeds that went bad, a daemon that stands still. No change of stance is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from monitor.channels import chat, log, webhook
from monitor.channels.chat import AppriseChannel
from monitor.channels.email import EmailChannel
from monitor.channels.log import LogChannel
from monitor.channels.webhook import WebhookChannel
from monitor.model import Frozen
from monitor.text.display import one_line


class Notice(Frozen):
    """What the operator should know, as harmless lines."""

    subject: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def html(self) -> str:
        shown = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return f"<!DOCTYPE html>\n<html><body><p><strong>{escape(self.subject)}</strong></p><ul>{shown}</ul></body></html>\n"


def notice(subject: str, lines: tuple[str, ...]) -> Notice:
    """Made harmless: reasons carry words of servers and feeds."""
    return Notice(subject=one_line(subject), lines=tuple(one_line(line) for line in lines))


def tell(channel: LogChannel | EmailChannel | WebhookChannel | AppriseChannel, told: Notice, *, key: str) -> None:
    """Hands the notice to the channel. Raises DeliveryError as the channel's `send` does."""
    if isinstance(channel, EmailChannel):
        channel.mail(told, key=key)
    elif isinstance(channel, LogChannel):
        log.write(channel, _fields(told, key=key))
    elif isinstance(channel, WebhookChannel):
        webhook.post(channel, _envelope(told, key=key, source=channel.source), key=key)
    else:
        chat.notify(channel, title=told.subject, body=told.text)


def _fields(told: Notice, *, key: str) -> dict[str, Any]:
    return {"event": "operator_notice", "key": key, "subject": told.subject, "lines": list(told.lines)}


def _envelope(told: Notice, *, key: str, source: str) -> dict[str, Any]:
    """A CloudEvents 1.0 event of a type of its own: a receiver of changes can tell it apart."""
    return {
        "specversion": "1.0",
        "id": key,
        "source": source,
        "type": "org.stance-monitor.operator",
        "subject": "operator",
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": _fields(told, key=key),
    }
