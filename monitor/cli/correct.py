"""`monitor correct` and `monitor corrections`: what people mend in events, kept as history and as labelled cases."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import FormatOption, open_store
from monitor.cli.show import Format, chosen, console, dumps, emit, short_time, write_line
from monitor.model import Event, EventRow, MonitorError, Stance
from monitor.text.display import one_line

if TYPE_CHECKING:
    from monitor.store import Store
    from monitor.store.corrections import Corrected, Correction

_HOLDER = re.compile(r"([A-Z][A-Z-]+)(?:/([a-z_]+))?")


@app.command()
def correct(
    event: Annotated[str, typer.Argument(help="The event, as `monitor events` lists it: e5.")],
    who: Annotated[str, typer.Option("--who", help="Who corrects it.")],
    why: Annotated[str, typer.Option("--why", help="Why: what the text really says.")],
    stance: Annotated[Stance | None, typer.Option("--stance", help="The stance that it shows.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Whose it is: USA, or USA/pentagon.")] = None,
    reject: Annotated[bool, typer.Option("--reject", help="It shows no stance of anybody.")] = False,
    database: DatabaseOption = None,
    json_out: JsonOption = False,
) -> None:
    """Correct an event: its stance, its actor, or that it is one at all. Kept as history, and whoever was alerted is told.

    Where a stance stands on the event itself, it is mended at once; `monitor replay` shows what else would be different.
    """
    number = event.strip().removeprefix("e")
    if not number.isdecimal():
        raise typer.BadParameter(f"{one_line(event)!r} is no event; `monitor events` lists them", param_hint="EVENT")
    if reject == (stance is not None or actor is not None):
        raise typer.BadParameter("say --stance, --actor or both; or --reject alone")
    for words, option in ((who, "--who"), (why, "--why")):
        if not words.strip():
            raise typer.BadParameter("say it in a word or two", param_hint=option)
    with open_store(database) as store:
        row = _found(store, int(number))
        after = None if reject else _mended(row.event, stance=stance, actor=actor)
        done = store.correct(row.id, after, who=who.strip(), why=why.strip(), now=datetime.now(UTC))
        notices = [store.delivery(each)[0].channel for each in done.notices]
    if json_out:
        told = {"event": f"e{row.id}", "changes": [f"c{each}" for each in done.changes], "notices": notices}
        write_line(dumps(told | {"before": _short(done.before), "after": _short(after)}, indent=2))
        return
    _show(row.id, done, after, notices)


def _found(store: Store, number: int) -> EventRow:
    rows = store.events(event_id=number)
    if not rows:
        raise MonitorError(f"there is no event e{number}; `monitor events` lists them")
    return rows[0]


def _mended(event: Event, *, stance: Stance | None, actor: str | None) -> Event:
    update: dict[str, Any] = {} if stance is None else {"stance": stance}
    if actor is not None:
        match = _HOLDER.fullmatch(actor)
        if match is None:
            raise typer.BadParameter(
                f"{one_line(actor)!r} names no actor; write USA or USA/pentagon", param_hint="--actor"
            )
        update |= {"actor": match[1], "institution": match[2]}
    after = event.model_copy(update=update)
    if after == event:
        raise MonitorError(f"the event says {_short(event)} already; nothing to correct")
    return after


def _short(event: Event | None) -> str:
    return f"{event.holder} {event.stance}" if event else "no stance"


def _show(number: int, done: Corrected, after: Event | None, notices: list[str]) -> None:
    console().print(f"e{number}: {_short(done.before)} → {_short(after)}")
    if done.changes:
        console().print(f"changes that rested on it, now marked corrected: {', '.join(f'c{n}' for n in done.changes)}")
    if notices:
        console().print(f"a correction goes to: {', '.join(notices)}")


# --- the history --------------------------------------------------------------------------------


@app.command()
def corrections(
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
) -> None:
    """What people corrected, oldest first. `--format jsonl` writes labelled cases that `monitor evaluate` reads.

    A case is the article as it was corrected: each of its events that nobody rejected counts as right.
    """
    with open_store(database) as store:
        rows = store.corrections()
        if chosen(form, json_flag=json_out) is Format.JSONL:
            for case in labelled(store, rows):
                write_line(dumps(case))
            return
    emit(
        [correction_json(row) for row in rows],
        form=chosen(form, json_flag=json_out),
        columns={"ref": "event", "when": "corrected", "turn": "from → to", "who": "by", "why": "why"},
        empty="nothing was corrected",
    )


def correction_json(row: Correction) -> dict[str, Any]:
    plain = row.model_dump(mode="json", exclude={"before": {"contributions"}, "after": {"contributions"}})
    turn = f"{_short(row.before)} → {_short(row.after)}"
    return {"ref": f"e{row.event_id}", **plain, "turn": turn, "when": short_time(plain["created_at"])}


def correction_words(row: Correction) -> str:
    """`corrected by Nour on 2016-10-03: USA support → USA oppose: it is a quote of …`."""
    return f"corrected by {row.who} on {row.created_at:%Y-%m-%d}: {_short(row.before)} → {_short(row.after)}: {row.why}"


def labelled(store: Store, rows: tuple[Correction, ...]) -> list[dict[str, Any]]:
    """One case for each article version that has a corrected event, as `evaluation.Labelled` reads it."""
    found = {row.id: row for each in rows for row in store.events(event_id=each.event_id)}
    texts = sorted({(row.article_id, row.version, row.topic, row.analyzer) for row in found.values()})
    return [_case(store, *text) for text in texts]


def _case(store: Store, article_id: int, version: int, topic: str, analyzer: str) -> dict[str, Any]:
    from monitor.store.corrections import REJECTED

    stored = store.article(article_id, version=version)
    article = stored.article
    events = [
        row.event
        for row in store.events(article_id=article_id)
        if (row.version, row.topic, row.analyzer) == (version, topic, analyzer) and row.verdict != REJECTED
    ]
    findings = store.findings(article_id, version=version)
    return {
        "id": f"corrected-a{article_id}-v{version}-{topic}",
        "lang": str(article.language or stored.feed.language),
        "title": article.title,
        "text": article.text,
        "date": article.published_at.isoformat() if article.published_at else None,
        "outlet": article.publisher,
        "url": article.url,
        "relevant": any(each.relevant for each in findings if each.topic == topic),
        "statements": [
            event.model_dump(
                mode="json", include={"actor", "institution", "speaker", "stance", "start", "end", "quote"}
            )
            for event in events
        ],
    }
