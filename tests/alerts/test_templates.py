"""Templates of the reader's own: what they may say, and that a broken one loses nothing."""

from __future__ import annotations

import pytest

from monitor.alerts import render, render_group
from monitor.alerts.render import Pages, page_of
from monitor.alerts.templates import Broken, Templates
from monitor.model import Language
from tests.alerts.samples import BEFORE, NOW, change

LANGUAGES = [Language.EN, Language.AR, Language.RU]


def templates(told: list[Broken] | None = None, **texts: str) -> Templates:
    named = {name.replace("__", "."): text for name, text in texts.items()}
    return Templates(named, tell=(told if told is not None else []).append)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_says_it_in_its_own_words_and_the_rest_is_built_in(language: Language) -> None:
    setter = templates(
        alert__subject="{{ holder }} ⟶ {{ now.stance }}", alert__txt="{{ now.quote }}\n{{ before.quote }}"
    )
    alert = render(change("ar", before="ru"), language=language, setter=setter)
    plain = render(change("ar", before="ru"), language=language)
    assert alert.subject.startswith(plain.subject.partition(":")[0])
    assert NOW["ar"] in alert.text
    assert BEFORE["ru"] in alert.text
    assert len(alert.text.splitlines()) == 2
    assert alert.html == plain.html


def test_a_language_may_have_a_template_of_its_own() -> None:
    setter = templates(alert__subject="all: {{ holder }}", alert__ar__subject="عربي: {{ holder }}")
    assert render(change(), language=Language.AR, setter=setter).subject.startswith("عربي:")
    assert render(change(), language=Language.RU, setter=setter).subject.startswith("all: США")


def test_html_is_escaped_and_the_built_in_part_can_be_framed() -> None:
    setter = templates(alert__html="<main dir={{ direction }}>{{ before.title }}{{ built_in }}</main>")
    made = change()
    hostile = made.before.model_copy(update={"title": "<script>alert(1)</script>"})
    html = render(made.model_copy(update={"before": hostile}), language=Language.AR, setter=setter).html
    assert html.startswith("<main dir=rtl>&lt;script&gt;")
    assert '<html lang="ar" dir="rtl">' in html
    assert "<script>" not in html


def test_a_group_has_its_pages_and_templates_include_each_other() -> None:
    setter = templates(
        group__txt="{{ count }}\n{% for page in pages %}{% include '_one' %}{% endfor %}", _one="- {{ page.holder }}\n"
    )
    group = render_group([(change(), ()), (change("ru"), ())], language=Language.EN, setter=setter)
    assert group.text == "2\n- United States / Pentagon\n- United States / Pentagon\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("one\n{{ holder }", 2, "unexpected '}'"),
        ("one\n\n{{ holdr }}", 3, "'holdr' is undefined"),
        ("{{ now.stnce }}", 1, "has no attribute 'stnce'"),
        ("one\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("one\n{{ holder.__class__.__mro__ }}", 2, "unsafe"),
        ("{% include 'other' %}", 1, "other"),
        ("{# nothing #}", 1, "says nothing"),
        ("{% for a in range(10 ** 9) %}x{% endfor %}", 1, "range"),
    ],
)
def test_a_broken_template_names_its_line_and_the_built_in_words_go_out(text: str, line: int, words: str) -> None:
    told: list[Broken] = []
    setter = templates(told, alert__txt=text)
    alert = render(change(), setter=setter)
    assert alert.text == render(change()).text
    (broken,) = setter.tried([page_of(change(), Language.EN)])
    assert told in ([], [broken]), "what cannot be read at all was told when it was loaded"
    assert (broken.file, broken.line) == ("templates/alert.txt", line)
    assert words in broken.sentence


def test_a_file_that_is_no_template_is_named() -> None:
    (broken,) = templates(alerts__txt="x").broken
    assert "templates/alerts.txt:1: is no name of a template" in broken.sentence


def test_a_check_tries_groups_too() -> None:
    pages = Pages(Language.EN, "two", (), (page_of(change(), Language.EN),) * 2)
    (broken,) = templates(group__html="{{ pages[7].holder }}").tried([pages])
    assert broken.line == 1
    assert templates(group__html="{{ pages[1].holder }}").tried([pages]) == ()
