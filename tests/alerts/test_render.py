"""The words of an alert: both sides, three languages, and nothing hostile."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from monitor.alerts import render, safe_link
from monitor.alerts.words import WORDS, say
from monitor.model import Evidence, Language, Outcome, Stance
from tests.alerts.samples import BEFORE, NOW, change

LANGUAGES = ["en", "ar", "ru"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["text", "html"])
def test_before_and_after_stand_side_by_side_with_all_that_supports_them(language: str, form: str) -> None:
    alert = render(change("ar", before="ru", confirmed=True), language=Language(language))
    shown = getattr(alert, form)
    for expected in (
        *(BEFORE["ru"], NOW["ar"]),
        *("Jeff Davis", "Ash Carter", "Pentagon spokesman", "Secretary of Defense"),
        *("2016-05-20 18:00 UTC", "2016-06-30 13:00 UTC", "Вестник", "النهار الجديد"),
        *("https://herald.example/1", "Carter: “if”", "Third Voice", "Reprint"),
        *(say("before", Language(language)).upper(), say("conditional", Language(language))),
    ):
        assert expected in shown or expected.capitalize() in shown, expected
    assert "https://paper.example/2?a=1&" in shown


@pytest.mark.parametrize(
    ("language", "reported", "confirmed"),
    [
        ("en", "One publisher carries it so far", "Independent publishers that carry it: 2"),
        ("ar", "أورده ناشر واحد حتى الآن", "عدد الناشرين المستقلين الذين أوردوه 2"),
        ("ru", "Пока это сообщает одно издание", "Независимых изданий, которые это сообщают: 2"),
    ],
)
def test_the_alert_says_why_it_came(language: str, reported: str, confirmed: str) -> None:
    assert reported in render(change(), language=Language(language)).text
    assert confirmed in render(change(confirmed=True), language=Language(language)).text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "\u2068Reprint\u2069 (copy of \u2068النهار الجديد\u2069)"),
        ("ar", "\u2068Reprint\u2069 (نسخة عن \u2068النهار الجديد\u2069)"),
        ("ru", "\u2068Reprint\u2069 (перепечатка: \u2068النهار الجديد\u2069)"),
    ],
)
def test_copies_are_named_beside_the_count(language: str, words: str) -> None:
    alert = render(change("ar", confirmed=True), language=Language(language))
    assert words in alert.text
    assert words in alert.html


@pytest.mark.parametrize("outcome", [Outcome.CONTRADICTED, Outcome.WITHDRAWN])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_undone_report_says_so_in_its_subject(outcome: Outcome, language: str) -> None:
    undone = change().model_copy(update={"outcome": outcome})
    alert = render(undone, language=Language(language))
    assert say(outcome, Language(language)) in alert.subject
    assert alert.key.endswith(f".{outcome}")


def test_every_word_exists_in_all_three_languages() -> None:
    for name, row in WORDS.items():
        assert len(row) == 3, name
        assert all(word.strip() for word in row), name
        assert all(re.findall(r"{\w+}", word) == re.findall(r"{\w+}", row[0]) for word in row), name
        if name not in {"subject", "turn", "comma", "quoted", "day"}:
            assert re.search("[\u0600-\u06ff]", row[1]), name
            assert re.search("[а-яА-Я]", row[2]), name


@pytest.mark.parametrize("stance", list(Stance))
def test_every_stance_has_a_word(stance: Stance) -> None:
    assert len({say(stance, Language(language)) for language in LANGUAGES}) == 3


def test_conditions_are_shown_as_quoted() -> None:
    made = change("ar")
    words = "إذا فعلوا الصواب"
    place = made.after.event.quote.index(words)
    condition = Evidence(start=place, end=place + len(words), quote=words)
    event = made.after.event.model_copy(update={"conditions": (condition,)})
    alert = render(made.model_copy(update={"after": made.after.model_copy(update={"event": event})}))
    assert "Conditions:" in alert.text
    assert f'<bdi lang="ar" dir="rtl">«{words}»</bdi>' in alert.html


# --- direction ---------------------------------------------------------------------------------------------


def test_an_arabic_mail_reads_right_to_left_and_its_english_quote_left_to_right() -> None:
    alert = render(change("en", before="ar"), language=Language.AR)
    assert '<html lang="ar" dir="rtl">' in alert.html
    assert f'<blockquote lang="en" dir="ltr" style="margin:8px 0;font-size:16px">“{NOW["en"]}”' in alert.html
    assert all(line.startswith("\u200f") for line in alert.text.splitlines() if line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_isolate_that_is_opened_is_closed_on_its_line(language: str) -> None:
    alert = render(change("ar", before="ru", confirmed=True), language=Language(language))
    for line in (alert.text + alert.html).splitlines():
        assert line.count("\u2068") == line.count("\u2069")


# --- hostile words -----------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=y>\r\nBcc: all@example.org\u202e\u2066\x1b[2J\x00{0}{names}%s"
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def tags(html: str) -> _Tags:
    parser = _Tags()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_are_only_words(language: str) -> None:
    facts: Any = dict.fromkeys(("title", "publisher", "speaker", "office", "reason", "quote"), HOSTILE)
    hostile = render(change("ar", **facts), language=Language(language))
    harmless = render(change("ar"), language=Language(language))
    assert tags(hostile.html).tags == tags(harmless.html).tags
    assert {name for name, _ in tags(hostile.html).attributes} == {name for name, _ in tags(harmless.html).attributes}
    for shown in (hostile.text, hostile.html, hostile.subject):
        assert not {"\x1b", "\x00", "\u202e", "\u2066", "\r"} & set(shown)
    assert "\n" not in hostile.subject
    assert len(hostile.subject) <= 180


def test_names_of_actors_and_topics_cannot_forge_a_subject() -> None:
    forged = change().model_copy(update={"topic": "x\r\nBcc: a@b", "institution": "p\u202e\nq"})
    assert render(forged).subject.isprintable()


def test_a_very_long_quote_is_cut_with_a_mark() -> None:
    alert = render(change("ar", quote="س" * 50_000))
    assert len(alert.html) < 20_000
    assert "س…" in alert.html


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://paper.example/a?b=c&d=%D8%B3", True),
        ("http://paper.example/سوريا", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>", False),
        ("https://bank.example@evil.example/", False),
        ("https://paper.example/\u202egpj.exe", False),
        ("https://paper.example/\r\nBcc: a@b", False),
        ('https://paper.example/"onclick="x', False),
        ("//paper.example/", False),
        ("https://", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_a_link_is_a_link_only_if_following_it_is_what_it_looks_like(url: str | None, safe: bool) -> None:
    assert safe_link(url) == (url if safe else None)
    page: Any = tags(render(change("ar", url=url)).html)
    hrefs = [value for name, value in page.attributes if name == "href"]
    assert (url in hrefs) is safe
