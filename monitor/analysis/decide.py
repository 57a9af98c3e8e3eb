"""From candidates to stances: which sentences show one, which actors hold one, which stance, on which evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.analysis.candidates import Candidate, only_spoken_of
from monitor.analysis.knowledge import LinearModel, Topic
from monitor.analysis.linear import distribution, logit, probability
from monitor.model import Stance

Features = dict[str, float]
_EVIDENCE = 2  # power of salience in the choice of the sentence that is shown
_RIVAL = -0.85  # logit of the salience (.3) from which another actor counts as one that takes a stance
_MOST_EVENTS = 12


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its salience and the stance it shows, if any."""

    candidate: Candidate
    salience: float
    stances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Decision:
    """One holder's stance in the text, with the sentence that shows it best."""

    actor: str
    institution: str | None
    stance: Stance
    best: Scored
    confidence: float
    chance: float
    stances: Mapping[str, float]


def decide(
    scored: Sequence[Scored], models: Mapping[str, LinearModel], topic: Topic, *, relevance: float
) -> tuple[Decision, ...]:
    """The stances of a relevant text, by actor in the order they stand in it."""
    groups = by_actor(scored)
    decisions: list[Decision] = []
    for actor, own in groups.items():
        if own[0].salience < _FAINTEST:
            continue
        features = actor_features(actor, groups, topic, relevance=relevance)
        chance = probability(models["actor"], features)
        if chance >= models["actor"].threshold:
            decisions += stances_of(actor, own, chance)
    decisions.sort(key=lambda each: each.best.candidate.scene.sentence.number)
    return tuple(decisions[:_MOST_EVENTS])


def score(candidate: Candidate, models: Mapping[str, LinearModel]) -> Scored:
    return Scored(
        candidate,
        salience=probability(models["salience"], candidate.features),
        stances=distribution(models["stance"], candidate.features),
    )


def by_actor(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """The scored candidates of each actor, most salient first; what others say of it counts only where it is plain."""
    groups: dict[str, list[Scored]] = {}
    for each in scored:
        if each.salience < _HEARSAY and only_spoken_of(each.candidate):
            continue
        groups.setdefault(each.candidate.actor, []).append(each)
    for own in groups.values():
        own.sort(key=lambda each: -each.salience)
    return groups


def actor_features(actor: str, groups: Mapping[str, Sequence[Scored]], topic: Topic, *, relevance: float) -> Features:
    """What the decision "this actor takes a stance in this text" is made from."""
    own = groups[actor]
    top = [logit(each.salience) for each in own[:3]]
    found: Features = {
        "best sentence": top[0],
        "second sentence": top[1] if len(top) > 1 else -4.0,
        "third sentence": top[2] if len(top) > 2 else -4.0,
        "any sentence": logit(1 - math.prod(1 - each.salience for each in own)),
        "sentences": math.log1p(len(own)),
        "text's relevance": logit(relevance),
        f"role:{own[0].candidate.role}": 1.0,
        f"kind:{own[0].candidate.mention.kind}": 1.0,
        "in the headline": float(any(each.candidate.scene.sentence.is_title for each in own)),
        "speaks": float(any(each.candidate.role in {"speaker", "carried"} for each in own)),
        "stance is clear": max(stance_of(own).values()),
    }
    if own[0].candidate.institution:
        found["has an institution"] = 1.0
    if actor in topic.principals:
        found["principal"] = 1.0
        found[f"actor:{actor}"] = 1.0
    rivals = [logit(others[0].salience) for name, others in groups.items() if name != actor]
    found["best of the others"] = max(rivals, default=-5.0)
    partners = [logit(groups[name][0].salience) for name in topic.principals if name != actor and name in groups]
    found["best of the other principal"] = max(partners, default=-5.0)
    found["lead over the others"] = top[0] - found["best of the others"]
    found["rank"] = float(sum(1 for rival in rivals if rival > top[0]))
    found["actors"] = math.log1p(len(groups))
    found["third parties"] = math.log1p(len(set(groups) - set(topic.principals)))
    found["others who take a stance"] = float(sum(1 for rival in rivals if rival >= _RIVAL))
    _doings(found, own)
    return found


def _doings(found: Features, own: Sequence[Scored]) -> None:
    """What the actor is in the headline, and how plainly it does something rather than speaks."""
    for each in own:
        if each.candidate.scene.sentence.is_title:
            found[f"headline role:{each.candidate.role}"] = 1.0
    done = [logit(each.salience) for each in own if each.candidate.role in {"subject", "agent"}]
    found["best deed"] = max(done, default=-5.0)
    found["deeds"] = math.log1p(len(done))


def stance_of(own: Sequence[Scored]) -> dict[str, float]:
    """The stance an actor's sentences show together: each counts by its salience."""
    totals: dict[str, float] = {}
    weights = 0.0
    for each in own:
        weights += each.salience
        for name, chance in each.stances.items():
            totals[name] = totals.get(name, 0.0) + each.salience * chance
    return {name: total / weights for name, total in totals.items()} if weights else totals


def stances_of(actor: str, own: Sequence[Scored], chance: float) -> list[Decision]:
    """The actor's stance with its best evidence; a second institution that clearly speaks too gets its own."""
    first = _decision(actor, own, chance)
    if first.institution is None:
        first = replace(first, institution=_named_elsewhere(own, first.stance))
    decisions = [first]
    for institution, part in _by_institution(own).items():
        if institution == first.institution or part[0].candidate.role in _SPOKEN_OF:
            continue
        telling = _telling(part)
        other = _decision(actor, (telling,), telling.salience)
        if telling.salience >= _wanted(other, first):
            decisions.append(other)
    return decisions


def _telling(part: Sequence[Scored]) -> Scored:
    """The sentence a further holder is judged by: an offer's terms where they leave no doubt, since what is said of the
    offer elsewhere does not take them back; else the most salient one."""
    terms = (each for each in part if each.salience >= _CLEAR_ECHO and each.stances[Stance.CONDITIONAL.value] >= _CLEAR)
    return next(terms, part[0])


def _wanted(other: Decision, first: Decision) -> float:
    """The salience that a further holder of the same actor needs; less where its stance leaves no doubt."""
    if other.stance is Stance.CONDITIONAL and other.best.stances[other.stance.value] >= _CLEAR:
        return _CLEAR_ECHO
    return _SPLIT if other.stance is not first.stance else _ECHO


def _named_elsewhere(own: Sequence[Scored], stance: Stance) -> str | None:
    """The institution that speaks for the bare country in other sentences of the text, where one weighs enough."""
    weights: dict[str | None, float] = {}
    for each in own:
        institution = each.candidate.institution
        weights[institution] = weights.get(institution, 0.0) + each.salience * each.stances[stance.value]
    named = {institution: weight for institution, weight in weights.items() if institution is not None}
    if not named:
        return None
    top = max(named, key=lambda institution: named[institution])
    return top if named[top] >= _BARE_SHARE * weights.get(None, 0.0) else None


_BARE_SHARE = 0.25  # of the bare country's weight, that a named institution needs to stand for it
_SPLIT = 0.4  # salience of a second institution whose stance differs
_ECHO = 0.6  # and of one that says the same
_HEARSAY = 0.4  # salience that an actor needs whom others only speak of
_FAINTEST = 0.1  # and any actor, whatever the rest of the text says
_CLEAR = 0.8  # probability at which an offer with its terms leaves no doubt
_CLEAR_ECHO = 0.15
_SPOKEN_OF = frozenset({"object", "possessor", "other"})


def _by_institution(own: Sequence[Scored]) -> dict[str | None, list[Scored]]:
    parts: dict[str | None, list[Scored]] = {}
    for each in own:
        parts.setdefault(each.candidate.institution, []).append(each)
    return parts


def _decision(actor: str, own: Sequence[Scored], chance: float) -> Decision:
    stances = stance_of(own)
    stance = max(stances, key=lambda name: stances[name])
    best = max(own, key=lambda each: each.salience**_EVIDENCE * each.stances[stance])
    return Decision(
        actor=actor,
        institution=best.candidate.institution,
        stance=Stance(stance),
        best=best,
        confidence=chance * stances[stance],
        chance=chance,
        stances=stances,
    )
