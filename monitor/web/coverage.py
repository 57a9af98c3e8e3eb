"""Sums the day's counters of the feeds by language, publisher and day. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from monitor.model import Feed, Frozen

_DROPPED = "dropped:"
_LANGUAGES = {"ar": "العربية", "en": "English", "ru": "Русский"}

Counted = tuple[str, str, int]  # feed or day, counter, amount, as the store sums


class Line(Frozen):
    """What came under one name, what was dropped why, and how polling went."""

    name: str
    came: int
    dropped: int
    why: str
    polls: int
    failed: int
    share: float  # of the largest line's `came`, 0 to 100


def by_language(counters: Iterable[Counted], feeds: Mapping[str, Feed]) -> tuple[Line, ...]:
    codes = {id_: feed.language.value for id_, feed in feeds.items()}
    return _lines(counters, lambda feed: _LANGUAGES.get(codes.get(feed, ""), "–"))


def by_publisher(counters: Iterable[Counted], feeds: Mapping[str, Feed]) -> tuple[Line, ...]:
    """Most first."""
    lines = _lines(counters, lambda feed: feeds[feed].publisher if feed in feeds else feed)
    return tuple(sorted(lines, key=lambda line: (-line.came, line.name)))


def by_day(counters: Iterable[Counted]) -> tuple[Line, ...]:
    """Newest first."""
    return _lines(counters, lambda day: day)[::-1]


def _lines(counters: Iterable[Counted], name: Callable[[str], str]) -> tuple[Line, ...]:
    sums: dict[str, Counter[str]] = {}
    for key, counter, amount in counters:
        sums.setdefault(name(key), Counter())[counter] += amount
    most = max((each["new"] for each in sums.values()), default=0) or 1
    return tuple(_line(key, each, most=most) for key, each in sorted(sums.items()))


def _line(name: str, sums: Counter[str], *, most: int) -> Line:
    dropped = {key.removeprefix(_DROPPED): n for key, n in sums.items() if key.startswith(_DROPPED)}
    return Line(
        name=name,
        came=sums["new"],
        dropped=sum(dropped.values()),
        why=", ".join(f"{reason} {n}" for reason, n in sorted(dropped.items())),
        polls=sums["polls"],
        failed=sums["failed"],
        share=round(100 * sums["new"] / most, 1),
    )
