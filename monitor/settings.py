"""Environment, `feeds.yaml` and knowledge become models; a bad file gets a clear sentence with file and line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator

from monitor.analysis import analyzer
from monitor.analysis.doubts import doubts
from monitor.analysis.knowledge import (
    ConceptsFile,
    Knowledge,
    Lexicon,
    OfficesFile,
    Topic,
    knowledge_from,
)
from monitor.analysis.llm import Prompt
from monitor.channels import AnyChannel
from monitor.endpoint import LanguageModel
from monitor.model import Analyzer, Article, ConfigError, Feed, Finding, Frozen, Keep, Span
from monitor.tracking import Wires

_SECRET = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")

# libyaml's loader is ten times the speed of the pure one, and start-up time is promised.
M = TypeVar("M", bound=BaseModel)

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_model(path: Path, model: type[M], *, environ: Mapping[str, str] = os.environ) -> M:
    """The YAML file as a validated model; `${NAME}` in values comes from the environment.

    Raises ConfigError that names file, line, place and mend.
    """
    text = _read(path)
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 -- the loader is a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    try:
        return model.model_validate(_with_secrets(data, environ=environ, path=path))
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(error, text=text, path=path))) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; `monitor init` writes a starter configuration") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _with_secrets(data: Any, *, environ: Mapping[str, str], path: Path) -> Any:
    if isinstance(data, dict):
        return {key: _with_secrets(value, environ=environ, path=path) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_secrets(value, environ=environ, path=path) for value in data]
    if not isinstance(data, str):
        return data

    def secret(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environ:
            raise ConfigError(f"{path}: ${{{name}}} is used but the environment has no {name}; export it first")
        return environ[name]

    return _SECRET.sub(secret, data)


def _sentences(error: ValidationError, *, text: str, path: Path) -> list[str]:
    root = yaml.compose(text, Loader=_Loader)
    return [
        f"{path}:{_line(root, item['loc'])}: {'.'.join(str(part) for part in item['loc']) or 'file'}: "
        f"{item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    ]


def _line(node: yaml.Node | None, place: tuple[int | str, ...]) -> int:
    """The 1-based line of the deepest node on the way to `place`: a missing key has its parent's line."""
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                continue  # pydantic puts union tags into the path; they are no keys of the file
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


# --- the installation's file ------------------------------------------------------------------


DEFAULT_DATABASE = "sqlite:///monitor.db"
KNOWLEDGE = Path(__file__).parent / "knowledge"


class Limits(Frozen):
    """How hard the daemon works at once."""

    polls: int = Field(default=50, ge=1, description="feeds polled at once")
    analyses: int = Field(default=2, ge=1, description="worker processes that parse and analyze")
    deliveries: int = Field(default=4, ge=1, description="messages on their way at once")


class Settings(Frozen):
    """One installation: what `feeds.yaml` and the environment say."""

    feeds: tuple[Feed, ...] = Field(min_length=1)
    topics: tuple[str, ...] = ("us-russia-syria",)
    channels: tuple[AnyChannel, ...] = ()
    contact: str | None = Field(default=None, description="mail address or page, for the User-Agent")
    allow_private: tuple[str, ...] = Field(default=(), description="intranet hosts or networks that may be polled")
    limits: Limits = Limits()
    language_model: LanguageModel | None = Field(default=None, description="a second reader; off until configured")
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="pinged while all is well (healthchecks style: /start, /fail); yours, so private is fine",
    )
    heartbeat_every: Span = timedelta(minutes=5)
    operator_channel: str | None = Field(
        default=None, description="id of the channel that hears of bad feeds and standstills; the log without it"
    )
    templates: Path | None = Field(default=None, description="folder of your own words for alerts, beside this file")
    database_url: str = DEFAULT_DATABASE
    keep: Keep = Field(default=Keep(), description="how long old rows are kept that nothing rests on")

    @field_validator("heartbeat_url")
    @classmethod
    def _is_web(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("the address must start with http:// or https://")
        return url

    @model_validator(mode="after")
    def _operator_channel_is_known(self) -> Self:
        if self.operator_channel and self.operator_channel not in {each.id for each in self.channels}:
            raise ValueError(f"operator_channel {self.operator_channel!r} is no id under channels")
        return self

    @model_validator(mode="after")
    def _fallbacks_are_known(self) -> Self:
        known = {each.id for each in self.channels}
        for each in self.channels:
            if each.fallback and each.fallback not in known:
                raise ValueError(f"the fallback {each.fallback!r} of channel {each.id!r} is no id under channels")
        return self

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for what, ids in (("feed", [feed.id for feed in self.feeds]), ("channel", [each.id for each in self.channels])):
            doubles = sorted({name for name in ids if ids.count(name) > 1})
            if doubles:
                raise ValueError(f"{what} id {doubles[0]!r} stands twice; ids name rows and must differ")
        return self

    def feed(self, feed_id: str) -> Feed | None:
        return next((feed for feed in self.feeds if feed.id == feed_id), None)


def load_settings(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The installation's settings: `path`, or MONITOR_CONFIG, or feeds.yaml in the working folder.

    MONITOR_DATABASE_URL outweighs the file. Raises ConfigError that names file, line and mend.
    """
    chosen = path or Path(environ.get("MONITOR_CONFIG", "feeds.yaml"))
    settings = read_model(chosen, Settings, environ=environ)
    update: dict[str, Any] = {}
    if url := environ.get("MONITOR_DATABASE_URL"):
        update["database_url"] = url
    if settings.templates is not None:
        update["templates"] = chosen.parent / settings.templates
    return settings.model_copy(update=update) if update else settings


def read_templates(folder: Path) -> dict[str, str]:
    """The texts in a folder of templates by file name. Raises ConfigError that names what cannot be read."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise ConfigError(
            f"{folder}: no folder of templates: {error.strerror}; make it, or mend `templates`"
        ) from error
    return {path.name: _read(path) for path in files}


def load_knowledge(folder: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Knowledge:
    """What the analyzers know: the shipped folder, or MONITOR_KNOWLEDGE. Raises ConfigError with file and line."""
    root = folder or Path(environ.get("MONITOR_KNOWLEDGE", str(KNOWLEDGE)))
    topics = tuple(read_model(path, Topic, environ={}) for path in sorted(root.glob("topics/*.yaml")))
    lexicons = tuple(read_model(path, Lexicon, environ={}) for path in sorted(root.glob("languages/*.yaml")))
    if not topics or not lexicons:
        raise ConfigError(f"{root}: no topics/*.yaml or no languages/*.yaml; this is no knowledge folder")
    offices, concepts = root / "offices.yaml", root / "concepts.yaml"
    return knowledge_from(
        topics=topics,
        lexicons=lexicons,
        offices=read_model(offices, OfficesFile, environ={}) if offices.exists() else None,
        concepts=read_model(concepts, ConceptsFile, environ={}) if concepts.exists() else None,
        models=tuple(_fitted(path) for path in sorted(root.glob("models/*.json"))),
    )


def knowledge_doubts(
    knowledge: Knowledge, folder: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """What in the knowledge points nowhere, each with file, line and place."""
    root = folder or Path(environ.get("MONITOR_KNOWLEDGE", str(KNOWLEDGE)))
    found: dict[str, tuple[Path, yaml.Node | None]] = {}
    told = []
    for doubt in doubts(knowledge):
        if doubt.file not in found:
            path = _named(root / doubt.file)
            found[doubt.file] = path, yaml.compose(_read(path), Loader=_Loader)
        path, tree = found[doubt.file]
        place = ".".join(str(part) for part in doubt.place)
        told.append(f"{path}:{_line(tree, doubt.place)}: {place}: {doubt.words}")
    return tuple(told)


def _named(path: Path) -> Path:
    """The file of a language or topic, which may have another name than the id it holds."""
    if path.exists():
        return path
    holds = re.compile(rf"^(language|id):\s*{re.escape(path.stem)}\s*$", re.MULTILINE)
    return next((each for each in sorted(path.parent.glob("*.yaml")) if holds.search(_read(each))), path)


def load_prompt(folder: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Prompt:
    """What the language model is asked."""
    root = folder or Path(environ.get("MONITOR_KNOWLEDGE", str(KNOWLEDGE)))
    return read_model(root / "prompts" / "stance.yaml", Prompt, environ={})


def load_wires(folder: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Wires:
    """The news agencies and how texts credit them."""
    root = folder or Path(environ.get("MONITOR_KNOWLEDGE", str(KNOWLEDGE)))
    path = root / "wires.yaml"
    return read_model(path, Wires, environ={}) if path.exists() else Wires()


def _fitted(path: Path) -> dict[str, Any]:
    try:
        model = json.loads(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}; fit it again with `python -m bench.fit`") from error
    if not isinstance(model, dict):
        raise ConfigError(f"{path}: an object is expected; fit it again with `python -m bench.fit`")
    return model


def database_url(given: str | None, *, environ: Mapping[str, str] = os.environ) -> str:
    """The database of a command that needs no feeds.yaml."""
    return given or environ.get("MONITOR_DATABASE_URL", DEFAULT_DATABASE)


@dataclass(frozen=True, slots=True)
class KnownAnalyzer:
    """An analyzer by its name: light enough to be sent to a worker process, which loads the knowledge once."""

    topic: str
    kind: str = "rules"
    folder: Path | None = None

    @property
    def name(self) -> str:
        return _loaded(self).name

    def analyze(self, article: Article) -> Finding:
        return _loaded(self).analyze(article)


@cache
def _loaded(known: KnownAnalyzer) -> Analyzer:
    return analyzer(_knowledge(known.folder), known.topic, name=known.kind)


@cache
def _knowledge(folder: Path | None) -> Knowledge:
    return load_knowledge(folder)
