"""Search finds by words in three languages, obeys no operator, and sees what came after it first looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import Entry, Event, Feed, Finding, Gate, Language, Stance
from monitor.store import Store

NOW = datetime(2016, 10, 4, tzinfo=UTC)
TITLES = {
    Language.EN: "Kerry suspends the talks",
    Language.AR: "واشنطن تعلّق المحادثات بشأن الهدنة",
    Language.RU: "Вашингтон приостановил переговоры",
}


def add(store: Store, language: Language, title: str, *, days: int = 0, event: bool = False) -> int:
    feed = Feed(id=f"feed-{language}", url="http://x.example", publisher=f"Herald-{language}", language=language)
    entry = Entry(title=title, text=f"{title}.", published_at=NOW + timedelta(days=days), keys=(f"guid:{title}{days}",))
    [number] = store.add_entries(feed, [entry], seen_at=NOW).new
    if not event:
        return number
    stored = store.article(number)
    said = Event(
        actor="USA", institution="state", speaker="John Kerry", stance=Stance.SUSPEND, start=0, end=len(title), quote=title,
        confidence=0.9, reason="r",
    )  # fmt: skip
    finding = Finding(
        topic="t", analyzer="rules", language=language, relevant=True, gate=Gate.PASSED, reason="r", events=(said,)
    )
    with store.transaction() as tx:
        tx.save_finding(stored, finding, now=NOW)
        tx.save_event(stored, said, topic="t", analyzer="rules", voice="V")
    return number


@pytest.mark.parametrize(
    ("language", "question"),
    [
        (Language.EN, "KERRY talk"),
        (Language.AR, "محادثات"),
        (Language.AR, "تعلق الهدنه"),
        (Language.RU, "переговор вашингтон"),
        (Language.EN, "herald-en"),
    ],
)
def test_words_are_found_in_any_form_that_folding_and_endings_leave(
    store: Store, language: Language, question: str
) -> None:
    numbers = {each: add(store, each, title) for each, title in TITLES.items()}
    articles, _ = store.search(question)
    assert [row.id for row in articles] == [numbers[language]]


@pytest.mark.parametrize("language", [Language.EN, Language.AR, Language.RU])
def test_events_are_found_by_quote_and_by_speaker(store: Store, language: Language) -> None:
    add(store, language, TITLES[language], event=True)
    assert [row.event.quote for row in store.search(TITLES[language])[1]] == [TITLES[language]]
    assert [row.event.quote for row in store.search("john kerry usa")[1]] == [TITLES[language]]


@pytest.mark.parametrize(
    "question", ["", "  ", "ab", '"', '" OR "', "NEAR(", "talks -x", "title:*", "ta\0lks", "x" * 100_000]
)
def test_no_question_is_an_error_or_an_operator(store: Store, question: str) -> None:
    add(store, Language.EN, "Quiet harbour")
    assert store.search(question) == ((), ())


def test_what_comes_later_is_found_newest_first_and_limited(store: Store) -> None:
    first = add(store, Language.EN, "The talks begin")
    assert [row.id for row in store.search("talks")[0]] == [first]
    second = add(store, Language.EN, "The talks end", days=1)
    assert [row.id for row in store.search("talks")[0]] == [second, first]
    assert [row.id for row in store.search("talks", limit=1)[0]] == [second]
