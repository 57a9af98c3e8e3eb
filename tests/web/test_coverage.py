"""Coverage sums what the polls counted, whoever the publisher and whatever the language."""

from __future__ import annotations

import pytest

from monitor.model import Feed, Language
from monitor.web.coverage import by_day, by_language, by_publisher

FEEDS = {
    name: Feed(id=name, url="http://x.example", publisher=publisher, language=language)
    for name, publisher, language in (("a", "Sama", Language.AR), ("b", "Sama", Language.EN), ("c", "Vestnik", Language.RU))
}  # fmt: skip
OF_FEEDS = [
    ("a", "new", 5),
    ("a", "dropped:undated", 2),
    ("b", "new", 1),
    ("c", "failed", 3),
    ("c", "new", 10),
    ("c", "polls", 7),
    ("gone-feed", "new", 1),
]


@pytest.mark.parametrize(("name", "came"), [("العربية", 5), ("English", 1), ("Русский", 10), ("–", 1)])
def test_languages_are_summed(name: str, came: int) -> None:
    assert {line.name: line.came for line in by_language(OF_FEEDS, FEEDS)}[name] == came


def test_publishers_stand_most_first_with_what_was_dropped_why() -> None:
    first, second, *_ = by_publisher(OF_FEEDS, FEEDS)
    assert (first.name, first.came, first.polls, first.failed, first.share) == ("Vestnik", 10, 7, 3, 100.0)
    assert (second.name, second.came, second.dropped, second.why) == ("Sama", 6, 2, "undated 2")


def test_days_stand_newest_first() -> None:
    assert [(line.name, line.came) for line in by_day([("2016-10-03", "new", 5), ("2016-10-04", "new", 12)])] == [
        ("2016-10-04", 12),
        ("2016-10-03", 5),
    ]
    assert by_day([]) == ()
