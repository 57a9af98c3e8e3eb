"""The written cases that never train (`use: measure`), by language and by phenomenon: `python -m bench.cases`."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from monitor.analysis import analyzer
from monitor.evaluation import Labelled, by_language, read_labelled, score
from monitor.settings import load_knowledge

CASES = Path(__file__).parent.parent / "tests" / "cases"


def main() -> None:
    reader = analyzer(load_knowledge(), "us-russia-syria")
    cases = [case for path in sorted(CASES.glob("*.yaml")) for case in read_labelled(path) if case.use == "measure"]
    findings = {case.id: reader.analyze(case.article()) for case in cases}
    sys.stdout.write("            cases  relevance  actor  actor-stance  strict  macro  overlap\n")
    for name, scores in by_language(cases, findings).items():
        sys.stdout.write(
            f"{name:10} {scores.documents:6}  {scores.relevance.f1:9.3f}  {scores.actor.f1:5.3f}  {scores.actor_stance.f1:12.3f}"
            f"  {scores.strict.f1:6.3f}  {scores.macro:5.3f}  {scores.evidence_overlap:7.3f}\n"
        )
    by_phenomenon: dict[str, list[Labelled]] = defaultdict(list)
    for case in cases:
        by_phenomenon[case.event or ""].append(case)
    ranked = sorted((score(few, findings).actor_stance.f1, name, len(few)) for name, few in by_phenomenon.items())
    for figure, name, count in ranked:
        sys.stdout.write(f"{figure:5.2f}  {name} ({count})\n")


if __name__ == "__main__":
    main()
