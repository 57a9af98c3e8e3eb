"""Runs the commands that the guide shows and puts their real output below them: `python docs/refresh.py`.

A block that starts with `$ monitor …` is run in a scratch folder on the database that `monitor demo` leaves there.
`<!-- lines: 20 -->` on the line before a block keeps the first twenty lines of its output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
MONITOR = Path(sys.executable).with_name("monitor")
BLOCK = re.compile(
    r"(?:<!-- lines: (?P<lines>\d+) -->\n)?```console\n\$ (?P<command>monitor [^\n]*)\n(?P<output>.*?)```", re.DOTALL
)
_PORT = re.compile(r"127\.0\.0\.1:\d{4,5}")


def refreshed(text: str, *, folder: Path) -> str:
    """The page with the output of each of its commands as it is today."""

    def block(match: re.Match[str]) -> str:
        kept = int(match["lines"]) if match["lines"] else None
        lines = output(match["command"], folder=folder)
        if kept is not None and len(lines) > kept:
            lines = [*lines[:kept], "…"]
        mark = f"<!-- lines: {kept} -->\n" if kept is not None else ""
        return f"{mark}```console\n$ {match['command']}\n" + "".join(f"{line}\n" for line in lines) + "```"

    return BLOCK.sub(block, text)


def output(command: str, *, folder: Path) -> list[str]:
    """What the command prints at 80 columns, without trailing blanks and without what differs from run to run."""
    environ = {
        **os.environ,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "MONITOR_DATABASE_URL": f"sqlite:///{folder / 'demo' / 'demo.db'}",
    }
    done = subprocess.run(
        [MONITOR, *shlex.split(command)[1:]], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    told = (done.stdout + done.stderr).replace(str(folder), ".")
    lines = [_PORT.sub("127.0.0.1:8080", line.rstrip()) for line in told.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return [*lines, f"(exit code {done.returncode})"] if done.returncode else lines


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run(
            [MONITOR, "demo", "--out", str(folder / "demo")], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (folder / "feeds.yaml").write_text((DOCS.parent / "feeds.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        for page in sorted(DOCS.glob("*.md")):
            before = page.read_text(encoding="utf-8")
            after = refreshed(before, folder=folder)
            if after != before:
                page.write_text(after, encoding="utf-8")
                sys.stdout.write(f"{page.name} refreshed\n")


if __name__ == "__main__":
    main()
