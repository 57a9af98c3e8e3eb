"""Independent voices: wire credits in three languages, families, near copies."""

from __future__ import annotations

import pytest

from monitor.model import Event, Language, Stance
from monitor.settings import KNOWLEDGE, read_model
from monitor.tracking import Wires, credited_wire, own_outlet, voice_of

WIRES = read_model(KNOWLEDGE / "wires.yaml", Wires)

CREDITS = [
    # datelines
    ("en", "MOSCOW (Reuters) - The Kremlin said on Monday that it was ready.", "Reuters"),
    ("ar", "موسكو (رويترز) - قال الكرملين يوم الاثنين إنه مستعد.", "Reuters"),
    ("ru", "МОСКВА (Рейтер) — Кремль заявил, что готов.", "Reuters"),
    ("en", "WASHINGTON, Oct 3 (AP) — The talks are over.", "AP"),
    ("ar", "واشنطن - أ ف ب: انتهت المحادثات.", "AFP"),
    ("ar", "واشنطن (أ.ف.ب) - انتهت المحادثات.", "AFP"),
    ("ru", "МОСКВА, 3 окт — РИА Новости. Переговоры окончены.", "Rossiya Segodnya"),
    ("ru", "МОСКВА, 3 октября. /ТАСС/. Переговоры окончены.", "TASS"),
    # said to come from
    ("en", "The ministry has agreed, according to Interfax.", "Interfax"),
    ("ar", "وافقت الوزارة، بحسب وكالة إنترفاكس.", "Interfax"),
    ("ru", "Министерство согласилось, передаёт «Интерфакс».", "Interfax"),
    ("en", "He told the news agency Reuters that the channel is open.", "Reuters"),
    ("ar", "وقال لوكالة فرانس برس إن القناة مفتوحة.", "AFP"),
    ("ru", "Об этом сообщает агентство ТАСС.", "TASS"),
    ("ar", "نقلت وكالة تاس عن المتحدثة قولها.", "TASS"),
    # at the foot
    ("en", "The talks went on. " * 60 + "\nSource: TASS", "TASS"),
    ("ar", "استمرت المحادثات. " * 60 + "\nالمصدر: الأناضول", "Anadolu"),
    ("ru", "Переговоры продолжались. " * 60 + "\nИсточник: РИА «Новости»", "Rossiya Segodnya"),
    ("ar", "وأضاف المتحدث لرويترز أن القناة مفتوحة.", "Reuters"),
    ("ru", "«Канал открыт», — заявил ТАСС дипломат.", "TASS"),
    # no credits
    ("en", "Reuters was criticised by the minister for its report.", None),
    ("ar", "انتقد الوزير وكالة رويترز أمس.", None),
    ("ru", "Министр раскритиковал Рейтер за статью.", None),
    ("en", "The map shows the region by ap-proach roads (ap).", None),
    ("ar", "قال فارس الخوري إن المحادثات مستمرة.", None),
    ("ru", "Спутник показал снимки базы.", None),
    ("en", "The talks went on. " * 40 + "He told Reuters so. " + "The talks went on. " * 40, None),
    ("en", "", None),
]


@pytest.mark.parametrize(
    ("language", "text", "wire"), CREDITS, ids=[f"{row[0]}-{number}" for number, row in enumerate(CREDITS)]
)
def test_a_credit_is_found_where_texts_put_it_and_nowhere_else(language: str, text: str, wire: str | None) -> None:
    assert credited_wire(text, Language(language), WIRES) == wire


def test_one_agency_is_one_voice_in_every_language() -> None:
    texts = {"en": "PARIS (AFP) - x", "ar": "باريس (أ ف ب) - س", "ru": "ПАРИЖ (АФП) — я"}
    assert {credited_wire(text, Language(language), WIRES) for language, text in texts.items()} == {"AFP"}


def test_a_paper_that_prints_a_wire_speaks_with_the_voice_of_the_wires_own_site() -> None:
    assert voice_of("Herald", credited="TASS", wires=WIRES) == "TASS"
    assert voice_of("ТАСС", wires=WIRES) == "TASS"
    assert voice_of("RIA Novosti", wires=WIRES) == voice_of("Sputnik", wires=WIRES)
    assert voice_of("Herald", copied="Вестник", wires=WIRES) == "Вестник"
    assert voice_of("Herald", wires=WIRES) == "Herald"


@pytest.mark.parametrize(
    ("speaks_for", "institution", "own"),
    [
        (None, "kremlin", False),
        ("RUS/kremlin", "kremlin", True),
        ("RUS/kremlin", None, True),
        ("RUS/kremlin", "mfa", False),
        ("RUS", "mfa", True),
        ("USA", "mfa", False),
    ],
)
def test_an_outlet_speaks_for_its_own_actor_only(speaks_for: str | None, institution: str | None, own: bool) -> None:
    event = Event(
        actor="RUS", institution=institution, stance=Stance.SUPPORT, start=0, end=1, quote="x", confidence=1, reason="r"
    )
    assert own_outlet(speaks_for, event) is own
