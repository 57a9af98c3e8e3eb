"""A person's correction changes what listings say, keeps what was, tells who was alerted, and becomes a labelled case."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.alerts import render
from monitor.cli.app import app
from monitor.evaluation import read_labelled
from monitor.model import DeliveryState, Language, Outcome, RefusedRowError, Stance
from monitor.store import Store
from tests.pipeline.test_pipeline import SAYS, World, run
from tests.rows import NOW

Run = Callable[..., Result]


def turned(store: Store, language: str = "en") -> World:
    """Event 1 is a baseline, event 2 a turn that was alerted."""
    world = World(store)
    world.tell("one", "a", SAYS[language]["support"])
    world.tell("two", "b", SAYS[language]["oppose"])
    assert len(world.channel.sent) == 1
    return world


def as_(store: Store, number: int, **update: object) -> object:
    [row] = store.events(event_id=number)
    return store.correct(
        number, row.event.model_copy(update=update), who="نور", why="цитата другого", now=NOW + timedelta(days=5)
    )


@pytest.mark.parametrize("language", sorted(SAYS))
def test_whoever_was_alerted_gets_a_correction_in_the_same_thread(store: Store, language: str) -> None:
    world = turned(store, language)
    as_(store, 2, stance=Stance.NEUTRAL)
    world.clock.forward(timedelta(days=5))
    run(world.everything())
    first, notice = world.channel.sent
    assert first[0] != notice[0]
    assert notice[1].change.outcome is Outcome.CORRECTED
    assert "цитата другого" in notice[1].text
    assert [row.change.outcome for row in store.changes()] == [Outcome.CORRECTED]


@pytest.mark.parametrize(
    ("language", "word"), [(Language.EN, "corrected"), (Language.AR, "تصحيح"), (Language.RU, "исправлено")]
)
def test_the_correction_says_so_in_the_readers_language(store: Store, language: Language, word: str) -> None:
    turned(store)
    as_(store, 2, stance=Stance.NEUTRAL)
    [row] = store.changes()
    alert = render(row.change, language=language)
    assert word in alert.subject
    assert "نور" in alert.text
    assert "{" not in alert.text


def test_an_alert_that_waits_still_does_not_go_out(store: Store) -> None:
    world = World(store)
    world.tell("one", "a", SAYS["en"]["support"])
    world.channel.failures.append(RefusedRowError("any error will do"))
    world.tell("two", "b", SAYS["en"]["oppose"])
    assert [each.state for each in store.deliveries()] == [DeliveryState.WAITING]
    store.correct(2, None, who="Nour", why="a caption", now=world.clock())
    world.clock.forward(timedelta(days=1))
    run(world.everything())
    assert world.channel.sent == []
    [kept] = store.deliveries()
    assert (kept.state, kept.reason) == (DeliveryState.SKIPPED, "corrected by Nour: a caption")


def test_listings_and_tracks_say_what_the_person_says_and_the_history_says_what_was(store: Store) -> None:
    turned(store)
    as_(store, 1, stance=Stance.CONDITIONAL)
    assert [row.event.stance for row in store.events(stance="conditional")] == [Stance.CONDITIONAL]
    assert store.events(stance="support") == ()
    [usa] = store.tracks(actor="USA")
    assert usa.stance is Stance.CONDITIONAL, "the turn is not confirmed: the track stands on event 1"
    [told] = store.corrections()
    assert (told.before.stance, told.after and told.after.stance) == (Stance.SUPPORT, Stance.CONDITIONAL)
    assert (told.who, told.why) == ("نور", "цитата другого")


def test_a_rejected_event_is_listed_only_for_who_asks_and_comes_back_when_corrected(store: Store) -> None:
    turned(store)
    store.correct(2, None, who="Nour", why="a caption", now=NOW)
    assert [row.id for row in store.events()] == [1]
    assert [row.verdict for row in store.events(event_id=2)] == ["rejected"]
    as_(store, 2, actor="RUS")
    assert [(row.id, row.event.actor) for row in store.events()] == [(1, "USA"), (2, "RUS")]


def test_one_article_has_one_event_of_a_holder(store: Store) -> None:
    world = World(store)
    world.tell("one", "a", "Washington supports it. Moscow rejects it")
    before = store.events()
    with pytest.raises(RefusedRowError, match=r"has an event of RUS already: e\d; correct that one"):
        as_(store, next(row.id for row in before if row.event.actor == "USA"), actor="RUS")
    assert store.events() == before
    assert store.corrections() == ()


# --- the commands -------------------------------------------------------------------------------


@pytest.fixture
def command(database_url: str) -> Run:
    environ = {"MONITOR_DATABASE_URL": database_url, "COLUMNS": "80", "NO_COLOR": "1"}
    with Store.open(database_url) as store:
        world = World(store)
        for number, language in enumerate(sorted(SAYS)):
            name = ("one", "two", "three")[number]
            world.tell(name, language, f"{SAYS[language]['support']}. {number}")

    def command(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), env=environ)

    return command


BY = ("--who", "Nour", "--why", "the \x1b[31mcaption says so")


def test_corrected_events_become_cases_that_evaluate_reads(command: Run, tmp_path: Path) -> None:
    numbers = [row["id"] for row in json.loads(command("events", "--json").stdout)]
    assert len(numbers) == 3
    for number in numbers[:2]:
        assert command("correct", f"e{number}", "--stance", "oppose", *BY).exit_code == 0
    assert command("correct", f"e{numbers[2]}", "--reject", *BY).exit_code == 0
    cases = tmp_path / "cases.jsonl"
    cases.write_text(command("corrections", "--format", "jsonl").stdout, encoding="utf-8")
    read = read_labelled(cases)
    assert [len(case.statements) for case in read] == [1, 1, 0]
    for case in read:
        for label in case.statements:
            assert case.text[label.start : label.end] == label.quote
            assert label.stance is Stance.OPPOSE
    assert command("evaluate", str(cases), "--json").exit_code == 0


def test_the_history_is_listed_and_explained_harmlessly(command: Run) -> None:
    assert "no stance" in command("correct", "e1", "--reject", *BY).stdout
    listed, explained = command("corrections").stdout, command("explain", "e1").stdout
    for shown in (listed, explained):
        assert "\x1b" not in shown
        assert "Nour" in shown
        assert "USA support → no stance" in " ".join(shown.split())
    assert command("corrections", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("e1", *BY), 2, "say --stance"),
        (("e1", "--reject", "--stance", "oppose", *BY), 2, "say --stance"),
        (("e1", "--stance", "oppose", "--who", " ", "--why", "x"), 2, "say it in a word"),
        (("e1", "--actor", "nobody", *BY), 2, "names no actor"),
        (("five", "--reject", *BY), 2, "is no event"),
        (("e99", "--reject", *BY), 1, "there is no event e99"),
        (("e1", "--stance", "support", *BY), 1, "nothing to correct"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(command: Run, words: tuple[str, ...], code: int, said: str) -> None:
    result = command("correct", *words)
    assert result.exit_code == code
    assert said in result.output + str(result.exception)
    assert json.loads(command("corrections", "--json").stdout) == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_corrected_article_is_fitted_on_like_one_of_our_own(tmp_path: Path, number: int) -> None:
    pytest.importorskip("sklearn")
    from bench.fit import items, labelled, ours, taken_apart
    from monitor.analysis.rules import Rules
    from monitor.settings import load_knowledge

    text = {
        1: "أعلنت وزارة الخارجية الأميركية تعليق المحادثات مع روسيا بشأن وقف إطلاق النار في سوريا.",
        2: "The State Department said the United States is suspending its talks with Russia on the ceasefire in Syria.",
        3: "Госдепартамент США объявил о приостановке переговоров с Россией о прекращении огня в Сирии.",
    }[number]
    documents = tmp_path / "documents.jsonl"
    documents.write_text(json.dumps({"id": "x", "outlet": "P", "date": "2016-10-03", "text": text}), encoding="utf-8")
    environ = {"MONITOR_DATABASE_URL": f"sqlite:///{tmp_path / 'real.db'}"}

    def real(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), env=environ)

    real("backfill", str(documents))
    [event] = [row for row in json.loads(real("events", "--json").stdout) if row["actor"] == "USA"]
    assert real("correct", f"e{event['id']}", "--stance", "oppose", *BY).exit_code == 0
    cases = tmp_path / "cases.jsonl"
    cases.write_text(real("corrections", "--format", "jsonl").stdout, encoding="utf-8")
    [corrected] = [each for each in ours([cases]) if each.id.startswith("corrected-")]
    rules = Rules(load_knowledge(), "us-russia-syria")
    [item] = items([corrected], rules)
    marks = labelled(corrected, rules.candidates(taken_apart(item), 0.5))
    assert {mark for mark in marks if mark} == {"oppose"}
