"""Near copies are alike, rewritings of one event are not, and signatures are the same in every process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.text.similarity import resemblance, signature

TEXTS = {
    "en": (
        ("The defence ministry said on Monday that the line between the two militaries had been closed after the strike, "
        "and that aircraft west of the river would be followed. Officers had used the line every day for two years. "
        "A spokesman would not say when it might be opened again."),
        ("Moscow cut a military hotline after an attack at the weekend. Planes that cross the river will be tracked from "
        "the ground, according to the army, which gave no date for a return to the old arrangement."),
    ),
    "ar": (
        ("قالت وزارة الدفاع يوم الاثنين إن الخط بين الجيشين أغلق بعد الغارة وإن الطائرات غرب النهر ستخضع للمتابعة. "
        "واستخدم الضباط الخط كل يوم على مدى عامين. ولم يحدد المتحدث موعدا لفتحه من جديد."),
        ("قطعت موسكو خطا عسكريا ساخنا إثر هجوم نهاية الأسبوع، وأعلن الجيش أنه سيرصد ما يعبر النهر من طائرات دون أن "
        "يعطي تاريخا للعودة إلى الترتيب السابق."),
    ),
    "ru": (
        ("Министерство обороны сообщило в понедельник, что линия связи между военными закрыта после удара, а самолёты "
        "западнее реки будут сопровождаться. Офицеры пользовались ею каждый день два года. Когда её откроют, не сказано."),
        ("Москва оборвала горячую линию после атаки в выходные. Всё, что пересечёт реку, армия обещает отслеживать с "
        "земли; о возвращении к прежнему порядку речи нет."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", TEXTS)
def test_an_edited_copy_resembles_its_original_and_another_report_does_not(language: str) -> None:
    original, other = TEXTS[language]
    copy = "(Agency) " + original.rsplit(". ", 1)[0] + "."
    assert resemblance(signature(original), signature(original)) == 1.0
    assert resemblance(signature(original), signature(copy)) > 0.6
    assert resemblance(signature(original), signature(other)) < 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The LINE was “closed” on Monday night", 'the line was "closed" on monday night'),
        ("أُغلق الخطُّ يومَ الإثنين بعد الغارة", "اغلق الخط يوم الاثنين بعد الغاره"),
        ("Её открыли в понедельник днём", "ее открыли в понедельник днем"),
    ],
)
def test_spelling_and_typography_make_no_difference(one: str, other: str) -> None:
    assert signature(one) == signature(other)


def test_a_text_without_words_resembles_nothing() -> None:
    assert signature(" … ") == ()
    assert resemblance(signature("…"), signature("…")) == 0.0


def test_signatures_are_the_same_in_another_process() -> None:
    text = TEXTS["ar"][0]
    script = f"from monitor.text.similarity import signature; print(signature({text!r}))"
    told = subprocess.run([sys.executable, "-X", "utf8", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(signature(text))
