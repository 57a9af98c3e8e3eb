"""Ways out: each kind is one file, a model with `kind` and `send(alert, *, key, thread)`; its name stands in one union."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.channels.log import LogChannel

AnyChannel = Annotated[LogChannel, Field()]

__all__ = ["AnyChannel", "LogChannel"]
