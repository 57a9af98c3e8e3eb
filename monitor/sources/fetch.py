"""Fetches one address from outside: polite, bounded in time and size, and with an outcome instead of an exception.

One aiohttp session per fetcher. Redirects are followed by hand, since each hop is checked and permanent ones are noted.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from monitor import __version__
from monitor.model import Health
from monitor.sources.addresses import CheckedResolver, Guard, RefusedAddressError
from monitor.sources.compression import ACCEPTED, CorruptError, TooLargeError, decompress
from monitor.sources.fetched import Fetched, classify, judged
from monitor.sources.hosts import Hosts

__all__ = ["ACCEPT_FEED", "ACCEPT_PAGE", "Fetched", "Fetcher", "Limits"]

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ERROR_PAGE = 65_536
_INLINE = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Deadlines in seconds, sizes in bytes."""

    connect: float = 10
    read: float = 20
    total: float = 60
    size: int = 20_000_000
    redirects: int = 5
    headers: int = 100
    header_size: int = 8190
    at_once: int = 50
    per_host: int = 2
    spacing: float = 1.0


class Fetcher:
    """Fetches within `limits`, at most `limits.at_once` at a time; addresses that are not public only if allowed.

    An async context manager. `contact` goes into the User-Agent, so that publishers can complain.
    """

    def __init__(
        self,
        *,
        contact: str | None = None,
        allow_private: Iterable[str] = (),
        limits: Limits | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._guard = Guard(allow_private)
        self._agent = (
            f"StanceMonitor/{__version__} ({_safe(contact) if contact else 'news monitor; no contact configured'})"
        )
        self._resolver = resolver
        self._hosts = Hosts(at_once=self.limits.per_host, spacing=self.limits.spacing)
        self._free = asyncio.Semaphore(self.limits.at_once)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        limits = self.limits
        connector = aiohttp.TCPConnector(
            limit=0,  # the semaphores do the limiting
            resolver=CheckedResolver(self._resolver or aiohttp.ThreadedResolver(), self._guard),
            socket_factory=self._guard.socket,
            use_dns_cache=True,
            ttl_dns_cache=60,
            ssl=_trust(),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.read),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": self._agent, "Accept-Encoding": ACCEPTED},
            max_line_size=limits.header_size,
            max_field_size=limits.header_size,
            max_headers=limits.headers,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, accept: str = ACCEPT_FEED
    ) -> Fetched:
        """What is at `url` now. Asks conditionally if given validators. Raises nothing but cancellation."""
        asked = {"Accept": accept}
        if etag:
            asked["If-None-Match"] = _safe(etag)
        if last_modified:
            asked["If-Modified-Since"] = _safe(last_modified)
        try:
            return await self._follow(URL(url.strip()), headers=asked)
        except (ValueError, UnicodeError) as error:
            return Fetched(
                url=url, final_url=url, failure=Health.REFUSED_ADDRESS, detail=f"not a usable address: {error}"
            )

    async def _follow(self, url: URL, *, headers: Mapping[str, str]) -> Fetched:
        start, moved_to, permanent, left = str(url), None, True, self.limits.total
        for _ in range(self.limits.redirects + 1):
            fetched, spent = await self._hop(url, headers=headers, within=left)
            left -= spent
            if fetched.failure or fetched.status not in _REDIRECTS:
                return replace(fetched, url=start, moved_to=moved_to)
            target = _target(url, fetched.headers.get("location"))
            if target is None:
                return _failed(url, Health.REDIRECTS, "a redirect that names no usable address", status=fetched.status)
            permanent = (
                permanent and fetched.status in _PERMANENT and not (url.scheme == "https" and target.scheme == "http")
            )
            moved_to = str(target) if permanent else moved_to
            url = target
        return replace(
            _failed(url, Health.REDIRECTS, f"more than {self.limits.redirects} redirects, the last to {url.host}"),
            url=start,
        )

    async def _hop(self, url: URL, *, headers: Mapping[str, str], within: float) -> tuple[Fetched, float]:
        """One request, without following, and the seconds it took; waiting for its turn is not counted."""
        try:
            self._guard.check_url(url)
        except RefusedAddressError as refused:
            return _failed(url, Health.REFUSED_ADDRESS, str(refused)), 0.0
        if self._guard.covers(url):  # the operator's own servers need no sparing
            async with self._free:
                return await self._timed(url, headers=headers, within=within)
        async with self._hosts.turn(url.host or ""), self._free:
            return await self._timed(url, headers=headers, within=within)

    async def _timed(self, url: URL, *, headers: Mapping[str, str], within: float) -> tuple[Fetched, float]:
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(max(within, 0)):
                fetched = await self._request(url, headers=headers)
        except TimeoutError as error:
            fetched = _failed(url, Health.TIMEOUT, _which_deadline(error, self.limits))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            health, detail = classify(error)
            fetched = _failed(url, health, detail)
        return fetched, clock() - started

    async def _request(self, url: URL, *, headers: Mapping[str, str]) -> Fetched:
        if self._session is None:
            raise RuntimeError("use the fetcher as an async context manager")
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            good = response.status == HTTPStatus.OK
            limit = self.limits.size if good else _ERROR_PAGE
            if response.status in _REDIRECTS or response.status == HTTPStatus.NOT_MODIFIED:
                return Fetched(url=str(url), final_url=str(url), status=response.status, headers=found)
            raw, state = await _read(response, limit=limit)
        fetched = Fetched(url=str(url), final_url=str(url), status=response.status, headers=found, bytes_read=len(raw))
        if state == "too large" and good:
            return replace(fetched, failure=Health.TOO_LARGE, detail=_too_large(limit))
        return judged(await self._unpacked(fetched, raw, complete=state == "complete"))

    async def _unpacked(self, fetched: Fetched, raw: bytes, *, complete: bool) -> Fetched:
        encoding = fetched.headers.get("content-encoding", "")
        if not encoding:
            return replace(fetched, body=raw, complete=complete)
        try:
            if len(raw) <= _INLINE:
                body = decompress(raw, encoding=encoding, limit=self.limits.size)
            else:
                body = await asyncio.to_thread(decompress, raw, encoding=encoding, limit=self.limits.size)
        except TooLargeError:
            return replace(
                fetched, failure=Health.TOO_LARGE, detail=_too_large(self.limits.size) + " after decompression"
            )
        except CorruptError as error:
            return replace(fetched, failure=Health.BAD_RESPONSE, detail=str(error))
        return replace(fetched, body=body, complete=complete)


async def _read(response: aiohttp.ClientResponse, *, limit: int) -> tuple[bytes, str]:
    """The body up to `limit`, and whether that is all: "complete", "truncated" or "too large"."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                response.close()  # what is left is not wanted, and may never end
                return bytes(body[:limit]), "too large"
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError) as error:
        if not body or isinstance(error, TimeoutError):
            raise
        return bytes(body), "truncated"
    return bytes(body), "complete"


@cache
def _trust() -> ssl.SSLContext:
    """Whom this machine trusts; reading that takes longer than many a poll."""
    return ssl.create_default_context()


def _which_deadline(error: TimeoutError, limits: Limits) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection within {limits.connect:g} s"
    if isinstance(error, aiohttp.SocketTimeoutError):
        return f"no data for {limits.read:g} s"
    return f"not finished within {limits.total:g} s"


def _failed(url: URL, health: Health, detail: str, *, status: int | None = None) -> Fetched:
    return Fetched(url=str(url), final_url=str(url), status=status, failure=health, detail=detail)


def _too_large(limit: int) -> str:
    return f"larger than {limit:,} bytes"


def _target(url: URL, location: str | None) -> URL | None:
    if not location:
        return None
    try:
        target = url.join(URL(location.strip())).with_fragment(None)
        return target.with_user(None) if target.host else target
    except (ValueError, UnicodeError):
        return None


def _safe(value: str) -> str:
    """A header value without what could end it."""
    return "".join(char for char in value if char.isprintable() and ord(char) < 256)[:500]
