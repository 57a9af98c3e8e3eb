"""The documentation site: every page, every link, every command; the man page reads without warnings."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from docs.publish import DOCS, commands, publish
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
        menu = text[text.index("<nav") : text.index("</nav>")]
        assert all((site / target).exists() for target in re.findall(r'href="([^"]+)"', menu))


@pytest.mark.parametrize("file", ["reference.html", "monitor.1"])
def test_every_command_stands_in_the_reference(site: Path, file: str) -> None:
    text = (site / file).read_text(encoding="utf-8").replace(r"\-", "-")
    for name, _ in commands(typer.main.get_command(app)):
        assert name in text
    assert "--format" in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here to read the man page with")
def test_the_man_page_reads_without_warnings(site: Path) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(site / "monitor.1")], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
