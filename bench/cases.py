"""The written cases by language and by phenomenon: `python -m bench.cases [--write [--accept]]`.

Figures are of the cases that never train (`use: measure`). `--write` raises what `tests/cases/reached.json` holds the
analyzer to: a floor per phenomenon and language, and the cases that come out exactly. It never lowers anything; what fell is
named, and `--accept` takes today's figures all the same (after a refit that is better on the whole).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from monitor.analysis import analyzer
from monitor.evaluation import Labelled, by_language, read_labelled, score
from monitor.model import Finding
from monitor.settings import load_knowledge

CASES = Path(__file__).parent.parent / "tests" / "cases"
REACHED = CASES / "reached.json"


class Reached(BaseModel):
    """What the analyzer has reached on the cases, and must not fall below."""

    languages: dict[str, float]  # actor-stance F1
    phenomena: dict[str, float]
    exact: tuple[str, ...]  # ids of cases whose relevance, actors and stances all come out


def all_cases() -> list[Labelled]:
    return [case for path in sorted(CASES.glob("*.yaml")) for case in read_labelled(path)]


def by_phenomenon(cases: Iterable[Labelled]) -> dict[str, list[Labelled]]:
    found: dict[str, list[Labelled]] = defaultdict(list)
    for case in cases:
        found[case.event or ""].append(case)
    return dict(sorted(found.items()))


def comes_out(case: Labelled, finding: Finding) -> bool:
    """Whether relevance is right, and actors with their stances are exactly those labelled."""
    said = {(event.actor, event.stance) for event in finding.events}
    return finding.relevant == case.relevant and said == {(label.actor, label.stance) for label in case.statements}


def measured(cases: Sequence[Labelled], findings: Mapping[str, Finding]) -> float:
    """Actor-stance F1 of those that never train, rounded as it is kept."""
    return round(score([case for case in cases if case.use == "measure"], findings).actor_stance.f1, 3)


def today(cases: Sequence[Labelled], findings: Mapping[str, Finding]) -> Reached:
    languages = {case.lang for case in cases}
    return Reached(
        languages={
            lang.value: measured([case for case in cases if case.lang is lang], findings) for lang in sorted(languages)
        },
        phenomena={name: measured(few, findings) for name, few in by_phenomenon(cases).items()},
        exact=tuple(sorted(case.id for case in cases if comes_out(case, findings[case.id]))),
    )


def raised(before: Reached, now: Reached) -> Reached:
    """The better of the two in everything."""
    return Reached(
        languages={name: max(figure, before.languages.get(name, 0)) for name, figure in now.languages.items()},
        phenomena={name: max(figure, before.phenomena.get(name, 0)) for name, figure in now.phenomena.items()},
        exact=tuple(sorted({*before.exact, *now.exact})),
    )


def fallen(before: Reached, now: Reached) -> list[str]:
    """What is worse than it was, a sentence each."""
    pairs = [(before.languages, now.languages), (before.phenomena, now.phenomena)]
    figures = [
        f"{name}: {now_.get(name, 0):.3f}, was {was:.3f}"
        for before_, now_ in pairs
        for name, was in before_.items()
        if now_.get(name, 0) < was
    ]
    return figures + [f"{name} no longer comes out" for name in before.exact if name not in now.exact]


def read_reached() -> Reached:
    return Reached.model_validate_json(REACHED.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="raise the floors to what is reached today")
    parser.add_argument("--accept", action="store_true", help="with --write: lower what fell, too")
    options = parser.parse_args()
    reader = analyzer(load_knowledge(), "us-russia-syria")
    cases = all_cases()
    findings = {case.id: reader.analyze(case.article()) for case in cases}
    report(cases, findings)
    if not options.write:
        return
    now = today(cases, findings)
    before = read_reached() if REACHED.exists() else now
    worse = fallen(before, now)
    for sentence in worse:
        sys.stdout.write(f"fell: {sentence}\n")
    kept = now if options.accept else raised(before, now)
    REACHED.write_text(json.dumps(kept.model_dump(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{REACHED.name}: {len(kept.exact)} of {len(cases)} cases must come out exactly\n")
    if worse and not options.accept:
        sys.exit("something fell; mend it, or take it with --write --accept")


def report(cases: Sequence[Labelled], findings: Mapping[str, Finding]) -> None:
    kept = [case for case in cases if case.use == "measure"]
    sys.stdout.write("            cases  relevance  actor  actor-stance  strict  macro  overlap  exactly\n")
    for name, scores in by_language(kept, findings).items():
        own = [case for case in kept if name in {"all", case.lang.value}]
        exactly = sum(comes_out(case, findings[case.id]) for case in own)
        sys.stdout.write(
            f"{name:10} {scores.documents:6}  {scores.relevance.f1:9.3f}  {scores.actor.f1:5.3f}  {scores.actor_stance.f1:12.3f}"
            f"  {scores.strict.f1:6.3f}  {scores.macro:5.3f}  {scores.evidence_overlap:7.3f}  {exactly:7}\n"
        )
    for figure, name, count in sorted((measured(few, findings), n, len(few)) for n, few in by_phenomenon(kept).items()):
        sys.stdout.write(f"{figure:5.2f}  {name} ({count})\n")


if __name__ == "__main__":
    main()
