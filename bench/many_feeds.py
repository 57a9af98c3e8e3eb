"""What a poll costs with 1,000, 5,000 and 20,000 feeds in one process, and how much memory that takes.

    python -m bench.many_feeds [--feeds 1000 5000 20000] [--entries 3] [--json]

Few entries a feed: how many feeds there are is what is asked here. CPU of all processes, in milliseconds a poll; a
scheduler whose cost grew with the number of feeds would show in the unchanged poll.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from bench.collect import run, server

_MOST_MB = 500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, nargs="+", default=[1_000, 5_000, 20_000])
    parser.add_argument("--entries", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["BENCH_ENTRIES"] = str(options.entries)
    rows = []
    for feeds in options.feeds:
        with server() as port:
            result = run("monitor", port=port, feeds=feeds, latency=0)
        if result is None:
            return 1
        costs = [1_000 * poll["cpu"] / feeds for poll in result["polls"]]
        rows.append({"feeds": feeds, "cpu_ms": costs, "new": result["polls"][0]["new"], "peak_mb": result["peak_mb"]})
        if not options.json:
            print(
                f"{feeds:6} feeds: first poll {costs[0]:.2f}, unchanged {costs[1]:.2f}, 5 % changed {costs[2]:.2f} ms of CPU each; "
                f"{rows[-1]['new']} articles, peak {result['peak_mb']:.0f} MB",
                flush=True,
            )
    if options.json:
        print(json.dumps(rows, indent=2))
    return 0 if all(row["peak_mb"] <= _MOST_MB for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
