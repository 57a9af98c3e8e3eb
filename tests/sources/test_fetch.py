"""A fetch ends in time, within bounds, with an outcome that says what it was."""

from __future__ import annotations

import asyncio
import ssl
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.model import Health
from monitor.sources.fetch import Fetched, Fetcher, Limits
from monitor.sources.hosts import Hosts
from tests.sources.documents import rss
from tests.sources.edge import PATIENT, SHORT, ask, run_against
from tests.sources.hostile import BLOCKED, Hostile


@pytest.mark.parametrize(
    ("path", "health", "words"),
    [
        ("/endless", Health.TOO_LARGE, "larger than 1,000,000 bytes"),
        ("/big.xml", Health.TOO_LARGE, "larger than"),
        ("/drip", Health.TIMEOUT, "not finished within 1 s"),
        ("/silent", Health.TIMEOUT, "no data for 0.4 s"),
        ("/raw/slow-head", Health.TIMEOUT, "no data for 0.4 s"),
        ("/bomb-gzip", Health.TOO_LARGE, "after decompression"),
        ("/bomb-twice", Health.TOO_LARGE, "after decompression"),
        ("/bomb-br", Health.TOO_LARGE, "after decompression"),
        ("/bomb-zstd", Health.TOO_LARGE, "after decompression"),
        ("/bomb-layers", Health.BAD_RESPONSE, "4 layers of compression"),
        ("/bad-gzip.xml", Health.BAD_RESPONSE, "not valid gzip"),
        ("/odd-encoding.xml", Health.BAD_RESPONSE, "unknown content encoding 'rot13'"),
        ("/many-headers", Health.BAD_RESPONSE, "not valid HTTP"),
        ("/long-header", Health.BAD_RESPONSE, "not valid HTTP"),
        ("/raw/bad-chunk", Health.BAD_RESPONSE, ""),
        ("/raw/not-http", Health.BAD_RESPONSE, "not valid HTTP"),
        ("/raw/bad-status", Health.BAD_RESPONSE, "not valid HTTP"),
        ("/raw/hang-up", Health.CONNECT, "closed the connection"),
        ("/loop/0", Health.REDIRECTS, "more than 5 redirects"),
        ("/slow-loop/0", Health.TIMEOUT, "not finished within 1 s"),  # the deadline is for all hops together
        ("/nowhere", Health.REDIRECTS, "names no usable address"),
        ("/odd-location", Health.REDIRECTS, "names no usable address"),
        (f"/to/302?to={BLOCKED['metadata']}", Health.REFUSED_ADDRESS, "metadata"),
        (f"/to/302?to={BLOCKED['loopback']}", Health.REFUSED_ADDRESS, "127.0.0.2 is a loopback address"),
        (f"/to/301?to={BLOCKED['file']}", Health.REFUSED_ADDRESS, "only http and https"),
        ("/status/401", Health.FORBIDDEN, "HTTP 401 Unauthorized"),
        ("/status/403", Health.FORBIDDEN, "HTTP 403 Forbidden"),
        ("/status/404", Health.NOT_FOUND, "HTTP 404 Not Found"),
        ("/status/410", Health.GONE, "HTTP 410 Gone"),
        ("/status/451", Health.FORBIDDEN, "HTTP 451"),
        ("/status/500", Health.SERVER_ERROR, "HTTP 500"),
        ("/status/599", Health.SERVER_ERROR, "HTTP 599"),
        ("/status/418", Health.BAD_RESPONSE, "HTTP 418"),
        ("/slow-down", Health.RATE_LIMITED, "HTTP 429"),
        ("/cloudflare", Health.BOT_WALL, "Cloudflare challenge"),
        ("/cloudflare-503", Health.BOT_WALL, "Cloudflare challenge"),
        ("/wall-200", Health.BOT_WALL, "Cloudflare challenge"),
        ("/challenge-header", Health.BOT_WALL, "Cloudflare challenge"),
        ("http://127.0.0.1:1/", Health.CONNECT, "no connection to 127.0.0.1:1"),
        ("http://no-such-host.invalid/", Health.DNS, "cannot be resolved"),
        ("http://a..b/", Health.REFUSED_ADDRESS, "not a usable address"),
        ("ftp://127.0.0.1/", Health.REFUSED_ADDRESS, "only http and https"),
        ("no address at all", Health.REFUSED_ADDRESS, "only http and https"),
    ],
)
def test_a_misdeed_becomes_a_state_with_its_reason(path: str, health: Health, words: str) -> None:
    fetched = ask(path, limits=SHORT if health is Health.TIMEOUT else PATIENT)
    assert fetched.failure is health, fetched.detail
    assert words in fetched.detail


@pytest.mark.parametrize(
    "path",
    [
        "/good.xml",
        "/text-plain.xml",
        "/says-html.xml",
        "/gzip.xml",
        "/deflate.xml",
        "/br.xml",
        "/zstd.xml",
        "/says-gzip.xml",
    ],
)
def test_what_can_be_read_is_read(path: str) -> None:
    fetched = ask(path)
    assert (fetched.failure, fetched.status, fetched.body) == (None, 200, rss())


def test_a_plain_connection_to_a_port_that_speaks_no_tls_is_a_tls_failure() -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> Fetched:
        return await fetcher.get(server.at("/good.xml").replace("http:", "https:"))

    assert run_against(work).failure is Health.TLS


def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure_with_its_reason() -> None:
    async def work(_: Hostile, fetcher: Fetcher) -> Fetched:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(Path(__file__).parent / "untrusted.pem")  # self-signed, made for this test
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        async with server:
            return await fetcher.get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed")

    fetched = run_against(work)
    assert fetched.failure is Health.TLS
    assert "certificate of 127.0.0.1 is not valid" in fetched.detail
    assert "self-signed" in fetched.detail


def test_a_body_that_breaks_off_is_kept_and_marked() -> None:
    fetched = run_against(lambda server, fetcher: fetcher.get(server.at("/raw/truncated")))
    assert (fetched.failure, fetched.complete) == (None, False)
    assert fetched.body.startswith(b"<?xml")


def test_validators_make_an_unchanged_feed_cost_nothing() -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> tuple[Fetched, Fetched]:
        first = await fetcher.get(server.at("/conditional.xml"))
        return first, await fetcher.get(server.at("/conditional.xml"), etag=first.headers["etag"])

    first, second = run_against(work)
    assert (first.status, second.status, second.not_modified, second.body) == (200, 304, True, b"")


@pytest.mark.parametrize(
    ("codes", "adopted"),
    [((301,), True), ((308,), True), ((302,), False), ((301, 308), True), ((307, 301), False)],
)
def test_only_an_unbroken_row_of_permanent_redirects_is_a_move(codes: tuple[int, ...], adopted: bool) -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> tuple[Fetched, str]:
        target = server.at("/good.xml")
        address = target
        for code in reversed(codes):
            address = server.at(f"/to/{code}?to=") + address.replace("?", "%3F").replace("=", "%3D")
        return await fetcher.get(address), target

    fetched, target = run_against(work)
    assert fetched.body == rss()
    assert fetched.final_url == target
    assert fetched.moved_to == (target if adopted else None)


def test_a_temporary_hop_ends_the_permanent_part() -> None:
    async def work(server: Hostile, fetcher: Fetcher) -> Fetched:
        return await fetcher.get(server.at("/to/301?to=/to/302?to=/good.xml"))

    fetched = run_against(work)
    assert fetched.moved_to is not None
    assert fetched.moved_to.endswith("/to/302?to=/good.xml")


def test_the_user_agent_is_honest_and_carries_the_contact_and_nothing_else_of_ours() -> None:
    async def work(server: Hostile, _: Fetcher) -> dict[str, str]:
        async with Fetcher(
            contact="desk@example.org\r\nX-Evil: 1", allow_private=["127.0.0.1"], limits=PATIENT
        ) as fetcher:
            await fetcher.get(server.at("/good.xml"), etag='"a"\r\nX-Evil: 2')
        return server.asked[0][1]

    headers = run_against(work)
    assert headers["User-Agent"].startswith("StanceMonitor/")
    assert "desk@example.org" in headers["User-Agent"]
    assert "X-Evil" not in headers
    assert "Cookie" not in headers


def test_one_host_is_asked_by_few_at_once_and_with_pauses() -> None:
    async def work() -> tuple[list[float], int, int]:
        hosts = Hosts(at_once=2, spacing=0.02)
        starts: list[float] = []
        busy = most = 0

        async def use() -> None:
            nonlocal busy, most
            async with hosts.turn("news.example"):
                starts.append(asyncio.get_running_loop().time())
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0.001)
                busy -= 1

        await asyncio.gather(*(use() for _ in range(6)))
        many = Hosts(at_once=2, spacing=0)
        for count in range(600):
            async with many.turn(f"host-{count}"):
                pass
        return starts, most, len(many)

    starts, most, kept = asyncio.run(work())
    assert most <= 2
    assert all(later - earlier > 0.015 for earlier, later in pairwise(starts))
    assert kept < 600  # hosts nobody uses are forgotten


def test_a_feed_of_fifteen_megabytes_comes_through_with_the_usual_cap() -> None:
    limits = Limits(connect=5, read=5, total=20, spacing=0)
    fetched = run_against(lambda server, fetcher: fetcher.get(server.at("/big.xml")), limits=limits)
    assert fetched.failure is None
    assert len(fetched.body) > 15_000_000
