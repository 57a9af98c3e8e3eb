"""A server of many feeds on loopback, one 127.x address each: `python -m bench.collect_server`. Prints its port.

`/feed/N` answers with 20 entries and an ETag, conditionally; `/set?edition=E&changed=P&latency=MS&entries=20` makes P per cent of the
feeds bring one new entry in edition E, and delays each answer. Hand-written protocol: its cost must not blur the figures.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

_START = datetime(2026, 11, 1, tzinfo=UTC)
_WORDS = {
    0: "قال الوزير إن الاقتراح سيناقش هذا الأسبوع في العاصمة مع شركاء بلاده وإن القرار لم يتخذ بعد. ",
    1: "The minister said that the proposal would be discussed this week in the capital with partners. ",
    2: "Министр сказал, что предложение обсудят на этой неделе в столице вместе с партнёрами страны. ",
}


class _Editions:
    def __init__(self) -> None:
        self.edition = 0
        self.changed = 0
        self.latency = 0.0
        self.entries = 20

    def of(self, feed: int) -> int:
        """The edition this feed is in: only some feeds follow the newest."""
        return self.edition if self.edition and feed % 100 < self.changed else 0


@lru_cache(maxsize=2_000)
def document(feed: int, edition: int, address: str, entries: int = 20) -> bytes:
    """The feed's document: its newest entries, 700 characters each."""
    text = _WORDS[feed % 3] * 7
    items = []
    for place in range(edition + entries, edition, -1):
        date = _START + timedelta(hours=place)
        link = f"http://{address}/article/{feed}/{place}"
        items.append(
            f"<item><title>{_WORDS[feed % 3][:60]} {feed} {place}</title><link>{link}?utm_source=rss</link>"
            f'<guid isPermaLink="false">{feed}-{place}</guid><pubDate>{date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>'
            f"<category>News</category><description><![CDATA[<p>{text}</p><p>{place}</p>]]></description></item>"
        )
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
    body = f"{head}<title>Feed {feed}</title><link>http://{address}/</link>{''.join(items)}</channel></rss>"
    return body.encode()


class _Protocol(asyncio.Protocol):
    def __init__(self, editions: _Editions) -> None:
        self._editions = editions
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            answer = self._answer(head.decode("latin-1"))
            if self._editions.latency:
                asyncio.get_running_loop().call_later(self._editions.latency, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    def _answer(self, head: str) -> bytes:
        lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        target = urlsplit(lines[0].split(" ")[1])
        if target.path == "/set":
            said = dict(parse_qsl(target.query))
            self._editions.edition = int(said["edition"])
            self._editions.changed = int(said["changed"])
            self._editions.latency = int(said["latency"]) / 1000
            self._editions.entries = int(said["entries"])
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        feed = int(target.path.rpartition("/")[2])
        edition = self._editions.of(feed)
        etag = f'"{feed}-{edition}"'
        if headers.get("if-none-match") == etag:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
        body = document(feed, edition, headers.get("host", "127.0.0.1"), self._editions.entries)
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: {etag}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def _serve() -> None:
    editions = _Editions()
    server = await asyncio.get_running_loop().create_server(lambda: _Protocol(editions), "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
