"""Dates are understood strictly in three languages, and what is not understood stays unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import DateQuality
from monitor.sources.dates import read_date
from tests.sources.documents import NOW

EVENING = datetime(2016, 6, 30, 18, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "at", "quality"),
    [
        ("Thu, 30 Jun 2016 18:05:00 GMT", EVENING, DateQuality.OK),
        ("Thu, 30 Jun 2016 21:05:00 +0300", EVENING, DateQuality.OK),
        ("30 Jun 2016 14:05 EDT", EVENING, DateQuality.OK),
        ("Thu, 30 Jun 2016 20:05:00 MEST", EVENING, DateQuality.OK),  # feedparser reads it as UTC-8
        ("2016-06-30T18:05:00Z", EVENING, DateQuality.OK),
        ("2016-06-30T21:05:00+03:00", EVENING, DateQuality.OK),
        ("2016-06-30 21:05:00 +0300", EVENING, DateQuality.OK),
        ("20160630T180500Z", EVENING, DateQuality.OK),
        ("Thu Jun 30 18:05:00 UTC 2016", EVENING, DateQuality.OK),
        ("June 30, 2016 2:05 PM EDT", EVENING, DateQuality.OK),
        ("30-Jun-16 18:05:00 GMT", EVENING, DateQuality.OK),
        ("Thu, 30 Jun 2016 21:05:00 +0300 (Moscow)", EVENING, DateQuality.OK),
        # Arabic: both calendars of month names, both kinds of digits
        ("الخميس، 30 يونيو 2016 21:05 +0300", EVENING, DateQuality.OK),
        ("٣٠ حزيران ٢٠١٦ ٢١:٠٥ +0300", EVENING, DateQuality.OK),
        ("30 يونيو 2016 06:05 م GMT", EVENING, DateQuality.OK),
        ("1 تشرين الأول 2016 18:05 GMT", datetime(2016, 10, 1, 18, 5, tzinfo=UTC), DateQuality.OK),
        # Russian
        ("30 июня 2016 г., 21:05 МСК", EVENING, DateQuality.OK),
        ("Чт, 30 июн 2016 21:05:00 +0300", EVENING, DateQuality.OK),
        ("30.06.2016 18:05", EVENING, DateQuality.NO_ZONE),
        # no zone, or one that names several
        ("Thu, 30 Jun 2016 18:05:00", EVENING, DateQuality.NO_ZONE),
        ("30 Jun 2016 18:05:00 CST", EVENING, DateQuality.NO_ZONE),
        ("2016-06-30T18:05:00", EVENING, DateQuality.NO_ZONE),
        ("2016-06-30T18:05:00+99:00", EVENING, DateQuality.NO_ZONE),
        ("2016/6/29", datetime(2016, 6, 29, tzinfo=UTC), DateQuality.NO_ZONE),  # feedparser makes it the 1st of June
        ("30 июня 2016", datetime(2016, 6, 30, tzinfo=UTC), DateQuality.NO_ZONE),
    ],
)
def test_a_date_in_any_of_the_languages_is_read(raw: str, at: datetime, quality: DateQuality) -> None:
    dated = read_date(raw, now=NOW)
    assert (dated.at, dated.quality, dated.raw) == (at, quality, " ".join(raw.split()))


@pytest.mark.parametrize(
    "raw",
    [
        "yesterday",
        "أمس",
        "вчера",
        "06/29/2016",
        "Thu, 31 Jun 2016 18:05:00 GMT",
        "Thu, 30 Jun 2016 25:05:00 GMT",
        "Thu, 30 Foo 2016 18:05:00 GMT",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "1467309900",
        "٣٠" * 50,
    ],
)
def test_what_is_no_date_stays_unknown_with_its_words_kept(raw: str) -> None:
    dated = read_date(raw, now=NOW)
    assert dated.at is None
    assert dated.quality in {DateQuality.UNREADABLE, DateQuality.FUTURE}
    assert dated.raw
    assert raw.startswith(dated.raw[:40])


def test_no_date_is_undated_and_never_now() -> None:
    for nothing in (None, "", "  \n"):
        assert read_date(nothing, now=NOW).model_dump() == {"at": None, "raw": None, "quality": DateQuality.UNDATED}


def test_a_future_date_is_flagged_and_not_used_but_a_clock_may_be_ahead() -> None:
    near, far = NOW + timedelta(minutes=30), NOW + timedelta(hours=3)
    assert read_date(near.isoformat(), now=NOW).at == near
    assert read_date(far.isoformat(), now=NOW).quality is DateQuality.FUTURE
    assert read_date(far.isoformat(), now=NOW).at is None
