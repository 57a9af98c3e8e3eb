"""`monitor db check` finds what is wrong with a database, names it, and says the mend; a sound one is sound."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.model import EngineRow
from monitor.pipeline import Pipeline
from monitor.store import Store
from monitor.store.checking import check
from monitor.store.database import Database
from tests.databases import Postgres
from tests.fakes import Clock, MemoryChannel, ScriptedFeeds, WordAnalyzer
from tests.rows import HOUR, NOW, entry, feed

# An emoji before every quote: offsets are code points, on either database.
SAID = ("🕊 Washington supports it", "🕊 واشنطن ترفض الآن", "🕊 Вашингтон поддерживает вновь", "🕊 Moscow studies it")


@pytest.fixture
def filled(database_url: str) -> str:
    """Three languages through the whole pipeline: events, tracks, changes, messages."""
    with Store.open(database_url) as store:
        clock = Clock()
        feeds = ScriptedFeeds(clock)
        store.sync_feeds((feed("one"), feed("two")), NOW)
        feeds.shows["one"] = tuple(
            entry(
                f"n{number}", f"{words}. {words} {number} {'x' * number}", published_at=NOW - (9 - number) * 24 * HOUR
            )
            for number, words in enumerate(SAID)
        )
        channel = MemoryChannel(id="memory", max_age=timedelta(days=99))
        pipeline = Pipeline(store=store, fetch=feeds, analyzers=[WordAnalyzer()], channels=[channel], clock=clock)  # type: ignore[list-item]
        asyncio.run(passed(pipeline))
        assert len(store.events()) == 4
        assert store.changes()
        assert store.deliveries()
        if store.path is None:
            store.make_queue()
    return database_url


async def passed(pipeline: Pipeline) -> None:
    for feed_id in pipeline.store.due_feeds(NOW):
        for article in await pipeline.collect(feed_id):
            await pipeline.analyze(article)


def damage(url: str, *statements: str) -> None:
    """Past the constraints that would refuse it."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            for statement in statements:
                file.execute(statement)
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


def faults(url: str) -> dict[str, tuple[str, ...]]:
    with Database(url) as database:
        return {each.check: each.faults for each in check(database) if each.faults}


def checked(url: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["db", "check", "--database", url, *words], env={"NO_COLOR": "1", "COLUMNS": "80"})


def test_a_sound_database_is_sound_and_says_what_was_looked_at(filled: str) -> None:
    shown = checked(filled)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.endswith("sound\n")
    told = json.loads(checked(filled, "--json").stdout)
    assert told["sound"] is True
    looked_at = {each["check"]: each["looked_at"] for each in told["checks"]}
    assert looked_at["quotes"] == 4
    assert looked_at["documents"] >= 4
    assert set(looked_at) == {"form", "tables", "references", "quotes", "documents"} | (
        {"file"} if filled.startswith("sqlite") else {"server", "queue"}
    )


DAMAGES = (
    ("UPDATE event SET start = start + 1 WHERE id = 4", "quotes", ": 3, 4"),
    ("UPDATE article_version SET text = 'x' || text WHERE id = 3", "quotes", "rows of event quote what is not there"),
    ("DELETE FROM article WHERE id = 1", "references", "rows of article_version name a row of article that is not there (article_id): 1"),
    ("DELETE FROM event WHERE id = 2", "references", "rows of stance_change name a row of event that is not there (cause): 1"),
    ("UPDATE article SET copy_of = 99 WHERE id = 2", "references", "rows of article name a row of article that is not there (copy_of): 2"),
    ("UPDATE article SET version = 7 WHERE id = 4", "references", "rows of article have no text of their current version: 4"),
    ("UPDATE event SET article_id = 2 WHERE id = 1", "references", "rows of event belong to another article than their version: 1"),
    ("DELETE FROM finding WHERE article_id = 3", "references", "rows of article were never read and are not due"),
    ("UPDATE delivery SET state = 'waiting', next_try_at = NULL WHERE id = 1", "references", "rows of delivery wait without an hour to be sent: 1"),
    ("UPDATE feed SET next_poll_at = NULL WHERE id = 'two'", "references", "rows of feed are active and would never be polled: two"),
    ("UPDATE track SET state = '{}' WHERE actor = 'RUS'", "documents", "rows of track cannot be read (state)"),
    ("UPDATE track SET stance = 'neutral' WHERE actor = 'USA'", "documents", "rows of track say something else than their columns"),
    ("UPDATE stance_change SET level = 'told'", "documents", "rows of stance_change say something else than their columns"),
)  # fmt: skip


def test_each_damage_is_found_where_it_is(filled: str) -> None:
    damage(filled, *(statement for statement, *_ in DAMAGES))
    found = faults(filled)
    for statement, where, words in DAMAGES:
        assert any(words in fault for fault in found[where]), (statement, found)
    assert found.keys() == {"quotes", "references", "documents"}
    shown = checked(filled)
    assert shown.exit_code == 1
    assert shown.stdout.endswith("not sound\n")
    assert json.loads(checked(filled, "--json").stdout)["sound"] is False


def test_a_file_with_a_torn_page_is_damaged(tmp_path: Path, empty_file: Path) -> None:
    path = tmp_path / "monitor.db"
    whole = bytearray(empty_file.read_bytes())
    whole[4096 * 3 : 4096 * 4] = bytes(4096)
    path.write_bytes(whole)
    shown = checked(str(path))
    assert shown.exit_code == 1
    assert "restore a backup" in shown.output + str(shown.exception)


def test_what_is_missing_of_the_form_is_named_with_its_mend(tmp_path: Path, empty_file: Path) -> None:
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    (tmp_path / "monitor.db").write_bytes(empty_file.read_bytes())
    damage(url, "DROP INDEX event_at")
    assert faults(url) == {"tables": ("the index event_at of event is missing; due rows and listings get slow",)}
    damage(url, "UPDATE alembic_version SET version_num = '0001'")
    assert "it has form 0001" in faults(url)["form"][0]
    assert "`monitor db migrate`" in faults(url)["form"][0]
    assert checked(str(tmp_path / "not-there.db")).exit_code == 1


def test_postgresql_without_a_queue_with_a_strange_one_and_with_ids_to_be_given_twice(postgres: Postgres) -> None:
    url = postgres.another(template="template0")
    assert "it has form none" in faults(url)["form"][0]
    with Store.open(url) as store:
        assert "`monitor db migrate`" in faults(url)["queue"][0]
        assert CliRunner().invoke(app, ["db", "migrate", "--database", url]).exit_code == 0
        assert faults(url) == {}
        store.sync_feeds((feed("one"),), NOW)
        store.add_entries(feed("one"), [entry("a")], seen_at=NOW)
        damage(
            url,
            "DROP FUNCTION procrastinate_retry_job_v2",
            "SELECT setval('article_id_seq', 1, false)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'event_at'::regclass",
        )
        found = faults(url)
        assert "made by another Procrastinate (procrastinate_retry_job_v2 is missing)" in found["queue"][0]
        assert any("ids of article would be given twice" in fault for fault in found["server"])
        assert any("REINDEX INDEX event_at" in fault for fault in found["server"])
        beat = {"engine": "distributed", "host": "h", "pid": 7, "started_at": NOW, "beat_at": datetime.now(UTC)}
        store.beat(EngineRow.model_validate(beat | {"id": "w"}))
        refused = CliRunner().invoke(app, ["db", "migrate", "--queue", "--database", url])
        assert "stop the daemon and all workers first" in str(refused.exception)
        store.beat(EngineRow.model_validate(beat | {"id": "w", "stopped_at": datetime.now(UTC)}))
        assert CliRunner().invoke(app, ["db", "migrate", "--queue", "--database", url]).exit_code == 0
        assert "queue" not in faults(url)
