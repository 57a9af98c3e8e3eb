"""Templates of the installation: `monitor check` names what is wrong with them, and no alert waits for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.alerts import render
from monitor.cli.app import app
from monitor.cli.wording import setter_of
from monitor.settings import load_settings
from tests.alerts.samples import change

CONFIG = """
feeds:
  - {id: harbour, url: "https://news.example.org/rss", publisher: Harbour Wire, language: en}
channels:
  - {kind: webhook, id: desk, url: "http://127.0.0.1:9/hook", language: ru}
templates: words
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "words").mkdir()
    return path


def check(config: Path) -> Result:
    return CliRunner().invoke(app, ["check", "--json", "--config", str(config)])


def test_good_templates_are_fine_and_are_used(config: Path) -> None:
    (config.parent / "words" / "alert.subject").write_text("СТОЛ: {{ subject }}", encoding="utf-8")
    assert check(config).exit_code == 0
    assert render(change(), setter=setter_of(load_settings(config))).subject.startswith("СТОЛ: ")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("alert.ar.txt", "سطر\n{{ holder", "words/alert.ar.txt:2: "),
        ("group.html", "<p>\n{{ titel }}", "words/group.html:2: UndefinedError: 'titel' is undefined"),
        ("letter.txt", "x", "words/letter.txt:1: is no name of a template"),
    ],
)
def test_a_broken_template_is_named_with_file_and_line_and_the_built_in_words_are_used(
    config: Path, name: str, text: str, words: str
) -> None:
    (config.parent / "words" / name).write_text(text, encoding="utf-8")
    done = check(config)
    [problem] = json.loads(done.stdout)["problems"]
    assert done.exit_code == 1
    assert words in problem
    assert render(change(), setter=setter_of(load_settings(config))).text == render(change()).text


def test_a_folder_that_is_not_there_is_named_and_costs_no_alert(config: Path) -> None:
    (config.parent / "words").rmdir()
    assert "no folder of templates" in check(config).stdout
    assert render(change(), setter=setter_of(load_settings(config))).text == render(change()).text
