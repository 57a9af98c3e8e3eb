"""`import monitor` gives the analyzer and the tracker to programs: exact quotes, changes in order, no cost until asked."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

import monitor
from monitor.model import ConfigError

TEXTS = {
    "en": (
        "Secretary of State John Kerry said on Monday that the United States supports coordination with Russia in Syria.",
        "The United States suspended its talks with Russia on the ceasefire in Syria, the State Department said on Monday.",
    ),
    "ar": (
        "قال وزير الخارجية الأميركي جون كيري إن الولايات المتحدة تؤيد التنسيق مع روسيا في سوريا.",
        "أعلنت وزارة الخارجية الأميركية أن الولايات المتحدة علقت محادثاتها مع روسيا بشأن وقف إطلاق النار في سوريا.",
    ),
    "ru": (
        "Госсекретарь США Джон Керри заявил, что Соединённые Штаты поддерживают координацию с Россией в Сирии.",
        "Соединённые Штаты приостановили переговоры с Россией о перемирии в Сирии, сообщил Госдепартамент США.",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_becomes_stances_with_exact_quotes(language: str) -> None:
    text = TEXTS[language][1]
    found = monitor.analyze(text, date="2016-10-03")
    assert found.relevant
    assert "USA" in {event.actor for event in found.events}
    assert all(text[event.start : event.end] == event.quote for event in found.events)


@pytest.mark.parametrize("language", TEXTS)
def test_a_history_becomes_changes_whatever_the_order_it_comes_in(language: str) -> None:
    before, after = TEXTS[language]
    history: list[tuple[str, date | str, str]] = [
        (after, "2016-10-03", "B"),
        (after, date(2016, 10, 3), "C"),
        (before, "2016-09-10", "A"),
    ]
    changes = [change for change in monitor.follow(history) if change.actor == "USA"]
    assert changes
    assert all(change.before.at < change.after.at for change in changes)
    assert {change.after.event.stance.value for change in changes} == {"suspend"}


@pytest.mark.parametrize(
    "day",
    ["2016-10-03", date(2016, 10, 3), datetime(2016, 10, 3, 9, tzinfo=UTC), "2016-10-03T09:00:00+03:00", None, ""],
)
def test_dates_come_as_notebooks_have_them(day: str | date | None) -> None:
    assert monitor.analyze(TEXTS["en"][0], date=day).language == "en"


def test_what_nobody_knows_is_said() -> None:
    with pytest.raises(ConfigError, match="known topics"):
        monitor.analyze("text", topic="no-such-topic")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        monitor.analyze("text", date="last week")
    with pytest.raises(ValueError, match="document 1 has no date"):
        monitor.follow([("text", None, "A")])
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        monitor.analyse  # type: ignore[attr-defined]  # noqa: B018


def test_importing_costs_nothing_until_it_is_asked() -> None:
    told = "import sys, monitor; print([name for name in sys.modules if name.startswith('monitor.')])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_empty_cells_of_a_data_frame_are_no_text_and_no_date() -> None:
    nothing = float("nan")  # what pandas has in an empty cell; NaT, for times, differs from itself as NaN does
    assert monitor.analyze(None).reason == monitor.analyze(nothing, date=nothing).reason == "the article has no text"  # type: ignore[arg-type]
    assert monitor.analyze(TEXTS["en"][1], date=nothing).relevant  # type: ignore[arg-type]
