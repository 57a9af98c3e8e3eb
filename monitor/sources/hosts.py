"""One host is asked by few at a time and not in bursts, however many feeds it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_TIDY_FROM = 256


class _Host:
    __slots__ = ("free", "next_start", "users")

    def __init__(self, at_once: int) -> None:
        self.free = asyncio.Semaphore(at_once)
        self.next_start = 0.0
        self.users = 0


class Hosts:
    """Slots per host. A host that nobody uses and whose pause is over is forgotten, so memory stays flat."""

    def __init__(self, *, at_once: int, spacing: float) -> None:
        self._at_once = at_once
        self._spacing = spacing
        self._hosts: dict[str, _Host] = {}
        self._tidy_at = _TIDY_FROM

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Waits until this host may be asked, and holds the place while the request runs."""
        host = self._hosts.setdefault(name, _Host(self._at_once))
        host.users += 1
        try:
            async with host.free:
                await self._pause(host)
                yield
        finally:
            host.users -= 1
            self._forget_idle()

    async def _pause(self, host: _Host) -> None:
        now = asyncio.get_running_loop().time()
        start = max(now, host.next_start)
        host.next_start = start + self._spacing
        if start > now:
            await asyncio.sleep(start - now)

    def _forget_idle(self) -> None:
        if len(self._hosts) < self._tidy_at:
            return
        now = asyncio.get_running_loop().time()
        self._hosts = {name: host for name, host in self._hosts.items() if host.users or host.next_start > now}
        self._tidy_at = max(_TIDY_FROM, 2 * len(self._hosts))  # so that tidying costs a constant per request

    def __len__(self) -> int:
        return len(self._hosts)
