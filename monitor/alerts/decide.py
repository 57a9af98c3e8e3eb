"""Which changes go to which channel, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.alerts.policy import ChannelPolicy, Silence
from monitor.model import Frozen, Instant, Level, Outcome, StanceChange

_HOUR = timedelta(hours=1)
_FRESH = timedelta(hours=12)  # younger than this is news, however the monitor came by it


class Why(StrEnum):
    """The gate that a change passed or stopped at."""

    WANTED = "wanted"
    LEVEL = "level"
    TOPIC = "topic"
    ACTOR = "actor"
    LANGUAGE = "language"
    OLD = "old"
    SILENCED = "silenced"


class Decision(Frozen):
    """Whether a change goes to a channel, and why."""

    send: bool
    why: Why
    words: str


class Hold(Frozen):
    """A message that is wanted, but not yet."""

    until: Instant
    words: str


def decide(
    change: StanceChange, channel: ChannelPolicy, *, now: datetime, silences: Sequence[Silence] = ()
) -> Decision:
    """Whether `channel` wants to hear of `change`, found at `now`. `silences` hold for every channel."""
    if channel.min_level is Level.CONFIRMED and change.level is not Level.CONFIRMED:
        return _no(Why.LEVEL, f"{channel.id} wants confirmed changes; this one is {change.level} so far")
    if channel.topics and change.topic not in channel.topics:
        return _no(Why.TOPIC, f"{channel.id} does not follow {change.topic}")
    if channel.actors and not {change.actor, change.holder} & set(channel.actors):
        return _no(Why.ACTOR, f"{channel.id} follows {', '.join(channel.actors)}, not {change.holder}")
    if channel.languages and change.after.language not in channel.languages:
        return _no(Why.LANGUAGE, f"the article is in {change.after.language}; {channel.id} follows others")
    for silence in (*channel.silences, *silences):
        if silence.covers(change, now=now):
            return _no(Why.SILENCED, f"silenced by {silence.author} until {silence.until:%Y-%m-%d}: {silence.reason}")
    # A confirmation is as new as the report that confirmed it.
    told_at = change.confirmed_at or change.at
    if now - told_at > channel.max_age:
        return _no(Why.OLD, f"{(now - told_at).days} days old when found: history, not news")
    # What a first run finds in the feeds' backlog happened before anybody watched: it is the baseline, told late.
    if now - told_at > _FRESH and change.before.seen_at > change.after.at:
        return _no(Why.OLD, "published before the monitor first saw the stance it turned from: backlog, not news")
    return Decision(send=True, why=Why.WANTED, words=_wanted(change))


def hold(channel: ChannelPolicy, *, now: datetime, sent_at: Sequence[datetime] = ()) -> Hold | None:
    """Whether a message must wait at `now`, and until when. `sent_at`: when the channel's latest messages went out."""
    if channel.quiet_hours is not None and (end := channel.quiet_hours.end_after(now)) is not None:
        return Hold(until=end, words=f"quiet hours until {end:%H:%M} {channel.quiet_hours.zone}")
    if channel.per_hour is None:
        return None
    lately = sorted(at for at in sent_at if now - at < _HOUR)
    if len(lately) < channel.per_hour:
        return None
    free = lately[-channel.per_hour] + _HOUR
    return Hold(
        until=free, words=f"{len(lately)} messages went out within the hour; {channel.id} takes {channel.per_hour}"
    )


def alert_key(change: StanceChange) -> str:
    """Stable: one alert of one level (or undoing) of one change."""
    return f"{thread_key(change)}.{change.level if change.outcome is Outcome.STANDS else change.outcome}"


def thread_key(change: StanceChange) -> str:
    """Stable: what all alerts about one change have in common."""
    return f"{change.topic}.{change.holder.replace('/', '.').lower()}.{change.cause}"


def first_key(key: str, *, thread: str) -> str:
    """The key of the first message of a thread on the channel of `key`: updates answer that one (email In-Reply-To).

    Keys are made of the thread, the level or outcome, and the channel: `….12.confirmed.desk` answers `….12.reported.desk`.
    """
    _, _, channel = key.removeprefix(f"{thread}.").partition(".")
    return f"{thread}.{Level.REPORTED}.{channel}".removesuffix(".")


def _no(why: Why, words: str) -> Decision:
    return Decision(send=False, why=why, words=words)


def _wanted(change: StanceChange) -> str:
    return f"{change.holder} from {change.before.event.stance} to {change.after.event.stance}, {change.level}"
