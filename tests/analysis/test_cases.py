"""The written cases, phenomenon by phenomenon and language by language: what was reached once stays reached.

The floors stand in `tests/cases/reached.json`; `python -m bench.cases --write` raises them.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from bench.cases import Reached, all_cases, by_phenomenon, comes_out, fallen, measured, raised, read_reached
from monitor.analysis import analyzer
from monitor.evaluation import Labelled
from monitor.model import Analyzer, Finding
from monitor.settings import load_knowledge

CASES = all_cases()
PHENOMENA = by_phenomenon(CASES)
REACHED = read_reached()
BY_KIND_AND_LANGUAGE = sorted({(name, case.lang.value) for name, few in PHENOMENA.items() for case in few})


@cache
def reader() -> Analyzer:
    return analyzer(load_knowledge(), "us-russia-syria")


@cache
def finding(number: int) -> Finding:
    return reader().analyze(CASES[number].article())


NUMBERS = {case.id: number for number, case in enumerate(CASES)}


def findings(cases: list[Labelled]) -> dict[str, Finding]:
    return {case.id: finding(NUMBERS[case.id]) for case in cases}


def test_the_cases_are_as_many_as_promised_in_each_language() -> None:
    assert len(CASES) >= 450
    assert min(Counter((case.event, case.lang) for case in CASES).values()) >= 6
    assert len(NUMBERS) == len(CASES), "ids name cases and must differ"


def test_every_phenomenon_has_its_floor_and_every_exact_case_exists() -> None:
    assert set(REACHED.phenomena) == set(PHENOMENA)
    assert set(REACHED.exact) <= set(NUMBERS)


@pytest.mark.parametrize("phenomenon", sorted(PHENOMENA))
def test_a_phenomenon_is_read_no_worse_than_it_was(phenomenon: str) -> None:
    cases = [case for case in PHENOMENA[phenomenon] if case.use == "measure"]
    assert measured(cases, findings(cases)) >= REACHED.phenomena[phenomenon]


@pytest.mark.parametrize("language", sorted(REACHED.languages))
def test_a_language_is_read_no_worse_than_it_was(language: str) -> None:
    cases = [case for case in CASES if case.lang.value == language and case.use == "measure"]
    assert measured(cases, findings(cases)) >= REACHED.languages[language]


@pytest.mark.parametrize(("phenomenon", "language"), BY_KIND_AND_LANGUAGE)
def test_what_came_out_exactly_still_does(phenomenon: str, language: str) -> None:
    cases = [case for case in PHENOMENA[phenomenon] if case.lang.value == language and case.id in REACHED.exact]
    lost = [case.id for case in cases if not comes_out(case, findings([case])[case.id])]
    assert lost == [], "mend it, or take it with `python -m bench.cases --write --accept`"


def test_floors_are_only_raised_and_what_fell_is_named() -> None:
    before = Reached(languages={"en": 0.5}, phenomena={"denial": 0.4, "condition": 0.3}, exact=("a", "b"))
    now = Reached(languages={"en": 0.6}, phenomena={"denial": 0.3, "condition": 0.5}, exact=("b", "c"))
    kept = raised(before, now)
    assert kept == Reached(languages={"en": 0.6}, phenomena={"denial": 0.4, "condition": 0.5}, exact=("a", "b", "c"))
    assert fallen(before, now) == ["denial: 0.300, was 0.400", "a no longer comes out"]
    assert fallen(before, kept) == []
