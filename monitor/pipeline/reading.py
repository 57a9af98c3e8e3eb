"""What a worker makes of an article: pure, so that it can run in another process."""

from __future__ import annotations

from typing import NamedTuple

from monitor.model import Analyzer, Article, Finding
from monitor.text.similarity import signature
from monitor.tracking import Wires, credited_wire


class Reading(NamedTuple):
    """What a worker makes of an article. Of several readings for one topic the last one counts."""

    finding: Finding
    credited: str | None
    signature: tuple[int, ...]
    outvoted_by: str | None = None  # the analyzer whose word counts instead: events are kept, and move no track


def read(analyzer: Analyzer, article: Article, wires: Wires) -> Reading:
    """The computing part of an analysis, without database or clock: it can run in another process."""
    return voiced(analyzer.analyze(article), article, wires)


def voiced(finding: Finding, article: Article, wires: Wires) -> Reading:
    """The finding with what tells whose voice the article is; nobody asks where it has no events."""
    if not finding.events:
        return Reading(finding, None, ())
    return Reading(finding, credited_wire(article.text, finding.language, wires), signature(article.text))
