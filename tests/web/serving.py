"""The application behind a real server on a free port, with a small world in its store: hostile words, three languages."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import uvicorn

from monitor.model import (
    DateQuality,
    Entry,
    Event,
    Feed,
    Finding,
    Gate,
    Language,
    Level,
    Report,
    Stance,
    StanceChange,
    Track,
)
from monitor.store import Store
from monitor.web import create_app

NOW = datetime(2016, 10, 4, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> \u202e talks"
TEXTS = {
    Language.EN: ("Kerry: we welcome the talks", "suspends the talks with Russia"),
    Language.AR: ("كيري: نرحب بالمحادثات", "تعلّق المحادثات مع روسيا"),
    Language.RU: ("Керри: мы приветствуем переговоры", "приостанавливает переговоры с Россией"),
}


class Site(NamedTuple):
    base: str
    store: Store

    def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        request = urllib.request.Request(self.base + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode(), dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)


def fill(store: Store) -> None:
    """An article a language, a change with hostile words, a track."""
    for language, (before, after) in TEXTS.items():
        feed = Feed(id=f"f-{language}", url="http://x.example", publisher=HOSTILE, language=language)
        text = f"{before}. {HOSTILE}. {after}."
        entry = Entry(title=HOSTILE, text=text, url="javascript:alert(1)", published_at=NOW, keys=(f"guid:{language}",))
        [article_id] = store.add_entries(feed, [entry], seen_at=NOW).new
        stored = store.article(article_id)
        start = text.index(after)
        event = Event(
            actor="USA", institution="state", speaker="John Kerry", stance=Stance.SUSPEND, start=start,
            end=start + len(after), quote=after, confidence=0.9, reason=HOSTILE,
        )  # fmt: skip
        early = event.model_copy(update={"stance": Stance.SUPPORT, "start": 0, "end": len(before), "quote": before})
        finding = Finding(
            topic="t", analyzer="rules", language=language, relevant=True, gate=Gate.PASSED, reason="r", events=(event,)
        )
        with store.transaction() as tx:
            tx.save_finding(stored, finding, now=NOW)
            event_id, _ = tx.save_event(stored, event, topic="t", analyzer="rules", voice="V")
            tx.analysis_done(stored)
            if language is not Language.EN:
                continue
            after_report = report(event, event_id, article_id, at=NOW)
            before_report = report(early, event_id + 1000, article_id, at=NOW - timedelta(days=1))
            change = StanceChange(
                topic="t", actor="USA", institution="state", before=before_report, after=after_report, level=Level.REPORTED,
                at=NOW, publishers=(HOSTILE,), reason=HOSTILE,
            )  # fmt: skip
            tx.save_change(change, now=NOW)
            tx.save_track(
                Track(
                    topic="t", actor="USA", institution="state", stance=Stance.SUSPEND, since=NOW, standing=after_report
                )
            )


def confirm(store: Store) -> None:
    """Raises the change from reported to confirmed."""
    [row] = store.changes()
    with store.transaction() as tx:
        tx.save_change(row.change.model_copy(update={"level": Level.CONFIRMED, "confirmed_at": NOW}), now=NOW)


def backfill(store: Store) -> None:
    """An event of an article that is older than all others."""
    feed = Feed(id="f-ru", url="http://x.example", publisher=HOSTILE, language=Language.RU)
    at, text = NOW - timedelta(days=900), "Москва готова к переговорам."
    entry = Entry(title="Старое", text=text, published_at=at, date_quality=DateQuality.OK, keys=("guid:old",))
    [article_id] = store.add_entries(feed, [entry], seen_at=NOW).new
    event = Event(
        actor="RUS", stance=Stance.SUPPORT, start=0, end=len(text), quote=text, confidence=0.9, reason="r"
    )  # fmt: skip
    with store.transaction() as tx:
        tx.save_event(store.article(article_id), event, topic="t", analyzer="rules", voice="V")


def report(event: Event, event_id: int, article_id: int, *, at: datetime) -> Report:
    return Report(
        event_id=event_id, article_id=article_id, topic="t", event=event, at=at, seen_at=at, language=Language.EN,
        publisher=HOSTILE, voice="V", title=HOSTILE, url="javascript:alert(1)",
    )  # fmt: skip


def serve(store: Store, *, token: str | None = None) -> Iterator[Site]:
    """The application behind a real server on a free port, ready when this yields."""
    server = Announcing(uvicorn.Config(create_app(store, clock=lambda: NOW, token=token), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.ready.wait(30)
    yield Site(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", store)
    server.should_exit = True
    thread.join(10)


class Announcing(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
