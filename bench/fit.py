"""Fits the default analyzer's models and measures them by cross-validation: `python -m bench.fit [--write] [--held] [--corrections FILE]`.

Grouped by event and month, so that translations of one event never stand on both sides. Documents of held-back months
(`Labelled.held_back`) are read only with --held, and never fitted on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from monitor.analysis.candidates import Candidate
from monitor.analysis.decide import Scored, actor_features, by_actor, score
from monitor.analysis.knowledge import Knowledge, LinearModel
from monitor.analysis.linear import probability
from monitor.analysis.relevance import verdict_features
from monitor.analysis.rules import Extracted, Rules
from monitor.evaluation import Labelled, by_language, read_labelled
from monitor.model import Finding, Stance
from monitor.settings import load_knowledge

GOLD = Path("../shared/gold")
COMMAND = "python -m bench.fit --write"
FOLDS = 5
STANCES = tuple(stance.value for stance in Stance)
MODELS = Path("monitor/knowledge/models")


@dataclass(frozen=True)
class Item:
    """A labelled document taken apart; `extracted` is None where the gate drops it."""

    document: Labelled
    group: str
    extracted: Extracted | None
    trains: bool = True


@dataclass(frozen=True)
class Strength:
    """Inverse regularisation of each model, and the thresholds."""

    relevance: float = 0.05
    salience: float = 0.1
    stance: float = 0.1
    verdict: float = 1.0
    actor: float = 0.3


def items(documents: Iterable[Labelled], rules: Rules) -> list[Item]:
    listed = list(documents)
    groups = _groups(listed)
    return [Item(document, groups[document.id], _extracted(document, rules)) for document in listed]


def _extracted(document: Labelled, rules: Rules) -> Extracted | None:
    article = document.article()
    missing = rules._gate.missing(article.text, article.title, document.lang)
    return None if missing else rules.extract(article, document.lang)


def _groups(documents: Sequence[Labelled]) -> dict[str, str]:
    """Documents joined by event or month, transitively, are one group."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for document in documents:
        names = [f"m:{document.cluster}", f"d:{document.id}"] + ([f"e:{document.event}"] if document.event else [])
        for name in names[1:]:
            parent[root(name)] = root(names[0])
    return {document.id: root(f"d:{document.id}") for document in documents}


def taken_apart(item: Item) -> Extracted:
    if item.extracted is None:
        raise ValueError(f"{item.document.id} never passed the gate")
    return item.extracted


Added = tuple[Item, list[Candidate]]
"""An article of our own with its candidates."""


# --- fitting ----------------------------------------------------------------------------------


def fit_model(
    name: str,
    rows: Sequence[Mapping[str, float]],
    labels: Sequence[Any],
    *,
    strength: float,
    weights: Sequence[float] | None = None,
) -> LinearModel:
    vectorizer = DictVectorizer(sparse=True, sort=True)
    matrix = vectorizer.fit_transform(rows)
    model = LogisticRegression(C=strength, max_iter=2000, tol=1e-5)
    model.fit(matrix, labels, sample_weight=weights)
    columns = vectorizer.get_feature_names_out()
    classes = tuple(str(label) for label in model.classes_)
    return LinearModel(
        name=name,
        classes=classes,
        intercepts=tuple(round(float(value), 5) for value in model.intercept_),
        weights={
            str(column): tuple(round(float(value), 4) for value in model.coef_[:, place])
            for place, column in enumerate(columns)
        },
        fitted_by=COMMAND,
        fitted_on=f"{len(rows)} rows",
    )


def folds(groups: Sequence[str], count: int) -> list[np.ndarray]:
    """Places of each fold's test rows; whole groups, sizes evened out, the same each time."""
    sizes: dict[str, int] = defaultdict(int)
    for group in groups:
        sizes[group] += 1
    load = [0] * count
    chosen: dict[str, int] = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold = min(range(count), key=lambda number: (load[number], number))
        chosen[group] = fold
        load[fold] += sizes[group]
    return [np.array([place for place, group in enumerate(groups) if chosen[group] == fold]) for fold in range(count)]


def fit_all(
    train: Sequence[Item], rules: Rules, strength: Strength, extra: Sequence[Item] = ()
) -> dict[str, LinearModel]:
    """Every model of the analyzer. Later models see the earlier ones' out-of-fold answers, as in use."""
    passed = [item for item in train if item.extracted]
    relevance, chances = _out_of_fold_relevance(passed, [item for item in extra if _is_short(item)], strength)
    found = [rules.candidates(taken_apart(item), chance) for item, chance in zip(passed, chances, strict=True)]
    labels = [labelled(item.document, each) for item, each in zip(passed, found, strict=True)]
    added = [(item, rules.candidates(item.extracted, 0.8)) for item in extra if item.extracted]
    stance = _fit_stance(found, labels, added, strength)
    salience, scored = _out_of_fold_salience(passed, found, labels, added, strength)
    verdict, chances = _out_of_fold_verdict(passed, chances, scored, strength)
    rows: list[Mapping[str, float]] = []
    answers: list[int] = []
    for item, each, chance in zip(passed, scored, chances, strict=True):
        if not item.document.relevant:
            continue  # it is asked of relevant texts only: what the verdict knows must not be learnt twice
        gold = {label.actor for label in item.document.statements}
        groups = by_actor(each)
        for actor in groups:
            rows.append(actor_features(actor, groups, rules._topic, relevance=chance))
            answers.append(int(actor in gold))
    actors = fit_model("actor", rows, answers, strength=strength.actor)
    return {model.name: model for model in (relevance, salience, stance, verdict, actors)}


def _is_short(item: Item) -> bool:
    return item.extracted is not None and len(item.extracted.scenes) <= SHORT


SHORT = 4
"""Sentences: the labelled documents hold few texts as short as a feed's teasers, so ours of that length help there."""

SHORT_WEIGHT = 0.1


def _out_of_fold_relevance(
    passed: Sequence[Item], short: Sequence[Item], strength: Strength
) -> tuple[LinearModel, list[float]]:
    rows = [taken_apart(item).features for item in passed]
    labels = [int(item.document.relevant) for item in passed]
    more = [taken_apart(item).features for item in short]
    marks = [int(item.document.relevant) for item in short]
    weights = [SHORT_WEIGHT] * len(more)

    def fitted(places: Sequence[int]) -> LinearModel:
        return fit_model(
            "relevance",
            [*(rows[place] for place in places), *more],
            [*(labels[place] for place in places), *marks],
            strength=strength.relevance,
            weights=[1.0] * len(places) + weights,
        )

    chances = [0.0] * len(rows)
    for test in folds([item.group for item in passed], FOLDS):
        held = set(test.tolist())
        kept = [place for place in range(len(rows)) if place not in held]
        model = fitted(kept)
        for place in held:
            chances[place] = probability(model, rows[place])
    return fitted(range(len(rows))), chances


def _out_of_fold_verdict(
    passed: Sequence[Item], chances: Sequence[float], scored: Sequence[Sequence[Scored]], strength: Strength
) -> tuple[LinearModel, list[float]]:
    rows = [
        verdict_features(chance, [one.salience for one in each]) for chance, each in zip(chances, scored, strict=True)
    ]
    labels = [int(item.document.relevant) for item in passed]
    out = [0.0] * len(rows)
    for test in folds([item.group for item in passed], FOLDS):
        held = set(test.tolist())
        kept = [place for place in range(len(rows)) if place not in held]
        model = fit_model("verdict", [rows[p] for p in kept], [labels[p] for p in kept], strength=strength.verdict)
        for place in held:
            out[place] = probability(model, rows[place])
    return fit_model("verdict", rows, labels, strength=strength.verdict), out


def labelled(document: Labelled, found: Sequence[Candidate]) -> list[str | None]:
    """The stance each candidate is labelled with; None where it shows none."""
    out: list[str | None] = [None] * len(found)
    for label in document.statements:
        touching = [
            place
            for place, each in enumerate(found)
            if each.actor == label.actor
            and each.scene.sentence.start < label.end
            and label.start < each.scene.sentence.end
        ]
        exact = [place for place in touching if found[place].institution == label.institution]
        for place in exact or touching:
            out[place] = label.stance.value
    return out


def _fit_stance(
    found: Sequence[Sequence[Candidate]],
    labels: Sequence[Sequence[str | None]],
    added: Sequence[Added],
    strength: Strength,
) -> LinearModel:
    rows: list[Mapping[str, float]] = []
    answers: list[str] = []
    weights: list[float] = []
    for each, marks in zip(found, labels, strict=True):
        for candidate, mark in zip(each, marks, strict=True):
            if mark:
                rows.append(_of_meaning(candidate.features))
                answers.append(mark)
                weights.append(1.0)
    for item, each in added:
        for candidate, mark in zip(each, labelled(item.document, each), strict=True):
            if mark:
                rows.append(_of_meaning(candidate.features))
                answers.append(mark)
                weights.append(EXTRA_WEIGHT)
    return fit_model("stance", rows, answers, strength=strength.stance, weights=weights)


EXTRA_WEIGHT = 1.0
_LAYOUT = frozenset({"length", "number", "depth"})


def _of_meaning(features: Mapping[str, float]) -> Mapping[str, float]:
    """Without the sentence's length and place: our own articles differ in them from real ones, and they mean no stance."""
    return {name: value for name, value in features.items() if name not in _LAYOUT}


def _out_of_fold_salience(
    passed: Sequence[Item],
    found: Sequence[Sequence[Candidate]],
    labels: Sequence[Sequence[str | None]],
    added: Sequence[Added],
    strength: Strength,
) -> tuple[LinearModel, list[list[Scored]]]:
    groups = [item.group for item in passed]
    scored: list[list[Scored]] = [[] for _ in passed]
    extra_rows = [
        (candidate.features, mark is not None)
        for item, each in added
        for candidate, mark in zip(each, labelled(item.document, each), strict=True)
    ]
    for test in folds(groups, FOLDS):
        held = set(test.tolist())
        kept = [place for place in range(len(passed)) if place not in held]
        model = _fit_salience([found[place] for place in kept], [labels[place] for place in kept], extra_rows, strength)
        part = _fit_stance([found[place] for place in kept], [labels[place] for place in kept], added, strength)
        for place in held:
            models = {"salience": model, "stance": part}
            scored[place] = [score(candidate, models) for candidate in found[place]]
    return _fit_salience(found, labels, extra_rows, strength), scored


def _fit_salience(
    found: Sequence[Sequence[Candidate]],
    labels: Sequence[Sequence[str | None]],
    extra_rows: Sequence[tuple[Mapping[str, float], bool]],
    strength: Strength,
) -> LinearModel:
    rows: list[Mapping[str, float]] = [candidate.features for each in found for candidate in each]
    marks = [int(mark is not None) for each in labels for mark in each]
    weights = [1.0] * len(rows) + [SALIENCE_EXTRA] * len(extra_rows)
    rows += [row for row, _ in extra_rows]
    marks += [int(mark) for _, mark in extra_rows]
    return fit_model("salience", rows, marks, strength=strength.salience, weights=weights)


SALIENCE_EXTRA = 1.0


# --- measuring --------------------------------------------------------------------------------


def with_models(rules: Rules, knowledge: Knowledge, models: Mapping[str, LinearModel]) -> Rules:
    return Rules(knowledge.model_copy(update={"models": dict(models)}), rules.topic)


def cross_validated(
    data: Sequence[Item],
    rules: Rules,
    knowledge: Knowledge,
    strength: Strength,
    extra: Sequence[Item] = (),
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, Finding]:
    """Findings for every document by models that never saw its group."""
    findings: dict[str, Finding] = {}
    for test in folds([item.group for item in data], FOLDS):
        held = set(test.tolist())
        train = [item for place, item in enumerate(data) if place not in held]
        models = fit_all(train, rules, strength, extra)
        models = with_thresholds(models, thresholds)
        reader = with_models(rules, knowledge, models)
        reader._readers = rules._readers
        for place in held:
            document = data[place].document
            findings[document.id] = reader.analyze(document.article())
    return findings


def with_thresholds(
    models: Mapping[str, LinearModel], thresholds: Mapping[str, float] | None
) -> dict[str, LinearModel]:
    chosen = {**THRESHOLDS, **(thresholds or {})}
    return {name: model.model_copy(update={"threshold": chosen.get(name, 0.5)}) for name, model in models.items()}


THRESHOLDS = {"verdict": 0.5, "actor": 0.4}


def report(documents: Sequence[Labelled], findings: Mapping[str, Any], out: TextIO = sys.stdout) -> None:
    for name, scores in by_language(documents, findings).items():
        f = scores.figures()
        stances = " ".join(f"{k[:4]}={v:.2f}" for k, v in f["stance_f1"].items())
        out.write(
            f"{name:4} n={f['documents']:3} rel={f['relevance_f1']:.3f} (P{f['relevance_precision']:.2f} R{f['relevance_recall']:.2f})"
            f" act={f['actor_f1']:.3f} AS={f['actor_stance_f1']:.3f}±{f['actor_stance_standard_error']:.3f} side={f['actor_side_f1']:.3f} macro={f['macro_stance_f1']:.3f}"
            f" strict={f['strict_f1']:.3f} e/g={f['events_per_labelled_event']:.2f} ov={f['evidence_overlap']:.2f} | {stances}\n"
        )


def documents(*, held: bool) -> list[Labelled]:
    listed = [document for path in sorted(GOLD.glob("*.jsonl")) for document in read_labelled(path)]
    return [document for document in listed if document.held_back == held]


def ours(corrections: Sequence[Path] = ()) -> list[Labelled]:
    """Our own labelled articles, the cases that may train, and what people corrected, as `monitor corrections` wrote it.

    Corrected articles of held-back months are left out like any other of those months.
    """
    corrected = [document for path in corrections for document in read_labelled(path) if not document.held_back]
    paths = [*sorted(Path("seeds").glob("*.yaml")), *sorted(Path("seeds/training").glob("*.yaml"))]
    found = [document for path in paths for document in read_labelled(path)]
    cases = [document for path in sorted(Path("tests/cases").glob("*.yaml")) for document in read_labelled(path)]
    return found + corrected + [document for document in cases if document.use == "train"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="fit on all but the held-back part and write the models")
    parser.add_argument(
        "--held", action="store_true", help="score the written models on the held-back part (log each look)"
    )
    parser.add_argument(
        "--corrections",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="labelled cases of `monitor corrections --format jsonl`; may stand several times",
    )
    arguments = parser.parse_args()
    knowledge = load_knowledge()
    rules = Rules(knowledge, "us-russia-syria")
    if arguments.held:
        held = documents(held=True)
        report(held, {document.id: rules.analyze(document.article()) for document in held})
        return
    data = items(documents(held=False), rules)
    extra = items(ours(arguments.corrections), rules)
    strength = Strength()
    findings = cross_validated(data, rules, knowledge, strength, extra)
    report([item.document for item in data], findings)
    if arguments.write:
        MODELS.mkdir(exist_ok=True)
        for name, model in with_thresholds(fit_all(data, rules, strength, extra), None).items():
            path = MODELS / f"{name}.json"
            path.write_text(json.dumps(model.model_dump(), ensure_ascii=False, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
