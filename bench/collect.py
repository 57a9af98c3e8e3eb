"""Polling 1,000 feeds of 20 entries: ours, the floor, and reader, in turn on one machine.

    python -m bench.collect [--feeds 1000] [--rounds 3] [--latency 0 100] [--json]

`reader` runs if it is installed, or in the Python that BENCH_READER_PYTHON names:

    python -m venv /tmp/reader && /tmp/reader/bin/pip install reader==3.26
    BENCH_READER_PYTHON=/tmp/reader/bin/python python -m bench.collect
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

_POLLS = ("first poll", "unchanged", "5 % changed")
_WANTED = {0: (0.8, 2.0, 2.0), 100: (1.3, 1.3, 1.3)}


@contextmanager
def server() -> Iterator[int]:
    """The port of a feed server that lives as long as the block."""
    process = subprocess.Popen([sys.executable, "-m", "bench.collect_server"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def run(name: str, *, port: int, feeds: int, latency: int) -> dict[str, Any] | None:
    """One contestant once; None if it is not there."""
    python = os.environ.get("BENCH_READER_PYTHON", sys.executable) if name == "reader" else sys.executable
    command = [python, "-m", "bench.collect_runs", name, str(port), str(feeds), str(latency)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} did not run: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def middle(results: list[dict[str, Any]], poll: int, what: str) -> float:
    return float(median(result["polls"][poll][what] for result in results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 100], help="milliseconds")
    parser.add_argument("--contestants", nargs="+", default=["floor", "monitor", "reader"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for latency in options.latency:
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in options.contestants}
        for _ in range(options.rounds):  # in turn, so that a busy minute hits all alike
            for name in options.contestants:
                with server() as port:
                    result = run(name, port=port, feeds=options.feeds, latency=latency)
                if result:
                    found[name].append(result)
        rows += [
            _row(name, results, found.get("floor", []), latency=latency) for name, results in found.items() if results
        ]
    print(json.dumps(rows, indent=2) if options.json else _table(rows, feeds=options.feeds))


def _row(name: str, results: list[dict[str, Any]], floor: list[dict[str, Any]], *, latency: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "latency_ms": latency, "peak_mb": median(each["peak_mb"] for each in results)}
    for poll, words in enumerate(_POLLS):
        wall, cpu = middle(results, poll, "wall"), middle(results, poll, "cpu")
        row[words] = {
            "wall": round(wall, 2),
            "cpu": round(cpu, 2),
            "new": int(middle(results, poll, "new")),
            "wall_to_floor": round(wall / middle(floor, poll, "wall"), 2) if floor else None,
            "cpu_to_floor": round(cpu / middle(floor, poll, "cpu"), 2) if floor else None,
            "wanted": _WANTED.get(latency, (None,) * 3)[poll],
        }
    return row


def _table(rows: list[dict[str, Any]], *, feeds: int) -> str:
    """A line for each contestant and latency; walls beside the floor's, which is what is promised."""
    lines = [
        f"{feeds} feeds of 20 entries: wall s / CPU s, and how many times the floor's",
        "",
        f"{'':16}" + "".join(f"{words:^34}" for words in _POLLS) + "peak MB",
    ]
    for row in rows:
        cells = "".join(_cell(row[words]) for words in _POLLS)
        lines.append(f"{row['name']:8}{row['latency_ms']:4} ms {cells}{row['peak_mb']:7.0f}")
    return "\n".join([*lines, *(_verdict(row) for row in rows if row["name"] == "monitor")])


def _cell(cell: dict[str, Any]) -> str:
    beside = f"×{cell['wall_to_floor']:.2f} / ×{cell['cpu_to_floor']:.2f}" if cell["wall_to_floor"] else ""
    return f"{cell['wall']:7.2f} / {cell['cpu']:5.2f}  {beside:17} "


def _verdict(row: dict[str, Any]) -> str:
    said = [
        f"{words} ×{cell['wall_to_floor']:.2f} {'≤' if cell['wall_to_floor'] <= cell['wanted'] else 'NOT ≤'} {cell['wanted']}"
        for words in _POLLS
        if (cell := row[words])["wanted"] and cell["wall_to_floor"]
    ]
    return f"wanted at {row['latency_ms']} ms: {', '.join(said)}" if said else ""


if __name__ == "__main__":
    main()
