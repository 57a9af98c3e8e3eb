"""Delivering: puts what is due for a channel into one message, sends it, and keeps account of how that ended.

At least once: the rows of a message are bound together, with its key, before it is sent. A crash leaves them due and
bound: the same message goes again, with the same key. At most twice: a second crash leaves them unconfirmed, for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import structlog

from monitor.alerts import Hold, Setter, hold, hushed, message_key, render, render_group
from monitor.alerts.render import BUILT_IN, note_again, note_instead, note_together
from monitor.alerts.together import MOST_TOGETHER, Waiting, again, no_repeat, shown, stands_in, together
from monitor.channels import AnyChannel
from monitor.model import Delivery, DeliveryError, Language, Message, StanceChange
from monitor.pipeline.pools import Pools, in_pool
from monitor.pipeline.waits import delivery_wait, words
from monitor.store import Store, Transaction

log = structlog.get_logger()

LONGEST_WISH = timedelta(hours=6)
"""A receiver that asks to be left alone for longer is asked again all the same."""

_HOUR = timedelta(hours=1)


class Outgoing(NamedTuple):
    """A message that is on its way."""

    leader: int
    key: str
    way: str
    rows: tuple[Waiting, ...]
    answers: tuple[str, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(row.id for row, _ in self.rows)


class Deliveries:
    """The deliver step on the outbox of one store."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Sequence[AnyChannel],
        clock: Callable[[], datetime],
        pools: Pools,
        setter: Setter = BUILT_IN,
    ) -> None:
        self._store = store
        self._channels: Mapping[str, AnyChannel] = {channel.id: channel for channel in channels}
        self._clock = clock
        self._pools = pools
        self._setter = setter

    async def deliver(self, delivery_id: int) -> None:
        """Sends the message that the row leads, if it is due."""
        outgoing = await in_pool(self._pools.store, partial(self._prepare, delivery_id))
        if outgoing is None:
            return
        await in_pool(self._pools.channels, partial(self._send_and_record, outgoing))

    # --- before -----------------------------------------------------------------------------------

    def _prepare(self, delivery_id: int) -> Outgoing | None:
        """Decides in one transaction what goes now, with what, and what must wait on."""
        now = self._clock()
        with self._store.transaction() as tx:
            known = tx.due_delivery(delivery_id, now=now)
            if known is None:
                return None
            tx.lock_channel(known[0].way)
            first = tx.due_delivery(delivery_id, now=now)  # as it is now that nobody else can change it
            if first is None:
                return None
            channel = self._channels.get(first[0].way)
            if channel is None:
                return Outgoing(delivery_id, first[0].key, first[0].way, (first,), ())
            wanted = self._still_wanted(tx, self._gathered(tx, first, channel, now=now), channel, now=now)
            if not wanted:
                return None
            held = self._held(tx, channel, leader=delivery_id, now=now)
            if held is not None:
                _hold(tx, wanted, held, channel=channel.id)
                return None
            return _bound(tx, wanted, channel, now=now)

    def _gathered(self, tx: Transaction, first: Waiting, channel: AnyChannel, *, now: datetime) -> tuple[Waiting, ...]:
        """What was put together before stays together, so that a second try has the same key; else what is due may join."""
        row, _ = first
        if row.message == row.id and (bound := tx.members(row.id)):
            return bound
        return together(first, tx.free_deliveries(channel.id, now=now, limit=4 * MOST_TOGETHER), channel)

    def _still_wanted(
        self, tx: Transaction, message: Sequence[Waiting], channel: AnyChannel, *, now: datetime
    ) -> list[Waiting]:
        """Without what a silence covers by now, and what need not be told again."""
        silences = tx.silences(now)
        wanted = []
        for row, change in message:
            own = self._channels.get(row.channel, channel)  # where another stands in, its own silences count
            silenced = hushed(change, own, now=now, silences=silences)
            needless = _needless(tx, row) if row.told else None
            if needless is not None:
                _about(row, change, way=channel.id).info("not told again", reason=needless)
                tx.skip([row.id], reason=needless)
            elif silenced is not None:
                _hold(tx, [(row, change)], silenced, channel=channel.id)
            else:
                wanted.append((row, change))
        return wanted

    def _held(self, tx: Transaction, channel: AnyChannel, *, leader: int, now: datetime) -> Hold | None:
        if channel.quiet_hours is None and channel.per_hour is None:
            return None
        given = tx.slots(channel.id, since=now - _HOUR, but=leader)
        return hold(channel, now=now, sent_at=given.sent_at, under_way=given.under_way)

    # --- sending ----------------------------------------------------------------------------------

    def _send_and_record(self, outgoing: Outgoing) -> None:
        # In one thread, without a way back over the event loop: what dies between the two sends a message twice.
        self._record(outgoing, self._send(outgoing))

    def _send(self, outgoing: Outgoing) -> DeliveryError | None:
        channel = self._channels.get(outgoing.way)
        if channel is None:
            return DeliveryError(f"no channel {outgoing.way!r} is configured any more", permanent=True)
        try:
            message = worded(outgoing.rows, language=channel.language, way=channel.id, setter=self._setter)
            channel.send(message, key=outgoing.key, answers=outgoing.answers)
        except DeliveryError as error:
            return error
        except Exception as error:  # a fault of ours in one channel must not stop the others
            log.exception("channel failed", channel=channel.id)
            return DeliveryError(f"{channel.id}: {words(error)}", permanent=False)
        return None

    # --- after ------------------------------------------------------------------------------------

    def _record(self, outgoing: Outgoing, error: DeliveryError | None) -> None:
        now = self._clock()
        with self._store.transaction() as tx:
            if error is None:
                tx.record_sent(outgoing.ids, now=now)
                self._tell_again(tx, outgoing, now=now)
            else:
                self._record_failure(tx, outgoing, error, now=now)
        if error is None:
            for row, change in outgoing.rows:
                _about(row, change, way=outgoing.way).info("delivered", key=outgoing.key)

    def _tell_again(self, tx: Transaction, outgoing: Outgoing, *, now: datetime) -> None:
        for row, change in shown(outgoing.rows):
            channel = self._channels.get(row.channel)
            at = again(row, channel, now=now) if channel else None
            if at is None:
                continue
            count = row.told + 1
            key = f"{row.key.removesuffix(f'.again{row.told}')}.again{count}"
            reason = f"told again at {at:%Y-%m-%d %H:%M} UTC unless something changes"
            tx.add_delivery(row.change_id, change, row.channel, key=key, reason=reason, now=now, due_at=at, told=count)

    def _record_failure(self, tx: Transaction, outgoing: Outgoing, error: DeliveryError, *, now: datetime) -> None:
        first, _ = outgoing.rows[0]
        own = first.via is None
        # What the stand-in refuses is for the channel itself again; only the channel's own word is final.
        refused = error.permanent and own
        wait = None if refused else delivery_wait(first.attempts + 1)
        if wait is not None and error.retry_after is not None:
            wait = max(wait, min(error.retry_after, LONGEST_WISH))  # what the receiver asks for, within reason
        next_try_at = None if wait is None else now + wait
        since = now if own and not refused else None
        for row, change in outgoing.rows:
            _about(row, change, way=outgoing.way).warning("delivery failed", error=str(error), again_in=wait)
        tx.record_failed(outgoing.ids, error=words(error), next_try_at=next_try_at, since=since)
        channel = self._channels.get(outgoing.way)
        if not own or channel is None or channel.fallback is None:
            return
        why = stands_in(channel, failing_since=tx.failing_since(channel.id), refused=refused, now=now)
        if why is None:
            return
        moved = tx.divert(outgoing.ids, via=channel.fallback, reason=f"{why}: {words(error)}", now=now)
        log.warning(
            "another channel stands in", channel=channel.id, way=channel.fallback, alerts=len(moved), reason=why
        )


def _needless(tx: Transaction, row: Delivery) -> str | None:
    current = tx.change(row.change_id)
    return no_repeat(row, current, newest=tx.newest_change(current))


def _hold(tx: Transaction, rows: Sequence[Waiting], held: Hold, *, channel: str) -> None:
    for row, change in rows:
        _about(row, change, way=channel).info("held", until=held.until, reason=held.words)
    tx.hold([row.id for row, _ in rows], reason=held.words, until=held.until)


def _about(row: Delivery, change: StanceChange, *, way: str) -> Any:
    """The log, knowing which alert it is about."""
    return log.bind(article=change.after.article_id, change=row.change_id, delivery=row.id, channel=way)


def _bound(tx: Transaction, rows: Sequence[Waiting], channel: AnyChannel, *, now: datetime) -> Outgoing:
    """The rows as one message, led by the first of them."""
    leader = rows[0][0].id
    key = message_key([row.key for row, _ in rows])
    answers = dict.fromkeys(key for row, _ in rows for key in tx.first_keys(row.change_id, channel.id)[:1])
    tx.put_together([row.id for row, _ in rows], leader=leader, key=key, now=now)
    return Outgoing(leader, key, channel.id, tuple(rows), tuple(answers))


def worded(rows: Sequence[Waiting], *, language: Language, way: str, setter: Setter = BUILT_IN) -> Message:
    """What the channel is given: an alert, or several with the reason why they come together."""
    seen = shown(rows)
    told = [(change, _notes(row, change, language=language, way=way)) for row, change in seen]
    if len(told) == 1:
        change, notes = told[0]
        return render(change, language=language, notes=notes, setter=setter)
    reasons = dict.fromkeys(row.reason for row, _ in seen if row.reason)
    notes = [note_together(language, reason=next(iter(reasons)))] if len(reasons) == 1 else []
    return render_group(told, language=language, notes=notes, setter=setter)


def _notes(row: Delivery, change: StanceChange, *, language: Language, way: str) -> list[str]:
    notes = []
    if row.via is not None:
        notes.append(note_instead(language, channel=row.channel, way=way, reason=row.reason))
    if row.told:
        notes.append(note_again(language, first=change.confirmed_at or change.at))
    return notes
