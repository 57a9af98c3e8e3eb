"""`monitor db`: check, back up, and move the database."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.app import ConfigOption, DatabaseOption, JsonOption, app
from monitor.cli.show import Format, console, dumps, emit, write_line
from monitor.model import MonitorError
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.model import Keep
    from monitor.store import Prunable, Store
    from monitor.store.checking import Checked
    from monitor.store.database import Database

db = typer.Typer(help="Check, back up, prune and move the database.", no_args_is_help=True)
app.add_typer(db, name="db")

_TOLD_EVERY = 2.0  # seconds
_STILL_RUNNING = timedelta(minutes=1)


@db.command()
def check(database: DatabaseOption = None, json_out: JsonOption = False) -> None:
    """Look whether the database is sound: form, file, references, every quote in its text, the workers' queue.

    Writes nothing, and may run beside the daemon. Exit codes: 0 sound, 1 something is wrong (each thing with its mend).
    """
    from monitor.store.checking import check as checked

    with _opened(database) as source:
        found = []
        for each in checked(source):
            found.append(each)
            if not json_out:
                _show(each)
        sound = not any(each.faults for each in found)
        if json_out:
            told = {"database": source.name, "sound": sound, "checks": [each.model_dump() for each in found]}
            write_line(dumps(told, indent=2))
        else:
            console().print("sound" if sound else "not sound", style="green" if sound else "red")
    raise typer.Exit(0 if sound else 1)


def _show(each: Checked) -> None:
    words = f"{len(each.faults)} faults" if each.faults else "fine"
    console().print(f"{each.check:12} {each.looked_at:>9} looked at   {words}")
    for fault in each.faults:
        console().print(f"    {one_line(fault)}", style="red", soft_wrap=True)


@db.command()
def migrate(
    database: DatabaseOption = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Make the workers' queue anew, after an upgrade of Procrastinate.")
    ] = False,
) -> None:
    """Bring the database to this program's form; other commands do it by themselves. On PostgreSQL the queue, too."""
    from monitor.settings import database_url
    from monitor.store import Store
    from monitor.store.database import HEAD

    with Store.open(database_url(database)) as store:
        if queue:
            _refuse_while_running(store)
        if store.path is None:
            store.make_queue(anew=queue)
        console().print(f"{store.name} has the form of this program ({HEAD})")


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    database: DatabaseOption = None,
) -> None:
    """Copy the database into FILE (SQLite, from PostgreSQL as well), while the daemon runs.

    Back it goes by putting FILE in the place of an SQLite database, or with `monitor db copy --database FILE --to URL`.
    """
    from monitor.store import copying

    with _opened(database) as source:
        copying.backup(source, file, progress=_progress())
    console().print(f"{file} holds the database as it stood now")


@db.command()
def copy(
    to: Annotated[str, typer.Option("--to", help="URL of the target, e.g. postgresql://HOST/NAME.")],
    database: DatabaseOption = None,
) -> None:
    """Move an installation to another database; run again after a break it goes on. Stop the daemon first."""
    from monitor.store import Store, copying
    from monitor.store.database import Database

    out = console()
    with _opened(database) as source, Store(source) as store, Database(to) as target:
        source.open()
        _refuse_while_running(store)
        copied = copying.copy(source, target, progress=_progress())
        if not target.sqlite:
            Store(target).make_queue()
    for each in copied:
        out.print(f"{each.table:16} {each.rows:>9} rows  {each.checksum}  same in both")


@db.command()
def prune(
    config: ConfigOption = None,
    database: DatabaseOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json_out: JsonOption = False,
) -> None:
    """Drop old rows that nothing rests on, as `keep` in feeds.yaml says; the daemon does it by itself every ten minutes.

    Never anything that an event, a change or an alert rests on. Safe while the daemon runs.
    """
    from monitor.settings import load_settings
    from monitor.store import Prunable, Store

    settings = load_settings(config)
    keep, now = settings.keep, datetime.now(UTC)
    with Store.open(database or settings.database_url) as store:
        old = store.prunable(keep, now=now)
        gone = {} if dry_run else {kind: _drop(store, kind, keep, now=now, old=old.get(kind, 0)) for kind in Prunable}
    rows = [
        {"kind": kind.value, "kept_days": _days(getattr(keep, kind.value)), "old": old.get(kind, 0)}
        | ({} if dry_run else {"gone": gone[kind]})
        for kind in Prunable
    ]
    if json_out:
        write_line(dumps(rows, indent=2))
        return
    shown = [row | {"kept": "for ever" if row["kept_days"] is None else f"{row['kept_days']} days"} for row in rows]
    columns = {"kind": "kind", "kept": "kept", "old": "older"} | ({} if dry_run else {"gone": "dropped"})
    emit(shown, form=Format.TABLE, columns=columns, empty="")


def _drop(store: Store, kind: Prunable, keep: Keep, *, now: datetime, old: int) -> int:
    """In small transactions, so that a daemon on the same database goes on in between."""
    from rich.console import Console
    from rich.progress import Progress

    dropped = 0
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(kind.value, total=old)
        while gone := store.prune(kind, keep, now=now):
            dropped += gone
            progress.update(task, completed=dropped)
    return dropped


def _days(kept: timedelta | None) -> int | None:
    return None if kept is None else kept.days


def _opened(url: str | None) -> Database:
    """The database as it is: not made, and not migrated."""
    from monitor.settings import database_url
    from monitor.store.database import Database

    database = Database(database_url(url))
    if database.path is not None and not database.path.exists():
        raise MonitorError(f"there is no database {database.path}; name one with --database or MONITOR_DATABASE_URL")
    return database


def _refuse_while_running(store: Store) -> None:
    """What a daemon writes meanwhile would be missed."""
    from monitor.standing import Patience, ago, alive

    now = datetime.now(UTC)
    running = alive(store.engines(), now=now, allowed=Patience(heartbeat=_STILL_RUNNING))
    if running:
        who = ", ".join(f"pid {each.pid} on {one_line(each.host)} ({ago(now - each.beat_at)})" for each in running)
        raise MonitorError(f"stop the daemon and all workers first; on {store.name} there were signs of life of {who}")


def _progress() -> Callable[[str, int, int], None]:
    """A line a table, and one every other second while a long one takes its time."""
    out, told = console(), time.monotonic()

    def tell(table: str, done: int, total: int) -> None:
        nonlocal told
        if done < total and time.monotonic() - told < _TOLD_EVERY:
            return
        told = time.monotonic()
        out.print(f"{table}: {done} of {total}")

    return tell
