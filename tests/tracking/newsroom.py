"""A small newsroom for tracking tests: reports from one line each, and the changes they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitor.model import Event, Language, Policy, Report, Stance, StanceChange, Track
from monitor.tracking import Verdict, advance

POLICY = Policy(outweighs=("white_house", "kremlin", "state", "mfa", "pentagon", "mod"))
TOPIC = "us-russia-syria"


def moment(text: str) -> datetime:
    """`2016-06-30` (noon) or `2016-06-30 08:15`, UTC."""
    day, _, hour = text.partition(" ")
    return datetime.fromisoformat(f"{day}T{hour or '12:00'}:00").replace(tzinfo=UTC)


@dataclass
class Newsroom:
    """Numbers reports, steps them in the order given, and remembers the tracks and the newest form of each change."""

    policy: Policy = POLICY
    tracks: dict[tuple[str, str | None], Track] = field(default_factory=dict)
    changes: dict[tuple[str, int], StanceChange] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    made: int = 0

    def report(
        self,
        at: str,
        holder: str,
        stance: str,
        publisher: str,
        *,
        language: str = "en",
        quote: str = "…",
        voice: str | None = None,
        article: int | None = None,
        own: bool = False,
        confidence: float = 1.0,
        copy_of: int | None = None,
    ) -> Report:
        self.made += 1
        actor, _, institution = holder.partition("/")
        event = Event(
            actor=actor,
            institution=institution or None,
            stance=Stance(stance),
            start=0,
            end=len(quote),
            quote=quote,
            confidence=confidence,
            reason="written for the test",
        )
        return Report(
            event_id=self.made,
            article_id=article or self.made,
            topic=TOPIC,
            event=event,
            at=moment(at),
            seen_at=moment(at),
            language=Language(language),
            publisher=publisher,
            voice=voice or publisher,
            own_outlet=own,
            copy_of=copy_of,
        )

    def say(self, at: str, holder: str, stance: str, publisher: str, **more: Any) -> StanceChange | None:
        """Steps one report; the change it made, if any."""
        return self.step(self.report(at, holder, stance, publisher, **more))

    def step(self, report: Report) -> StanceChange | None:
        actor = report.event.actor
        result = advance([track for track in self.tracks.values() if track.actor == actor], report, self.policy)
        self.tracks |= {(track.actor, track.institution): track for track in result.tracks}
        self.verdicts.append(result.verdict)
        if result.change is not None:
            self.changes[result.change.holder, result.change.cause] = result.change
        return result.change

    def hear(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self.step(report)

    def track(self, holder: str) -> Track:
        actor, _, institution = holder.partition("/")
        return self.tracks[actor, institution or None]

    @property
    def turns(self) -> list[tuple[str, str, str, str, str]]:
        """(day, holder, before, after, level) of every change, oldest first."""
        return sorted(
            (
                f"{change.at:%Y-%m-%d}",
                change.holder,
                change.before.event.stance.value,
                change.after.event.stance.value,
                change.level.value,
            )
            for change in self.changes.values()
        )
