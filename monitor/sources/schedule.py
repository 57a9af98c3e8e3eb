"""When to ask a feed again: what its rhythm suggests, what the publisher wishes, what a failure advises. Pure.

Every answer comes with its reason in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from monitor.model import Entry, FeedKind, Health, Hints

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SLOWEST = 4
"""A feed is asked at least once in this many of its `every`, however slow its rhythm."""
LONGEST_WISH = 6 * _HOUR
"""A wish from headers or the feed is honoured up to this: `ttl 1440` must not mean a day without news."""
LONGEST_RETRY_AFTER = _DAY
_JITTER = 0.1

# First pause and longest pause after a failure of each class. None is for ever.
TEMPORARY = (5 * _MINUTE, 6 * _HOUR)
SOFT = (_HOUR, _DAY)
HARD = (_DAY, 7 * _DAY)
_CLASS = {
    Health.DNS: TEMPORARY,
    Health.CONNECT: TEMPORARY,
    Health.TIMEOUT: TEMPORARY,
    Health.SERVER_ERROR: TEMPORARY,
    Health.BAD_RESPONSE: TEMPORARY,
    Health.RATE_LIMITED: SOFT,
    Health.TLS: SOFT,
    Health.FORBIDDEN: SOFT,
    Health.BOT_WALL: SOFT,
    Health.NOT_FOUND: SOFT,
    Health.HTML: SOFT,
    Health.BROKEN_XML: SOFT,
    Health.TOO_LARGE: SOFT,
    Health.REDIRECTS: SOFT,
    Health.GONE: HARD,
    Health.REFUSED_ADDRESS: HARD,
}
_NAMES = {TEMPORARY: "temporary", SOFT: "soft", HARD: "hard"}


class Wait(NamedTuple):
    """How long, and why."""

    wait: timedelta
    reason: str


def words(span: timedelta) -> str:
    """A span as people say it: `45 s`, `15 min`, `6 h`, `3 d`."""
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            count = seconds / size
            return f"{count:,.0f} {unit}" if count >= 100 else f"{count:.3g} {unit}"
    return f"{seconds} s"


def jittered(wait: timedelta, *, feed_id: str, polls: int) -> timedelta:
    """The same feeds never fall on the same second twice; the same feed and poll always on the same."""
    share = int.from_bytes(blake2b(f"{feed_id} {polls}".encode(), digest_size=4).digest(), "big") / 2**32
    return wait * (1 + _JITTER * share)


def rhythm_of(entries: Sequence[Entry], *, before: timedelta | None) -> timedelta | None:
    """The usual gap between new articles, smoothed with what was known before; None as long as dates do not tell."""
    dates = sorted({entry.published_at for entry in entries if entry.published_at}, reverse=True)[:30]
    if len(dates) < 3:
        return before
    gap = timedelta(seconds=median((newer - older).total_seconds() for newer, older in pairwise(dates)))
    return gap if before is None else (before * 2 + gap) / 3


def quiet_after(rhythm: timedelta, *, kind: FeedKind) -> timedelta:
    """How long silence is ordinary: twelve usual gaps, a night at least, and a long weekend for officials."""
    return max(12 * rhythm, 4 * _DAY if kind is FeedKind.OFFICIAL else _DAY)


def regular(
    *, every: timedelta, rhythm: timedelta | None, headers: Mapping[str, str], hints: Hints, now: datetime
) -> Wait:
    """The pause after a poll that went well."""
    own = _own_pace(every=every, rhythm=rhythm)
    wish = _wish(headers, hints, now=now)
    if wish is None or wish.wait <= own.wait:
        return own
    if wish.wait > LONGEST_WISH:
        return Wait(LONGEST_WISH, f"{wish.reason}; honoured up to {words(LONGEST_WISH)}")
    return wish


def _own_pace(*, every: timedelta, rhythm: timedelta | None) -> Wait:
    if rhythm is None:
        return Wait(every, f"every {words(every)} as configured; rhythm not known yet")
    pace = min(max(rhythm / 2, every), SLOWEST * every)
    usual = f"a new article about every {words(rhythm)}"
    if pace == every:
        return Wait(every, f"every {words(every)} as configured; {usual}")
    return Wait(pace, f"{usual}: slowed to {words(pace)}")


def _wish(headers: Mapping[str, str], hints: Hints, *, now: datetime) -> Wait | None:
    """The longest pause that the publisher asks for."""
    wishes = [Wait(hints.every, f"the feed asks for {words(hints.every)} ({hints.said_by})")] if hints.every else []
    fresh = max_age(headers.get("cache-control", ""))
    if fresh is not None:
        if fresh > timedelta(0):
            wishes.append(Wait(fresh, f"the server asks for {words(fresh)} (Cache-Control)"))
    elif "expires" in headers:
        until = _http_date(headers["expires"])
        if until and until > now:
            wishes.append(Wait(until - now, f"the server asks for {words(until - now)} (Expires)"))
    return max(wishes, key=lambda wish: wish.wait, default=None)


def max_age(cache_control: str) -> timedelta | None:
    """How long the answer is fresh by Cache-Control; None where it does not say; zero for no-cache and no-store."""
    parts = [part.strip().lower() for part in cache_control.split(",")]
    if "no-cache" in parts or "no-store" in parts:
        return timedelta(0)
    for part in parts:
        name, _, value = part.partition("=")
        digits = value.strip().strip('"')
        if name == "max-age" and digits.isascii() and digits.isdigit():
            return timedelta(seconds=min(int(digits[:10]), 31_536_000))
    return None


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """`Retry-After` in either form, capped at a day; None if there is none, or it makes no sense."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:10])), LONGEST_RETRY_AFTER)
    until = _http_date(value) if value else None
    if until is None or until <= now:
        return None
    return min(until - now, LONGEST_RETRY_AFTER)


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def backed_off(health: Health, *, failures: int, every: timedelta, asked: timedelta | None) -> Wait:
    """The pause after a failure: twice as long each time up to the longest of its class, and never for ever."""
    class_ = _CLASS.get(health, SOFT)
    first, longest = class_
    pause = min(max(first, every) * 2 ** min(failures - 1, 12), max(longest, every))
    reason = (
        f"{_NAMES[class_]} failure, {'first' if failures == 1 else f'{failures} in a row'}: again in {words(pause)}"
    )
    if asked is None or asked <= pause:
        return Wait(pause, reason)
    return Wait(asked, f"the server asks for {words(asked)} (Retry-After)")


def out_of_skipped(at: datetime, hints: Hints) -> datetime:
    """`at`, or the next hour that the feed does not ask to leave out (`skipHours`, `skipDays`; GMT)."""
    for _ in range(24 * 7):
        if at.hour not in hints.skip_hours and at.weekday() not in hints.skip_days:
            return at
        at = at.replace(minute=at.minute % 10, second=0, microsecond=0) + _HOUR
    return at
