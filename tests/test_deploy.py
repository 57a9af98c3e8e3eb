"""The files for systemd, containers and Prometheus fit the program: their commands, options and metrics exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from monitor.cli.app import app
from monitor.model import EngineRow, Queue
from monitor.standing import judge
from monitor.store import Store
from monitor.web.metrics import exposition
from tests.rows import NOW, feed

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
FROM_PROMETHEUS = {"up"}


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """What units and containers run, by file."""
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        yield unit.name, shlex.split(line)[1:]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for name in ("worker", "web"):
        yield f"compose {name}", compose["services"][name]["command"]
    (words,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    yield "Containerfile", yaml.safe_load(words)


@pytest.mark.parametrize(("where", "words"), [*command_lines()], ids=[where for where, _ in command_lines()])
def test_what_is_started_is_a_command_with_options_that_it_has(where: str, words: list[str]) -> None:
    root: Any = typer.main.get_command(app)
    command = root.commands[words[0]]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("--")} <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_is_closed_in(unit: Path) -> None:
    lines = set(unit.read_text(encoding="utf-8").splitlines())
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes", "CapabilityBoundingSet="} <= lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_reads_every_unit(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "monitor"
    program.touch(mode=0o755)
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8").replace("/opt/stance-monitor/bin/monitor", str(program))
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_metric_of_the_alert_rules_is_told(store: Store) -> None:
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    asked = {
        name
        for group in rules["groups"]
        for rule in group["rules"]
        for name in re.findall(r"\b(up|monitor_\w+)\b", rule["expr"])
    }
    assert len(asked) > 8
    assert asked <= FROM_PROMETHEUS | told(store)


def told(store: Store) -> set[str]:
    """The metrics of an installation with workers."""
    store.sync_feeds((feed("one"),), NOW)
    store.beat(EngineRow(id="e", engine="distributed", host="h", pid=1, started_at=NOW, beat_at=NOW))
    queue = Queue(waiting={"analyze": 1}, running={}, oldest_waiting_at=NOW, stalled=0, failed=0)
    status = store.status(NOW).model_copy(update={"queue": queue})
    page = exposition(status, judge(status, store.feeds(), now=NOW))
    return set(re.findall(r"^(monitor_\w+)", page, re.MULTILINE))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here: apt install prometheus")
def test_prometheus_reads_the_rules_and_they_fire_when_they_should() -> None:
    subprocess.run(["promtool", "test", "rules", "alerts.test.yaml"], cwd=DEPLOY, check=True, capture_output=True)
