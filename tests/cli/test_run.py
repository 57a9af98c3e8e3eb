"""`monitor run` and `monitor worker` as services run them, on both databases: from a feed over HTTP to a message, and out."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.cli.worker import pace_of
from monitor.model import ConfigError, DeliveryState, Feed, Level, StoreError
from monitor.store import Store
from tests.databases import Postgres
from tests.rows import feed, known_feed

# A machine that is busy with other things takes a minute to start three processes.
pytestmark = pytest.mark.timeout(400)

SAID = (
    (30, "The State Department said the United States welcomes coordination with Russia on air strikes in Syria."),
    (6, "The State Department said the United States is suspending its talks with Russia on the ceasefire in Syria."),
)


def document() -> bytes:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><guid isPermaLink='false'>{hours}</guid><title>Talks, {hours}</title><description>WASHINGTON - {text}"
        f"</description><pubDate>{format_datetime(now - timedelta(hours=hours))}</pubDate></item>"
        for hours, text in SAID
    )
    return f"<rss version='2.0'><channel><title>Wire</title>{items}</channel></rss>".encode()


class Outside(BaseHTTPRequestHandler):
    """A feed to GET, and a heartbeat address to POST to."""

    pings: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        body = document()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.pings.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@contextmanager
def outside() -> Iterator[tuple[str, list[str]]]:
    pings: list[str] = []
    kind = type("Fresh", (Outside,), {"pings": pings})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pings
        server.shutdown()
        thread.join()


class Service:
    """A process with a folder for its settings, and what it told systemd."""

    def __init__(self, folder: Path, url: str, base: str, *words: str) -> None:
        self._systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._systemd.bind(str(folder / "notify"))
        settings = {
            "feeds": [{"id": "wire", "url": f"{base}/feed.xml", "publisher": "Harbour Wire", "language": "en"}],
            "channels": [{"kind": "log", "id": "outbox", "path": str(folder / "outbox.jsonl")}],
            "allow_private": ["127.0.0.1"],
            "heartbeat_url": f"{base}/ping",
            "limits": {"analyses": 1},
        }
        (folder / "feeds.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", *words, "--config", str(folder / "feeds.yaml"), "--database", url],
                env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
                stdout=log,
                stderr=log,
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]

    def told_systemd(self) -> list[str]:
        told = []
        self._systemd.setblocking(False)
        while True:
            try:
                told.append(self._systemd.recv(4096).decode())
            except BlockingIOError:
                return told

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=100)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._systemd.close()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 200
        while not holds():
            assert self.process.poll() is None, self._log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, self._log.read_text(encoding="utf-8")
            time.sleep(0.05)


@contextmanager
def service(folder: Path, url: str, base: str, *words: str) -> Iterator[Service]:
    running = Service(folder, url, base, *words)
    try:
        yield running
    finally:
        running.kill()


def sent(store: Store) -> bool:
    try:
        return any(row.state is DeliveryState.SENT for row in store.deliveries())
    except StoreError:
        return False


def wire(base: str) -> Feed:
    return feed("wire", url=f"{base}/feed.xml", publisher="Harbour Wire")


@contextmanager
def watched(store: Store, feed_: Feed) -> Iterator[None]:
    """The feed was polled before: what it shows now is news, and no baseline."""
    known_feed(store, feed_, at=datetime.now(UTC))
    yield


def waiting(url: str) -> dict[str, int]:
    with Store.open(url) as store:
        queue = store.status(datetime.now(UTC)).queue
    return queue.waiting if queue else {}


def assert_followed(store: Store, lines: list[dict[str, Any]], outbox: Path) -> None:
    """One turn, one message, and in the log one id from the feed to it."""
    (change,) = store.changes()
    assert (change.change.holder, change.change.level) == ("USA/state", Level.CONFIRMED)
    (message,) = outbox.read_text(encoding="utf-8").splitlines()
    of_article = {line["event"]: line for line in lines if line.get("article") == change.change.after.article_id}
    assert of_article.keys() == {"new article", "analyzed", "stance changed", "delivered"}
    assert of_article["delivered"]["key"] == json.loads(message)["key"]
    assert of_article["delivered"]["change"] == of_article["stance changed"]["change"] == change.id


def test_run_follows_an_article_from_feed_to_message_and_ends_when_asked(tmp_path: Path, empty_file: Path) -> None:
    database = shutil.copy(empty_file, tmp_path / "monitor.db")
    with (
        Store.open(str(database)) as store,
        outside() as (base, pings),
        watched(store, wire(base)),
        service(tmp_path, str(database), base, "run") as running,
    ):
        running.until(lambda: sent(store) and "/ping/start" in pings)
        assert running.end() == 0
        told = running.told_systemd()
        assert told[0].startswith("READY=1")
        assert told[-1].startswith("STOPPING=1")
        (engine,) = store.engines()
        assert engine.engine == "local"
        assert engine.stopped_at is not None
        assert_followed(store, running.lines(), tmp_path / "outbox.jsonl")


def test_on_postgresql_run_and_workers_share_the_work_and_status_tells_what_waits_for_whom(
    postgres: Postgres, tmp_path: Path
) -> None:
    """The worker polls and nothing else; what waits is seen; `monitor run` comes beside it and does the rest."""
    url, desk, polls = postgres.fresh(), tmp_path / "desk", tmp_path / "polls"
    desk.mkdir()
    polls.mkdir()
    with (
        outside() as (base, pings),
        Store.open(url) as store,
        watched(store, wire(base)),
        service(polls, url, base, "worker", "--queues", "collect,clock", "--concurrency", "2") as worker,
    ):
        worker.until(lambda: waiting(url).get("analyze") == 2)
        shown = CliRunner().invoke(app, ["status", "--database", url], env={"COLUMNS": "200"}).stdout
        told = json.loads(CliRunner().invoke(app, ["status", "--json", "--database", url]).stdout)
        assert re.search(r"2 analyze(, \d+ \w+)* waiting \(the oldest for ", shown)  # the clock's jobs come and go
        assert f"distributed on {socket.gethostname()} (pid {worker.process.pid}), last sign of life" in shown
        assert "2 waiting (the oldest for " in shown
        assert told["queue"]["waiting"]["analyze"] == 2
        assert (told["figures"]["workers"], told["figures"]["jobs_stalled"]) == (1, 0)
        with service(desk, url, base, "run") as running:
            running.until(lambda: sent(store))
            assert running.end() == 0
            systemd = running.told_systemd()
        assert worker.end(signal.SIGINT) == 0
        assert any(line.startswith("READY=1") for line in systemd)
        assert "WATCHDOG=1" in systemd
        assert systemd[-1].startswith("STOPPING=1")
        assert pings.count("/ping/start") == 2
        assert {engine.stopped_at is not None for engine in store.engines()} == {True}
        assert_followed(store, worker.lines() + running.lines(), desk / "outbox.jsonl")


def test_a_queue_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no queue 'colect'; there are clock, deliver, follow, analyze, collect"):
        pace_of("colect", 8)
