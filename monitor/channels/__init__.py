"""Ways out: each kind is one file, a model with `kind` and `send(message, *, key, answers)`; its name stands in one union.

`send` returns when the other side has the message, and raises DeliveryError otherwise: `permanent` when trying again is no
use. The same `key` on every try lets a receiver drop a repeat; `answers` are the keys of earlier messages that it goes on from.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.channels.chat import AppriseChannel
from monitor.channels.email import EmailChannel
from monitor.channels.log import LogChannel
from monitor.channels.webhook import WebhookChannel

AnyChannel = Annotated[LogChannel | EmailChannel | WebhookChannel | AppriseChannel, Field(discriminator="kind")]

__all__ = ["AnyChannel", "AppriseChannel", "EmailChannel", "LogChannel", "WebhookChannel"]
