"""Versions compared: nothing lost, nothing invented, words told apart in three languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.web.evidence import Kept, around, compared

WORDS = st.text(alphabet="ab \n.يР", max_size=60)


@given(before=WORDS, after=WORDS)
def test_the_pieces_make_up_both_versions(before: str, after: str) -> None:
    pieces = compared(before, after)
    assert "".join(piece.text for piece in pieces if piece.kept is not Kept.NEW) == before
    assert "".join(piece.text for piece in pieces if piece.kept is not Kept.GONE) == after


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("The talks go on.\nRain fell.", "The talks stop.\nRain fell.", "go on", "stop"),
        ("تستمر المحادثات.\nهطل المطر.", "توقفت المحادثات.\nهطل المطر.", "تستمر", "توقفت"),
        ("Переговоры идут.\nШёл дождь.", "Переговоры прекращены.\nШёл дождь.", "идут", "прекращены"),
    ],
)
def test_words_that_changed_are_told(before: str, after: str, gone: str, new: str) -> None:
    pieces = compared(before, after)
    assert "".join(piece.text for piece in pieces if piece.kept is Kept.GONE) == gone
    assert "".join(piece.text for piece in pieces if piece.kept is Kept.NEW) == new


def test_a_long_paragraph_is_compared_in_bounded_time() -> None:
    pieces = compared("a " * 100_000, "b " * 100_000)
    assert [piece.kept for piece in pieces] == [Kept.GONE, Kept.NEW]


def test_context_ends_at_words_and_says_that_there_is_more() -> None:
    text = "word " * 200 + "QUOTE" + " word" * 200
    before, after = around(text, start=1000, end=1005)
    assert before.startswith("… word")
    assert after.endswith(" …")
    assert around("a QUOTE b", start=2, end=7) == ("a ", " b")
