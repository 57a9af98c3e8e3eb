"""The documentation site: every page, every link, every command; the man page reads without warnings."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from docs.pictures import PICTURES
from docs.publish import DOCS, publish
from docs.reference import SETTINGS, commands, fields, pages
from monitor.cli.app import app


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    publish(folder)
    return folder


def test_every_page_is_there_and_leads_to_pages_that_are(site: Path) -> None:
    assert {page.stem for page in DOCS.glob("*.md")} < {page.stem for page in site.glob("*.html")}
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        inside = [each for each in re.findall(r'(?:href|src)="([^"]+)"', text) if "://" not in each]
        lost = [each for each in inside if not (site / (each.partition("#")[0] or page.name)).exists()]
        assert lost == [], page.name
        places = set(re.findall(r'id="([^"]+)"', text))
        assert {each[1:] for each in inside if each.startswith("#")} <= places


@pytest.mark.parametrize("file", ["reference.html", "monitor.1"])
def test_every_command_stands_in_the_reference(site: Path, file: str) -> None:
    text = (site / file).read_text(encoding="utf-8").replace(r"\-", "-")
    for name, _ in commands(typer.main.get_command(app)):
        assert name in text
    assert "--format" in text


def test_every_setting_parameter_and_field_stands_in_the_reference() -> None:
    made = pages()
    for model in SETTINGS.values():
        assert [name for name, _, _, says in fields(model) if not says] == []
        assert all(f"`{name}`" in made["reference-settings"] for name in model.model_fields)
    for words in ("GET /api/changes", "`until`", "GET /changes.atom", "GET /metrics"):
        assert words in made["reference-api"]
    for words in ("monitor.analyze", "monitor.follow", "`contributions`", "ConfigError"):
        assert words in made["reference-python"]


def test_every_picture_is_small_and_shown() -> None:
    shown = set(
        re.findall(r"\]\(pictures/([\w-]+)\.webp\)", "".join(page.read_text("utf-8") for page in DOCS.glob("*.md")))
    )
    kept = {path.stem: path.stat().st_size for path in (DOCS / "pictures").glob("*.webp")}
    assert set(kept) == shown == set(PICTURES)
    assert max(kept.values()) < 100_000


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here to read the man page with")
def test_the_man_page_reads_without_warnings(site: Path) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(site / "monitor.1")], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
