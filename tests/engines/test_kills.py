"""A daemon that is killed at random moments loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from monitor.model import DeliveryState
from monitor.store import Store
from tests.databases import Postgres
from tests.engines.world import ACTORS, daemon, served

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
            "deliveries": Counter((row.level, row.state) for row in store.deliveries()),
        }


def whole(folder: Path, base: str, *, stages: int) -> dict[str, Any]:
    """The same world, followed by one process that nobody kills."""
    folder.mkdir()
    urllib.request.urlopen(f"{base}/stage/{stages - 1}", timeout=10).close()
    asyncio.run(daemon(folder, base, stage=stages, once=True))
    return known(str(folder / "monitor.db"))


def assert_sent_once_or_twice(after: dict[str, Any], outbox: Path) -> None:
    messages = Counter(json.loads(line)["key"] for line in outbox.read_text().splitlines())
    assert {state for _, state in after["deliveries"]} == {DeliveryState.SENT}
    assert len(messages) == sum(after["deliveries"].values()) > 0
    assert max(messages.values()) <= 2, "at least once, and at most twice"


def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    with served() as base:
        command = [sys.executable, "-m", "tests.engines.world", str(folder), base, str(KILLS), "1"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=110)
        expected = whole(tmp_path / "whole", base, stages=KILLS)
    after = known(str(folder / "monitor.db"))
    assert sum(after["articles"].values()) == KILLS * len(ACTORS)
    assert after == expected
    assert_sent_once_or_twice(after, folder / "outbox.jsonl")


def worked_by_many(folder: Path, base: str, *, url: str, kills: int) -> None:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.engines.world", str(folder), base, str(kills), "1", url]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:].decode()


def test_four_workers_killed_at_random_give_what_one_process_gives(tmp_path: Path, postgres: Postgres) -> None:
    folder, url = tmp_path / "killed", postgres.fresh()
    with served() as base:
        worked_by_many(folder, base, url=url, kills=WORKER_KILLS)
        expected = whole(tmp_path / "whole", base, stages=WORKER_KILLS + 1)
    after = known(url)
    assert after == expected
    assert_sent_once_or_twice(after, folder / "outbox.jsonl")


def test_workers_outlive_a_database_that_is_restarted_under_them(tmp_path: Path, postgres: Postgres) -> None:
    folder, url = tmp_path / "restarted", postgres.fresh()
    with served() as base:
        restart = threading.Timer(1.5, postgres.restart)
        restart.start()
        worked_by_many(folder, base, url=url, kills=3)
        restart.join()
        expected = whole(tmp_path / "whole", base, stages=4)
    after = known(url)
    assert after == expected
    assert_sent_once_or_twice(after, folder / "outbox.jsonl")
