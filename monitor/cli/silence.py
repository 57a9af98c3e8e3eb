"""`monitor silence add|list|end`: nothing about a holder for a while, with who said so and why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import FormatOption, moment, open_store
from monitor.cli.show import chosen, console, emit, short_time
from monitor.model import MonitorError
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.store.silences import SilenceRow

EVERYONE = "everyone"
_HOLDER = re.compile(r"[A-Z][A-Z-]+(/[a-z_]+)?")
_SPAN = re.compile(r"(\d{1,4})([hd])")

silence_app = typer.Typer(
    help="Silences: changes of a holder that alert nobody for a while; each kept with its reason."
)
app.add_typer(silence_app, name="silence")


@silence_app.command("add")
def add(
    holder: Annotated[str, typer.Argument(help="USA, USA/pentagon, or everyone.")],
    until: Annotated[str, typer.Option("--until", help="Until when: ISO 8601, or 12h, 3d from now.")],
    author: Annotated[str, typer.Option("--author", help="Who asks for it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    topic: Annotated[str | None, typer.Option("--topic", help="On this topic only.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Alert nobody about changes of a holder until then. The changes are found and kept, each alert with this reason."""
    from monitor.alerts import Silence

    now = datetime.now(UTC)
    if holder != EVERYONE and not _HOLDER.fullmatch(holder):
        raise typer.BadParameter(
            f"{one_line(holder)!r} names no holder; write USA, USA/pentagon or everyone", param_hint="HOLDER"
        )
    for words, option in ((author, "--author"), (reason, "--reason")):
        if not words.strip():
            raise typer.BadParameter("say it in a word or two", param_hint=option)
    silence = Silence(
        holder=None if holder == EVERYONE else holder,
        topic=topic,
        author=author,
        reason=reason,
        until=end_of(until, now=now),
    )
    with open_store(database, make=True) as store:
        number, held = store.add_silence(silence, now=now)
    console().print(
        f"silence {number}: {holder} until {silence.until:%Y-%m-%d %H:%M} UTC; `monitor silence end {number}` ends it"
        + (f"\n{held} messages that waited already are held until then" if held else "")
    )


def end_of(words: str, *, now: datetime) -> datetime:
    """When a silence ends: a moment to come, or a span from now."""
    span = _SPAN.fullmatch(words.strip())
    end = (
        now + timedelta(hours=int(span[1]) * (24 if span[2] == "d" else 1)) if span else moment(words, option="--until")
    )
    if end is None or end <= now:
        raise typer.BadParameter(f"{one_line(words)!r} is over already; name a time to come", param_hint="--until")
    return end


@silence_app.command("list")
def listed(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    every: Annotated[bool, typer.Option("--all", help="Ended ones, too.")] = False,
) -> None:
    """The silences that hold now, with who asked for each, why, and until when."""
    now = datetime.now(UTC)
    with open_store(database) as store:
        rows = [row for row in store.silences() if every or row.holds(now)]
    emit(
        [silence_json(row, now=now) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns={
            "id": "id",
            "holder": "holder",
            "ends": "until",
            "state": "state",
            "author": "author",
            "reason": "why",
        },
        empty="no silences",
    )


@silence_app.command("end")
def end(
    number: Annotated[int, typer.Argument(help="The silence, as `monitor silence list` has it.")],
    database: DatabaseOption = None,
) -> None:
    """End a silence before its time. It stays in the list of all."""
    with open_store(database) as store:
        ended = store.end_silence(number, now=datetime.now(UTC))
    if not ended:
        raise MonitorError(f"no silence {number} holds; `monitor silence list` shows those that do")
    console().print(f"silence {number} is over")


def silence_json(row: SilenceRow, *, now: datetime) -> dict[str, Any]:
    plain = row.silence.model_dump(mode="json")
    state = "holds" if row.holds(now) else "ended" if row.ended_at else "over"
    return {
        "id": row.id,
        **plain,
        "holder": row.silence.holder or EVERYONE,
        "created_at": row.created_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "state": state,
        "ends": short_time(plain["until"]),
    }


def silence_words(row: SilenceRow) -> str:
    """`USA/pentagon until 2026-12-01 (Nour: being written up)`."""
    silence = row.silence
    topic = f" on {silence.topic}" if silence.topic else ""
    return f"{silence.holder or EVERYONE}{topic} until {silence.until:%Y-%m-%d %H:%M} UTC ({silence.author}: {silence.reason})"
