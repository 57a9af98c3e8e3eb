"""The text room promises: terms match whatever the spelling, and every offset leads back to the original."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.model import Language
from monitor.text.display import isolate, one_line, printable
from monitor.text.language import detect
from monitor.text.matching import Matcher
from monitor.text.normalize import fold, fold_key
from monitor.text.sentences import quotations, sentences
from monitor.text.words import keys, words

ANY_TEXT = st.text(st.characters(), max_size=200)
NEWS_TEXT = st.text(st.sampled_from('ابتوة أإىـَُ،؛؟"«»“”.!?\n абвё-—ABc d123\u202e\u200fﻻ'), max_size=200)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("ar", "الأميركي", "الاميركي"),
        ("ar", "إلى", "الي"),
        ("ar", "روسـيا", "روسيا"),
        ("ar", "مُذكِّرة", "مذكره"),
        ("ar", "٢٠١٦", "2016"),
        ("ar", "ﻻ", "لا"),
        ("en", "U.S.–Russia", "u.s.-russia"),
        ("en", "“Yes”", '"yes"'),
        ("ru", "Ещё", "еще"),
        ("ru", "«Да»", '"да"'),
    ],
)
def test_spelling_variants_fold_together(language: str, one: str, other: str) -> None:
    assert fold_key(one) == fold_key(other)


@given(st.one_of(ANY_TEXT, NEWS_TEXT))
@example("مُحَمَّد")
@example("aİb")
@example("\ud800x")
def test_every_folded_character_leads_back_to_the_letter_it_came_from(text: str) -> None:
    folded = fold(text)
    assert folded.text == fold_key(text)
    for place in range(len(folded.text)):
        start, end = folded.span(place, place + 1)
        assert 0 <= start <= end <= len(text)
        assert folded.text[place] in fold_key(text[start:end] or text[start : start + 1])


@given(st.one_of(ANY_TEXT, NEWS_TEXT))
def test_sentences_and_quotations_lie_inside_the_text_in_order(text: str) -> None:
    for spans in (sentences(text), quotations(text)):
        edge = 0
        for start, end in spans:
            assert edge <= start < end <= len(text)
            edge = end


@given(st.one_of(ANY_TEXT, NEWS_TEXT))
def test_no_letter_falls_between_sentences(text: str) -> None:
    covered = {place for start, end in sentences(text) for place in range(start, end)}
    assert all(place in covered for place, char in enumerate(text) if char.isalpha())


@given(st.one_of(ANY_TEXT, NEWS_TEXT))
def test_words_carry_their_own_offsets(text: str) -> None:
    for word in words(text):
        assert fold_key(text[word.start : word.end]) == word.folded


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("ar", "قال د. سامي إن اللقاء تأجل. وغادر بعدها.", 2),
        ("ar", 'وأعلن أن "اللقاء تأجل. لا موعد بعد" ثم غادر.', 1),
        ("ar", "هل تأجل اللقاء؟ لم يجب أحد.", 2),
        ("en", "Gen. Miller met Mr. Petrov in the U.S. capital. They talked.", 2),
        ("en", '"We met. We talked," the envoy said.', 1),
        ("en", "It cost 1.5 million. Nobody paid.", 2),
        ("ru", "Встреча прошла в 2016 г. в Женеве. Стороны разъехались.", 2),
        ("ru", "«Мы встретились. Поговорили», — сказал дипломат.", 1),
        ("ru", "Т. е. встречи не было. А. Б. Иванов подтвердил это.", 2),
    ],
)
def test_sentences_end_where_a_reader_ends_them(language: str, text: str, count: int) -> None:
    assert len(sentences(text)) == count


@pytest.mark.parametrize(
    ("language", "text", "quoted"),
    [
        ("ar", 'قال "نعم" ثم «لا» ثم “ربما”', ["نعم", "لا", "ربما"]),
        ("ar", "قال ”نعم“ ومضى", ["نعم"]),
        ("ar", "قال «نعم ومضى\nثم «لا» ومضى", ["لا"]),
        ("en", 'He said "yes" and “no”', ["yes", "no"]),
        ("en", "It said “the “agreed” plan” stands", ["the “agreed” plan"]),
        ("ru", "Он сказал: «Да», — и ушёл", ["Да"]),
        ("ru", "По словам „Таймс“, нет", ["Таймс"]),
    ],
)
def test_quotations_of_any_marks_are_found(language: str, text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in quotations(text)] == quoted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.AR, "أعلن المتحدث أن المحادثات ستستأنف الأسبوع المقبل في جنيف"),
        (Language.EN, "The spokesman said that talks would resume in Geneva next week"),
        (Language.RU, "Представитель сообщил, что переговоры возобновятся на следующей неделе"),
        (Language.OTHER, "Речник повідомив, що переговори відновляться наступного тижня у Женеві"),
        (Language.OTHER, "سخنگو گفت که گفتگوها هفته آینده در ژنو از سر گرفته می‌شود"),
        (Language.OTHER, "Sözcü görüşmelerin gelecek hafta Cenevre'de yeniden başlayacağını söyledi"),
        (Language.OTHER, "12345 … !!!"),
        (Language.OTHER, ""),
    ],
)
def test_the_language_is_told_and_its_neighbours_are_not_taken_for_it(language: Language, text: str) -> None:
    assert detect(text) is language


@pytest.mark.parametrize(
    ("language", "inflected", "plain"),
    [
        (Language.AR, "ورفضت", "رفض"),
        (Language.AR, "بالتعاون", "تعاون"),
        (Language.AR, "والاتفاق", "اتفاق"),
        (Language.EN, "rejected", "reject"),
        (Language.EN, "said", "say"),
        (Language.EN, "talks", "talk"),
        (Language.RU, "отказались", "отказаться"),
        (Language.RU, "переговорами", "переговоры"),
        (Language.RU, "заявил", "заявить"),
    ],
)
def test_inflected_words_share_a_key_with_their_dictionary_form(language: Language, inflected: str, plain: str) -> None:
    assert keys(fold_key(inflected), language) & keys(fold_key(plain), language)


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("ar", "وبروسيا وروسيا والروسي روسياوي", ["روسيا", "روسيا"]),
        ("en", "Russia, russian and Prussia", ["russia"]),
        ("ru", "Россия и Россиянин", ["россия"]),
    ],
)
def test_terms_match_whole_words_and_past_proclitics(language: str, text: str, found: list[str]) -> None:
    matcher = Matcher({"RUS": ["روسيا", "Russia", "Россия"]}, proclitics=frozenset({"و", "ب", "وب"}))
    folded = fold(text)
    assert [folded.text[match.start : match.end] for match in matcher.find(folded.text)] == found


def test_a_term_with_a_star_matches_any_ending() -> None:
    matcher = Matcher({"syria": ["сири*", "syria*"]})
    assert [match.label for match in matcher.find(fold("Сирийский Syrians").text)] == ["syria", "syria"]


def test_what_is_shown_drives_no_terminal_and_turns_no_line() -> None:
    hostile = "\x1b[2Jпривет\u202egpj.exe\r\nX: y\x07"
    assert printable(hostile) == "[2Jприветgpj.exe\nX: y"
    assert one_line(hostile) == "[2Jприветgpj.exe X: y"
    assert isolate("سلام\u2069") == "\u2068سلام\u2069"


@pytest.mark.parametrize("text", ["a" * 300_000, '"' * 100_000, "a. " * 100_000, '" a." b ' * 30_000, "َ" * 200_000])
def test_work_is_linear_however_strange_the_text(text: str) -> None:
    # The suite's time-out is the guard: a quadratic pass over these would take minutes.
    assert sentences(text) is not None
    assert len(words(text)) <= len(text)
    assert len(fold(text).text) <= len(text)
    assert quotations(text) is not None
