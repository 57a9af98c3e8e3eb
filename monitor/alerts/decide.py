"""Which changes go to which channel, with the reason. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from monitor.alerts.policy import ChannelPolicy, Silence
from monitor.model import Frozen, Instant, Level, Outcome, StanceChange

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_FRESH = timedelta(hours=12)  # younger than this is news, however the monitor came by it


class Why(StrEnum):
    """The gate that a change passed or stopped at."""

    WANTED = "wanted"
    LEVEL = "level"
    TOPIC = "topic"
    ACTOR = "actor"
    LANGUAGE = "language"
    OLD = "old"
    BASELINE = "baseline"
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
    change: StanceChange,
    channel: ChannelPolicy,
    *,
    now: datetime,
    silences: Sequence[Silence] = (),
    new_feed: str | None = None,
) -> Decision:
    """Whether `channel` wants to hear of `change`, found at `now`. `silences` hold for every channel.

    `new_feed` is the feed whose very first poll brought the change, if that is so.
    """
    if channel.min_level is Level.CONFIRMED and change.level is not Level.CONFIRMED:
        return _no(Why.LEVEL, f"{channel.id} wants confirmed changes; this one is {change.level} so far")
    if channel.topics and change.topic not in channel.topics:
        return _no(Why.TOPIC, f"{channel.id} does not follow {change.topic}")
    if channel.actors and not {change.actor, change.holder} & set(channel.actors):
        return _no(Why.ACTOR, f"{channel.id} follows {', '.join(channel.actors)}, not {change.holder}")
    if channel.languages and change.after.language not in channel.languages:
        return _no(Why.LANGUAGE, f"the article is in {change.after.language}; {channel.id} follows others")
    silenced = hushed(change, channel, now=now, silences=silences)
    if silenced is not None:
        return _no(Why.SILENCED, silenced.words)
    if new_feed is not None:
        return _no(Why.BASELINE, f"came with the first poll of {new_feed}: what a new feed brings is its baseline")
    # A confirmation is as new as the report that confirmed it.
    told_at = change.confirmed_at or change.at
    if now - told_at > channel.max_age:
        return _no(Why.OLD, f"{(now - told_at).days} days old when found: history, not news")
    # What a first run finds in the feeds' backlog happened before anybody watched: it is the baseline, told late.
    if now - told_at > _FRESH and change.before.seen_at > change.after.at:
        return _no(Why.OLD, "published before the monitor first saw the stance it turned from: backlog, not news")
    return Decision(send=True, why=Why.WANTED, words=_wanted(change))


def hushed(
    change: StanceChange, channel: ChannelPolicy, *, now: datetime, silences: Sequence[Silence] = ()
) -> Hold | None:
    """The silence that covers the change at `now`, the longest if there are several."""
    covering = [each for each in (*channel.silences, *silences) if each.covers(change, now=now)]
    if not covering:
        return None
    longest = max(covering, key=lambda each: each.until)
    return Hold(until=longest.until, words=longest.words)


def hold(channel: ChannelPolicy, *, now: datetime, sent_at: Sequence[datetime] = (), under_way: int = 0) -> Hold | None:
    """Whether a message must wait at `now`, and until when.

    `sent_at`: when the channel's latest messages went out; `under_way`: how many are being sent in this moment.
    """
    if channel.quiet_hours is not None and (end := channel.quiet_hours.end_after(now)) is not None:
        return Hold(until=end, words=f"quiet hours until {end:%H:%M} {channel.quiet_hours.zone}")
    if channel.per_hour is None:
        return None
    lately = sorted(at for at in sent_at if now - at < _HOUR)
    if len(lately) + under_way < channel.per_hour:
        return None
    if len(lately) < channel.per_hour:  # those under way may fail yet, and leave their place
        return Hold(
            until=now + _MINUTE, words=f"{under_way} on their way; {channel.id} takes {channel.per_hour} an hour"
        )
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


def message_key(keys: Sequence[str]) -> str:
    """The key of a message: that of its only alert, or one made of all of theirs: the same alerts have the same key."""
    if len(keys) == 1:
        return keys[0]
    return f"group.{blake2b(' '.join(keys).encode(), digest_size=12).hexdigest()}"


def _no(why: Why, words: str) -> Decision:
    return Decision(send=False, why=why, words=words)


def _wanted(change: StanceChange) -> str:
    return f"{change.holder} from {change.before.event.stance} to {change.after.event.stance}, {change.level}"
