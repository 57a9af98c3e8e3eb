"""The daily page: what moved, waits, is disputed, stands, and has fallen silent; in three languages."""

from __future__ import annotations

import pytest

from monitor.alerts import Digest, digest
from monitor.model import Language, Stance
from tests.tracking.newsroom import Newsroom, moment

NOW = moment("2016-07-01 06:00")


def desk() -> Newsroom:
    room = Newsroom()
    room.say("2016-05-01", "TUR/mfa", "conditional", "كوكب", language="ar", quote="نؤيد بشروط")
    room.say("2016-05-20", "USA/pentagon", "oppose", "Herald", quote="we do not coordinate")
    room.say("2016-06-20", "USA/white_house", "support", "Herald", quote="a chance worth taking")
    room.say("2016-06-30 08:00", "USA/pentagon", "conditional", "Вестник", language="ru", quote="если поступят верно")
    room.say(
        "2016-06-30 09:00", "USA/pentagon", "conditional", "النهار الجديد", language="ar", quote="إذا فعلوا الصواب"
    )
    room.say("2016-06-30 10:00", "RUS/mfa", "support", "Вестник", language="ru", quote="документы готовы")
    room.say("2016-06-30 11:00", "RUS/mfa", "oppose", "Herald", quote="we reject it")
    room.say("2016-06-30 12:00", "USA/white_house", "oppose", "كوكب", language="ar", quote="لا مصلحة لنا")
    return room


def page(language: str, room: Newsroom | None = None) -> Digest:
    room = room or desk()
    return digest(
        room.tracks.values(),
        room.changes.values(),
        since=moment("2016-06-30 06:00"),
        now=NOW,
        language=Language(language),
        bars={"USA/pentagon": [("OOOO", Stance.OPPOSE), ("C", Stance.CONDITIONAL)]},
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "Stances on 2016-07-01: 2 moved",
                "WHAT MOVED\n• United States / Pentagon: oppose → conditional (confirmed)\n",
                "WAITING FOR A SECOND PUBLISHER\n• United States / White House: support → oppose\n",
                "DISPUTED\n• Russia / foreign ministry: support\n",
                "• Russia / foreign ministry: oppose\n",
                "NOT HEARD FOR 30 DAYS\n• Turkey: last heard on",
            ],
        ),
        (
            "ar",
            [
                "المواقف في 2016/07/01: تحرك 2",
                "الولايات المتحدة / البنتاغون: من معارضة إلى قبول مشروط (مؤكد)",
                "آخر كلام في",
            ],
        ),
        (
            "ru",
            [
                "Позиции на 01.07.2016: изменений 2",
                "США / Пентагон: против → при условии (подтверждено)",
                "ЖДЁТ ВТОРОГО ИЗДАНИЯ",
            ],
        ),
    ],
)
def test_the_page_tells_the_day_in_the_readers_language(language: str, expected: list[str]) -> None:
    text = page(language).text
    for words in expected:
        assert words in text


@pytest.mark.parametrize("language", ["en", "ar", "ru"])
@pytest.mark.parametrize("form", ["text", "html"])
def test_every_line_that_claims_a_stance_shows_its_quote(language: str, form: str) -> None:
    shown = getattr(page(language), form)
    for quote in (
        "если поступят верно",
        "إذا فعلوا الصواب",
        "we reject it",
        "документы готовы",
        "لا مصلحة لنا",
        "نؤيد بشروط",
    ):
        assert quote in shown


def test_quotes_and_bars_keep_their_own_direction_in_an_arabic_page() -> None:
    html = page("ar").html
    assert '<html lang="ar" dir="rtl">' in html
    assert '<blockquote lang="ru" dir="ltr"' in html
    assert '<div dir="ltr" style="text-align:right;font-family:monospace' in html
    assert all(line.startswith("\u200f") for line in page("ar").text.splitlines() if line)


def test_a_day_on_which_nothing_moved_says_so() -> None:
    quiet = digest((), (), since=NOW, now=NOW)
    assert quiet.subject == "Stances on 2016-07-01: 0 moved"
    assert "WHAT MOVED\n• nothing" in quiet.text
    assert "<li>nothing</li>" in quiet.html


def test_hostile_words_stay_words() -> None:
    room = Newsroom()
    room.say("2016-06-30", "USA/pentagon", "oppose", "<b>Bad\r\nNews</b>\u202e", quote="<script>\x1b[2J")
    shown = page("en", room)
    assert "<script>" not in shown.html
    assert "<b>" not in shown.html
    assert not {"\u202e", "\x1b", "\r"} & set(shown.html + shown.text)


def test_a_split_is_named_beside_the_country() -> None:
    assert "United States: support, since \u20682016-06-20\u2069; split: Pentagon – conditional" not in page("en").text
    room = desk()
    room.say("2016-06-30 13:00", "USA/white_house", "oppose", "Herald", quote="no interest")
    assert "split: Pentagon – conditional" in page("en", room).text
