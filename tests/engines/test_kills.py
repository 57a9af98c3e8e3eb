"""A daemon that is killed at random moments loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.model import DeliveryState
from monitor.store import Store
from tests.engines.world import ACTORS, daemon, served

KILLS = int(os.environ.get("MONITOR_KILLS", "25"))


def known(folder: Path) -> dict[str, Any]:
    """What the database holds, by names that do not depend on the order in which rows were made."""
    with Store.open(str(folder / "monitor.db")) as store:
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


@pytest.mark.parametrize("seed", [1])
def test_kill_9_at_random_moments_loses_nothing_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    with served() as base:
        command = [sys.executable, "-m", "tests.engines.world", str(killed), base, str(KILLS), str(seed)]
        subprocess.run(command, check=True, capture_output=True, timeout=110)
        urllib.request.urlopen(f"{base}/stage/{KILLS - 1}", timeout=10).close()
        asyncio.run(daemon(whole, base, stage=KILLS, once=True))
    after, expected = known(killed), known(whole)
    assert sum(after["articles"].values()) == KILLS * len(ACTORS)
    assert after == expected
    messages = Counter(json.loads(line)["key"] for line in (killed / "outbox.jsonl").read_text().splitlines())
    assert set(after["deliveries"]) <= {(level, DeliveryState.SENT) for level, _ in after["deliveries"]}
    assert len(messages) == sum(after["deliveries"].values()) > 0
    assert max(messages.values()) <= 2, "at least once, and at most twice"
