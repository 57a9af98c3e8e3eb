"""No question of the command line, the dashboard or the pipeline reads a big table from end to end; see bench/scale.py."""

from __future__ import annotations

from bench.scale_fill import fill
from bench.scale_queries import QUESTIONS, plans
from monitor.store import Store

ARTICLES = 400


def test_every_question_finds_its_rows_by_an_index(store: Store) -> None:
    fill(store, first=1, last=ARTICLES, total=ARTICLES)
    scans = {
        question.name: [line for plan in plans(store, question.ask, ARTICLES, small=True) for line in plan.scans]
        for question in QUESTIONS
    }
    assert {name: lines for name, lines in scans.items() if lines} == {}


def test_a_scan_is_seen(store: Store) -> None:
    """The guard itself: a question without an index for it."""
    fill(store, first=1, last=ARTICLES, total=ARTICLES)
    found = plans(store, lambda asked, _: _by_author(asked), ARTICLES, small=True)
    assert [len(plan.scans) for plan in found] == [1]


def _by_author(store: Store) -> None:
    with store._database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM article WHERE author = 'nobody'").all()
