"""A daemon that is killed at random moments loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Delivery, DeliveryState, StanceChange
from monitor.store import Store
from monitor.store.checking import check
from monitor.store.database import Database
from tests.databases import Postgres
from tests.engines.world import ACTORS, daemon, served

pytestmark = pytest.mark.timeout(
    400 + 20 * int(os.environ.get("MONITOR_KILLS", "0"))
)  # seconds on an idle machine, minutes on a busy one
KILLS = int(os.environ.get("MONITOR_KILLS", "20"))
WORKER_KILLS = int(os.environ.get("MONITOR_KILLS", "4"))
CUTS = int(os.environ.get("MONITOR_CUTS", "3"))  # of all connections at once; every third is followed by a restart
SEED = int(os.environ.get("MONITOR_SEED", "1"))
LONGEST = 350 + 10 * max(KILLS, CUTS)


def known(url: str) -> dict[str, Any]:
    """What the database holds, by names that do not depend on the order in which rows were made."""
    with Store.open(url) as store:
        events = store.events()
        urls = {row.id: row.url for row in events}
        return {
            "articles": Counter((row.url, row.version, row.relevant) for row in store.articles()),
            "findings": Counter(
                (row.url, found.topic, found.gate, len(found.events))
                for row in store.articles()
                for found in store.findings(row.id)
            ),
            "events": Counter((row.url, row.event, row.voice, row.verdict, row.verdict_reason) for row in events),
            "changes": Counter((urls[row.change.cause], told(row.change, urls)) for row in store.changes()),
            "tracks": Counter(
                (track.holder, track.stance, track.since, track.challenger is None) for track in store.tracks()
            ),
            "deliveries": Counter(
                (row.level, row.outcome, row.channel, urls[store.change(row.change_id).change.cause])
                for row in store.deliveries()
            ),
        }


def told(change: StanceChange, urls: Mapping[int, str | None]) -> str:
    """The whole change, but for the numbers of its rows and the moment at which somebody looked."""
    plain = change.model_dump(mode="json")
    for side in ("before", "after"):
        report = plain[side]
        report["event_id"], report["article_id"], report["seen_at"] = urls[report["event_id"]], None, None
    return json.dumps(plain, sort_keys=True)


def whole(folder: Path, base: str, *, stages: int) -> dict[str, Any]:
    """The same world, followed by one process that nobody kills."""
    folder.mkdir()
    urllib.request.urlopen(f"{base}/stage/{stages - 1}", timeout=10).close()
    asyncio.run(daemon(folder, base, stage=stages, once=True))
    return known(str(folder / "monitor.db"))


def assert_sent_once_or_twice(url: str, folder: Path) -> None:
    """Each stage of each change is decided once; what is sent depends on when it was found: old turns are no news."""
    with Store.open(url) as store:
        alone, grouped = store.deliveries(channel="log"), store.deliveries(channel="grouped")
        changes = store.changes()
    for rows, outbox in ((alone, folder / "outbox.jsonl"), (grouped, folder / "grouped.jsonl")):
        assert {row.change_id for row in rows} == {row.id for row in changes}
        unsure = {row.message_key for row in rows if row.state is DeliveryState.UNCONFIRMED}
        assert {row.state for row in rows} <= {DeliveryState.SENT, DeliveryState.SKIPPED, DeliveryState.UNCONFIRMED}
        sent = Counter(row.key for row in rows if row.state is DeliveryState.SENT)
        assert max(sent.values(), default=1) == 1
        written = [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []
        messages = Counter(line["key"] for line in written)
        assert set(messages) - unsure == {row.message_key for row in rows if row.state is DeliveryState.SENT}
        assert max(messages.values(), default=1) <= 2, "at least once, and at most twice"
    tell(alone, grouped, folder)


def tell(alone: Sequence[Delivery], grouped: Sequence[Delivery], folder: Path) -> None:
    """The figures of a long run, for whoever asked for it."""
    if "MONITOR_KILLS" not in os.environ:
        return
    for name, rows in (("outbox", alone), ("grouped", grouped)):
        out = folder / f"{name}.jsonl"
        lines = out.read_text().splitlines() if out.exists() else []
        sent = [row for row in rows if row.state is DeliveryState.SENT]
        unsure = sum(row.state is DeliveryState.UNCONFIRMED for row in rows)
        repeats = len(lines) - len({json.loads(line)["key"] for line in lines})
        told = f"{len(sent)} alerts sent in {len(lines)} messages, {repeats} of them repeats, {unsure} unconfirmed"
        sys.stderr.write(f"{name}: {told}\n")


def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    with served() as base:
        command = [sys.executable, "-m", "tests.engines.world", str(folder), base, str(KILLS), "1"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST)
        expected = whole(tmp_path / "whole", base, stages=KILLS + 1)
    after = known(str(folder / "monitor.db"))
    assert sum(after["articles"].values()) == (KILLS + 1) * len(ACTORS)
    assert after == expected
    assert after["changes"]
    assert_sent_once_or_twice(str(folder / "monitor.db"), folder)


def worked_by_many(folder: Path, base: str, *, url: str, kills: int, seed: int = 1, skew_minutes: float = 0) -> None:
    folder.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.engines.world",
        str(folder),
        base,
        str(kills),
        str(seed),
        url,
        str(skew_minutes),
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=LONGEST)
    assert done.returncode == 0, done.stderr[-3000:].decode()


def test_four_workers_with_wrong_clocks_killed_at_random_give_what_one_process_gives(
    tmp_path: Path, postgres: Postgres
) -> None:
    """Each clock is ten minutes from the next one's."""
    folder, url = tmp_path / "killed", postgres.fresh()
    with served() as base:
        worked_by_many(folder, base, url=url, kills=WORKER_KILLS, seed=SEED, skew_minutes=5)
        expected = whole(tmp_path / "whole", base, stages=WORKER_KILLS + 1)
    after = known(url)
    assert after == expected
    assert_sent_once_or_twice(url, folder)
    assert_sound(url)


def trouble_in_the_middle(postgres: Postgres, over: threading.Event) -> tuple[int, int]:
    """Once there are events: cuts every connection at random moments, and restarts the server; (cuts, restarts)."""
    deadline = time.monotonic() + 100
    while postgres.sql("SELECT count(*) FROM event") == [(0,)]:
        assert time.monotonic() < deadline
        over.wait(0.01)
    chance, cut = random.Random(SEED), 0
    for number in range(CUTS):
        cut += len(postgres.sql(_CUT))
        if number % 3 == 1:
            postgres.restart()
        over.wait(chance.uniform(0.05, 0.6))
    return cut, (CUTS + 1) // 3


_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'monitor' AND pid <> pg_backend_pid()"


def test_workers_outlive_connections_that_are_cut_and_a_database_that_is_restarted(
    tmp_path: Path, postgres: Postgres
) -> None:
    folder, url, over = tmp_path / "restarted", postgres.fresh(), threading.Event()
    kills = max(3, CUTS // 3)
    with served() as base:
        with ThreadPoolExecutor(1) as aside:
            troubled = aside.submit(trouble_in_the_middle, postgres, over)
            try:
                worked_by_many(folder, base, url=url, kills=kills, seed=SEED)
            finally:
                over.set()
            cut, restarts = troubled.result()
        expected = whole(tmp_path / "whole", base, stages=kills + 1)
    after = known(url)
    assert cut
    assert restarts
    assert after == expected
    assert_sent_once_or_twice(url, folder)
    assert_sound(url)


def assert_sound(url: str) -> None:
    with Database(url) as database:
        assert [fault for each in check(database) for fault in each.faults] == []
