"""The database is made and migrated by opening it; what goes wrong with it is a sentence, and loses nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor.model import Delivery, StoreError
from monitor.store import Store
from monitor.store.database import HEAD, Database, _alembic
from monitor.store.search import TABLES
from monitor.store.tables import metadata
from tests.rows import NOW, entry, feed, poll
from tests.store.test_stances import made_change


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    """The SQLite file is a copy of a migrated one, the PostgreSQL database was migrated when its server started."""
    database = Database(database_url)
    database.open()
    # The words of the search are no rows: FTS5 keeps tables of its own, PostgreSQL has a type that models do not know.
    with closing(database), database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
        assert compare_metadata(context, metadata) == []


def _is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    others = ("procrastinate_", "idx_procrastinate_", *TABLES)
    return name is None or not name.startswith(others)


def test_the_newest_migration_is_the_one_the_program_names() -> None:
    assert ScriptDirectory.from_config(_alembic()).get_current_head() == HEAD


def test_many_that_open_a_new_database_at_once_make_it_once(tmp_path: Path) -> None:
    troubles: list[Exception] = []
    database_url = str(tmp_path / "new.db")

    def open_it() -> None:
        try:
            Store.open(database_url).close()
        except StoreError as error:
            troubles.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    Store.open(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"written by a newer monitor .*9999"):
        Store.open(str(path))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", "cannot be opened: does the folder /nowhere/at exist"),
        ("mysql://host/name", "mysql is not supported"),
        ("sqlite://", "must be a file"),
        ("://", "no database address"),
        ("postgresql://user:secret@127.0.0.1:1/name", "nothing answers at that address"),
        ("postgresql://user:secret@no-such-host.invalid/name", "cannot be reached|host name is unknown"),
    ],
)
def test_a_database_that_cannot_be_had_gets_a_sentence_without_its_password(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes. " * 100)
    with pytest.raises(StoreError, match="not a database of this program"):
        Store.open(str(path))
    assert path.read_text().startswith("These are notes.")


def test_a_read_only_database_can_be_read_and_says_why_it_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    with Store.open(str(path)) as store:
        store.sync_feeds((feed(),), NOW)
    # Permissions do not bind root, who may run this test; a connection opened read-only is refused alike.
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert len(store.feeds()) == 1
        with pytest.raises(StoreError, match="is read-only"):
            store.record_poll(poll(entry("a")))


_FILLS_THE_DISK = """
import resource, sys
from monitor.model import Delivery, StoreError
from monitor.store import Store
from tests.rows import NOW, entry, feed, poll
from tests.store.test_stances import made_change

with Store.open(sys.argv[1]) as store:
    store.sync_feeds((feed(),), NOW)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    kept = 0
    try:
        for number in range(1000):
            store.record_poll(poll(entry(f"n{number}", f"word{number} " * 3000)))
            kept += 1
    except StoreError as error:
        print(kept, error)
"""


def test_a_full_disk_gets_a_sentence_and_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    done = subprocess.run(
        [sys.executable, "-c", _FILLS_THE_DISK, str(path), str(600_000)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    kept, _, sentence = done.stdout.partition(" ")
    assert "the disk" in sentence, done.stdout + done.stderr
    assert "stays due" in sentence
    with Store.open(str(path)) as store:
        assert len(store.articles()) == int(kept) > 0
        store.record_poll(poll(entry("more")))
        assert len(store.articles()) == int(kept) + 1, "and goes on once there is room"


def test_a_half_done_transaction_leaves_nothing(database_url: str) -> None:
    with Store.open(database_url) as store:
        with pytest.raises(ZeroDivisionError), store.transaction() as tx:  # noqa: PT012 -- both belong in it
            tx.lock_track("t", "USA")
            1 / 0  # noqa: B018 -- the fault in the middle
        assert store.tracks() == ()


def filled_with_an_alert(store: Store) -> tuple[Delivery, ...]:
    number, _ = made_change(store)
    with store.transaction() as tx:
        tx.add_delivery(number, store.change(number).change, "mail", key="k", reason="wanted", now=NOW)
    return store.deliveries()


def test_the_outbox_survives_the_step_to_messages_and_back(tmp_path: Path) -> None:
    """SQLite makes that table anew: what stands in it must come through."""
    path = tmp_path / "monitor.db"
    with Store.open(str(path)) as store:
        told = filled_with_an_alert(store)
    database = Database(str(path))
    for revision in ("0004", HEAD):
        with database.writing() as connection:
            (command.downgrade if revision != HEAD else command.upgrade)(_alembic(connection), revision)
    database.close()
    with Store.open(str(path)) as store:
        assert store.deliveries() == told
        assert store.due_deliveries(NOW) == (told[0].id,)
