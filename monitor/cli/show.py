"""Shows rows and texts: tables for people, JSON, JSON lines and CSV for programs. All text is made harmless here."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from monitor.text.display import isolate, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


_LONG = {
    "passage",
    "quote",
    "quote_before",
    "quote_after",
    "title",
    "health_reason",
    "change",
    "last_error",
    "held_by",
    "dropped",
}
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")

STANCE_COLOURS = {
    "support": "green",
    "conditional": "cyan",
    "neutral": "bright_black",
    "oppose": "red",
    "suspend": "magenta",
}


def chosen(format: Format | None, *, json_flag: bool) -> Format:  # noqa: A002 -- the option's own name
    """The output form that `--json` and `--format` together ask for."""
    if json_flag:
        return Format.JSON
    return format or Format.TABLE


@cache
def console() -> Console:
    """Standard output for people; colours only on a terminal and never with NO_COLOR."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, markup=False)


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON in readable Unicode; a lone surrogate, which no encoding takes, stays an escape."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def write_line(text: str) -> None:
    sys.stdout.write(text + "\n")


def emit(
    rows: Sequence[Mapping[str, Any]],
    *,
    form: Format,
    columns: Mapping[str, str],
    title: str | None = None,
    empty: str = "nothing to show",
) -> None:
    """Writes `rows` in the asked form. `columns` maps row keys to table headings, in order; other keys go to JSON only."""
    if form is Format.JSON:
        write_line(dumps(list(rows), indent=2))
    elif form is Format.JSONL:
        for row in rows:
            write_line(dumps(row))
    elif form is Format.CSV:
        _write_csv(rows)
    elif rows:
        _write_table(rows, columns=columns, title=title)
    else:
        console().print(empty)


def _write_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, fieldnames=names)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _csv_cell(row.get(name)) for name in names})


def _csv_cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return dumps(value)
    # A spreadsheet would run a cell that starts like a formula, and titles come from outside.
    if isinstance(value, str) and value[:1] in "=+-@\t\r":
        return "'" + value
    return value


def _write_table(rows: Sequence[Mapping[str, Any]], *, columns: Mapping[str, str], title: str | None) -> None:
    """Short columns side by side; a long one on lines of its own below, so that 80 columns are enough."""
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    short = [name for name in columns if name not in _LONG]
    long = [name for name in columns if name in _LONG]
    lines = [[cell(row.get(name)) for name in short] for row in rows]
    widths = [
        max(cell_len(columns[name]), *(cell_len(line[index].plain) for line in lines))
        for index, name in enumerate(short)
    ]
    if title:
        console().print(title, style="bold")
    console().print(_row([Text(columns[name], style="bold") for name in short], widths))
    for row, line in zip(rows, lines, strict=True):
        console().print(_row(line, widths))
        for name in long:
            if row.get(name):
                console().print(Padding(cell(row[name]), (0, 0, 0, 4)), style="dim")


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    from rich.text import Text

    line = Text(no_wrap=False)
    for index, (each, width) in enumerate(zip(cells, widths, strict=True)):
        line.append_text(each)
        if index < len(cells) - 1:
            line.append(" " * (width - each.cell_len + 2))
    return line


def cell(value: Any) -> Text:
    """A table cell: one harmless line, right-to-left text kept to itself, a stance in its colour."""
    from rich.text import Text

    if value is None or value == "":
        return Text("–", style="dim")
    text = one_line(str(value))
    colour = STANCE_COLOURS.get(text)
    if colour:
        return Text(text, style=colour)
    return Text(isolate(text) if _RIGHT_TO_LEFT.search(text) else text)


def short_time(value: str | None) -> str:
    """An ISO time as `2016-06-30 18:05`, for tables."""
    return value[:16].replace("T", " ") if value else ""
