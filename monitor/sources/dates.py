"""Dates as feeds write them, read strictly: what is not understood stays unknown, and nothing becomes "now".

`2016/6/29` is the 29th of June, `06/29/2016` is nobody's guess, an unknown zone is said.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from monitor.model import DateQuality, Frozen, Instant

# A clock may be a little ahead, and an hour of daylight saving is often forgotten. Beyond that a date is unusable.
_AHEAD = timedelta(hours=1, minutes=5)
_OLDEST = 1990
_LONGEST = 80

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january янв января январь يناير كانون-الثاني",
            "feb february фев февр февраля февраль فبراير شباط",
            "mar march мар марта март مارس آذار اذار",
            "apr april апр апреля апрель أبريل ابريل إبريل نيسان",
            "may мая май مايو أيار ايار",
            "jun june июн июня июнь يونيو يونيه حزيران",
            "jul july июл июля июль يوليو يوليه تموز",
            "aug august авг августа август أغسطس اغسطس آب اب",
            "sep sept september сен сент сентября сентябрь سبتمبر أيلول ايلول",
            "oct october окт октября октябрь أكتوبر اكتوبر تشرين-الأول تشرين-الاول",
            "nov november ноя нояб ноября ноябрь نوفمبر تشرين-الثاني",
            "dec december дек декабря декабрь ديسمبر كانون-الأول كانون-الاول",
        ),
        start=1,
    )
    for name in names.split()
}

# Hours from UTC. Names that mean several zones (CST, IST, BST) are left out: they count as no zone.
_ZONES = {
    "z": 0.0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "cet": 1, "met": 1, "west": 1, "cest": 2, "mest": 2, "eet": 2, "eest": 3,
    "msk": 3, "мск": 3, "msd": 4, "trt": 3, "irst": 3.5, "gst": 4, "est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7,
}  # fmt: skip

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\.?|ص|م)?"
_ZONE = r"\(?(?P<zone>(?:utc|gmt)?\s?[+-]\d{1,2}(?::?\d{2})?|[^\W\d]{1,5})?\)?(?:\s*\([^)]*\))?"
_WEEKDAY = r"(?:[^\W\d]{2,12}\.?(?:\s*,\s*|\s+)|,\s*)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[t\s,]+{_TIME}\s*{_ZONE})?",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s-]+(?P<name>[^\W\d][\w-]*)\.?,?[\s-]+(?P<year>\d{{4}}|\d{{2}})(?:\s*г\.?)?(?:[\s,T-]+{_TIME}\s*{_ZONE})?",
        rf"{_WEEKDAY}(?P<name>[^\W\d][\w-]*)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?:[\s,-]+{_TIME}\s*{_ZONE})?",
        rf"{_WEEKDAY}(?P<name>[^\W\d]+)\s+(?P<day>\d{{1,2}})\s+{_TIME}\s*{_ZONE}\s+(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})(?:[\s,]+{_TIME}\s*{_ZONE})?",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})t(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>z|[+-]\d{4})?",
    )
)
_TWO_WORD_MONTH = re.compile(r"(تشرين|كانون)\s+(ال\w+)")


class Dated(Frozen):
    """When something says it was published, and what that is worth. `at` is None unless usable."""

    at: Instant | None = None
    raw: str | None = None
    quality: DateQuality = DateQuality.UNDATED


def read_date(raw: str | None, *, now: datetime) -> Dated:
    """`raw` as a time. A date ahead of `now` is flagged and not used; a missing zone is flagged and read as UTC."""
    shown = " ".join((raw or "").split())[:_LONGEST]
    if not shown:
        return Dated()
    found = _iso(shown) or _by_form(shown)
    if found is None:
        return Dated(raw=shown, quality=DateQuality.UNREADABLE)
    at, zoned = found
    if at.year < _OLDEST:
        return Dated(raw=shown, quality=DateQuality.UNREADABLE)
    if at > now + _AHEAD:
        return Dated(raw=shown, quality=DateQuality.FUTURE)
    return Dated(at=at, raw=shown, quality=DateQuality.OK if zoned else DateQuality.NO_ZONE)


def _iso(text: str) -> tuple[datetime, bool] | None:
    """The quick way for the common case."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _in_utc(value) if value.tzinfo else (value.replace(tzinfo=UTC), False)


def _in_utc(value: datetime) -> tuple[datetime, bool] | None:
    try:
        return value.astimezone(UTC), True
    except (OverflowError, ValueError):
        return None


def _by_form(text: str) -> tuple[datetime, bool] | None:
    text = _TWO_WORD_MONTH.sub(r"\1-\2", text.translate(_DIGITS).replace("،", ","))
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        found = _built(match.groupdict())
        if found is not None:
            return found
    return None


def _built(part: dict[str, str | None]) -> tuple[datetime, bool] | None:
    month = int(part["month"] or 0) if "month" in part else _MONTHS.get((part["name"] or "").casefold(), 0)
    year = int(part["year"] or 0)
    zone = _offset(part.get("zone"))
    try:
        value = datetime(
            year + (2000 if year < 70 else 1900) if year < 100 else year,
            month,
            int(part["day"] or 0),
            _hour(part.get("hour"), half=part.get("half")),
            int(part.get("minute") or 0),
            int(part.get("second") or 0),
            tzinfo=UTC if zone is None else timezone(zone),
        )
    except ValueError:
        return None
    found = _in_utc(value)
    return (found[0], zone is not None) if found else None


def _hour(hour: str | None, *, half: str | None) -> int:
    value = int(hour or 0)
    if not half or value > 12:
        return value
    afternoon = half[0].casefold() in {"p", "م"}
    return value % 12 + (12 if afternoon else 0)


def _offset(zone: str | None) -> timedelta | None:
    name = (zone or "").casefold()
    if name in _ZONES:
        return timedelta(hours=_ZONES[name])
    match = re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2}):?(\d{2})?", name)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if offset > timedelta(hours=14, minutes=59):
        return None
    return -offset if match[1] == "-" else offset
