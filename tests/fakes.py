"""A small analyzer and a scripted edge, so that pipeline and engine tests need neither knowledge nor network."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from monitor.alerts import ChannelPolicy
from monitor.model import (
    Article,
    DeliveryError,
    Entry,
    Event,
    Feed,
    FeedState,
    Finding,
    Gate,
    Health,
    Language,
    Message,
    Poll,
    Stance,
)
from tests.rows import NOW, TOPIC

ACTORS = {
    **dict.fromkeys(("Washington", "واشنطن", "Вашингтон"), ("USA", None)),
    **dict.fromkeys(("Pentagon", "البنتاغون", "Пентагон"), ("USA", "pentagon")),
    **dict.fromkeys(("Moscow", "موسكو", "Москва"), ("RUS", None)),
}
STANCES = {
    **dict.fromkeys(("supports", "تؤيد", "поддерживает"), Stance.SUPPORT),
    **dict.fromkeys(("rejects", "ترفض", "отвергает"), Stance.OPPOSE),
    **dict.fromkeys(("studies", "تدرس", "изучает"), Stance.NEUTRAL),
}
_SAYS = re.compile(rf"({'|'.join(ACTORS)}|[A-Z]{{3}}) ({'|'.join(STANCES)})")


@dataclass(frozen=True)
class WordAnalyzer:
    """Codes "Washington rejects" and the like. Fails on a text that says so: the article that kills the worker."""

    name: str = "words-1"
    topic: str = TOPIC

    def analyze(self, article: Article) -> Finding:
        if "poison" in article.text:
            raise ValueError("this text breaks the analyzer")
        events = {event.holder: event for event in (_event(match) for match in _SAYS.finditer(article.text))}
        return Finding(
            topic=self.topic,
            analyzer=self.name,
            language=article.language or Language.EN,
            relevant=bool(events),
            gate=Gate.PASSED if events else Gate.MISSING_FACET,
            reason="somebody says something" if events else "nobody says anything",
            events=tuple(events.values()),
        )


def _event(match: re.Match[str]) -> Event:
    actor, institution = ACTORS.get(match[1], (match[1], None))
    return Event(
        actor=actor,
        institution=institution,
        stance=STANCES[match[2]],
        start=match.start(),
        end=match.end(),
        quote=match[0],
        confidence=0.9,
        reason="a word of the list",
    )


@dataclass
class Clock:
    """A time that moves when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, span: timedelta) -> None:
        self.now += span


@dataclass
class ScriptedFeeds:
    """What each feed shows now; an exception in its place is raised."""

    clock: Callable[[], datetime]
    shows: dict[str, tuple[Entry, ...] | Exception] = field(default_factory=dict)
    every: timedelta = timedelta(minutes=15)
    polls: list[str] = field(default_factory=list)

    async def __call__(self, feed: Feed, state: FeedState) -> Poll:
        self.polls.append(feed.id)
        shown = self.shows.get(feed.id, ())
        if isinstance(shown, Exception):
            raise shown
        now = self.clock()
        after = state.model_copy(
            update={
                "next_poll_at": now + self.every,
                "health": Health.OK,
                "health_reason": f"{len(shown)} entries",
                "last_polled_at": now,
                "polls": state.polls + 1,
                "last_success_at": now,
                "first_success_at": now if state.last_success_at is None else state.first_success_at,
            }
        )
        return Poll(feed_id=feed.id, polled_at=now, state=after, entries=shown)


class MemoryChannel(ChannelPolicy):
    """Keeps what it is sent; fails as often as it is told to."""

    kind: Literal["memory"] = "memory"
    sent: list[tuple[str, Any]] = []  # noqa: RUF012 -- pydantic copies it per instance
    answered: list[tuple[str, ...]] = []  # noqa: RUF012
    failures: list[Any] = []  # noqa: RUF012 -- exceptions to raise, one a send

    def send(self, message: Message, *, key: str, answers: Sequence[str] = ()) -> None:
        assert threading.current_thread() is not threading.main_thread(), "channels never block the event loop"
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((key, message))
        self.answered.append(tuple(answers))

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.sent]


def refused(*, permanent: bool) -> DeliveryError:
    return DeliveryError("the box is full", permanent=permanent)
