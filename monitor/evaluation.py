"""Scores an analyzer's findings against labelled articles, by the measures that docs/accuracy.md defines.

Units are compared per document as sets and averaged over all units (micro), by language and together.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from statistics import mean, pstdev
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monitor.model import Article, ConfigError, Event, Finding, Frozen, Instant, Language, Stance
from monitor.settings import read_model

_RESAMPLES = 200
_STANCES = tuple(Stance)


# --- labelled articles ------------------------------------------------------------------------


def _moment(value: Any) -> Any:
    """A bare date stands for its noon: an office handed over that day is the old holder's until it is over."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(12), UTC)
    if isinstance(value, str) and len(value) == len("2016-06"):
        value = f"{value}-15"  # only the month is known: its middle decides who was in office
    if isinstance(value, str) and len(value) == len("2016-06-30"):
        return datetime.combine(date.fromisoformat(value), time(12), UTC)
    return value


class Label(BaseModel):
    """One labelled stance; `start`, `end` count into the article's text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    actor: str
    institution: str | None = None
    speaker: str | None = None
    stance: Stance
    start: int
    end: int
    quote: str
    unsure: bool = False


class Labelled(BaseModel):
    """A labelled article."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    lang: Language
    text: str
    title: str | None = None
    date: Annotated[Instant | None, BeforeValidator(_moment)] = None
    outlet: str | None = None
    url: str | None = None
    event: str | None = None
    relevant: bool
    statements: tuple[Label, ...] = ()
    use: Literal["train", "measure"] | None = None

    @property
    def cluster(self) -> str:
        """What must not be torn apart when fitting: the same month may hold translations of one event."""
        return f"{self.date:%Y-%m}" if self.date else (self.event or self.id)

    @property
    def held_back(self) -> bool:
        """Whether the article belongs to the part that nobody reads or fits on (one month in five, by hash)."""
        return hashlib.sha256(self.cluster.encode()).digest()[0] % 5 == 0

    def article(self) -> Article:
        return Article(
            id=self.id, text=self.text, title=self.title, published_at=self.date, publisher=self.outlet, url=self.url
        )


class _SeedStance(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    actor: str
    institution: str | None = None
    speaker: str | None = None
    stance: Stance
    quote: str


class _Seed(BaseModel):
    """An entry of `seeds/*.yaml` or `tests/cases/*.yaml`: quotes without offsets."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    title: str | None = None
    published: Annotated[Instant | None, BeforeValidator(_moment)] = None
    date: Annotated[Instant | None, BeforeValidator(_moment)] = None
    event: str | None = None
    feed: str | None = None
    phenomenon: str | None = None
    use: Literal["train", "measure"] | None = None
    relevant: bool
    stances: tuple[_SeedStance, ...] = ()
    expect: tuple[_SeedStance, ...] = ()


class _SeedFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Language
    articles: tuple[_Seed, ...] = ()
    cases: tuple[_Seed, ...] = ()


def read_labelled(path: Path) -> list[Labelled]:
    """Labelled articles of a JSON-lines file, or of a YAML file of seeds or cases. Raises ConfigError with the place."""
    if path.suffix in {".yaml", ".yml"}:
        file = read_model(path, _SeedFile)
        return [_from_seed(seed, language=file.language, path=path) for seed in (*file.articles, *file.cases)]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return [_from_line(line, number=number, path=path) for number, line in enumerate(lines, 1) if line.strip()]


def _from_line(line: str, *, number: int, path: Path) -> Labelled:
    try:
        return Labelled.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "line"
        raise ConfigError(f"{path}:{number}: {place}: {first['msg']}") from error


def _from_seed(seed: _Seed, *, language: Language, path: Path) -> Labelled:
    labels: list[Label] = []
    for stance in (*seed.stances, *seed.expect):
        start = seed.text.find(stance.quote)
        if start < 0:
            raise ConfigError(
                f"{path}: {seed.id}: the quote of {stance.actor} is not in the text: {stance.quote[:60]!r}"
            )
        labels.append(Label(**stance.model_dump(), start=start, end=start + len(stance.quote)))
    return Labelled(
        id=seed.id,
        lang=language,
        text=seed.text,
        title=seed.title,
        date=seed.published or seed.date,
        outlet=seed.feed,
        event=seed.event or seed.phenomenon,
        relevant=seed.relevant,
        statements=tuple(labels),
        use=seed.use,
    )


# --- measures ---------------------------------------------------------------------------------


class Rate(Frozen):
    """Precision, recall and F1 with the counts behind them."""

    right: int
    predicted: int
    labelled: int

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 0.0

    @property
    def f1(self) -> float:
        total = self.predicted + self.labelled
        return 2 * self.right / total if total else 0.0

    def __add__(self, other: Rate) -> Rate:
        return Rate(
            right=self.right + other.right,
            predicted=self.predicted + other.predicted,
            labelled=self.labelled + other.labelled,
        )


class Scores(Frozen):
    """Every measure over one set of documents."""

    documents: int
    relevance: Rate
    actor: Rate
    actor_stance: Rate
    actor_stance_error: float
    side: Rate
    strict: Rate
    by_stance: dict[Stance, Rate]
    events: int
    labelled_events: int
    matched: int
    touching: int
    inexact_quotes: int

    @property
    def macro(self) -> float:
        return mean(self.by_stance[stance].f1 for stance in _STANCES)

    @property
    def events_per_label(self) -> float:
        return self.events / self.labelled_events if self.labelled_events else 0.0

    @property
    def evidence_overlap(self) -> float:
        return self.touching / self.matched if self.matched else 0.0

    def figures(self) -> dict[str, Any]:
        """The measures as plain numbers, rounded to four places; names as in docs/accuracy.md."""
        return {
            "documents": self.documents,
            "relevance_precision": round(self.relevance.precision, 4),
            "relevance_recall": round(self.relevance.recall, 4),
            "relevance_f1": round(self.relevance.f1, 4),
            "actor_f1": round(self.actor.f1, 4),
            "actor_stance_f1": round(self.actor_stance.f1, 4),
            "actor_stance_standard_error": round(self.actor_stance_error, 4),
            "actor_side_f1": round(self.side.f1, 4),
            "strict_f1": round(self.strict.f1, 4),
            "macro_stance_f1": round(self.macro, 4),
            "stance_f1": {stance.value: round(self.by_stance[stance].f1, 4) for stance in _STANCES},
            "events_per_labelled_event": round(self.events_per_label, 4),
            "evidence_overlap": round(self.evidence_overlap, 4),
            "inexact_quotes": self.inexact_quotes,
        }


Unit = tuple[Any, ...]
_UNITS: dict[str, Callable[[Event | Label], Unit]] = {
    "actor": lambda event: (event.actor,),
    "actor_stance": lambda event: (event.actor, event.stance),
    "side": lambda event: (event.actor, event.stance.side),
    "strict": lambda event: (event.actor, event.institution, event.stance),
}


def score(labelled: Sequence[Labelled], findings: Mapping[str, Finding]) -> Scores:
    """The measures over `labelled`; `findings` by document id, a missing one counts as "not relevant"."""
    rates: dict[str, Rate] = defaultdict(lambda: Rate(right=0, predicted=0, labelled=0))
    by_stance = {stance: Rate(right=0, predicted=0, labelled=0) for stance in _STANCES}
    by_cluster: dict[str, Rate] = defaultdict(lambda: Rate(right=0, predicted=0, labelled=0))
    counts: Counter[str] = Counter()
    for document in labelled:
        finding = findings.get(document.id)
        events = finding.events if finding else ()
        said = bool(finding and finding.relevant)
        rates["relevance"] += Rate(
            right=int(said and document.relevant), predicted=int(said), labelled=int(document.relevant)
        )
        for name, unit in _UNITS.items():
            rate = _rate({unit(event) for event in events}, {unit(label) for label in document.statements})
            rates[name] += rate
            if name == "actor_stance":
                by_cluster[document.event or document.cluster] += rate
        for stance in _STANCES:
            by_stance[stance] += _rate(
                {event.actor for event in events if event.stance is stance},
                {label.actor for label in document.statements if label.stance is stance},
            )
        counts.update(_evidence(document, events))
    return Scores(
        documents=len(labelled),
        relevance=rates["relevance"],
        actor=rates["actor"],
        actor_stance=rates["actor_stance"],
        actor_stance_error=_bootstrap_error(list(by_cluster.values())),
        side=rates["side"],
        strict=rates["strict"],
        by_stance=by_stance,
        events=counts["events"],
        labelled_events=counts["labels"],
        matched=counts["matched"],
        touching=counts["touching"],
        inexact_quotes=counts["inexact"],
    )


def _rate(predicted: set[Unit] | set[str], labelled: set[Unit] | set[str]) -> Rate:
    common = {unit for unit in predicted if unit in labelled}
    return Rate(right=len(common), predicted=len(predicted), labelled=len(labelled))


def _evidence(document: Labelled, events: Iterable[Event]) -> Counter[str]:
    counts: Counter[str] = Counter(labels=len(document.statements))
    for event in events:
        counts["events"] += 1
        counts["inexact"] += not event.evidence.holds_in(document.text)
        same = [label for label in document.statements if (label.actor, label.stance) == (event.actor, event.stance)]
        if same:
            counts["matched"] += 1
            counts["touching"] += any(label.start < event.end and event.start < label.end for label in same)
    return counts


def _bootstrap_error(clusters: Sequence[Rate]) -> float:
    """Standard error of the F1 when whole clusters are drawn again; the fixed seed makes it a figure to compare."""
    if len(clusters) < 2:
        return 0.0
    chance = random.Random(0)  # noqa: S311 -- statistics, no secret
    drawn = [chance.choices(clusters, k=len(clusters)) for _ in range(_RESAMPLES)]
    return pstdev(_total(sample).f1 for sample in drawn)


def _total(rates: Iterable[Rate]) -> Rate:
    right = predicted = labels = 0
    for rate in rates:
        right, predicted, labels = right + rate.right, predicted + rate.predicted, labels + rate.labelled
    return Rate(right=right, predicted=predicted, labelled=labels)


def by_language(labelled: Sequence[Labelled], findings: Mapping[str, Finding]) -> dict[str, Scores]:
    """`score` for each language present, and for all together under "all"."""
    languages = sorted({document.lang for document in labelled})
    scores = {
        language.value: score([document for document in labelled if document.lang is language], findings)
        for language in languages
    }
    return {**scores, "all": score(labelled, findings)}


def figures_json(scores: Mapping[str, Scores]) -> str:
    """The figures of several sets as one JSON document."""
    return json.dumps({name: part.figures() for name, part in scores.items()}, ensure_ascii=False, indent=2)
