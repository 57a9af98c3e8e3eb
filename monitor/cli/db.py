"""`monitor db`: check, back up, and move the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.show import console

db = typer.Typer(help="Check, back up and move the database.", no_args_is_help=True)
app.add_typer(db, name="db")


@db.command()
def migrate(database: DatabaseOption = None) -> None:
    """Bring the database to this program's form; other commands do it by themselves."""
    from monitor.settings import database_url
    from monitor.store import Store
    from monitor.store.database import HEAD

    with Store.open(database_url(database)) as store:
        console().print(f"{store.name} has the form of this program ({HEAD})")


@db.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    database: DatabaseOption = None,
) -> None:
    """Copy an SQLite database into FILE, while the daemon runs. PostgreSQL has pg_dump."""
    from monitor.settings import database_url
    from monitor.store import copying
    from monitor.store.database import Database

    copying.backup(Database(database_url(database)), file)
    console().print(f"{file} holds the database as it stood now")


@db.command()
def copy(
    to: Annotated[str, typer.Option("--to", help="URL of the target, e.g. postgresql://HOST/NAME.")],
    database: DatabaseOption = None,
) -> None:
    """Move an installation to another database; run again after a break it goes on. Stop the daemon first."""
    from monitor.settings import database_url
    from monitor.store import copying
    from monitor.store.database import Database

    out = console()
    source, target = Database(database_url(database)), Database(to)
    source.open()
    copied = copying.copy(source, target, progress=lambda table, done, all_: out.print(f"{table}: {done} of {all_}"))
    for each in copied:
        out.print(f"{each.table:16} {each.rows:>9} rows  {each.checksum}  same in both")
