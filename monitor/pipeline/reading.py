"""What a worker makes of an article: pure, so that it can run in another process."""

from __future__ import annotations

from typing import NamedTuple

from monitor.model import Analyzer, Article, Finding
from monitor.text.similarity import signature
from monitor.tracking import Wires, credited_wire


class Reading(NamedTuple):
    """What a worker makes of an article."""

    finding: Finding
    credited: str | None
    signature: tuple[int, ...]


def read(analyzer: Analyzer, article: Article, wires: Wires) -> Reading:
    """The computing part of an analysis, without database or clock: it can run in another process."""
    finding = analyzer.analyze(article)
    if not finding.events:
        return Reading(finding, None, ())
    return Reading(finding, credited_wire(article.text, finding.language, wires), signature(article.text))
