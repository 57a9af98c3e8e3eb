"""`monitor export`: coded events as a table for other programs, with documented columns."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import IO, Annotated, Any

import typer

from monitor.cli.app import DatabaseOption, app
from monitor.cli.listings import ActorOption, SinceOption, TopicOption, UntilOption, moment, open_store
from monitor.cli.show import console, dumps
from monitor.model import EventKind, EventRow, MonitorError, Stance


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    GDELT = "gdelt"


# PLOVER (the successor of CAMEO) knows sixteen event types and four quad categories, 1 verbal cooperation to
# 4 material conflict. Halting or reducing relations is SANCTION there, whoever halts them.
PLOVER = MappingProxyType(
    {
        (Stance.SUPPORT, EventKind.STATEMENT): ("SUPPORT", 1),
        (Stance.SUPPORT, EventKind.ACT): ("COOPERATE", 2),
        (Stance.CONDITIONAL, EventKind.STATEMENT): ("AGREE", 1),
        (Stance.CONDITIONAL, EventKind.ACT): ("AGREE", 1),
        (Stance.NEUTRAL, EventKind.STATEMENT): ("CONSULT", 1),
        (Stance.NEUTRAL, EventKind.ACT): ("CONSULT", 1),
        (Stance.OPPOSE, EventKind.STATEMENT): ("REJECT", 3),
        (Stance.OPPOSE, EventKind.ACT): ("REJECT", 3),
        (Stance.SUSPEND, EventKind.STATEMENT): ("SANCTION", 4),
        (Stance.SUSPEND, EventKind.ACT): ("SANCTION", 4),
    }
)

COLUMNS = MappingProxyType(
    {
        "event_id": "number of the event, as in `monitor explain e5`",
        "date": "day of the article, ISO 8601, UTC",
        "at": "time of the article; when it was seen, if it has no usable date",
        "seen_at": "when this version of the article was seen",
        "topic": "what is watched",
        "actor": "ISO 3166 alpha-3 or a named group (USA, SYR-OPP)",
        "institution": "the part of the actor that speaks; empty for the country itself",
        "holder": "actor and institution: USA/pentagon",
        "speaker": "the person, if one is named",
        "office": "the person's office",
        "stance": "support, conditional, neutral, oppose, suspend",
        "side": "for, neutral, against",
        "kind": "statement or act",
        "plover_event": "PLOVER event type",
        "plover_quad": "PLOVER quad category: 1 verbal, 2 material cooperation; 3 verbal, 4 material conflict",
        "confidence": "0 to 1",
        "start": "offset of the quote, in code points of the article version's text",
        "end": "where it ends: text[start:end] is the quote",
        "quote": "the exact words",
        "conditions": "JSON list of {start, end, quote}",
        "reason": "the rule or model that decided",
        "article_id": "number of the article",
        "version": "of the article's text; 1 is the text first seen",
        "title": "the article's title",
        "url": "the article's address",
        "publisher": "who published it",
        "voice": "the independent voice: publisher family, or the wire it copies",
        "language": "ar, en, ru",
        "copy_of": "article this one copies",
        "analyzer": "name and version of the analyzer",
        "verdict": "what the event did to the stance",
    }
)

# The columns of GDELT's event files that can be told, in its order; no header, tabs, as there.
GDELT_COLUMNS = (
    "GlobalEventID", "Day", "MonthYear", "Year", "Actor1Code", "Actor1Name", "Actor1CountryCode", "EventCode", "QuadClass",
    "NumMentions", "NumSources", "NumArticles", "DATEADDED", "SOURCEURL",
)  # fmt: skip


@app.command()
def export(
    form: Annotated[
        ExportFormat,
        typer.Option("--format", "-f", help="csv, jsonl, parquet (needs the extra), or gdelt (tab-separated)."),
    ] = ExportFormat.CSV,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output if not given.")] = None,
    database: DatabaseOption = None,
    topic: TopicOption = None,
    actor: ActorOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write coded events as a table for other programs: dates, actors, PLOVER types, stances, exact quotes with offsets."""
    if form is ExportFormat.PARQUET and out is None:
        raise typer.BadParameter("parquet is no text: name a file with --out", param_hint="--format")
    first, last = moment(since, option="--since"), moment(until, option="--until")
    with open_store(database) as store:
        rows = store.events(topic=topic, actor=actor, since=first, until=last)
    if out is None:
        _write(rows, form, sys.stdout)
        return
    if form is ExportFormat.PARQUET:
        _write_parquet(rows, out)
    else:
        with out.open("w", encoding="utf-8", newline="") as file:
            _write(rows, form, file)
    console().print(f"wrote {len(rows)} events to {out}", soft_wrap=True)


def _write(rows: Sequence[EventRow], form: ExportFormat, file: IO[str]) -> None:
    if form is ExportFormat.JSONL:
        file.writelines(dumps(record(row)) + "\n" for row in rows)
    elif form is ExportFormat.GDELT:
        file.writelines("\t".join(gdelt(row)) + "\n" for row in rows)
    else:
        _write_csv(map(record, rows), file)


def _write_csv(records: Iterable[dict[str, Any]], file: IO[str]) -> None:
    writer = csv.DictWriter(file, list(COLUMNS))
    writer.writeheader()
    for each in records:
        writer.writerow({**each, "conditions": json.dumps(each["conditions"], ensure_ascii=False)})


def record(row: EventRow) -> dict[str, Any]:
    """The event as one flat record with the keys of COLUMNS."""
    event = row.event
    plover, quad = PLOVER[event.stance, event.kind]
    values = {
        **row.model_dump(mode="json", exclude={"event"}),
        **event.model_dump(mode="json"),
        "event_id": row.id,
        "date": f"{row.at.astimezone(UTC):%Y-%m-%d}",
        "holder": event.holder,
        "side": event.stance.side.value,
        "plover_event": plover,
        "plover_quad": quad,
    }
    return {name: values[name] for name in COLUMNS}


def gdelt(row: EventRow) -> tuple[str, ...]:
    """The event in GDELT's columns; EventCode is the PLOVER type, and one event is one mention in one article."""
    plover, quad = PLOVER[row.event.stance, row.event.kind]
    at = row.at.astimezone(UTC)
    cells = (
        str(row.id), f"{at:%Y%m%d}", f"{at:%Y%m}", f"{at:%Y}", row.event.actor, row.event.speaker or row.event.institution or "",
        row.event.actor[:3], plover, str(quad), "1", "1", "1", f"{row.seen_at.astimezone(UTC):%Y%m%d%H%M%S}", row.url or "",
    )  # fmt: skip
    return tuple(" ".join(cell.split()) for cell in cells)


def _write_parquet(rows: Sequence[EventRow], path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MonitorError("parquet needs the extra `parquet`: pip install 'stance-monitor[parquet]'") from error
    condition = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("quote", pa.string())])
    special = {
        "date": pa.date32(), "at": pa.timestamp("us", tz="UTC"), "seen_at": pa.timestamp("us", tz="UTC"),
        "confidence": pa.float64(), "conditions": pa.list_(condition),
    }  # fmt: skip
    whole = dict.fromkeys(("event_id", "plover_quad", "start", "end", "article_id", "version", "copy_of"), pa.int64())
    kinds = {name: special.get(name) or whole.get(name) or pa.string() for name in COLUMNS}
    schema = pa.schema([pa.field(name, kinds[name], metadata={"description": COLUMNS[name]}) for name in COLUMNS])
    records = [
        {**record(row), "date": row.at.astimezone(UTC).date(), "at": row.at, "seen_at": row.seen_at} for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(records, schema=schema), path)
