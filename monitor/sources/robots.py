"""robots.txt, asked for once a day per site and obeyed (RFC 9309, read by protego)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from protego import Protego
from yarl import URL

from monitor.model import Health
from monitor.sources.fetch import Fetched, Fetcher

AGENT = "StanceMonitor"
_KEPT = timedelta(days=1)
_KEPT_AFTER_FAILURE = timedelta(hours=1)
_MOST_SITES = 2_000
_SIZE = 500_000  # RFC 9309 asks for at least 500 KiB to be read


class _Rules(NamedTuple):
    rules: Protego | None
    refusal: str
    until: datetime


class Robots:
    """What sites allow. A site without robots.txt allows everything; one that fails to answer allows nothing for an hour."""

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._sites: dict[str, _Rules] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def refusal(self, url: str) -> str | None:
        """Why `url` must not be fetched, in words, or None."""
        origin = str(URL(url).origin())
        async with self._asking.setdefault(origin, asyncio.Lock()):
            known = self._sites.get(origin)
            if known is None or known.until <= self._clock():
                answer = await self._fetcher.get(f"{origin}/robots.txt", accept="text/plain, */*;q=0.5")
                known = _read(answer, now=self._clock())
                self._remember(origin, known)
        if known.rules is None:
            return known.refusal or None
        return None if known.rules.can_fetch(url, AGENT) else f"{origin}/robots.txt asks robots to keep out of it"

    def _remember(self, origin: str, rules: _Rules) -> None:
        if len(self._sites) >= _MOST_SITES:
            oldest = next(iter(self._sites))
            del self._sites[oldest]
            self._asking.pop(oldest, None)
        self._sites[origin] = rules


def _read(fetched: Fetched, *, now: datetime) -> _Rules:
    if fetched.failure is None:
        text = fetched.body[:_SIZE].decode("utf-8", "replace")
        return _Rules(Protego.parse(text.replace("\0", "")), "", now + _KEPT)
    absent = fetched.status is not None and 400 <= fetched.status < 500 and fetched.status != 429
    if absent and fetched.failure is not Health.BOT_WALL:
        return _Rules(None, "", now + _KEPT)
    return _Rules(None, f"robots.txt cannot be read ({fetched.detail})", now + _KEPT_AFTER_FAILURE)
