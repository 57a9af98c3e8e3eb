"""Which changes go to which channel, with the reason. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from monitor.alerts.policy import ChannelPolicy
from monitor.model import Frozen, Level, Outcome, StanceChange


class Why(StrEnum):
    """The gate that a change passed or stopped at."""

    WANTED = "wanted"
    LEVEL = "level"
    TOPIC = "topic"
    ACTOR = "actor"
    LANGUAGE = "language"
    OLD = "old"


class Decision(Frozen):
    """Whether a change goes to a channel, and why."""

    send: bool
    why: Why
    words: str


def decide(change: StanceChange, channel: ChannelPolicy, *, now: datetime) -> Decision:
    """Whether `channel` wants to hear of `change`, found at `now`."""
    if channel.min_level is Level.CONFIRMED and change.level is not Level.CONFIRMED:
        return _no(Why.LEVEL, f"{channel.id} wants confirmed changes; this one is {change.level} so far")
    if channel.topics and change.topic not in channel.topics:
        return _no(Why.TOPIC, f"{channel.id} does not follow {change.topic}")
    if channel.actors and not {change.actor, change.holder} & set(channel.actors):
        return _no(Why.ACTOR, f"{channel.id} follows {', '.join(channel.actors)}, not {change.holder}")
    if channel.languages and change.after.language not in channel.languages:
        return _no(Why.LANGUAGE, f"the article is in {change.after.language}; {channel.id} follows others")
    # A confirmation is as new as the report that confirmed it.
    told_at = change.confirmed_at or change.at
    if now - told_at > channel.max_age:
        return _no(Why.OLD, f"{(now - told_at).days} days old when found: history, not news")
    return Decision(send=True, why=Why.WANTED, words=_wanted(change))


def alert_key(change: StanceChange) -> str:
    """Stable: one alert of one level (or undoing) of one change."""
    return f"{thread_key(change)}.{change.level if change.outcome is Outcome.STANDS else change.outcome}"


def thread_key(change: StanceChange) -> str:
    """Stable: what all alerts about one change have in common."""
    return f"{change.topic}.{change.holder.replace('/', '.').lower()}.{change.cause}"


def first_key(change: StanceChange, channel: str) -> str:
    """The key of the first message about a change on a channel: its updates answer that one (email In-Reply-To)."""
    return f"{thread_key(change)}.{Level.REPORTED}.{channel}"


def _no(why: Why, words: str) -> Decision:
    return Decision(send=False, why=why, words=words)


def _wanted(change: StanceChange) -> str:
    return f"{change.holder} from {change.before.event.stance} to {change.after.event.stance}, {change.level}"
