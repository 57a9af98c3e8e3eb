"""`monitor watch` shows the newest first in every language, fits the screen, and ends on Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.cli.watch import View
from monitor.store import Store
from tests.pipeline.test_pipeline import SAYS, World
from tests.rows import NOW


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """In each language a turn of Washington, from support to opposition."""
    path = tmp_path / "monitor.db"
    with Store.open(str(path)) as store:
        world = World(store)
        for language, says in sorted(SAYS.items()):
            world.tell("one", f"{language}1", f"{says['support']} \x1b]0;bad\x07 {language}")
            world.tell("two", f"{language}2", f"{says['oppose']} {language}")
    return path


def once(database: Path, *words: str) -> Result:
    environ = {"MONITOR_DATABASE_URL": f"sqlite:///{database}", "COLUMNS": "80", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["watch", "--once", *words], env=environ)


def test_a_frame_has_status_changes_and_events_with_quotes_in_three_languages(database: Path) -> None:
    shown = once(database).stdout
    assert all(word in shown for word in ("CRITICAL", "changes", "events", "support → oppose", "USA"))
    assert all(word in shown for word in ("واشنطن ترفض", "Washington rejects", "Вашингтон отвергает"))
    assert "\x1b" not in shown
    assert shown.index("e6") < shown.index("e5"), "newest first"


def test_filters_and_an_empty_database(database: Path, tmp_path: Path) -> None:
    assert "none yet" in once(database, "--actor", "RUS").stdout
    Store.open(str(tmp_path / "empty.db")).close()
    assert once(tmp_path / "empty.db").stdout.count("none yet") == 2
    assert once(tmp_path / "nowhere.db").exit_code == 1


@pytest.mark.parametrize(("width", "height"), [(80, 24), (30, 8), (200, 60), (10, 1)])
def test_a_frame_fits_the_screen(database: Path, width: int, height: int) -> None:
    with Store.open(str(database)) as store:
        frame = View(store, topic=None, actor=None, started_at=NOW).frame(NOW, height=height)
    screen = Console(width=width, height=height, record=True, file=io.StringIO())
    screen.print(frame)
    lines = screen.export_text().splitlines()
    assert 0 < len(lines) <= height


def test_what_came_since_the_start_is_marked(database: Path) -> None:
    with Store.open(str(database)) as store:
        screen = Console(width=80, record=True, file=io.StringIO())
        screen.print(View(store, topic=None, actor=None, started_at=NOW + timedelta(days=6)).frame(NOW, height=60))
        marked = [line.split()[1] for line in screen.export_text().splitlines() if line.startswith("* ")]
    assert "e6" in marked
    assert "e1" not in marked


def test_it_lives_in_a_terminal_and_ends_on_ctrl_c(database: Path) -> None:
    ours, theirs = pty.openpty()
    environ = os.environ | {
        "MONITOR_DATABASE_URL": f"sqlite:///{database}",
        "TERM": "xterm",
        "COLUMNS": "80",
        "LINES": "24",
    }
    command = [sys.executable, "-m", "monitor", "watch", "--every", "0.2"]
    # A shell that runs the suite in the background has Ctrl-C ignored, and children inherit that.
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 30
    while seen.count(b"changes") < 2 and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 65_536)
    process.send_signal(signal.SIGINT)
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):  # the terminal is gone with the process
                seen += os.read(ours, 65_536)
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert "Washington rejects" in seen.decode("utf-8", "replace")
