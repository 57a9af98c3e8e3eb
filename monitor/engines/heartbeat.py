"""Signs of life for the world outside: a URL that is pinged, systemd's watchdog, and words to the operator.

Silence is the alarm: whoever waits for the pings notices a machine that is gone, which no program on it can report.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import aiohttp
import structlog

from monitor.channels import AnyChannel
from monitor.channels.notice import Notice, notice, tell
from monitor.engines.worries import to_tell, worries
from monitor.model import DeliveryError, StoreError
from monitor.standing import Level, Standing, judge
from monitor.store import Store

log = structlog.get_logger()

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_REST = 50  # times as long as a look took: with 20,000 feeds it takes 3 s, and must not weigh on the polls
_LONGEST_REASON = 10_000  # characters; healthchecks keeps that much


class Ping(NamedTuple):
    """What the URL is told: `` (all is well), `start` or `fail`, with the words."""

    kind: str
    words: str


class Pinged(NamedTuple):
    """The last ping that arrived."""

    kind: str
    at: datetime


def ping_of(standing: Standing) -> Ping:
    """Critical is a failure; warnings are for people to look at, not for a pager."""
    return Ping("fail" if standing.level is Level.CRITICAL else "", standing.line)


def is_due(ping: Ping, last: Pinged | None, *, now: datetime, every: timedelta) -> bool:
    """At once when well turns to bad or back, else at most once in `every`."""
    return last is None or last.kind != ping.kind or now - last.at >= every


def address(url: str, kind: str) -> str:
    """The URL with `/start` or `/fail` at the end of its path."""
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/')}/{kind}{mark}{query}" if kind else url


class Systemd:
    """sd_notify: lines to the socket that systemd names, if it does."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path  # @ is the abstract name space

    def tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.settimeout(1)
                way.connect(self._address)
                way.sendall("\n".join(lines).encode())
        except OSError as error:
            log.warning("systemd was not told", error=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Who hears what."""

    url: str | None = None
    every: timedelta = timedelta(minutes=5)
    operator: AnyChannel | None = None
    stand_in: AnyChannel | None = None  # the operator channel's fallback
    look_every: timedelta = timedelta(minutes=1)


class Heartbeat:
    """Called by the engine: `started`, then `alive` and `looked` by its clock, then `stopping`. Never raises for the outside."""

    def __init__(
        self, store: Store, *, clock: Callable[[], datetime], signs: Signs, systemd: Systemd | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._signs = signs
        self._systemd = systemd or Systemd()
        self._pinged: Pinged | None = None
        self._look_again_at: datetime | None = None

    async def started(self) -> None:
        self._systemd.tell("READY=1", "STATUS=running")
        await self._ping(Ping("start", "the daemon has started"))

    def alive(self) -> None:
        """The engine's loop turns, or this would not be called. Apart from `looked`, which may wait for a mail server."""
        self._systemd.tell("WATCHDOG=1")

    async def looked(self) -> None:
        """Looks how things stand, and says it to everybody whose turn it is."""
        now = self._clock()
        if self._look_again_at is not None and now < self._look_again_at:
            return
        began = time.perf_counter()
        try:
            standing = await asyncio.to_thread(self._look, now)
        except StoreError as error:
            standing = Standing(level=Level.CRITICAL, reasons=(str(error),), figures={})
        took = timedelta(seconds=time.perf_counter() - began)
        self._look_again_at = now + max(min(self._signs.look_every, self._signs.every), took * _REST)
        self._systemd.tell(f"STATUS={standing.level.name}: {standing.reasons[0]}")
        ping = ping_of(standing)
        if is_due(ping, self._pinged, now=now, every=self._signs.every):
            await self._ping(ping)

    async def stopping(self) -> None:
        self._systemd.tell("STOPPING=1", "STATUS=stopping")

    def _look(self, now: datetime) -> Standing:
        status, feeds = self._store.status(now), self._store.feeds()
        standing = judge(status, feeds, now=now)
        told = self._store.worries_told()
        new, gone = to_tell(worries(status, feeds, standing, now=now), told, now=now)
        if new and not self._told(new, now=now):
            new = {}  # tried again at the next look
        if new or gone:
            self._store.mark_worries(new, gone, now=now)
        return standing

    def _told(self, new: Mapping[str, str], *, now: datetime) -> bool:
        """One message for all that is new. It is marked only after it went out: twice is better than never."""
        for name, words in sorted(new.items()):
            log.warning("worry", name=name, words=words)
        if self._signs.operator is None:
            return True
        subject = (
            f"Stance Monitor: {next(iter(new.values()))}" if len(new) == 1 else f"Stance Monitor: {len(new)} worries"
        )
        digest = blake2b("\n".join(sorted(new)).encode(), digest_size=8).hexdigest()
        told = notice(subject, tuple(new.values()))
        ways = [channel for channel in (self._signs.operator, self._signs.stand_in) if channel]
        return any(_went(channel, told, key=f"operator.{now:%Y%m%d}.{digest}") for channel in ways)

    async def _ping(self, ping: Ping) -> None:
        if self._signs.url is None:
            return
        body = ping.words[:_LONGEST_REASON].encode("utf-8", "replace")
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(address(self._signs.url, ping.kind), data=body) as answer,
            ):
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            # The address is a secret: it must not stand in a log, and the error's own words name it.
            log.warning("heartbeat not taken", kind=ping.kind or "success", error=type(error).__name__)
            return
        self._pinged = Pinged(ping.kind, self._clock())


def _went(channel: AnyChannel, told: Notice, *, key: str) -> bool:
    try:
        tell(channel, told, key=key)
    except DeliveryError as error:
        log.warning("the operator was not told", channel=channel.id, error=str(error))
        return False
    return True
