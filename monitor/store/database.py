"""Opens a database: dialect set-up, migrations, transactions, and errors as sentences."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from monitor.model import RefusedRowError, StoreError

HEAD = "0007"
"""The newest migration; a test holds it equal to Alembic's own answer. Known here so that opening a current
database does not pay for importing Alembic."""

_LOCK_WAIT_SECONDS = 30
_MIGRATION_LOCK = 7_305_001  # any number, the same in every process


class Database:
    """One database, through which reads and write transactions go."""

    def __init__(self, url: str) -> None:
        self.url = _url(url)
        self.name = self.url.render_as_string(hide_password=True)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _engine(self.url)
        # SQLite has one writer; waiting for a lock in here is fair and costs nothing, its busy handler sleeps.
        self._writer: Any = threading.Lock() if self.sqlite else nullcontext()

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        if not self.sqlite or not self.url.database:
            return None
        return Path(self.url.database.removeprefix("file:"))

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; nothing is written."""
        with self.sentences(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One view over many statements, however long they take and whoever writes meanwhile."""
        with self.sentences(), self._engine.connect() as connection:
            if not self.sqlite:  # whose transactions see one state anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. SQLite takes the write lock at its start, so it never has to upgrade."""
        with self.sentences(), self._writer, self._engine.connect() as connection:
            connection.info["write"] = True
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.info.pop("write", None)

    def open(self) -> None:
        """Reaches the database and brings it to this program's form. Raises StoreError in plain words."""
        with self.sentences():
            with self.reading() as connection:
                found = revision(connection)
            if found == HEAD:
                return
            if found is not None and found not in _known_revisions():
                raise StoreError(
                    f"{self.name} was written by a newer monitor (database form {found}, this program knows {HEAD}); "
                    "upgrade this program, or restore a backup"
                )
            if self.sqlite:
                self._use_wal()
            self._migrate()

    def _use_wal(self) -> None:
        """Readers and the writer do not wait for each other; the file remembers it. Not possible in a transaction."""
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            raise StoreError(self._sentence(str(error))) from error
        finally:
            connection.close()

    def _migrate(self) -> None:
        from alembic import command

        with self.writing() as connection:
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            if revision(connection) == HEAD:
                return  # another process was faster
            command.upgrade(_alembic(connection), "head")

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turns what a driver says into what a person can act on."""
        try:
            yield
        except (IntegrityError, DataError) as error:
            raise RefusedRowError(f"{self.name} refuses a row: {_first_line(error)}") from error
        except DBAPIError as error:
            raise StoreError(self._sentence(_first_line(error))) from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name}: {_first_line(error)}") from error

    def _sentence(self, said: str) -> str:
        for sign, words in _SIGNS.items():
            if sign in said:
                return words.format(name=self.name, folder=self.path.parent.absolute() if self.path else "")
        return f"{self.name} cannot be used: {said}"


_SIGNS = {
    "readonly database": "{name} is read-only for this user or disk; nothing was written, nothing is lost: make the "
    "file and its folder writable",
    "unable to open database": "{name} cannot be opened: does the folder {folder} exist, and may this user write in it?",
    "disk is full": "{name}: the disk is full; nothing was written, what is due stays due: make room",
    "disk I/O error": "{name}: the disk refuses to write (full, over its quota, or failing); nothing was written, what "
    "is due stays due: make room, then check the disk",
    "file is not a database": "{name} is not a database of this program; name another file in MONITOR_DATABASE_URL",
    "malformed": "{name} is damaged; restore a backup",
    "database is locked": f"{{name}} stayed locked for {_LOCK_WAIT_SECONDS} s by another program; end that, then try again",
    "No space left": "{name}: the server's disk is full; nothing was written, what is due stays due",
    "read-only transaction": "{name} is read-only (a standby?); name the primary server in MONITOR_DATABASE_URL",
    "password authentication failed": "{name}: user or password is wrong; look at MONITOR_DATABASE_URL",
    "does not exist": "{name}: no such database or user on that server; create it, or mend MONITOR_DATABASE_URL",
    "failed: No such file": "{name} cannot be reached: nothing answers at that socket; is the server running?",
    "is shutting down": "{name} is shutting down; try again when it is back",
    "not yet accepting": "{name} is starting up; try again in a moment",
    "is starting up": "{name} is starting up; try again in a moment",
    "onnection refused": "{name} cannot be reached: nothing answers at that address; is the server running?",
    "resolve host": "{name} cannot be reached: its host name is unknown; look at MONITOR_DATABASE_URL",
}


def _url(text_: str) -> URL:
    try:
        url = make_url(text_ if "://" in text_ else f"sqlite:///{text_}")
    except ArgumentError as error:
        raise StoreError(f"{text_!r} is no database address; give sqlite:///FILE or postgresql://HOST/NAME") from error
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(f"{url.get_backend_name()} is not supported; give sqlite:///FILE or postgresql://HOST/NAME")
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise StoreError("the database must be a file: its rows are shared by threads and must outlive a crash")
    return url


def _engine(url: URL) -> Engine:
    options: dict[str, Any] = {"json_serializer": _json}
    if url.get_backend_name() == "sqlite":
        options |= {"connect_args": {"timeout": _LOCK_WAIT_SECONDS, "check_same_thread": False}, "pool_size": 16}
    else:
        options |= {"pool_pre_ping": True, "pool_size": 16, "connect_args": {"connect_timeout": 10}}
    try:
        engine = create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError("PostgreSQL needs its driver: pip install 'stance-monitor[postgres]'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver starts no transaction of its own; _begin_sqlite does
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "cache_size = -16000", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("write") else "BEGIN")


def _first_line(error: SQLAlchemyError) -> str:
    origin = getattr(error, "orig", None) or error
    return str(origin).strip().partition("\n")[0]


def revision(connection: Connection) -> str | None:
    dialect = connection.dialect
    if not dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _alembic(connection: Connection | None = None) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _known_revisions() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions())
