"""The reference pages, made from the code: commands, settings, the JSON API, the Python API. Markdown."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer.main
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import monitor
from monitor.channels import AppriseChannel, EmailChannel, LogChannel, WebhookChannel
from monitor.cli.app import app
from monitor.endpoint import LanguageModel
from monitor.model import Event, Evidence, Feed, Finding, Policy, Report, StanceChange, Track
from monitor.settings import Limits, Settings

_MADE = "Made from the code by `make docs`."
SETTINGS: dict[str, type[BaseModel]] = {
    "feeds.yaml": Settings,
    "feeds: each": Feed,
    "limits": Limits,
    "channels: log": LogChannel,
    "channels: email": EmailChannel,
    "channels: webhook": WebhookChannel,
    "channels: apprise": AppriseChannel,
    "language_model": LanguageModel,
    "a topic's policy": Policy,
}
ENVIRONMENT = {
    "MONITOR_CONFIG": "the configuration; `feeds.yaml` in the working folder",
    "MONITOR_DATABASE_URL": "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; `monitor.db` in the working folder",
    "MONITOR_KNOWLEDGE": "a folder of knowledge of your own; the shipped one",
    "MONITOR_WEB_TOKEN": "what readers of the dashboard must present; needed beyond loopback",
    "NO_COLOR": "no colours, even on a terminal",
}
MODELS: tuple[type[BaseModel], ...] = (Finding, Event, Evidence, StanceChange, Report, Track)


def pages() -> dict[str, str]:
    """Name → Markdown."""
    return {
        "reference": commands_page(),
        "reference-settings": settings_page(),
        "reference-api": api_page(),
        "reference-python": python_page(),
    }


# --- commands -----------------------------------------------------------------------------------


def commands(command: Any, words: tuple[str, ...] = ("monitor",)) -> Iterator[tuple[str, Any]]:
    """(words, command) of the program and everything below it, in order."""
    yield " ".join(words), command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from commands(child, (*words, name))


def commands_page() -> str:
    lines = ["# Commands", "", _MADE]
    for name, command in commands(typer.main.get_command(app)):
        lines += ["", f"## {name}", "", command.help or "", *_table(("option", "says"), parameters(command))]
    return _page(lines)


def parameters(command: Any) -> Iterator[tuple[str, str]]:
    for each in command.params:
        if {"--help", "--show-completion", "--install-completion"} & set(each.opts):
            continue
        shown = ", ".join(each.opts) if each.param_type_name == "option" else (each.metavar or each.name.upper())
        yield shown, " ".join((getattr(each, "help", None) or "").split())


# --- settings -----------------------------------------------------------------------------------


def settings_page() -> str:
    lines = ["# Settings", "", _MADE, "", "## Environment", *_table(("variable", "says"), ENVIRONMENT.items())]
    for title, model in SETTINGS.items():
        told = inspect.cleandoc(model.__doc__ or "")
        lines += ["", f"## {title}", "", told, *_table(("key", "takes", "unless given", "says"), fields(model))]
    return _page(lines)


def fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """(name, what it takes, default, description) of every field."""
    for name, field in model.model_fields.items():
        default = _default(field.get_default(call_default_factory=False))
        yield name, kind(field.annotation), default, field.description or _SAID.get(name, "")


_SAID = {  # for fields whose name says it all in the code
    "feeds": "what is polled", "topics": "what is watched; of a channel: what it hears of", "channels": "the ways out of alerts",
    "limits": "how politely and how far feeds are fetched", "heartbeat_every": "how often `heartbeat_url` is called",
    "database_url": "from MONITOR_DATABASE_URL", "id": "its name here and in the database; keep it", "url": "its address",
    "publisher": "who stands behind it", "language": "ar, en or ru", "name": "as people call it", "kind": "which kind of thing this is",
    "every": "how often it is asked, at most", "full_text": "whether the page behind a teaser is fetched", "enabled": "false: kept, but not polled",
    "tags": "words of your own, for filters and OPML", "silences": "holders it does not hear of, until when", "host": "the mail server",
    "security": "how the line is secured", "username": "for the mail server", "password": "for the mail server", "sender": "From", "to": "who gets it",
    "timeout": "for each answer of the other side", "total": "for the whole dialogue", "ca_file": "certificates to trust beside the system's own",
    "model": "its name at the endpoint", "api_key": "for the endpoint", "attempts": "how often a question is asked at most",
    "concurrency": "questions at a time", "requests_per_day": "then a clear stop until the next day",
    "min_confidence": "an event less sure than this moves no track",
}  # fmt: skip


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "needed"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in (None, {}) else str(value)


def kind(annotation: Any) -> str:
    """A type in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(inner[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind(each) for each in inner if each is not type(None)))
    if origin is Literal:
        return " or ".join(str(each) for each in inner)
    if origin in (tuple, list, frozenset, set):
        return f"list of {kind(inner[0])}" if inner else "list"
    if origin is not None and inner:
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(str(each.value) for each in annotation)
    return _WORDS.get(getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation)))


_WORDS = {
    "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "timedelta": "span (90 s, PT15M)",
    "SecretStr": "secret (${NAME})", "Path": "file", "datetime": "time (ISO 8601)", "date": "day (ISO 8601)",
}  # fmt: skip


# --- the JSON API -------------------------------------------------------------------------------


def api_page() -> str:
    lines = [
        "# JSON API", "", _MADE, "",
        "Read-only, on the address of `monitor web`; `/api/openapi.json` describes it to programs. Names are those of the model.",
    ]  # fmt: skip
    for path, operation in _operations():
        lines += ["", f"## GET {path}", "", operation.get("description") or operation.get("summary", "")]
        lines += _table(("parameter", "takes", "says"), map(_parameter, operation.get("parameters", ())))
    return _page(lines)


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    from datetime import UTC, datetime
    from typing import cast

    from monitor.store import Store
    from monitor.web import create_app

    # The description asks nothing of a store.
    made = create_app(cast("Store", None), clock=lambda: datetime.now(UTC))
    for path, methods in sorted(made.openapi()["paths"].items()):
        yield path, methods["get"]


def _parameter(each: dict[str, Any]) -> tuple[str, str, str]:
    return each["name"], _schema(each["schema"]), each.get("description", "")


def _schema(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_schema(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    return str(schema.get("format") or schema.get("type") or "anything")


# --- the Python API -----------------------------------------------------------------------------


def python_page() -> str:
    lines = ["# Python API", "", _MADE, "", "`import monitor` costs nothing; the first call reads the knowledge."]
    functions: tuple[Callable[..., Any], ...] = (monitor.analyze, monitor.follow)
    for function in functions:
        signature = str(inspect.signature(function, eval_str=False)).replace("'", "")
        lines += ["", f"## monitor.{function.__name__}", "", f"```python\nmonitor.{function.__name__}{signature}\n```"]
        lines += ["", inspect.getdoc(function) or ""]
    for model in MODELS:
        lines += ["", f"## {model.__name__}", "", inspect.cleandoc(model.__doc__ or "")]
        lines += _table(("field", "holds", "says"), ((name, takes, says) for name, takes, _, says in fields(model)))
    return _page(lines)


# --- Markdown -----------------------------------------------------------------------------------


def _table(heads: tuple[str, ...], rows: Any) -> list[str]:
    listed = list(rows)
    if not listed:
        return []
    lines = ["", "| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return [*lines, *("| " + " | ".join([f"`{row[0]}`", *map(_cell, row[1:])]) + " |" for row in listed)]


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|").replace("<", "&lt;") or "–"


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
