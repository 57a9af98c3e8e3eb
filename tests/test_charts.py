"""Charts tell the turns: a step a change, dashed until confirmed, the quote on hover, hostile words harmless."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from monitor.charts import Lane, Turn, bar, extent, lanes, strip, svg
from monitor.cli.plot import picture, png
from monitor.model import Language, Stance
from monitor.tracking import settle
from tests.tracking.newsroom import POLICY, Newsroom, moment

JUNE, JULY = datetime(2016, 6, 1, tzinfo=UTC), datetime(2016, 7, 1, tzinfo=UTC)
AUGUST = datetime(2016, 8, 1, tzinfo=UTC)


def turn(at: datetime, stance: Stance, *, confirmed: bool = True, quote: str = "q") -> Turn:
    return Turn(at=at, stance=stance, confirmed=confirmed, quote=quote, publisher="P", change_id=7)


LANE = Lane(holder="USA/pentagon", turns=(turn(JUNE, Stance.SUPPORT), turn(JULY, Stance.OPPOSE, confirmed=False)))


def test_the_bar_changes_letters_where_the_stance_turned() -> None:
    runs = bar(LANE, start=JUNE, end=AUGUST, width=61)
    assert runs == (("S" * 30, Stance.SUPPORT), ("O" * 31, Stance.OPPOSE))


def test_a_turn_that_was_contradicted_ends_when_its_window_does() -> None:
    room = Newsroom()
    room.say("2016-06-01", "USA/pentagon", "support", "Herald")
    room.say("2016-07-01", "USA/pentagon", "oppose", "Herald")
    room.say("2016-07-02", "USA/pentagon", "support", "Courier")
    track = settle(room.track("USA/pentagon"), now=moment("2016-08-02"), policy=POLICY)
    [lane] = lanes([track], enumerate(room.changes.values(), 1))
    assert [(f"{turn.at:%m-%d}", turn.stance.value, turn.confirmed) for turn in lane.turns] == [
        ("06-01", "support", True),
        ("07-01", "oppose", False),
        ("07-04", "support", True),
    ]


def test_a_strip_is_thinner_where_a_turn_was_only_reported() -> None:
    drawn = ElementTree.fromstring(strip(LANE, start=JUNE, end=AUGUST, width=61))
    assert [(rect.get("x"), rect.get("width"), rect.get("height")) for rect in list(drawn)[1:]] == [
        ("0.0", "30.0", "14"),
        ("30.0", "31.0", "7.0"),
    ]


def test_the_bar_is_empty_before_the_first_turn() -> None:
    later = Lane(holder="RUS", turns=(turn(JULY, Stance.SUSPEND),))
    assert bar(later, start=JUNE, end=AUGUST, width=61)[0] == ("·" * 30, None)


def test_time_on_the_chart_is_never_empty() -> None:
    start, end = extent([Lane(holder="X", turns=(turn(JUNE, Stance.SUPPORT),))], now=JUNE)
    assert start < end


def test_a_reported_turn_is_dashed_and_links_to_its_change() -> None:
    drawn = svg([LANE], now=AUGUST)
    assert 'stroke-dasharray="4 3"' in drawn
    assert 'class="hollow"' in drawn
    assert 'href="/changes/7"' in drawn
    assert "2016-07-01 oppose (reported), P: q" in drawn


def test_every_language_is_drawn_and_markup_in_a_quote_stays_text() -> None:
    quotes = ("نرفض التنسيق", "we <script>alert(1)</script> reject", "мы против\u202e")
    lane = Lane(holder="RUS", turns=tuple(turn(JUNE, Stance.OPPOSE, quote=quote) for quote in quotes))
    root = ElementTree.fromstring(svg([lane], now=AUGUST))
    said = " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}title"))
    assert "نرفض التنسيق" in said
    assert "мы против" in said
    assert "\u202e" not in said
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


@pytest.mark.parametrize(
    ("language", "holder", "stance"),
    [
        (Language.EN, "United States / Pentagon", "oppose (reported)"),
        (Language.AR, "الولايات المتحدة / البنتاغون", "معارضة"),
        (Language.RU, "США / Пентагон", "против (сообщается)"),
    ],
)
def test_a_picture_speaks_the_readers_language(language: Language, holder: str, stance: str) -> None:
    drawn = picture([LANE], now=AUGUST, language=language)
    assert holder in drawn
    assert stance in drawn


def test_a_png_is_drawn_from_the_same_picture_and_arabic_words_are_in_it() -> None:
    size, without = _ink(picture([LANE], now=AUGUST, language=Language.AR).replace("البنتاغون", ""))
    same, whole = _ink(picture([LANE], now=AUGUST, language=Language.AR))
    assert size == same == (1920, 280)
    assert whole != without


def _ink(drawing: str) -> tuple[tuple[int, int], bytes]:
    made = png(drawing)
    assert made.startswith(b"\x89PNG")
    return (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])), made
