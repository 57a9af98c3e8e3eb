"""A daemon that is killed at random moments loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Delivery, DeliveryState
from monitor.store import Store
from tests.databases import Postgres
from tests.engines.world import ACTORS, daemon, served

pytestmark = pytest.mark.timeout(400)  # seconds on an idle machine, minutes on a busy one
KILLS = int(os.environ.get("MONITOR_KILLS", "20"))
WORKER_KILLS = int(os.environ.get("MONITOR_KILLS", "4"))


def known(url: str) -> dict[str, Any]:
    """What the database holds, by names that do not depend on the order in which rows were made."""
    with Store.open(url) as store:
        events = store.events()
        urls = {row.id: row.url for row in events}
        return {
            "articles": Counter((row.url, row.version, row.relevant) for row in store.articles()),
            "events": Counter((row.url, row.event.holder, row.event.stance, row.verdict) for row in events),
            "changes": Counter(
                (urls[row.change.cause], row.change.holder, row.change.before.event.stance, row.change.level)
                for row in store.changes()
            ),
            "tracks": Counter((track.holder, track.stance, track.since) for track in store.tracks()),
        }


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
        assert {row.state for row in rows} <= {DeliveryState.SENT, DeliveryState.SKIPPED}
        sent = Counter(row.key for row in rows if row.state is DeliveryState.SENT)
        assert max(sent.values(), default=1) == 1
        written = [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []
        messages = Counter(line["key"] for line in written)
        assert set(messages) == {row.message_key for row in rows if row.state is DeliveryState.SENT}
        assert max(messages.values(), default=1) <= 2, "at least once, and at most twice"
    tell(alone, grouped, folder)


def tell(alone: Sequence[Delivery], grouped: Sequence[Delivery], folder: Path) -> None:
    """The figures of a long run, for whoever asked for it."""
    if "MONITOR_KILLS" not in os.environ:
        return
    for name, rows in (("outbox", alone), ("grouped", grouped)):
        lines = (folder / f"{name}.jsonl").read_text().splitlines()
        sent = [row for row in rows if row.state is DeliveryState.SENT]
        repeats = len(lines) - len({json.loads(line)["key"] for line in lines})
        sys.stderr.write(f"{name}: {len(sent)} alerts sent in {len(lines)} messages, {repeats} of them repeats\n")


def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    with served() as base:
        command = [sys.executable, "-m", "tests.engines.world", str(folder), base, str(KILLS), "1"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=350)
        expected = whole(tmp_path / "whole", base, stages=KILLS)
    after = known(str(folder / "monitor.db"))
    assert sum(after["articles"].values()) == KILLS * len(ACTORS)
    assert after == expected
    assert after["changes"]
    assert_sent_once_or_twice(str(folder / "monitor.db"), folder)


def worked_by_many(folder: Path, base: str, *, url: str, kills: int) -> None:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.engines.world", str(folder), base, str(kills), "1", url]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=350)
    assert done.returncode == 0, done.stderr[-3000:].decode()


def test_four_workers_killed_at_random_give_what_one_process_gives(tmp_path: Path, postgres: Postgres) -> None:
    folder, url = tmp_path / "killed", postgres.fresh()
    with served() as base:
        worked_by_many(folder, base, url=url, kills=WORKER_KILLS)
        expected = whole(tmp_path / "whole", base, stages=WORKER_KILLS + 1)
    after = known(url)
    assert after == expected
    assert_sent_once_or_twice(url, folder)


def restart_in_the_middle(postgres: Postgres) -> None:
    deadline = time.monotonic() + 60
    with Store.open(postgres.url) as store:
        while not store.events():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    postgres.restart()


def test_workers_outlive_a_database_that_is_restarted_under_them(tmp_path: Path, postgres: Postgres) -> None:
    folder, url = tmp_path / "restarted", postgres.fresh()
    with served() as base:
        with ThreadPoolExecutor(1) as aside:
            restarted = aside.submit(restart_in_the_middle, postgres)
            worked_by_many(folder, base, url=url, kills=3)
            restarted.result()
        expected = whole(tmp_path / "whole", base, stages=4)
    after = known(url)
    assert after == expected
    assert_sent_once_or_twice(url, folder)
