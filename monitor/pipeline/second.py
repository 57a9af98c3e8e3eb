"""The language model as second reader: asked about articles that passed the gates, behind the default analyzer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.analysis.knowledge import Topic
from monitor.analysis.llm import Prompt
from monitor.endpoint import Endpoint, second_reading
from monitor.model import Article, Finding, Office
from monitor.store import Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """Counts requests in the database: restarts and other workers see them, and so does `monitor status`."""

    store: Store

    def take(self, now: datetime, allowed: int) -> bool:
        return self.store.take_request(now.date(), budget=allowed)

    def note(self, now: datetime, allowed: int, error: str | None) -> None:
        self.store.note_answer(now=now, budget=allowed, error=error)


@dataclass(frozen=True, slots=True)
class SecondReader:
    """Reads after the default analyzer. Where it has no answer, the first finding stands, marked so."""

    endpoint: Endpoint
    prompt: Prompt
    topics: Mapping[str, Topic]
    offices: tuple[Office, ...]

    async def findings(self, article: Article, first: Finding) -> tuple[Finding, ...]:
        """What to keep of both readings: the one that counts comes last."""
        finding = await second_reading(
            self.endpoint, article, first, prompt=self.prompt, topic=self.topics[first.topic], offices=self.offices
        )
        if finding.analyzer == first.analyzer:
            if finding is not first:
                log.warning("rules stand", article=article.id, reason=finding.notes[-1])
            return (finding,)
        return (first, finding) if self.endpoint.config.tracks == "llm" else (finding, first)
