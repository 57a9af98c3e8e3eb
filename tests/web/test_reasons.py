"""Reasons are told in Arabic and Russian: every kind that the program gives, none guessed, nothing of the text lost."""

from __future__ import annotations

import re

import pytest

from monitor.model import Health, Language
from monitor.settings import load_knowledge
from monitor.tracking import Verdict
from monitor.web.reasons import told

BOTH = [Language.AR, Language.RU]
SPEECH_AND_GRAMMAR = {"speech", "grammar"}  # cues of these groups are never a reason


@pytest.mark.parametrize(
    ("reason", "arabic", "russian"),
    [
        (
            "USA/pentagon is the doer in sentence 2: refuses it (لا يتعاونون); not: coordinates (ينسقون); oppose 51%, takes a stance 98%",
            "الولايات المتحدة / البنتاغون هو الفاعل في الجملة 2: امتناع (لا يتعاونون)؛ نفي: تنسيق (ينسقون)؛ معارضة 51%، ويتخذ موقفا 98%",
            "США / Пентагон действует в предложении 2: отказ (لا يتعاونون); не: координация (ينسقون); против 51%, занимает позицию 98%",
        ),
        (
            "support before, oppose now, by one voice (Вестник); the policy asks for 2 within 72 h",
            "سابقا تأييد والآن معارضة برواية جهة واحدة (Вестник)؛ والقاعدة تطلب 2 خلال 72 ساعة",
            "прежде поддержка, теперь против, по словам одного издания (Вестник); правило требует 2 за 72 ч",
        ),
        (
            "nothing in the text names Russia or Syria",
            "لا يذكر النص روسيا أو سوريا",
            "в тексте не упомянуто: Россия или Сирия",
        ),
        (
            "split inside USA: pentagon oppose, no institution support",
            "انقسام داخل الولايات المتحدة: البنتاغون – معارضة، بلا مؤسسة – تأييد",
            "раскол внутри США: Пентагон – против, без ведомства – поддержка",
        ),
        ("no feed was polled for 3 days", "لم يُستطلع أي مصدر منذ 3 يوما", "ни одна лента не опрошена уже 3 дн."),
    ],
)  # fmt: skip
def test_a_reason_is_told_in_two_more_languages(reason: str, arabic: str, russian: str) -> None:
    assert _bare(told(reason, Language.AR)) == arabic
    assert _bare(told(reason, Language.RU)) == russian
    assert told(reason, Language.EN) is None


def _bare(said: str | None) -> str:
    return re.sub("[\u2068\u2069]", "", said or "")


@pytest.mark.parametrize("language", BOTH)
def test_every_cue_verdict_and_state_has_its_words(language: Language) -> None:
    cues = {concept.words for concept in load_knowledge().concepts if concept.group not in SPEECH_AND_GRAMMAR}
    names = {*cues, *Verdict, *Health}
    assert sorted(name for name in names if told(name, language) is None) == []


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    "reason",
    ["", "an analyst's own words", "USA/pentagon speaks in sentence 2: does the unheard of (x); oppose 51%, takes a stance 98%", "{who} {0}", "nothing in the text names Mars"],
)  # fmt: skip
def test_what_is_not_known_is_not_guessed(reason: str, language: Language) -> None:
    assert told(reason, language) is None


@pytest.mark.parametrize("language", BOTH)
def test_hostile_names_stay_names(language: Language) -> None:
    said = told("<script>\u202e{who} has said so already", language)
    assert said is not None
    assert "\u202e" not in said
    assert "<script>{who}" in said  # the page escapes it
