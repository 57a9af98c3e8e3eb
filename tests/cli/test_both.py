"""The same history gives the same answers on SQLite and on PostgreSQL, command by command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from tests.cli.test_commands import DOCUMENTS
from tests.databases import Postgres

ASKED = (
    "articles --json",
    "articles --language ar --relevant",
    "articles -n 2 --format csv",
    "events --format jsonl",
    "events --actor USA --since 2016-10-01",
    "stances --json",
    "changes --json",
    "changes --level confirmed",
    "explain a2",
    "explain e1 --json",
    "explain c1",
    "why-not a5",
    "plot --until 2016-12-31",
    "replay --json",
    "coverage --json",
    "digest --since 2016-10-01 --until 2016-10-05",
    "search suspending",
    "search تعليق --json",
    "search переговоров",
    "export --format csv",
    "export --format gdelt",
)

Answers = Callable[[str], str]


def answers(url: str) -> Answers:
    def ask(words: str) -> str:
        environ = {"MONITOR_DATABASE_URL": url, "COLUMNS": "80", "NO_COLOR": "1"}
        result = CliRunner().invoke(app, words.split(), env=environ)
        assert result.exit_code in {0, 1}, (result.output, result.exception)
        # What was stored today is a moment later in the second database.
        return re.sub(
            r"20[2-9]\d-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?|20[2-9]\d{11}", "TODAY", f"{result.exit_code} {result.output}"
        )

    return ask


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> tuple[Answers, Answers]:
    folder = tmp_path_factory.mktemp("both")
    documents = folder / "documents.jsonl"
    documents.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in DOCUMENTS), encoding="utf-8")
    asking = answers(f"sqlite:///{folder / 'monitor.db'}"), answers(postgres.another())
    for ask in asking:
        assert json.loads(ask(f"backfill --json {documents}").removeprefix("0 "))["added"] == len(DOCUMENTS)
    return asking


@pytest.mark.parametrize("words", ASKED)
def test_the_same_history_gives_the_same_answer(both: tuple[Answers, Answers], words: str) -> None:
    here, there = both
    told = here(words)
    assert len(told) > 5
    assert there(words) == told


def test_a_move_there_and_back_keeps_every_answer(
    both: tuple[Answers, Answers], tmp_path: Path, postgres: Postgres
) -> None:
    here, target, back = both[0], postgres.another(), f"sqlite:///{tmp_path / 'back.db'}"
    assert "same in both" in here(f"db copy --to {target}")
    assert "same in both" in answers(target)(f"db copy --to {back}")
    for words in ("events --json", "changes --json", "stances --json", "search ceasefire"):
        assert here(words) == answers(target)(words) == answers(back)(words)
    for ask in (here, answers(target), answers(back)):
        assert ask("db check").startswith("0 form")
