"""Signs of life reach a URL and systemd; the operator hears of each worry once; nothing of it can stop the daemon."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from monitor.channels import LogChannel, WebhookChannel
from monitor.channels.notice import notice, tell
from monitor.engines.heartbeat import Heartbeat, Ping, Pinged, Signs, Systemd, address, is_due
from monitor.engines.local import LocalEngine, run
from monitor.engines.worries import to_tell, worries
from monitor.model import ChannelTrouble, EngineRow, FeedRow, FeedState, Health, Language, Status
from monitor.standing import judge
from monitor.store import Store
from tests.engines.test_local import FAST, made, running
from tests.engines.test_local import now as real_now
from tests.fakes import Clock
from tests.rows import HOUR, NOW, feed

MINUTE = timedelta(minutes=1)


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent; answers 500 while it is told to."""

    got: ClassVar[list[tuple[str, str]]] = []
    broken: ClassVar[bool] = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.got.append((self.path, body))
        self.send_response(500 if self.broken else 200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    kind = type("Fresh", (Receiver,), {"got": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ping/abc?rid=1", kind
    server.shutdown()
    server.server_close()


def heart(store: Store, clock: Clock, **signs: object) -> Heartbeat:
    return Heartbeat(store, clock=clock, signs=Signs(**signs), systemd=Systemd({}))  # type: ignore[arg-type]


def alive(store: Store, at: datetime) -> None:
    store.beat(EngineRow(id="e", engine="local", host="h", pid=1, started_at=NOW, beat_at=at))


def state(name: str = "one", **fields: object) -> FeedState:
    return FeedState.model_validate({"feed_id": name, "health": Health.OK, "last_polled_at": NOW} | fields)


# --- the URL ------------------------------------------------------------------------------------


def test_start_then_success_at_most_every_so_often_then_fail_at_once_with_the_reason(
    store: Store, receiver: tuple[str, type[Receiver]]
) -> None:
    url, got = receiver[0], receiver[1].got
    clock = Clock()
    store.sync_feeds((feed("one"),), NOW)
    store.save_feed_state(state())
    alive(store, NOW)
    beating = heart(store, clock, url=url, every=5 * MINUTE)

    async def scenario() -> None:
        await beating.started()
        for _ in range(6):
            await beating.looked()
            clock.forward(MINUTE)
        clock.forward(HOUR)
        await beating.looked()

    asyncio.run(scenario())
    assert [path for path, _ in got] == ["/ping/abc/start?rid=1", *["/ping/abc?rid=1"] * 2, "/ping/abc/fail?rid=1"]
    assert got[1][1].startswith("OK - 1 feeds")
    assert got[-1][1].startswith("CRITICAL - the daemon gave its last sign of life")


def test_a_ping_that_was_refused_is_tried_again_at_the_next_look(
    store: Store, receiver: tuple[str, type[Receiver]]
) -> None:
    url, kind = receiver
    clock = Clock()
    kind.broken = True
    beating = heart(store, clock, url=url)

    async def scenario() -> None:
        await beating.looked()
        kind.broken = False
        clock.forward(MINUTE)
        await beating.looked()
        clock.forward(MINUTE)
        await beating.looked()

    asyncio.run(scenario())
    assert len(kind.got) == 2


def test_nobody_at_the_url_stops_nothing(store: Store) -> None:
    asyncio.run(heart(store, Clock(), url="http://127.0.0.1:1/x").started())


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://hc.test/abc", "", "https://hc.test/abc"),
        ("https://hc.test/abc/", "fail", "https://hc.test/abc/fail"),
        ("https://hc.test/abc?x=1", "start", "https://hc.test/abc/start?x=1"),
    ],
)
def test_the_address_is_healthchecks_style(url: str, kind: str, expected: str) -> None:
    assert address(url, kind) == expected


def test_a_turn_from_well_to_bad_is_told_at_once() -> None:
    last = Pinged("", NOW)
    assert not is_due(Ping("", "x"), last, now=NOW + MINUTE, every=HOUR)
    assert is_due(Ping("fail", "x"), last, now=NOW + MINUTE, every=HOUR)
    assert is_due(Ping("", "x"), last, now=NOW + HOUR, every=HOUR)


def test_one_pass_of_the_engine_pings_start_and_success(store: Store, receiver: tuple[str, type[Receiver]]) -> None:
    url, kind = receiver
    pipeline, _ = made(store)
    store.sync_feeds((feed("one"),), real_now())
    asyncio.run(run(pipeline, once=True, signs=Signs(url=url)))
    assert [path for path, _ in kind.got] == ["/ping/abc/start?rid=1", "/ping/abc?rid=1"]


# --- systemd ------------------------------------------------------------------------------------


def test_systemd_hears_ready_watchdog_and_stopping(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("n")
        ear.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", "n")

        def watched() -> bool:
            while True:
                try:
                    heard.extend(ear.recv(4096).decode().splitlines())
                except BlockingIOError:
                    return heard.count("WATCHDOG=1") >= 2

        pipeline, _ = made(store)
        asyncio.run(running(LocalEngine(pipeline, pace=FAST), watched))
        watched()
    told = [line for line in heard if not line.startswith("STATUS")]
    assert (told[0], told[-1]) == ("READY=1", "STOPPING=1")
    assert any(line.startswith("STATUS=") for line in heard)


def test_without_systemd_nothing_is_said_and_a_dead_socket_stops_nothing(tmp_path: Path) -> None:
    Systemd({}).tell("READY=1")
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")


# --- the operator -------------------------------------------------------------------------------


def test_a_feed_that_goes_bad_is_told_once_and_again_after_it_was_well(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "operator.jsonl"
    clock = Clock()
    store.sync_feeds((feed("one"), feed("two"), feed("three")), NOW)
    beating = heart(store, clock, operator=LogChannel(id="op", kind="log", path=out))

    def told() -> int:
        asyncio.run(beating.looked())
        lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
        return sum("feed one (One): dns: no such" in " ".join(json.loads(line)["lines"]) for line in lines)

    def goes(health: Health, failures: int = 0) -> None:
        clock.forward(7 * HOUR)
        alive(store, clock())
        moment = {"last_polled_at": clock(), "health": Health.OK}
        store.save_feed_state(state("two", **moment))
        store.save_feed_state(state("three", **moment))
        words = {"health": health, "failures": failures, "health_reason": "no such\x1b[31m host"}
        store.save_feed_state(state("one", **moment | words))

    goes(Health.DNS, failures=1)
    assert told() == 0, "one failure is weather"
    goes(Health.DNS, failures=3)
    assert told() == 1
    clock.forward(2 * MINUTE)
    assert told() == 1
    goes(Health.OK)
    assert told() == 1
    goes(Health.DNS, failures=4)
    assert told() == 2
    assert "\x1b" not in out.read_text(encoding="utf-8")


def test_what_could_not_be_told_is_told_later(store: Store, tmp_path: Path) -> None:
    clock = Clock()
    store.sync_feeds((feed("one"),), NOW)
    store.save_feed_state(state(health=Health.TLS, failures=5))
    folder = tmp_path / "later"
    beating = heart(store, clock, operator=LogChannel(id="op", kind="log", path=folder / "operator.jsonl"))
    asyncio.run(beating.looked())
    assert store.worries_told() == {}
    folder.mkdir()
    clock.forward(MINUTE)
    asyncio.run(beating.looked())
    assert "feed:one" in store.worries_told()


def test_a_webhook_gets_the_notice_as_an_event_of_its_own_type(receiver: tuple[str, type[Receiver]]) -> None:
    url, kind = receiver
    hook = WebhookChannel.model_validate({"id": "hook", "kind": "webhook", "url": url})
    tell(hook, notice("Двое молчат", ("المصدر\u202e صامت",)), key="operator.1")
    [(_, body)] = kind.got
    event = json.loads(body)
    assert (event["type"], event["id"]) == ("org.stance-monitor.operator", "operator.1")
    assert event["data"]["lines"] == ["المصدر صامت"]


def rows(language: Language, *, newest: timedelta, rhythm: timedelta, polled: datetime = NOW) -> tuple[FeedRow, ...]:
    made_of = feed("one", language=language)
    told = state(last_new_at=NOW - newest, rhythm=rhythm, last_polled_at=polled)
    return (FeedRow(feed=made_of, state=told, active=True),)


EMPTY = Status(
    feeds={}, feeds_due=0, articles=0, articles_due=0, articles_set_aside=0, oldest_due_at=None, relevant=0, events=0,
    changes=0, deliveries={}, oldest_waiting_at=None, last_poll_at=NOW, engines=(),
)  # fmt: skip


def found(feeds: tuple[FeedRow, ...], status: Status = EMPTY) -> set[str]:
    return set(worries(status, feeds, judge(status, feeds, now=NOW), now=NOW))


@pytest.mark.parametrize("language", [Language.AR, Language.EN, Language.RU])
def test_a_language_that_is_quiet_for_longer_than_usual_is_a_worry(language: Language) -> None:
    assert found(rows(language, newest=13 * HOUR, rhythm=HOUR)) == {f"language:{language}"}
    assert found(rows(language, newest=11 * HOUR, rhythm=HOUR)) == set(), "a night is not silence"
    assert found(rows(language, newest=13 * HOUR, rhythm=3 * HOUR)) == set(), "slow languages have longer gaps"
    away = rows(language, newest=48 * HOUR, rhythm=HOUR, polled=NOW - 48 * HOUR)
    assert found(away) == set(), "a daemon that stood still has not heard a silence"


def test_articles_that_nobody_analyzes_are_a_worry() -> None:
    waiting = EMPTY.model_copy(update={"articles_due": 3, "oldest_due_at": NOW - 31 * MINUTE})
    assert found((), waiting) == {"analysis"}


def test_a_channel_that_fails_for_an_hour_is_a_worry_and_at_once_if_another_stands_in() -> None:
    def troubled(**more: Any) -> set[str]:
        told = {"channel": "desk", "error": "refused", "waiting": 1, "diverted": 0, "since": NOW - 10 * MINUTE}
        trouble = ChannelTrouble.model_validate(told | more)
        return found((), EMPTY.model_copy(update={"channels_in_trouble": (trouble,)}))

    assert troubled() == set()
    assert troubled(since=NOW - 2 * HOUR) == {"channel:desk"}
    assert troubled(fallback="pager", diverted=2) == {"channel:desk"}


def test_an_operator_whose_channel_fails_hears_through_its_fallback(store: Store, tmp_path: Path) -> None:
    store.sync_feeds((feed("one"),), NOW)
    store.save_feed_state(state(health=Health.TLS, failures=5))
    broken = LogChannel(id="op", kind="log", path=tmp_path / "missing" / "operator.jsonl")
    stand_in = LogChannel(id="pager", kind="log", path=tmp_path / "pager.jsonl")
    asyncio.run(heart(store, Clock(), operator=broken, stand_in=stand_in).looked())
    assert "feed:one" in store.worries_told()
    assert "tls" in (tmp_path / "pager.jsonl").read_text(encoding="utf-8")


def test_a_standstill_keeps_its_name_while_its_figures_move() -> None:
    def named(hours: int) -> set[str]:
        stuck = EMPTY.model_copy(update={"last_poll_at": NOW - hours * HOUR})
        return found(rows(Language.EN, newest=HOUR, rhythm=HOUR), stuck)

    assert named(7) == named(60)
    assert len(named(7)) == 1


def test_a_worry_that_comes_and_goes_within_hours_is_told_once() -> None:
    told = {"feed:a": NOW}
    assert to_tell({}, told, now=NOW + HOUR) == ({}, ())
    assert to_tell({}, told, now=NOW + 7 * HOUR) == ({}, ("feed:a",))
    assert to_tell({"feed:b": "x"}, told, now=NOW) == ({"feed:b": "x"}, ())
