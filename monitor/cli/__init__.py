"""The command `monitor`: one file per group of commands, everything heavy imported inside the command."""

from __future__ import annotations

import sys

from monitor.cli.app import app
from monitor.model import MonitorError


def main() -> None:
    """Runs the command line; an expected error becomes one sentence on stderr, never a traceback."""
    try:
        app()
    except MonitorError as error:
        from monitor.text.display import printable

        sys.stderr.write(f"monitor: {printable(str(error))}\n")
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("monitor: stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has seen enough (`monitor events | head`): that is no failure of ours.
        sys.stderr.close()
        sys.exit(0)


EXIT_FAILED = 1
