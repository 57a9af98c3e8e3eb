"""No text crashes the analyzer or makes it slow, and offsets always lead back to the quoted words."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.analysis.rules import Rules
from monitor.model import Article, Finding, Language
from monitor.settings import load_knowledge

LANGUAGES = [Language.AR, Language.EN, Language.RU]
NAMES = {
    Language.AR: "روسيا والولايات المتحدة اتفقتا على هدنة في سوريا",
    Language.EN: "Russia and the United States agreed on a truce in Syria",
    Language.RU: "Россия и США договорились о перемирии в Сирии",
}
_MB = 1_000_000
_LONGEST = 10.0  # seconds of this process's own time: it takes well under one, and a slip to quadratic takes minutes


@cache
def rules() -> Rules:
    return Rules(load_knowledge(), "us-russia-syria")


def read(text: str, language: Language | None = None, title: str | None = None) -> Finding:
    return rules().analyze(Article(id="t", text=text, title=title, language=language))


def exact(finding: Finding, text: str) -> bool:
    spans = [span for event in finding.events for span in (event.evidence, *event.conditions)]
    return all(span.holds_in(text) for span in spans)


HOSTILE: dict[str, Callable[[str], str]] = {
    # Each passes the gate by its names, so that the full reading meets what follows.
    "10 MB of sentences": lambda names: f"{names}. " * (10 * _MB // (len(names) + 2)),
    "10 MB without a full stop": lambda names: f"{names} " * (10 * _MB // (len(names) + 1)),
    "one word of 1 MB": lambda names: f"{names}. {'x' * _MB} {'و' * _MB} {'щ' * _MB}",
    "only marks": lambda names: f"{names}. " + "\u0651\u0301\u064b" * 300_000,
    "only punctuation": lambda names: f"{names}. " + "؟!.,;:«»“„" * 100_000,
    "quotation marks": lambda names: '"«»“' * 200_000 + f" {names}",
    "lines": lambda names: f"{names}\n" * 100_000,
    "empty lines": lambda names: "\n" * _MB + names,
    "brackets": lambda names: "(" * 500_000 + names + ")" * 500_000,
    "mixed scripts": lambda names: "Путин وkerry встретились с لافروف in Сирия " * 5_000 + names,
    "letters of three scripts in a word": lambda names: "Сyriaسوريا" * 100_000 + f" {names}",
    "bidi controls": lambda names: f"\u202e\u2066{names}\u2069\u200f\u202c " * 3_000,
    "broken surrogates": lambda names: f"\ud800 {names} \udfff truce. " * 3_000,
    "zero bytes": lambda names: f"\x00{names}\x00 " * 3_000,
    "conjunctions without end": lambda names: f"{names} " + "and والتي который " * 60_000,
    "conditions without end": lambda names: f"{names} " + "if إذا если unless " * 60_000,
    "negations without end": lambda names: f"{names} " + "not لا не never لم " * 60_000,
    "names without end": lambda names: "Kerry Lavrov كيري لافروف Керри Лавров USA RUS " * 30_000 + names,
    "numbers": lambda names: f"{names} " + "1,234.5 ٣٤٥ " * 80_000,
}
EVERYWHERE = (
    "10 MB of sentences",
    "one word of 1 MB",
    "only marks",
    "mixed scripts",
    "bidi controls",
    "broken surrogates",
)
CASES = [
    (language, kind)
    for number, kind in enumerate(HOSTILE)
    for language in (LANGUAGES if kind in EVERYWHERE else [LANGUAGES[number % 3]])
]


@pytest.mark.parametrize(("language", "kind"), CASES, ids=[f"{language}-{kind}" for language, kind in CASES])
def test_no_text_crashes_it_or_makes_it_slow(language: Language, kind: str) -> None:
    text = HOSTILE[kind](NAMES[language])
    began = time.process_time()
    finding = read(text, language)
    assert time.process_time() - began < _LONGEST
    assert exact(finding, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_broken_character_in_the_evidence_costs_the_evidence_its_part_and_no_more(language: Language) -> None:
    whole, broken = f"{NAMES[language]}.", f"{NAMES[language][:-4]}\ud800{NAMES[language][-4:]}."
    stances = {(event.actor, event.stance) for event in read(whole, language).events}
    finding = read(broken, language)
    assert stances
    assert {(event.actor, event.stance) for event in finding.events} <= stances
    assert exact(finding, broken)
    finding.model_dump_json()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_of_a_megabyte_is_no_worse(language: Language) -> None:
    began = time.process_time()
    finding = read(f"{NAMES[language]}.", language, title=f"{NAMES[language]} " * (_MB // 50))
    assert time.process_time() - began < _LONGEST
    assert exact(finding, f"{NAMES[language]}.")


PIECES = st.sampled_from(
    ["Russia", "the United States", "Syria", "said", "truce", "if", "not", "«", "»", '"', ",", ". ", "\n", "—", "Лавров",
     "заявил", "США", "в Сирии", "перемирие", "كيري", "قال", "روسيا", "سوريا", "هدنة", "إذا", "\u0651", "\u200f", "\u2067",
     "ё", "U.S.", "\ud83d", "\x00", "Ⅷ", "ﷺ", "İ"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=60), st.sampled_from(LANGUAGES), st.booleans())
def test_offsets_hold_whatever_is_put_together(pieces: list[str], language: Language, named: bool) -> None:
    text = " ".join([*pieces, NAMES[language]] if named else pieces)
    assert exact(read(text, language, title=text[:80]), text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=300), st.sampled_from(LANGUAGES))
def test_offsets_hold_in_any_characters_between_names(filling: str, language: Language) -> None:
    text = f"{filling}{NAMES[language]}{filling}. {NAMES[language]}, {filling}"
    assert exact(read(text, language), text)
