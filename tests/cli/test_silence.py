"""A silence keeps alerts back while it holds, says who asked for it and why, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from monitor.alerts import ChannelPolicy, Silence, Why, decide
from monitor.cli.app import app
from monitor.model import Language, StanceChange
from monitor.store import Store
from tests.alerts.samples import change
from tests.rows import NOW

Run = Callable[..., Result]
ALL = ChannelPolicy(id="desk", max_age=timedelta(days=10_000))


def silence(
    holder: str | None = "USA", *, until: datetime = NOW + timedelta(days=1), topic: str | None = None
) -> Silence:
    return Silence(holder=holder, topic=topic, author="نور", reason="уже пишем", until=until)


def decided(made: StanceChange, *silences: Silence) -> tuple[Why, str]:
    found = decide(made, ALL, now=NOW, silences=silences)
    return found.why, found.words


@pytest.mark.parametrize("language", [Language.EN, Language.AR, Language.RU])
def test_a_stored_silence_stops_an_alert_in_any_language_and_says_why(language: Language) -> None:
    why, words = decided(change(language=language), silence(None))
    assert why is Why.SILENCED
    assert "نور" in words
    assert "уже пишем" in words


def test_a_silence_that_is_over_stops_nothing() -> None:
    assert decided(change(), silence(None, until=NOW))[0] is Why.WANTED


def test_silences_are_kept_and_hold_until_they_end(store: Store) -> None:
    first, _ = store.add_silence(silence(), now=NOW)
    second, _ = store.add_silence(silence("RUS/kremlin"), now=NOW)
    assert first != second
    assert store.end_silence(first, now=NOW + timedelta(hours=1))
    assert not store.end_silence(first, now=NOW + timedelta(hours=2))
    assert not store.end_silence(second, now=NOW + timedelta(days=2)), "over by itself"
    with store.transaction() as tx:
        assert [each.holder for each in tx.silences(NOW + timedelta(hours=2))] == ["RUS/kremlin"]
        assert tx.silences(NOW + timedelta(days=2)) == ()
    assert [row.ended_at for row in store.silences()] == [NOW + timedelta(hours=1), None]


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def run(database_url: str) -> Run:
    environ = {"MONITOR_DATABASE_URL": database_url, "COLUMNS": "80", "NO_COLOR": "1"}

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), env=environ)

    return run


WHY = ("--author", "Nour", "--reason", "written \x1b[31mup")


def test_add_list_status_end(run: Run) -> None:
    assert run("silence", "add", "USA/pentagon", "--until", "3d", *WHY).exit_code == 0
    [row] = json.loads(run("silence", "list", "--json").stdout)
    assert (row["holder"], row["author"], row["state"]) == ("USA/pentagon", "Nour", "holds")
    left = datetime.fromisoformat(row["until"]) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    shown = run("silence", "list").stdout + run("status").stdout
    assert shown.count("USA/pentagon") == 2
    assert "\x1b" not in shown
    assert [each["holder"] for each in json.loads(run("status", "--json").stdout)["silences"]] == ["USA/pentagon"]
    assert "is over" in run("silence", "end", "1").stdout
    assert json.loads(run("silence", "list", "--json").stdout) == []
    assert [each["state"] for each in json.loads(run("silence", "list", "--all", "--json").stdout)] == ["ended"]
    assert run("silence", "end", "1").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pentagon", "--until", "3d", *WHY), "names no holder"),
        (("USA", "--until", "2016-01-01", *WHY), "is over already"),
        (("USA", "--until", "soon", *WHY), "not ISO 8601"),
        (("USA", "--until", "3d", "--author", " ", "--reason", "x"), "say it in a word"),
        (("USA", "--until", "3d", "--author", "Nour"), "--reason"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run("silence", "add", *words)
    assert result.exit_code == 2
    assert said in result.output
    assert json.loads(run("silence", "list", "--all", "--json").stdout) == []
