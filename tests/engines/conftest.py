import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store


@pytest.fixture
def store(tmp_path: Path, empty_file: Path) -> Iterator[Store]:
    """The local engine is for SQLite."""
    shutil.copy(empty_file, tmp_path / "monitor.db")
    with Store.open(str(tmp_path / "monitor.db")) as opened:
        yield opened
