"""`monitor analyze` and `monitor evaluate`: the analyzer on files, without database and network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from monitor.cli.app import ConfigOption, JsonOption, app
from monitor.cli.show import STANCE_COLOURS, console, dumps, write_line
from monitor.model import Article, Event, Finding, MonitorError

if TYPE_CHECKING:
    from rich.text import Text


class AnalyzeFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class BadLine(NamedTuple):
    """An input line that is no document."""

    source: str
    line: int
    error: str
    id: str | None

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "line": self.line, "source": self.source, "error": self.error}


@app.command()
def analyze(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Text, HTML or JSON-lines files; - or nothing reads standard input.")
    ] = None,
    form: Annotated[AnalyzeFormat, typer.Option("--format", "-f", help="Readable text, or JSON.")] = AnalyzeFormat.TEXT,
    topic: Annotated[str, typer.Option(help="The topic to read for.")] = "us-russia-syria",
    analyzer: Annotated[str, typer.Option(help="Which analyzer reads.")] = "rules",
    day: Annotated[
        str | None,
        typer.Option("--date", help="Date of text and HTML input (2016-06-30): decides who held which office."),
    ] = None,
    contributions: Annotated[bool, typer.Option(help="Keep each feature's contribution in JSON.")] = False,
    config: ConfigOption = None,
    batch_out: Annotated[
        Path | None,
        typer.Option(help="With --analyzer llm: write the questions here, in the form of OpenAI's Batch API."),
    ] = None,
    batch_in: Annotated[
        Path | None, typer.Option(help="With --analyzer llm: take the answers from this batch output file.")
    ] = None,
    model: Annotated[str, typer.Option(help="The model that batch requests name.")] = "model",
) -> None:
    """Say of each document whether it is on the topic, and who takes which stance, with the exact quote.

    Exit codes: 0 all read, 1 some lines were no documents (each has an error object with its line number).
    """
    published, problem = parse_date(day)
    if problem:
        raise typer.BadParameter(problem, param_hint="--date")
    read = _reader(analyzer, topic=topic, config=config, batch_out=batch_out, batch_in=batch_in, model=model)
    bad = 0
    results: list[dict[str, Any]] = []
    for document in read_documents(files or [Path("-")], published=published):
        if isinstance(document, BadLine):
            bad += 1
            sys.stderr.write(f"monitor: {document.source}:{document.line}: {document.error}\n")
            result = document.as_json()
        else:
            finding = read(document.article)
            result = finding_json(document.article.id, finding, contributions=contributions)
            if document.warning:
                result["warning"] = document.warning
            if form is AnalyzeFormat.TEXT and batch_out is None:
                console().print(rendered(document.article, finding))
        if form is AnalyzeFormat.JSONL:
            write_line(dumps(result))
        elif form is AnalyzeFormat.JSON:
            results.append(result)
    if form is AnalyzeFormat.JSON:
        write_line(dumps(results, indent=2))
    if bad:
        raise typer.Exit(1)


def _reader(
    name: str, *, topic: str, config: Path | None, batch_out: Path | None, batch_in: Path | None, model: str
) -> Callable[[Article], Finding]:
    """What reads an article: the default analyzer, or it and a language model behind it."""
    from monitor.analysis import analyzer as make_analyzer
    from monitor.settings import load_knowledge

    knowledge = load_knowledge()
    if name != "llm":
        if batch_out or batch_in:
            raise typer.BadParameter("batches are for --analyzer llm", param_hint="--batch-out/--batch-in")
        return make_analyzer(knowledge, topic, name=name).analyze
    from monitor.cli import language_model

    first = make_analyzer(knowledge, topic, name="rules")
    if batch_out:
        return language_model.writes_questions(batch_out, first, knowledge=knowledge, topic=topic, model=model)
    if batch_in:
        return language_model.takes_answers(batch_in, first, knowledge=knowledge, topic=topic)
    return language_model.asks(config, first, knowledge=knowledge, topic=topic)


def finding_json(document_id: str, finding: Finding, *, contributions: bool = False) -> dict[str, Any]:
    """A finding as `docs/accuracy.md` describes the output line: names are the names of the model."""
    dropped = set() if contributions else {"contributions"}
    events = [event.model_dump(mode="json", exclude=dropped) for event in finding.events]
    return {
        "id": document_id,
        "lang": finding.language.value,
        "relevant": finding.relevant,
        "reason": finding.reason,
        "gate": finding.gate.value,
        "confidence": round(finding.confidence, 4),
        "topic": finding.topic,
        "analyzer": finding.analyzer,
        "notes": list(finding.notes),
        "events": events,
        **({"contributions": [each.model_dump() for each in finding.contributions]} if contributions else {}),
    }


# --- reading documents ------------------------------------------------------------------------


class Document(NamedTuple):
    article: Article
    warning: str | None = None


def read_documents(files: list[Path], *, published: datetime | None = None) -> Iterator[Document | BadLine]:
    """The documents of text, HTML and JSON-lines files (`-`: standard input), in order."""
    for path in files:
        yield from _read(path, published=published)


def _read(path: Path, *, published: datetime | None) -> Iterator[Document | BadLine]:
    name = "<stdin>" if str(path) == "-" else str(path)
    if path.suffix in {".jsonl", ".ndjson"}:
        try:
            with path.open("rb") as stream:
                yield from read_lines(stream, source=name)
        except OSError as error:
            raise MonitorError(f"{name}: cannot be read: {error.strerror}") from error
        return
    stream_in = sys.stdin.buffer if name == "<stdin>" else None
    if stream_in is not None:
        first = stream_in.readline()
        while first and not first.strip():
            first = stream_in.readline()
        if first.lstrip().startswith(b"{"):
            yield from read_lines(_after(first, stream_in), source=name)
            return
        raw = first + stream_in.read()
    else:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise MonitorError(f"{name}: cannot be read: {error.strerror}") from error
    if path.suffix == ".json" or (raw.lstrip().startswith(b"{") and raw.count(b"\n{") > 0):
        yield from read_lines(raw.splitlines(), source=name)
    elif path.suffix in {".html", ".htm"} or raw.lstrip()[:1] == b"<":
        yield _from_html(raw, name=name, published=published)
    else:
        yield Document(Article(id=name, text=raw.decode("utf-8", "replace"), published_at=published))


def _after(first: bytes, rest: Any) -> Iterator[bytes]:
    yield first
    yield from rest


def read_lines(lines: Any, *, source: str) -> Iterator[Document | BadLine]:
    """Documents of JSON lines; a line that is none becomes a BadLine, and the rest goes on."""
    for number, raw in enumerate(lines, 1):
        if raw.strip():
            yield _from_line(raw, number=number, source=source)


def _from_line(raw: bytes, *, number: int, source: str) -> Document | BadLine:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return BadLine(source, number, f"not JSON: {error}", None)
    if not isinstance(data, dict):
        return BadLine(source, number, f"an object is expected, not {type(data).__name__}", None)
    name = str(data.get("id", f"line-{number}"))
    if not isinstance(data.get("text"), str):
        return BadLine(source, number, 'no "text", or it is not a string', name)
    for field in ("title", "outlet", "url", "lang", "date"):
        if data.get(field) is not None and not isinstance(data[field], str):
            return BadLine(source, number, f'"{field}" is not a string', name)
    published, problem = parse_date(data.get("date"))
    article = Article(
        id=name,
        text=data["text"],
        title=data.get("title"),
        published_at=published,
        publisher=data.get("outlet"),
        url=data.get("url"),
        language=data.get("lang") if data.get("lang") in {"ar", "en", "ru"} else None,
    )
    return Document(article, problem)


def parse_date(value: str | None) -> tuple[datetime | None, str | None]:
    """An ISO date or time as an aware moment, or nothing and a sentence that says what is wrong.

    A bare date stands for its noon in UTC. An unknown date stays unknown: nothing becomes "now".
    """
    if not value:
        return None, None
    if len(value) == len("2016-06") and value[4] == "-":
        value = f"{value}-15"  # only the month is known: its middle decides who was in office
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None, f"date {value!r} is not ISO 8601 (2016-06-30 or 2016-06-30T18:05:00Z); taken as unknown"
    if len(value) == len("2016-06-30"):
        moment = datetime.combine(date.fromisoformat(value), time(12), UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), None


def _from_html(raw: bytes, *, name: str, published: datetime | None) -> Document:
    from trafilatura import bare_extraction

    found = bare_extraction(raw, include_comments=False, with_metadata=True)
    if found is None or isinstance(found, dict) or not found.text:
        raise MonitorError(f"{name}: no article text found in this HTML; give the text itself")
    moment = published or parse_date(found.date)[0]
    return Document(Article(id=name, text=found.text, title=found.title, published_at=moment, url=found.url))


# --- showing ----------------------------------------------------------------------------------


def rendered(article: Article, finding: Finding) -> Text:
    """The article with its evidence underlined in place, and the events with their reasons below."""
    from rich.text import Text

    from monitor.text.display import one_line

    head = Text()
    head.append(one_line(article.title or article.id), style="bold")
    head.append(f"\n{finding.language.value} · ")
    head.append("relevant" if finding.relevant else "not relevant", style="green" if finding.relevant else "yellow")
    head.append(f" · {one_line(finding.reason)}\n\n")
    body = _marked(article.text, finding.events) if finding.events else Text()
    tail = Text("\n\n" if finding.events else "")
    for number, event in enumerate(finding.events, 1):
        tail.append_text(event_lines(event, number=number))
    for note in finding.notes:
        tail.append(f"note: {one_line(note)}\n", style="yellow")
    return head + body + tail


def _marked(text: str, events: tuple[Event, ...]) -> Text:
    """The text with each evidence underlined in its stance's colour and numbered, conditions in italics."""
    from rich.text import Text

    from monitor.text.display import printable

    cuts = sorted({0, len(text), *(edge for event in events for edge in (event.start, event.end))}
                  | {edge for event in events for part in event.conditions for edge in (part.start, part.end)})  # fmt: skip
    marked = Text()
    for start, end in pairwise(cuts):
        styles = [f"underline {STANCE_COLOURS[event.stance]}" for event in events if event.start <= start < event.end]
        in_condition = any(part.start <= start < part.end for event in events for part in event.conditions)
        marked.append(printable(text[start:end]), style=" ".join([*styles[:1], *(["italic"] if in_condition else [])]))
        for number, event in enumerate(events, 1):
            if event.end == end:
                marked.append(f"[{number}]", style=f"bold {STANCE_COLOURS[event.stance]}")
    return marked


def event_lines(event: Event, *, number: int) -> Text:
    """An event in a few lines: who, what, how sure, the quote, the conditions, why."""
    from rich.text import Text

    from monitor.text.display import isolate, one_line

    lines = Text(f"[{number}] ", style="bold")
    lines.append(event.holder, style="bold")
    who = ", ".join(part for part in (event.speaker, event.office) if part)
    lines.append(f" {who}" if who else "")
    lines.append(f" {event.stance.value}", style=STANCE_COLOURS[event.stance])
    lines.append(f" ({event.kind.value}, confidence {event.confidence:.2f})\n")
    if event.said_as and event.said_as != event.speaker:
        lines.append(f"    the text says: {isolate(one_line(event.said_as))}\n", style="dim")
    lines.append(f"    {isolate(one_line(event.quote))}\n")
    for part in event.conditions:
        lines.append(f"    condition: {isolate(one_line(part.quote))}\n", style="italic")
    lines.append(f"    because {one_line(event.reason)}\n", style="dim")
    return lines


# --- evaluate ---------------------------------------------------------------------------------


def read_findings(path: Path) -> dict[str, Finding]:
    """Findings by document id, as `monitor analyze --format jsonl` wrote them; error objects are left out."""
    findings: dict[str, Finding] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(line)
        if "error" in row:
            continue
        try:
            known = {name: value for name, value in row.items() if name in Finding.model_fields}
            findings[row["id"]] = Finding.model_validate({**known, "language": row["lang"]})
        except (KeyError, ValueError) as error:
            raise MonitorError(f"{path}:{number}: not a finding: {error}") from error
    return findings


class Part(StrEnum):
    ALL = "all"
    DEV = "dev"
    HELD = "held"


@app.command()
def evaluate(
    gold: Annotated[list[Path], typer.Argument(help="Labelled articles: JSON lines, or YAML seeds and cases.")],
    json_out: JsonOption = False,
    topic: Annotated[str, typer.Option(help="The topic to read for.")] = "us-russia-syria",
    analyzer: Annotated[str, typer.Option(help="Which analyzer reads.")] = "rules",
    part: Annotated[Part, typer.Option(help="All, the part to develop on, or the part held back.")] = Part.ALL,
    errors: Annotated[bool, typer.Option("--errors", help="List what was missed, added and miscoded.")] = False,
    given: Annotated[
        Path | None,
        typer.Option(
            "--findings", help="Score this output of `monitor analyze --format jsonl` instead of reading anew."
        ),
    ] = None,
) -> None:
    """Score an analyzer against labelled articles, by language and stance."""
    from monitor.analysis import analyzer as make_analyzer
    from monitor.evaluation import by_language, figures_json, read_labelled
    from monitor.settings import load_knowledge

    labelled = [document for path in gold for document in read_labelled(path)]
    if part is not Part.ALL:
        labelled = [document for document in labelled if document.held_back == (part is Part.HELD)]
    if not labelled:
        raise MonitorError("no labelled articles to score; give files that hold some, or another --part")
    if given:
        findings = read_findings(given)
    else:
        reader = make_analyzer(load_knowledge(), topic, name=analyzer)
        findings = {document.id: reader.analyze(document.article()) for document in labelled}
    scores = by_language(labelled, findings)
    if json_out:
        write_line(figures_json(scores))
        return
    _print_scores({name: measured.figures() for name, measured in scores.items()})
    if errors:
        _print_errors(labelled, findings)


_MEASURES = {
    "documents": "documents",
    "relevance P": "relevance_precision",
    "relevance R": "relevance_recall",
    "relevance F1": "relevance_f1",
    "actor F1": "actor_f1",
    "actor-stance F1": "actor_stance_f1",
    "  ± standard error": "actor_stance_standard_error",
    "actor-side F1": "actor_side_f1",
    "strict F1": "strict_f1",
    "macro stance F1": "macro_stance_f1",
    "events per labelled": "events_per_labelled_event",
    "evidence overlap": "evidence_overlap",
    "inexact quotes": "inexact_quotes",
}


def _print_scores(figures: dict[str, dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("measure")
    for name in figures:
        table.add_column(name, justify="right")
    for words, key in _MEASURES.items():
        table.add_row(words, *(_figure(part[key]) for part in figures.values()))
    for stance in STANCE_COLOURS:
        table.add_row(f"  {stance} F1", *(_figure(part["stance_f1"][stance]) for part in figures.values()))
    console().print(table)


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _print_errors(labelled: list[Any], findings: dict[str, Finding]) -> None:
    for document in labelled:
        finding = findings[document.id]
        said = {(event.actor, event.institution, event.stance.value) for event in finding.events}
        meant = {(label.actor, label.institution, label.stance.value) for label in document.statements}
        if said == meant and finding.relevant == document.relevant:
            continue
        console().print(
            f"{document.id}: relevant {finding.relevant} (label {document.relevant}); "
            f"missed {sorted(map(str, meant - said))}; added {sorted(map(str, said - meant))}"
        )
