"""What came of asking for an address: an answer, or which state of a feed an expected failure means, with its sentence."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from http import HTTPStatus
from typing import TypeVar

import aiohttp

from monitor.model import Health
from monitor.sources.addresses import RefusedAddressError
from monitor.sources.walls import bot_wall

_OF_STATUS = {
    401: Health.FORBIDDEN,
    403: Health.FORBIDDEN,
    404: Health.NOT_FOUND,
    410: Health.GONE,
    429: Health.RATE_LIMITED,
    451: Health.FORBIDDEN,
}
E = TypeVar("E", bound=BaseException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of asking for an address. `failure` is None when there is a body to read, or a 304."""

    url: str
    final_url: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: Health | None = None
    detail: str = ""
    complete: bool = True
    moved_to: str | None = None
    bytes_read: int = 0

    @property
    def not_modified(self) -> bool:
        return self.status == HTTPStatus.NOT_MODIFIED

    @property
    def body_hash(self) -> str:
        return blake2b(self.body, digest_size=16).hexdigest()


def judged(fetched: Fetched) -> Fetched:
    """The answer with what its status and its words mean."""
    if fetched.failure or fetched.status is None:
        return fetched
    wall = bot_wall(status=fetched.status, headers=fetched.headers, body=fetched.body)
    if wall:
        return replace(
            fetched, failure=Health.BOT_WALL, detail=f"HTTP {fetched.status}: a wall against robots ({wall})"
        )
    if fetched.status == HTTPStatus.OK:
        return fetched
    health = _OF_STATUS.get(fetched.status)
    if health is None:
        health = Health.SERVER_ERROR if fetched.status >= 500 else Health.BAD_RESPONSE
    return replace(fetched, failure=health, detail=f"HTTP {fetched.status} {_phrase(fetched.status)}".strip())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def classify(error: Exception) -> tuple[Health, str]:
    """Which state an exception of the HTTP client means, and its sentence."""
    refused = _cause(error, RefusedAddressError)
    if refused:
        return Health.REFUSED_ADDRESS, str(refused)
    if isinstance(
        error, aiohttp.InvalidURL | UnicodeError
    ):  # aiohttp takes no decimal, octal or short forms of addresses
        return Health.REFUSED_ADDRESS, f"not a usable address: {error}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Health.DNS, f"the name {error.host} cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Health.TLS, f"the certificate of {error.host} is not valid: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorSSLError) or _cause(error, ssl.SSLError):
        return Health.TLS, f"no secure connection: {error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            Health.CONNECT,
            f"no connection to {error.host}:{error.port}: {error.os_error.strerror or error.os_error}",
        )
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return Health.CONNECT, "the server closed the connection without an answer"
    return Health.BAD_RESPONSE, f"not valid HTTP: {' '.join(str(error).split())[:200] or type(error).__name__}"


def _cause(error: BaseException, kind: type[E]) -> E | None:
    seen: BaseException | None = error
    for _ in range(6):
        if isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__ if seen else None
    return None
