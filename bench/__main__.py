"""`python -m bench` (`make bench`): every benchmark in turn; the peers run in the same run. Figures depend on the machine."""

from __future__ import annotations

import subprocess
import sys

PARTS = ("bench.analyze", "bench.collect", "bench.scale")


def main() -> None:
    for part in PARTS:
        sys.stdout.write(f"\n== {part}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", part], check=True)


if __name__ == "__main__":
    main()
