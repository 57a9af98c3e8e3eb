"""`monitor check` names what in the knowledge points nowhere: file, line, place, and what was meant."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.settings import KNOWLEDGE, knowledge_doubts, load_knowledge

TOY = Path(__file__).parent / "toy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The toy language and topic with the shipped concepts and offices: small files, quick to read."""
    root = tmp_path / "knowledge"
    shutil.copytree(TOY, root)
    for name in ("concepts.yaml", "prompts"):
        source = KNOWLEDGE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    return root


def told(folder: Path) -> list[str]:
    return [
        sentence for sentence in knowledge_doubts(load_knowledge(folder), folder) if "no language has" not in sentence
    ]


def edited(path: Path, old: str, new: str) -> int:
    """Puts `new` in the place of `old`; the line where it stands."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_shipped_knowledge_has_none() -> None:
    assert knowledge_doubts(load_knowledge()) == ()


def test_a_misspelt_concept_is_named_with_what_was_meant(folder: Path) -> None:
    path = next(folder.glob("languages/*.yaml"))
    line = edited(path, "  refuse:", "  refuze:")
    [sentence] = [each for each in told(folder) if "refuze" in each]
    assert sentence == f"{path}:{line}: concepts.refuze: no concept 'refuze' in concepts.yaml; did you mean 'refuse'?"


def test_terms_of_a_language_without_a_file_are_named(folder: Path) -> None:
    sentences = told(folder)
    path = folder / "topics" / "nile-dam.yaml"
    assert any(
        each.startswith(f"{path}:") and each.endswith("terms in en, but there is no languages/en.yaml to read it with")
        for each in sentences
    )


def test_an_office_of_an_actor_in_no_topic_is_named(folder: Path) -> None:
    path = folder / "offices.yaml"
    path.write_text("offices:\n  - {actor: EGU, office: president, person: A Person}\n", encoding="utf-8")
    assert f"{path}:2: offices.0.actor: A Person: no topic has an actor 'EGU'; did you mean 'EGY'?" in told(folder)


def test_an_empty_term_is_named(folder: Path) -> None:
    path = next(folder.glob("languages/*.yaml"))
    line = edited(path, "  refuse: [", '  refuse: ["  ", ')
    assert f"{path}:{line}: concepts.refuse.0: an empty term finds nothing; take it out" in told(folder)


def test_check_fails_on_them(folder: Path, tmp_path: Path) -> None:
    path = next(folder.glob("languages/*.yaml"))
    edited(path, "  refuse:", "  refuze:")
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text("feeds: [{id: a, url: 'https://a.example/rss', publisher: A, language: en}]", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["check", "--config", str(feeds)], env={"MONITOR_KNOWLEDGE": str(folder), "COLUMNS": "80", "NO_COLOR": "1"}
    )
    assert result.exit_code == 1
    assert "did you mean 'refuse'?" in " ".join(result.output.split())
