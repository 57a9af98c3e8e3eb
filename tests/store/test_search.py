"""Search finds titles, bodies and quotes by their words in three languages, on both databases, and obeys no operator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command

from monitor.model import DateQuality, Entry, Event, Feed, Finding, Gate, Language, Stance
from monitor.store import Store, copying
from monitor.store.database import Database, _alembic

NOW = datetime(2016, 10, 4, tzinfo=UTC)
TITLES = {
    Language.EN: "Kerry suspends the talks",
    Language.AR: "واشنطن تعلّق المحادثات بشأن الهدنة",
    Language.RU: "Вашингтон приостановил переговоры",
}


def add(
    store: Store, language: Language, title: str, *, days: int = 0, event: bool = False, body: str | None = None
) -> int:
    feed = Feed(id=f"feed-{language}", url="http://x.example", publisher=f"Herald-{language}", language=language)
    entry = Entry(
        title=title,
        text=body or f"{title}.",
        published_at=NOW + timedelta(days=days),
        date_quality=DateQuality.OK,
        keys=(f"guid:{title}{days}",),
    )
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
        (Language.AR, "للهدنة والمحادثات"),
        (Language.RU, "переговоров вашингтоном"),
        (Language.EN, "herald-en"),
        (Language.EN, "Kerry's herald"),
        (Language.EN, "susp*"),
        (Language.AR, "محادث* هدن*"),
        (Language.RU, "приостан*"),
        (Language.EN, '"suspends the talks"'),
        (Language.AR, "«المحادثات بشأن الهدنة»"),
        (Language.RU, "“приостановил переговоры”"),
    ],
)
def test_titles_are_found_in_any_form_of_their_words(store: Store, language: Language, question: str) -> None:
    numbers = {each: add(store, each, title) for each, title in TITLES.items()}
    assert [hit.article.id for hit in store.search(question).articles] == [numbers[language]]


BODIES = {
    Language.EN: ("Aid convoys waited at the border, said Lavrov's deputy.", ["convoy border", "Lavrov", '"waited at the border"']),
    Language.AR: ("وقال نائب لافروف إنّ قوافل المساعدات انتظرت عند الحدود.", ["القوافل حدود", "لافروف", '"عند الحدود"']),
    Language.RU: ("Колонны с помощью ждали на границе, сказал заместитель Лаврова.", ["колонна граница", "Лавров", '"ждали на границе"']),
}  # fmt: skip


@pytest.mark.parametrize("language", list(BODIES))
def test_bodies_are_found_with_the_passage_around_the_words(store: Store, language: Language) -> None:
    numbers = {each: add(store, each, "–", body=body) for each, (body, _) in BODIES.items()}
    for question in BODIES[language][1]:
        [hit] = store.search(question).articles
        assert hit.article.id == numbers[language]
        assert "".join(piece.text for piece in hit.passage) == BODIES[language][0]
        assert any(piece.match for piece in hit.passage)


@pytest.mark.parametrize("question", ['"talks the suspends"', "Kerry harbour", "talks*x"])
def test_what_lacks_a_word_or_has_another_order_is_not_found(store: Store, question: str) -> None:
    add(store, Language.EN, TITLES[Language.EN])
    assert store.search(question).articles == ()


@pytest.mark.parametrize("language", [Language.EN, Language.AR, Language.RU])
def test_events_are_found_by_quote_and_by_speaker(store: Store, language: Language) -> None:
    add(store, language, TITLES[language], event=True)
    assert [row.event.quote for row in store.search(TITLES[language]).events] == [TITLES[language]]
    assert [row.event.quote for row in store.search("john kerry usa").events] == [TITLES[language]]


def test_a_corrected_event_is_found_as_what_it_is_now(store: Store) -> None:
    add(store, Language.EN, TITLES[Language.EN], event=True)
    [event] = store.search("USA state").events
    store.correct(
        event.id, event.event.model_copy(update={"actor": "RUS", "institution": "mfa"}), who="desk", why="w", now=NOW
    )
    assert store.search("USA state").events == ()
    assert [row.id for row in store.search("RUS mfa kerry").events] == [event.id]


@pytest.mark.parametrize(
    "question",
    ["", "  ", '"', '""', "*", '" OR "', "NEAR(", "talks -x", "title:*", "ta\0lks", "x" * 100_000, "a*", "' OR 1=1 --", "(talks", "talks & !quiet",
     "\ud800", "harbour" + " quiet" * 500, '"quiet" <-> "x"', "x\u202ey*"],
)  # fmt: skip
def test_no_question_is_an_error_or_an_operator(store: Store, question: str) -> None:
    add(store, Language.EN, "Quiet harbour")
    found = store.search(question).articles
    assert [hit.article.title for hit in found] == (["Quiet harbour"] if question.startswith("harbour") else [])


def test_a_new_version_is_found_by_its_new_words_at_once(store: Store) -> None:
    number = add(store, Language.EN, "The talks begin")
    feed = Feed(id="feed-en", url="http://x.example", publisher="Herald-en", language=Language.EN)
    entry = Entry(
        title="The talks begin", text="They were postponed.", published_at=NOW, keys=("guid:The talks begin0",)
    )
    assert store.add_entries(feed, [entry], seen_at=NOW).changed == (number,)
    assert [hit.article.id for hit in store.search("postpone").articles] == [number]
    assert [hit.article.id for hit in store.search("talks herald").articles] == [number]


def test_what_is_narrowed_to_a_language_and_to_days_leaves_the_rest_out(store: Store) -> None:
    arabic, english = add(store, Language.AR, "Kerry", days=-1), add(store, Language.EN, "Kerry")
    assert {hit.article.id for hit in store.search("kerry").articles} == {english, arabic}
    assert [hit.article.id for hit in store.search("kerry", language="ar").articles] == [arabic]
    assert [hit.article.id for hit in store.search("kerry", since=NOW - timedelta(hours=1)).articles] == [english]
    assert [hit.article.id for hit in store.search("kerry", until=NOW - timedelta(hours=1)).articles] == [arabic]


def test_what_comes_later_is_found_newest_first_and_limited(store: Store) -> None:
    first = add(store, Language.EN, "The talks begin")
    second = add(store, Language.EN, "The talks end", days=1)
    assert [hit.article.id for hit in store.search("talks").articles] == [second, first]
    assert [hit.article.id for hit in store.search("talks", limit=1).articles] == [second]


def test_a_text_of_a_million_words_is_kept_and_found_by_its_beginning(store: Store) -> None:
    body = "beginning " + " ".join(f"слово{n}" for n in range(100_000))
    number = add(store, Language.EN, "Long", body=body)
    assert [hit.article.id for hit in store.search("beginning слово7").articles] == [number]


def test_a_copied_database_is_searched_like_the_first(store: Store, database_url: str, tmp_path: Path) -> None:
    numbers = [add(store, language, title, event=True) for language, title in TITLES.items()]
    source, target = Database(database_url), Database(str(tmp_path / "copy.db"))
    copying.copy(source, target)
    source.close()
    target.close()
    with Store.open(str(tmp_path / "copy.db")) as copied:
        for number, title in zip(numbers, TITLES.values(), strict=True):
            assert [hit.article.id for hit in copied.search(title).articles] == [number]
            assert len(copied.search(title).events) == 1


@pytest.mark.parametrize("language", list(BODIES))
def test_what_was_stored_before_there_was_a_search_is_found_after_the_migration(
    tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "old.db"
    with Store.open(str(path)) as store:
        number = add(store, language, "–", body=BODIES[language][0])
        add(store, language, TITLES[language], event=True)
    old = Database(str(path))
    with old.writing() as connection:
        command.downgrade(_alembic(connection), "0002")
    old.close()
    with Store.open(str(path)) as store:
        for question in BODIES[language][1]:
            assert [hit.article.id for hit in store.search(question).articles] == [number]
        assert len(store.search(TITLES[language]).events) == 1
