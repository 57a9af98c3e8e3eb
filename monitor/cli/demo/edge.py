"""The outside of the demo, on loopback: a web server for the feeds, a mail server that writes messages to a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.controller import Controller

from monitor.cli.demo.world import World, etag
from monitor.text.display import one_line


@asynccontextmanager
async def feed_server(world: World, *, clock: Callable[[], datetime]) -> AsyncIterator[str]:
    """Serves every feed of `world` as it stands at `clock()`; yields the base address."""
    application = web.Application()
    base = ""

    def route(language: Any, feed: Any) -> Callable[[web.Request], Any]:
        kind = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}[
            feed.format
        ]

        async def serve(request: web.Request) -> web.Response:
            body = world.document(feed, language=language, now=clock(), base=base)
            headers = {"ETag": etag(body)}
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
            return web.Response(body=body, content_type=kind, headers=headers)

        return serve

    for language, feed in world.feeds:
        application.router.add_get(feed.url_path, route(language, feed))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = "http://127.0.0.1:%d" % runner.addresses[0][1]  # noqa: UP031
    try:
        yield base
    finally:
        await runner.cleanup()


class _AnyPort(Controller):
    """A controller on a port that the system picks: the library's own start knocks at the port it was given, 0."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Mailbox:
    """A mail server on loopback whose letters are files; `with Mailbox(folder) as mailbox: mailbox.port`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: list[Path] = []
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

    def __enter__(self) -> Mailbox:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        content: bytes = envelope.content
        subject = one_line(str(message_from_bytes(content, policy=modern)["subject"] or "no subject"))
        safe = "".join(char if char.isalnum() else "-" for char in subject)[:60].strip("-")
        path = self.folder / f"{len(self.received) + 1:03d}-{safe}.eml"
        path.write_bytes(content)
        self.received.append(path)
        return "250 kept"
