"""Feeds cannot make the collector reach what is not theirs to reach."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from monitor.model import ConfigError, Health
from monitor.sources.addresses import CheckedResolver, Guard, RefusedAddressError, read_allowed, refusal
from monitor.sources.fetch import Fetched, Fetcher
from tests.sources.edge import PATIENT, run_against
from tests.sources.hostile import Hostile


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "private"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "carrier"),
        ("100.100.100.200", "carrier"),
        ("169.254.169.254", "metadata"),
        ("168.63.129.16", "metadata"),
        ("192.0.0.192", "protocol assignment"),
        ("198.18.0.1", "benchmark"),
        ("192.0.2.1", "private"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::1", "loopback"),
        ("::", "unspecified"),
        ("fe80::1", "link-local"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "metadata"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "private"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("::ffff:169.254.169.254", "metadata"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("2002:7f00:1::", "6to4"),
        ("2002:a00:1::1", "6to4"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b::a9fe:a9fe", "NAT64"),
        ("64:ff9b:1::1", "translation"),
        ("2001:0:7f00:1::", "Teredo"),
    ],
)
def test_an_address_that_is_not_public_is_refused_in_words(address: str, words: str) -> None:
    assert words in (refusal(address) or "")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_permitted(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://0/",
        "http://①②⑦.0.0.1/",
    ],
)
def test_loopback_in_disguise_is_refused(url: str) -> None:
    async def work() -> Fetched:
        async with Fetcher(limits=PATIENT) as fetcher:
            return await fetcher.get(url)

    fetched = asyncio.run(work())
    assert fetched.failure is Health.REFUSED_ADDRESS or fetched.failure is Health.DNS, fetched
    assert fetched.status is None


class Rebinding(AbstractResolver):
    """Answers with a public address first and with loopback after, as a rebinding attacker's name server does."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host, host=part, port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
            for part in address.split()
        ]

    async def close(self) -> None:
        pass


def test_a_name_that_turns_to_loopback_is_refused_when_it_does() -> None:
    resolver = CheckedResolver(Rebinding("93.184.216.34", "127.0.0.1"), Guard())
    assert [found["host"] for found in asyncio.run(resolver.resolve("evil.example", 80))] == ["93.184.216.34"]
    with pytest.raises(RefusedAddressError, match=r"evil\.example: 127\.0\.0\.1 is a loopback address"):
        asyncio.run(resolver.resolve("evil.example", 80))


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    resolver = CheckedResolver(Rebinding("93.184.216.34 10.0.0.1"), Guard())
    with pytest.raises(RefusedAddressError):
        asyncio.run(resolver.resolve("evil.example", 80))


def test_a_redirect_to_a_name_of_loopback_is_refused_and_never_connected() -> None:
    async def work(server: Hostile, _: Fetcher) -> tuple[Fetched, int]:
        port = URL(server.base).port
        async with Fetcher(limits=PATIENT, allow_private=["front.example"], resolver=Rebinding("127.0.0.1")) as fetcher:
            first = await fetcher.get(f"http://front.example:{port}/to/302?to=http://inside.example:{port}/good.xml")
        return first, len(server.asked)

    fetched, asked = run_against(work)
    assert fetched.failure is Health.REFUSED_ADDRESS
    assert "inside.example" in fetched.detail
    assert asked == 1


def test_the_socket_factory_refuses_what_nobody_checked() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(RefusedAddressError):
        Guard().socket(info)
    Guard(["127.0.0.0/8:80"]).socket(info).close()


@pytest.mark.parametrize(
    ("line", "host", "address", "port", "permitted"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2", 80, False),
        ("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 22, False),
        ("10.0.0.0/8", "rss.example", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "rss.example", "192.168.0.1", 80, False),
        ("intranet.example", "intranet.example", "10.1.2.3", 443, True),
        ("Intranet.Example.", "intranet.example", "10.1.2.3", 443, True),
        ("intranet.example", "evil.example", "10.1.2.3", 443, False),
        ("[::1]:81", "::1", "::1", 81, True),
        ("::1", "::1", "::1", 80, True),
        ("fd00::/8", "v6.example", "fd12::1", 80, True),
    ],
)
def test_the_allow_list_opens_what_it_names_and_no_more(
    line: str, host: str, address: str, port: int, permitted: bool
) -> None:
    guard = Guard([line])
    if permitted:
        guard.check(host=host, address=address, port=port)
        return
    with pytest.raises(RefusedAddressError, match="allow_private"):
        guard.check(host=host, address=address, port=port)


@pytest.mark.parametrize("line", ["", "10.0.0.0/99", "300.1.1.1/8", ":80", "10.0.0.1/8"])
def test_a_line_of_the_allow_list_that_means_nothing_is_an_error(line: str) -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        read_allowed(line)
