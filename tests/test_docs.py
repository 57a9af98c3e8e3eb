"""The guide holds every command, option and setting; the YAML in the docs loads; no page points at a file that isn't there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from monitor.channels import AppriseChannel, EmailChannel, LogChannel, WebhookChannel
from monitor.cli.app import app
from monitor.endpoint import LanguageModel
from monitor.model import Feed, Keep
from monitor.settings import Limits, Settings, read_model

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
COMMON = {
    "--help",
    "--json",
    "--format",
    "--database",
    "--config",
    "--version",
    "--install-completion",
    "--show-completion",
}
COMMON |= {"--topic", "--actor", "--since", "--until", "--limit"}  # the guide says that --help names the filters


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if words:
        yield " ".join(words), command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*words, name))


ALL = dict(commands(typer.main.get_command(app)))


def test_the_commands_were_found() -> None:
    assert {"analyze", "run", "status", "feeds check", "alerts resend"} <= set(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_is_in_the_guide(name: str) -> None:
    assert f"monitor {name}" in GUIDE


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_says_what_it_does(name: str) -> None:
    assert len(ALL[name].help or "") > 20


def test_every_option_is_in_the_guide_or_a_filter() -> None:
    filters = {"articles", "events", "feeds", "alerts", "changes", "stances"}
    missing = [
        f"{name} {option.opts[0]}"
        for name, command in ALL.items()
        for option in command.params
        if option.param_type_name == "option" and name not in filters and not set(option.opts) & COMMON
        if not any(opt in GUIDE for opt in option.opts)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "model", [Settings, Limits, Keep, Feed, LanguageModel, LogChannel, EmailChannel, WebhookChannel, AppriseChannel]
)
def test_every_setting_is_in_the_guide(model: type[Settings]) -> None:
    words = set(re.findall(r"[a-z_]+", GUIDE))
    assert sorted(set(model.model_fields) - words) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_configurations_in_the_docs_load(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)):
        data = yaml.safe_load(block)
        if isinstance(data, dict) and "feeds" in data:
            path = tmp_path / f"{number}.yaml"
            path.write_text(block, encoding="utf-8")
            assert read_model(path, Settings, environ={"MODEL_KEY": "x", "SMTP_PASSWORD": "x"}).feeds


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_the_docs_name_are_there_with_their_options(page: Path) -> None:
    # The program's own switches stand on no command; a metavariable or an ellipsis ends what can be checked.
    own = {"--install-completion", "--show-completion", "--version", "--help"}
    lost: list[str] = []
    told = page.read_text(encoding="utf-8").partition("## What is not there yet")[0]
    for line in re.findall(r"`(?:[A-Z_]+=\S+ )?(?:[\d*]+ )*monitor ([a-z][^`]*)`", told):
        words = line.split()
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in ALL), None)
        if name is None:
            lost.append(line)
            continue
        known = {option for each in ALL[name].params for option in (*each.opts, *each.secondary_opts)} | own
        lost += [f"{line}: {word}" for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert lost == []
