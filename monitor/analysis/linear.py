"""Applies fitted logistic regressions (data in `knowledge/models`) and says what each feature contributed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from monitor.analysis.knowledge import LinearModel
from monitor.model import Contribution


def logits(model: LinearModel, features: Mapping[str, float]) -> list[float]:
    """A score per class; for two classes one score, of the second against the first."""
    scores = list(model.intercepts)
    weights = model.weights
    for name, value in features.items():
        row = weights.get(name)
        if row is not None:
            for place, weight in enumerate(row):
                scores[place] += weight * value
    return scores


def probability(model: LinearModel, features: Mapping[str, float]) -> float:
    """Of a two-class model: how likely the second class is."""
    return sigmoid(logits(model, features)[0])


def distribution(model: LinearModel, features: Mapping[str, float]) -> dict[str, float]:
    """Of a model with several classes: how likely each is."""
    scores = logits(model, features)
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return {name: power / total for name, power in zip(model.classes, powers, strict=True)}


def sigmoid(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-min(score, 60.0)))
    power = math.exp(max(score, -60.0))
    return power / (1.0 + power)


def logit(chance: float) -> float:
    chance = min(max(chance, 1e-4), 1 - 1e-4)
    return math.log(chance / (1 - chance))


def contributions(
    model: LinearModel, features: Mapping[str, float], *, of: str | None = None, most: int = 6
) -> tuple[Contribution, ...]:
    """The features that moved the decision most, strongest first, with the log-odds each added for class `of`."""
    place = model.classes.index(of) if of is not None and len(model.intercepts) > 1 else 0
    weighed = [
        (name, model.weights[name][place] * value)
        for name, value in features.items()
        if value and name in model.weights
    ]
    weighed.sort(key=lambda pair: -abs(pair[1]))
    return tuple(
        Contribution(feature=name, weight=round(weight, 3), words=f"{name} ({weight:+.2f})")
        for name, weight in weighed[:most]
        if abs(weight) >= 0.05
    )
