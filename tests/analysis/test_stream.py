"""The stream of irrelevant news: varied, the same each time, and read with few false alarms."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from bench.stream import LANGUAGES, chance_of, generated, read_all
from monitor.analysis import analyzer
from monitor.model import Gate, Language
from monitor.settings import load_knowledge


def test_thousands_of_articles_and_no_two_alike() -> None:
    items = list(generated(4_000))
    assert len({item.article.text for item in items}) == 4_000
    assert Counter(item.article.language for item in items).keys() == {*LANGUAGES}
    assert len({item.kind for item in items}) == 15
    assert not any("{" in item.article.text for item in items)
    near = sum(item.near for item in items) / len(items)
    assert 0.2 < near < 0.5, "a foreign desk has more of the nearly relevant than a street has"


def test_the_same_seed_gives_the_same_stream() -> None:
    assert list(generated(50, seed=7)) == list(generated(50, seed=7))
    assert list(generated(50, seed=7)) != list(generated(50, seed=8))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_names_nothing_of_the_topic_raises_no_alarm_and_near_misses_few(language: Language) -> None:
    items = [item for item in islice(generated(500), 500) if item.article.language is language]
    read = read_all(items, analyzer(load_knowledge(), "us-russia-syria"))
    assert [each.item.article.text for each in read if each.finding.relevant and not each.item.near] == []
    near = [each for each in read if each.item.near]
    assert sum(each.finding.relevant for each in near) <= len(near) // 8
    assert all(chance_of(each.finding) == 0 for each in read if each.finding.gate is Gate.MISSING_FACET)
