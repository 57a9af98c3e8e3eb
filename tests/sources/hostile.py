"""A server on loopback that does what servers on the web do to a collector, one address a misdeed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import brotli
from aiohttp import web
from backports import zstd

from tests.sources.documents import item, rss

BOMB = b"<rss>" + b"\0" * 3_000_000
BLOCKED = {
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "loopback": "http://127.0.0.2:1/",
    "file": "file:///etc/passwd",
}
CLOUDFLARE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>"


@dataclass
class Hostile:
    """Where the server is, and what it was asked."""

    base: str = ""
    raw: str = ""
    document: bytes = b""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def at(self, path: str) -> str:
        return f"{self.base}{path}"


@asynccontextmanager
async def hostile_server() -> AsyncIterator[Hostile]:
    """Serves misdeeds on a free port of 127.0.0.1 until the block ends."""
    stop = asyncio.Event()
    state = Hostile()
    app = web.Application()
    _routes(app, state, stop)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    raw = await asyncio.start_server(_raw(stop), "127.0.0.1", 0)
    state.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    state.raw = f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        stop.set()
        raw.close()
        await runner.cleanup()


def _routes(app: web.Application, state: Hostile, stop: asyncio.Event) -> None:
    def on(path: str, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
        async def remember(request: web.Request) -> web.StreamResponse:
            state.asked.append((request.path, dict(request.headers)))
            return await answer(request)

        app.router.add_get(path, remember)

    def fixed(
        body: bytes = b"", headers: Mapping[str, str] | None = None, *, status: int = 200
    ) -> Callable[[web.Request], Awaitable[web.Response]]:

        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=body, status=status, headers=headers)

        return answer

    async def status(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["code"]), text="<html>no</html>", content_type="text/html")

    async def redirect(request: web.Request) -> web.Response:
        code, target = int(request.match_info["code"]), request.query["to"]
        return web.Response(status=code, headers={"Location": target})

    async def to_raw(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{state.raw}/{request.match_info['kind']}"})

    async def loop(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"/loop/{int(request.match_info['step']) + 1}"})

    async def slow_loop(request: web.Request) -> web.Response:
        await asyncio.wait({asyncio.ensure_future(stop.wait())}, timeout=0.3)
        return web.Response(status=302, headers={"Location": f"/slow-loop/{int(request.match_info['step']) + 1}"})

    async def liar(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match"):
            return web.Response(status=304)
        return web.Response(body=state.document or rss(), headers={"ETag": '"always the same"'})

    async def conditional(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.Response(body=rss(), headers={"ETag": '"v1"', "Content-Type": "application/rss+xml"})

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not stop.is_set():
            await response.write(b"<item/>" * 10_000)
        return response

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not stop.is_set():
            await response.write(b" ")
            await asyncio.wait({asyncio.ensure_future(stop.wait())}, timeout=0.02)
        return response

    async def silent(_: web.Request) -> web.StreamResponse:
        await stop.wait()
        return web.Response()

    xml = {"Content-Type": "application/rss+xml"}
    on("/good.xml", fixed(rss(), xml))
    on("/text-plain.xml", fixed(rss(), {"Content-Type": "text/plain"}))
    on("/says-html.xml", fixed(rss(), {"Content-Type": "text/html; charset=iso-8859-1"}))
    on(
        "/page.html",
        fixed(
            b"<!doctype html><html><head><title>Hi</title></head><body>Hi</body></html>", {"Content-Type": "text/html"}
        ),
    )
    on("/big.xml", fixed(rss([item(guid=str(count), text="x" * 1_000) for count in range(15_000)]), xml))
    on("/empty", fixed(b""))
    on("/gzip.xml", fixed(gzip.compress(rss()), xml | {"Content-Encoding": "gzip"}))
    on("/deflate.xml", fixed(zlib.compress(rss())[2:-4], xml | {"Content-Encoding": "deflate"}))
    on("/br.xml", fixed(brotli.compress(rss()), xml | {"Content-Encoding": "br"}))
    on("/zstd.xml", fixed(zstd.compress(rss()), xml | {"Content-Encoding": "zstd"}))
    on("/says-gzip.xml", fixed(rss(), xml | {"Content-Encoding": "gzip"}))
    on("/bad-gzip.xml", fixed(b"\x1f\x8b\x08\0garbage", xml | {"Content-Encoding": "gzip"}))
    on("/odd-encoding.xml", fixed(rss(), xml | {"Content-Encoding": "rot13"}))
    on("/bomb-gzip", fixed(gzip.compress(BOMB), {"Content-Encoding": "gzip"}))
    on("/bomb-twice", fixed(gzip.compress(gzip.compress(BOMB)), {"Content-Encoding": "gzip, gzip"}))
    on("/bomb-layers", fixed(gzip.compress(rss()), {"Content-Encoding": "gzip, gzip, gzip, gzip"}))
    on("/bomb-br", fixed(brotli.compress(BOMB, quality=5), {"Content-Encoding": "br"}))
    on("/bomb-zstd", fixed(zstd.compress(BOMB), {"Content-Encoding": "zstd"}))
    on("/many-headers", fixed(rss(), {f"X-Flood-{count}": "x" for count in range(300)}))
    on("/long-header", fixed(rss(), {"X-Long": "x" * 20_000}))
    on("/cloudflare", fixed(CLOUDFLARE, {"Content-Type": "text/html", "Server": "cloudflare"}, status=403))
    on("/cloudflare-503", fixed(CLOUDFLARE, {"Content-Type": "text/html"}, status=503))
    on("/wall-200", fixed(CLOUDFLARE, {"Content-Type": "text/html"}))
    on("/challenge-header", fixed(b"no", {"cf-mitigated": "challenge"}, status=403))
    on("/slow-down", fixed(b"no more than once an hour", {"Retry-After": "3600"}, status=429))
    on("/nowhere", fixed(b"", status=302))
    on("/odd-location", fixed(b"", {"Location": "http://[bad/"}, status=302))
    on("/status/{code}", status)
    on("/to/{code}", redirect)
    on("/raw/{kind}", to_raw)
    on("/loop/{step}", loop)
    on("/slow-loop/{step}", slow_loop)
    on("/liar.xml", liar)
    on("/conditional.xml", conditional)
    on("/endless", endless)
    on("/drip", drip)
    on("/silent", silent)


def _raw(stop: asyncio.Event) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What no HTTP library would send."""
    body = rss([item(guid=str(count)) for count in range(20)])
    answers = {
        "truncated": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 99999\r\n\r\n" + body[:3_000],
        "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\nZZ\r\n",
        "not-http": b"SSH-2.0-OpenSSH_9.2\r\n",
        "hang-up": b"",
        "bad-status": b"HTTP/1.1 banana OK\r\n\r\n",
        "header-injection": b'HTTP/1.1 200 OK\r\nETag: "a\x00b"\r\nContent-Length: 5\r\n\r\n<rss>',
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            kind = line.split(b" ")[1].strip(b"/").decode() if b" " in line else ""
            if kind == "slow-head":
                await stop.wait()
            writer.write(answers.get(kind, b""))
            await writer.drain()
            writer.close()
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()

    return answer
