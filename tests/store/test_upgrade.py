"""A database of the first form, written by the program of that time, is upgraded on both databases: intact, and in use again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from monitor.model import DeliveryState, Level, Stance
from monitor.store import Store
from monitor.store.checking import check
from monitor.store.database import HEAD, Database, _alembic
from tests.databases import Postgres
from tests.pipeline.test_pipeline import SAYS, World
from tests.rows import HOUR, NOW, entry

_WRITTEN = Path(__file__).with_name("form_0001.sql")


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(_WRITTEN.read_text(encoding="utf-8"))
        if request.param == "sqlite":
            return f"sqlite:///{path}"
        server: Postgres = request.getfixturevalue("postgres")
        url = server.another(template="template0")
        moved_as_it_was(old, url)
    return url


def moved_as_it_was(old: sqlite3.Connection, url: str) -> None:
    """The first form on PostgreSQL, with the same rows."""
    import psycopg

    with Database(url) as database, database.writing() as new:
        command.upgrade(_alembic(new), "0001")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET session_replication_role = replica")
        flags = set(
            connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'boolean'"
            ).fetchall()
        )
        names = [name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if name == "alembic_version" or name.startswith("sqlite_"):
                continue
            rows = old.execute(f'SELECT * FROM "{name}"')
            columns = [each[0] for each in rows.description]
            places = ", ".join(["%s"] * len(columns))
            quoted = ", ".join(f'"{column}"' for column in columns)
            for row in rows:
                values = [
                    bool(v) if (name, c) in flags and v is not None else v for c, v in zip(columns, row, strict=True)
                ]
                connection.execute(f'INSERT INTO "{name}" ({quoted}) VALUES ({places})'.encode(), values)
            if "id" in columns and name not in {"feed", "heartbeat"}:
                connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), coalesce(max(id), 0) + 1, false) FROM {name}".encode()
                )


def test_it_is_brought_to_the_new_form_with_every_row(old_url: str) -> None:
    with Database(old_url) as database:
        (form,) = check(database)
        assert "it has form 0001" in form.faults[0]
    with Store.open(old_url) as store:
        assert [row.event.quote for row in store.events()] == [
            "واشنطن تؤيد",
            "Вашингтон поддерживает",
            "Washington supports",
            "واشنطن ترفض",
            "Вашингтон отвергает",
        ]
        (change,) = store.changes()
        assert (change.change.level, change.change.publishers) == (Level.CONFIRMED, ("One", "Three"))
        assert [track.stance for track in store.tracks()] == [Stance.OPPOSE]
        assert [row.state for row in store.deliveries()] == [DeliveryState.WAITING] * 2
        assert {row.feed.id: row.articles for row in store.feeds()} == {"one": 2, "two": 2, "three": 2}
        status = store.status(NOW + 2 * HOUR)
        assert (status.articles, status.relevant, status.articles_due) == (6, 5, 1)
        if store.path is None:
            store.make_queue()
    with Database(old_url) as database:
        found = list(check(database))
    assert [fault for each in found for fault in each.faults] == []
    assert found[0].looked_at


def test_it_goes_on_where_the_old_program_stopped(old_url: str) -> None:
    """What was due is read and sent, what is known is not stored again, what is new is; old words are found."""
    with Store.open(old_url) as store:
        world = World(store)
        world.clock.forward(3 * HOUR)
        assert store.due_articles(world.clock()) == (6,)
        asyncio.run(world.everything())
        assert len(store.events()) == 6
        assert {row.state for row in store.deliveries()} == {DeliveryState.SENT}
        again = entry("en-1", SAYS["en"]["support"] + ". en", title="Title en", published_at=NOW - 40 * HOUR)
        world.shows("three", again)
        world.shows("two", entry("fresh", "Moscow rejects it too", published_at=NOW))
        world.clock.forward(5 * HOUR)
        asyncio.run(world.everything())
        assert [row.id for row in store.articles()][-1] == 7
        assert len(store.articles()) == 7
        assert store.tracks()[0].actor == "RUS"


def test_the_form_it_was_written_in_is_the_first() -> None:
    assert HEAD > "0001"
    assert "INSERT INTO \"alembic_version\" VALUES('0001')" in _WRITTEN.read_text(encoding="utf-8")
