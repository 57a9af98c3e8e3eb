"""What the operator must hear of once: feeds gone bad or quiet, a language fallen silent, a standstill. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from monitor.model import FeedRow, Health, Language, Status
from monitor.standing import Level, Standing, span, trouble_words

_FAILURES = 3  # in a row; one timeout is weather
_NOT_ANALYZED = timedelta(minutes=30)
_NOT_TAKEN = timedelta(hours=1)
_QUIET_AT_LEAST = timedelta(hours=12)
_USUAL_GAPS = 12  # of the language's liveliest feed
_FLAPPING = timedelta(hours=6)
_FIGURES = re.compile(r"\d+( (s|min|h|days))?")

Worries = Mapping[str, str]
"""Name → words. The name stays the same while the worry lasts, whatever figures its words have."""


def worries(status: Status, feeds: Sequence[FeedRow], standing: Standing, *, now: datetime) -> dict[str, str]:
    """Everything the operator should know of at `now`."""
    active = [row for row in feeds if row.active]
    return {
        **_standstill(status, standing, now=now),
        **_languages(active),
        **_channels(status, now=now),
        **{f"feed:{row.feed.id}": _feed_words(row) for row in active if _is_bad(row)},
    }


def to_tell(found: Worries, told: Mapping[str, datetime], *, now: datetime) -> tuple[dict[str, str], tuple[str, ...]]:
    """(what is new, what is over). A worry that comes and goes within hours is told once."""
    new = {name: words for name, words in found.items() if name not in told}
    gone = tuple(name for name, at in told.items() if name not in found and now - at > _FLAPPING)
    return new, gone


def _is_bad(row: FeedRow) -> bool:
    health = row.state.health
    if health is Health.QUIET:
        return True
    return not health.working and health is not Health.NEW and row.state.failures >= _FAILURES


def _feed_words(row: FeedRow) -> str:
    return f"feed {row.feed.id} ({row.feed.publisher}): {row.state.health.value}: {row.state.health_reason}"


def _standstill(status: Status, standing: Standing, *, now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    if standing.level is Level.CRITICAL:
        worst = standing.reasons[0]
        found[f"critical:{_FIGURES.sub('#', worst.partition('(')[0])}"[:160]] = worst
    waited = now - status.oldest_due_at if status.articles_due and status.oldest_due_at else timedelta()
    if waited > _NOT_ANALYZED:
        found["analysis"] = f"nothing is analyzed: {status.articles_due} articles wait, the oldest for {span(waited)}"
    return found


def _channels(status: Status, *, now: datetime) -> dict[str, str]:
    """A channel whose messages go another way, or that has taken nothing for long. Told once, however long it lasts."""
    return {
        f"channel:{trouble.channel}": f"channel {trouble_words(trouble, now=now)}"
        for trouble in status.channels_in_trouble
        if trouble.fallback or now - trouble.since > _NOT_TAKEN
    }


def _languages(active: Sequence[FeedRow]) -> dict[str, str]:
    found = {}
    for language in sorted({row.feed.language for row in active}):
        quiet = _quiet_for(language, active)
        if quiet is not None:
            found[f"language:{language}"] = f"no new article in {language} for {span(quiet)}; its feeds are polled"
    return found


def _quiet_for(language: Language, active: Sequence[FeedRow]) -> timedelta | None:
    """How long the language has brought nothing, if that is longer than usual.

    Counted up to its last poll, not to now: a daemon that stood still has not heard a silence.
    """
    states = [row.state for row in active if row.feed.language is language]
    polled = max((state.last_polled_at for state in states if state.last_polled_at), default=None)
    newest = max((state.last_new_at for state in states if state.last_new_at), default=None)
    if polled is None or newest is None:
        return None
    usual = min((state.rhythm for state in states if state.rhythm), default=timedelta(hours=1))
    quiet = polled - newest
    return quiet if quiet > max(_QUIET_AT_LEAST, _USUAL_GAPS * usual) else None
