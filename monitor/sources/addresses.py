"""Which network addresses may be reached: the public ones, and those on the allow-list.

A feed names hosts and its server names more by redirecting, so each hop is checked: literal addresses before the request,
names when they are resolved. The connection then goes to the very addresses that were checked (aiohttp is handed the
resolver), so a name that resolves differently a moment later gains nothing. The socket factory checks once more.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from monitor.model import ConfigError

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Beyond what `is_global` knows: addresses that are public by number and local by meaning.
_SPECIAL: dict[str, str] = {
    "168.63.129.16/32": "a cloud metadata address",
    "169.254.0.0/16": "a link-local or cloud metadata address",
    "100.64.0.0/10": "a carrier's private address",
    "192.0.0.0/24": "a protocol assignment",
    "192.88.99.0/24": "a 6to4 relay",
    "198.18.0.0/15": "a benchmark network",
    "240.0.0.0/4": "a reserved address",
    "64:ff9b:1::/48": "a local translation prefix",
    "fec0::/10": "a site-local address",
    "fd00:ec2::/32": "a cloud metadata address",
    "::/96": "a deprecated IPv4-compatible address",
}
_SPECIAL_NETWORKS = tuple((ipaddress.ip_network(network), words) for network, words in _SPECIAL.items())
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedAddressError(OSError):
    """An address that must not be reached; the text says why."""


@lru_cache(maxsize=4_096)  # each poll asks three times
def _ip(words: str) -> IP | None:
    try:
        return ipaddress.ip_address(words)
    except ValueError:
        return None


def refusal(address: str | IP) -> str | None:
    """Why this address must not be reached, in words, or None if it is a public one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        for embedded, form in _embedded(ip):
            inside = refusal(embedded)
            if inside:
                return f"{ip} holds {embedded} ({form}): {inside}"
        if ip.ipv4_mapped or ip in _NAT64:
            return None
    for network, words in _SPECIAL_NETWORKS:
        if ip.version == network.version and ip in network and not (ip.is_loopback or ip.is_unspecified):
            return f"{ip} is {words}"
    for holds, words in (
        (ip.is_unspecified, "the unspecified address"),
        (ip.is_loopback, "a loopback address"),
        (ip.is_link_local, "a link-local address"),
        (ip.is_multicast, "a multicast address"),
        (ip.is_private, "a private address"),
        (ip.is_reserved, "a reserved address"),
        (not ip.is_global, "not a public address"),
    ):
        if holds:
            return f"{ip} is {words}"
    return None


def _embedded(ip: ipaddress.IPv6Address) -> Iterable[tuple[ipaddress.IPv4Address, str]]:
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped, "IPv4-mapped"
    if ip.sixtofour:
        yield ip.sixtofour, "6to4"
    if ip.teredo:
        yield from ((part, "Teredo") for part in ip.teredo)
    if ip in _NAT64:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF), "NAT64"


@dataclass(frozen=True, slots=True)
class Allowed:
    """One line of the allow-list: a host name or a network, on one port or any."""

    host: str | None
    network: Network | None
    port: int | None

    def covers(self, *, host: str, ip: IP, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return ip.version == self.network.version and ip in self.network
        return self.host == host.lower().rstrip(".")


def read_allowed(words: str) -> Allowed:
    """`intranet.example`, `10.1.0.0/16`, `127.0.0.1:8080`, `[::1]:80` as a line of the allow-list. Raises ConfigError."""
    text = words.strip().lower()
    host, port = _split_port(text)
    if not host:
        raise ConfigError(
            f"allow_private: {words!r} names no host; write a host, an address or a network like 10.0.0.0/8"
        )
    try:
        return Allowed(host=None, network=ipaddress.ip_network(host), port=port)
    except ValueError as error:
        if "/" in host or not any(char.isalpha() for char in host):
            raise ConfigError(f"allow_private: {words!r} is neither a host nor a network: {error}") from error
    return Allowed(host=host.rstrip("."), network=None, port=port)


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        tail = rest.removeprefix(":")
        return host, int(tail) if tail.isdecimal() else None
    host, colon, port = text.rpartition(":")
    if colon and ":" not in host and port.isdecimal():
        return host, int(port)
    return text, None


class Guard:
    """Decides for one fetcher which addresses may be reached."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._allowed = tuple(read_allowed(words) for words in allow_private)
        # Addresses that allow-listed *names* resolved to: the socket factory sees no names.
        self._by_name: set[str] = set()

    def check(self, *, host: str, address: str, port: int) -> None:
        """Raises RefusedAddressError unless `address`, which `host` stands for, may be reached."""
        ip = _ip(address.partition("%")[0])
        if ip is None:
            raise RefusedAddressError(f"{host}: {address} is no address")
        if any(line.covers(host=host, ip=ip, port=port) for line in self._allowed):
            self._by_name.add(str(ip))
            return
        why = refusal(ip)
        if why:
            named = "" if host == address else f"{host}: "
            raise RefusedAddressError(f"{named}{why}; list it under allow_private if it is yours")

    def check_url(self, url: URL) -> None:
        """Raises RefusedAddressError for other schemes, and for literal addresses that must not be reached."""
        if url.scheme not in {"http", "https"}:
            raise RefusedAddressError(
                f"only http and https are fetched, not {url.scheme or 'an address without scheme'}"
            )
        if not url.host:
            raise RefusedAddressError("an address without a host")
        if _ip(url.host.partition("%")[0]) is None:
            return  # a name; decimal, octal and hex forms too: the resolver turns those into addresses
        self.check(host=url.host, address=url.host, port=url.port or 80)

    def covers(self, url: URL) -> bool:
        """Whether this place is on the allow-list, and so the operator's own."""
        if not self._allowed:
            return False
        ip = _ip(url.host or "") or ipaddress.IPv4Address(0)
        return any(line.covers(host=url.host or "", ip=ip, port=url.port or 80) for line in self._allowed)

    def socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """A socket for an address that was checked; the last of the three checks."""
        family, kind, protocol, _, place = info
        address = str(place[0]).partition("%")[0]
        if address not in self._by_name:
            self.check(host=address, address=address, port=int(place[1]))
        return socket.socket(family=family, type=kind, proto=protocol)


class CheckedResolver(AbstractResolver):
    """Resolves names by another resolver and lets only permitted addresses through: a name with one bad address is refused."""

    def __init__(self, resolver: AbstractResolver, guard: Guard) -> None:
        self._resolver = resolver
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            self._guard.check(host=host, address=result["host"], port=port)
        return found

    async def close(self) -> None:
        await self._resolver.close()
