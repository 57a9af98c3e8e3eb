"""An article becomes a Finding: relevant or not, why, and the events in it. Pure."""

from __future__ import annotations

from monitor.analysis.knowledge import Knowledge
from monitor.model import Analyzer, ConfigError

__all__ = ["analyzer"]


def analyzer(knowledge: Knowledge, topic_id: str, name: str = "rules") -> Analyzer:
    """The analyzer called `name`, reading for one topic. Raises ConfigError for a name or topic nobody knows."""
    if name != "rules":
        raise ConfigError(f"no analyzer {name!r} here; known: rules")
    from monitor.analysis.rules import Rules

    return Rules(knowledge, topic_id)
