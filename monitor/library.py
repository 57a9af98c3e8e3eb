"""The analyzer and the tracker for programs and notebooks, without database or configuration.

    import monitor
    frame["finding"] = [monitor.analyze(text, date=day) for text, day in zip(frame.text, frame.date)]
    frame["stances"] = [[(e.holder, e.stance.value, e.quote) for e in found.events] for found in frame.finding]

`analyze` says what one text says; `follow` lets a history run and gives the changes of stance in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cache

from monitor.analysis import analyzer
from monitor.analysis.knowledge import Knowledge
from monitor.model import Analyzer, Article, Finding, Language, Policy, Report, StanceChange, Track
from monitor.settings import load_knowledge
from monitor.tracking import advance, in_order

TOPIC = "us-russia-syria"

Day = datetime | date | str | None


def analyze(
    text: str | None,
    *,
    date: Day = None,
    title: str | None = None,
    publisher: str | None = None,
    language: str | None = None,
    topic: str = TOPIC,
) -> Finding:
    """Whether the text is on the topic, and who takes which stance in it, with exact quotes and offsets into `text`.

    `date` (a date, a time, or ISO 8601) decides who held which office. The knowledge is read once a process. Raises
    ConfigError for a topic nobody knows, ValueError for a date that is none. What a data frame has in empty cells (None,
    NaN, NaT) is no text, no date.
    """
    article = Article(
        id="text",
        text="" if text is None or _empty(text) else text,
        title=title,
        publisher=publisher,
        published_at=_moment(date),
        language=Language(language) if language else None,
    )
    return _analyzer(topic).analyze(article)


def follow(documents: Iterable[tuple[str, Day, str]], *, topic: str = TOPIC) -> tuple[StanceChange, ...]:
    """The changes of stance in a history of (text, date, publisher), told by the same rules as the daemon's.

    Publishers are independent voices. Near copies and wire credits are not looked for: leave copies out.
    """
    policy = _policy(topic)
    tracks: dict[str, tuple[Track, ...]] = {}
    changes: dict[tuple[str, int], StanceChange] = {}
    for report in sorted(_reports(documents, topic), key=lambda report: report.at):
        step = advance(tracks.get(report.event.actor, ()), report, policy)
        tracks[report.event.actor] = _merged(tracks.get(report.event.actor, ()), step.tracks)
        if step.change:
            changes[step.change.holder, step.change.cause] = step.change
    return tuple(changes.values())


def _reports(documents: Iterable[tuple[str, Day, str]], topic: str) -> list[Report]:
    reports: list[Report] = []
    for number, (text, day, publisher) in enumerate(documents, 1):
        at = _moment(day)
        if at is None:
            raise ValueError(f"document {number} has no date: changes need an order")
        finding = analyze(text, date=at, publisher=publisher, topic=topic)
        for event in in_order(finding.events):
            reports.append(
                Report(
                    event_id=len(reports) + 1, article_id=number, topic=topic, event=event, at=at, seen_at=at,
                    language=finding.language, publisher=publisher, voice=publisher,
                )
            )  # fmt: skip
    return reports


def _merged(before: tuple[Track, ...], after: tuple[Track, ...]) -> tuple[Track, ...]:
    tracks = {track.holder: track for track in (*before, *after)}
    return tuple(tracks[holder] for holder in sorted(tracks))


def _empty(cell: object) -> bool:
    """NaN and NaT stand where a data frame has nothing; they differ from themselves."""
    return cell is None or bool(cell != cell)


def _moment(day: Day) -> datetime | None:
    """Noon UTC for a day alone, UTC for a time without a zone."""
    if day is None or _empty(day) or (isinstance(day, str) and not day.strip()):
        return None
    if isinstance(day, str):
        parsed = datetime.fromisoformat(day.strip())
        day = parsed if len(day.strip()) > len("2016-06-30") else parsed.date()
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    return datetime.combine(day, time(12), tzinfo=UTC)


@cache
def _knowledge() -> Knowledge:
    return load_knowledge()


@cache
def _analyzer(topic: str) -> Analyzer:
    return analyzer(_knowledge(), topic)


def _policy(topic: str) -> Policy:
    _analyzer(topic)  # raises for a topic nobody knows
    return _knowledge().topics[topic].policy
