"""Which alerts go in one message, which are told again, and when another channel stands in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor.alerts.decide import Hold
from monitor.alerts.policy import ChannelPolicy, GroupBy
from monitor.model import Delivery, DeliveryState, Outcome, StanceChange

MOST_TOGETHER = 50
"""Alerts in one message: more than anybody reads, less than any mail server refuses."""

Waiting = tuple[Delivery, StanceChange]


def group_of(change: StanceChange, channel: ChannelPolicy) -> tuple[str, ...]:
    """Changes with the same answer may share a message of the channel."""
    parts = {GroupBy.ALL: (), GroupBy.TOPIC: (change.topic,), GroupBy.ACTOR: (change.topic, change.actor)}
    return parts[channel.group_by]


def collect(
    change: StanceChange, channel: ChannelPolicy, *, now: datetime, waiting: Iterable[Waiting] = ()
) -> Hold | None:
    """Whether the alert waits for others, and until when: as long as the first of its group does, `group` at most."""
    if channel.group is None:
        return None
    mine = group_of(change, channel)
    ends = [row.next_try_at for row, other in waiting if row.next_try_at and group_of(other, channel) == mine]
    until = min([now + channel.group, *(end for end in ends if end > now)])
    return Hold(until=until, words=f"collects what comes until {until:%H:%M} UTC ({channel.id} groups)")


def together(first: Waiting, others: Sequence[Waiting], channel: ChannelPolicy) -> tuple[Waiting, ...]:
    """What goes out in one message with `first`: what the channel groups, and what had to wait as it had.

    So quiet hours end with one message, and a channel at its hourly limit gets one when it has room again.
    """
    delivery, change = first
    mine = group_of(change, channel)
    held = delivery.state is DeliveryState.HELD
    joined = [
        (row, other)
        for row, other in others
        if row.id != delivery.id
        and group_of(other, channel) == mine
        and row.via == delivery.via
        and (channel.group is not None or (held and row.state is DeliveryState.HELD))
    ]
    return tuple(sorted((first, *joined[: MOST_TOGETHER - 1]), key=lambda each: each[0].id))


def shown(message: Sequence[Waiting]) -> tuple[Waiting, ...]:
    """The alerts a reader sees: of several about one change only the newest, since it says what became of the others."""
    newest = {row.change_id: row.id for row, _ in message}
    return tuple(each for each in message if newest[each[0].change_id] == each[0].id)


def again(delivery: Delivery, channel: ChannelPolicy, *, now: datetime) -> datetime | None:
    """When an alert that has just gone out is told again; None if it is not."""
    if channel.repeat is None or delivery.told >= channel.repeats or delivery.outcome is not Outcome.STANDS:
        return None
    return now + channel.repeat


def no_repeat(delivery: Delivery, current: StanceChange, *, newest: StanceChange) -> str | None:
    """Why an alert need not be told again; None if nothing has happened since. `newest`: the holder's last turn."""
    if current.outcome is not delivery.outcome:
        return f"not told again: the change was {current.outcome} meanwhile"
    if current.level is not delivery.level:
        return f"not told again: the change was {current.level} meanwhile"
    if newest.at > current.at:
        return f"not told again: {current.holder} has turned since, on {newest.at:%Y-%m-%d}"
    return None


def stands_in(channel: ChannelPolicy, *, failing_since: datetime | None, refused: bool, now: datetime) -> str | None:
    """Why a message goes through the channel's fallback; None if it waits for the channel itself."""
    if channel.fallback is None:
        return None
    if refused:
        return f"{channel.id} refuses this message"
    if failing_since is None or now - failing_since < channel.fallback_after:
        return None
    return f"{channel.id} has taken nothing since {failing_since:%Y-%m-%d %H:%M} UTC"
