"""An installation moves from SQLite to PostgreSQL and back, row by row the same; a backup can be opened."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model import EngineRow, StoreError
from monitor.store import Store
from monitor.store.copying import backup, copy
from monitor.store.database import Database
from tests.databases import Postgres
from tests.rows import HOUR, NOW, TOPIC, entry, event, feed, finding, poll


def fill(url: str, *, articles: int) -> None:
    with Store.open(url) as store:
        store.sync_feeds((feed("one"), feed("two", publisher="الجزيرة الزرقاء")), NOW)
        for number in range(articles):
            text = f"Москва приветствует 🇷🇺 предложение {number}."
            (article,) = store.record_poll(poll(entry(f"n{number}", text, title=f"عنوان {number}"))).new
            stored = store.article(article)
            made = finding(event(text, "приветствует 🇷🇺", actor="RUS"))
            with store.transaction() as tx:
                tx.save_finding(stored, made, now=NOW)
                tx.save_event(stored, made.events[0], topic=TOPIC, analyzer="test-1", voice="One")
                tx.lock_track(TOPIC, "RUS")
        beat = {"id": "e", "engine": "local", "host": "h", "pid": 1, "started_at": NOW, "beat_at": NOW}
        store.beat(EngineRow.model_validate(beat | {"counters": {"longer": 1, "b": 2, "aa": 3}}))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Database]:
    url = str(tmp_path / "source.db")
    fill(url, articles=25)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def target(postgres: Postgres) -> Iterator[Database]:
    database = Database(postgres.fresh())
    yield database
    database.close()


def test_an_installation_moves_to_postgresql_and_back(filled: Database, target: Database, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    there = copy(filled, target, progress=lambda *each: told.append(each))
    back = Database(str(tmp_path / "back.db"))
    assert copy(target, back) == there
    back.close()
    assert {table.table: table.rows for table in there}["article"] == 25
    assert ("article", 25, 25) in told
    with Store.open(filled.name) as here, Store.open(str(tmp_path / "back.db")) as again:
        assert here.events() == again.events()
        assert here.articles() == again.articles()


def test_after_the_move_the_daemon_goes_on_with_new_rows(
    filled: Database, target: Database, postgres: Postgres
) -> None:
    copy(filled, target)
    with Store.open(postgres.url) as store:
        assert store.record_poll(poll(entry("n3", "Москва приветствует 🇷🇺 предложение 3.", title="عنوان 3"))).new == ()
        assert store.record_poll(poll(entry("new"), at=NOW + HOUR)).new == (26,)


def test_a_move_that_broke_off_goes_on_where_it_was(
    filled: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.copying._BATCH", 10)

    def break_off(table: str, done: int, _total: int) -> None:
        if table == "article_version" and done == 20:
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        copy(filled, target, progress=break_off)
    told: list[tuple[str, int, int]] = []
    copied = copy(filled, target, progress=lambda *each: told.append(each))
    assert ("article_version", 5, 25) in told
    assert "article" not in {table for table, *_ in told}, "what was there is not copied again"
    assert {each.table: each.rows for each in copied}["event"] == 25


def test_a_target_with_rows_of_its_own_is_noticed(filled: Database, target: Database, postgres: Postgres) -> None:
    with Store.open(postgres.url) as store:
        store.sync_feeds((feed("zzz"),), NOW)
    with pytest.raises(StoreError, match=r"table feed differs after copying: 2 rows in .* 3 in"):
        copy(filled, target)


def test_a_target_that_grew_by_itself_is_noticed(filled: Database, target: Database, postgres: Postgres) -> None:
    copy(filled, target)
    with Store.open(postgres.url) as store:
        store.record_poll(poll(entry("own"), at=NOW + HOUR))
    with pytest.raises(StoreError, match="holds rows in article that"):
        copy(filled, target)


def test_a_backup_of_sqlite_is_put_in_the_place_of_what_was_lost(filled: Database, tmp_path: Path) -> None:
    backup(filled, tmp_path / "kept.db")
    assert filled.path is not None
    filled.close()
    filled.path.write_bytes(b"nothing but noise " * 1000)
    shutil.copy(tmp_path / "kept.db", filled.path)
    with Store.open(filled.name) as store:
        assert len(store.events()) == 25
        assert store.record_poll(poll(entry("new"), at=NOW + HOUR)).new == (26,)


def test_a_backup_is_a_database_and_overwrites_nothing(filled: Database, tmp_path: Path) -> None:
    path = tmp_path / "backup.db"
    backup(filled, path)
    with Store.open(str(path)) as store:
        assert len(store.events()) == 25
    with pytest.raises(StoreError, match="is there already"):
        backup(filled, path)
    with pytest.raises(StoreError, match="no backup was made"):
        backup(filled, tmp_path / "nowhere" / "backup.db")


def test_a_backup_of_postgresql_goes_back_into_an_empty_database(
    filled: Database, target: Database, postgres: Postgres, tmp_path: Path
) -> None:
    """Written by a copy there, backed up while open, everything lost, and restored."""
    copied = copy(filled, target)
    path = tmp_path / "backup.db"
    backup(target, path)
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith("backup")) == ["backup.db"]
    postgres.fresh()
    with Database(str(path)) as kept:
        assert copy(kept, target) == copied
    with Store.open(postgres.url) as store:
        assert len(store.events()) == 25
        assert store.record_poll(poll(entry("new"), at=NOW + HOUR)).new == (26,)


def test_a_backup_is_one_moment_whatever_is_written_meanwhile(
    target: Database, postgres: Postgres, tmp_path: Path
) -> None:
    fill(postgres.url, articles=3)

    def grow(table: str, _done: int, _total: int) -> None:
        if table == "feed":
            with Store.open(postgres.url) as store:
                store.record_poll(poll(entry("late"), at=NOW + HOUR))

    path = tmp_path / "backup.db"
    backup(target, path, progress=grow)
    with Store.open(str(path)) as kept, Store.open(postgres.url) as store:
        assert len(kept.articles()) == 3
        assert len(store.articles()) == 4
