"""`monitor search`: articles and events by their words."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, JsonOption, app
from monitor.cli.listings import (
    EVENT_COLUMNS,
    FormatOption,
    LimitOption,
    SinceOption,
    UntilOption,
    article_json,
    event_json,
    moment,
    open_store,
)
from monitor.cli.show import Format, chosen, console, dumps, emit, write_line
from monitor.model import Found, FoundArticle

_MOST = 20


@app.command()
def search(
    words: Annotated[
        list[str], typer.Argument(help='All must be there, in any form: words, "words in this order", beginn*.')
    ],
    database: DatabaseOption = None,
    json_out: JsonOption = False,
    form: FormatOption = None,
    language: Annotated[str | None, typer.Option("--language", help="Only articles in ar, en or ru.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = _MOST,
) -> None:
    """Find articles and events by their words, the newest seen first. `--format jsonl` and `csv` hold the articles."""
    with open_store(database) as store:
        found = store.search(
            question(words),
            language=language,
            since=moment(since, option="--since"),
            until=moment(until, option="--until"),
            limit=limit or _MOST,
        )
    shown = chosen(form, json_flag=json_out)
    if shown is Format.JSON:
        write_line(dumps(found.model_dump(mode="json"), indent=2))
    elif shown is Format.TABLE:
        _show(found)
    else:
        emit([_hit_json(hit) for hit in found.articles], form=shown, columns={})


def question(words: list[str]) -> str:
    """The words as typed: the shell has taken the quotation marks off what it passed as one."""
    return " ".join(f'"{word}"' if len(word.split()) > 1 and '"' not in word else word for word in words)


def _show(found: Found) -> None:
    emit(
        [event_json(row) for row in found.events],
        form=Format.TABLE,
        columns=EVENT_COLUMNS,
        empty="no event has these words",
    )
    console().print()
    emit(
        [_hit_json(hit) for hit in found.articles],
        form=Format.TABLE,
        columns={"ref": "id", "when": "date", "publisher": "publisher", "title": "title", "passage": "passage"},
        empty="no article has these words",
    )


def _hit_json(hit: FoundArticle) -> dict[str, Any]:
    return {**article_json(hit.article), "passage": "".join(piece.text for piece in hit.passage)}
