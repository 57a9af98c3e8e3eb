"""`monitor backfill` takes folders of saved feeds and WARC files, knows articles again, and names what holds none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.cli.archives import Snapshot, read_archive
from monitor.sources import pages
from tests.cli.test_commands import DOCUMENTS

Run = Callable[..., Result]
assert pages  # loaded here: a library behind it warns at its import, which inside a test would be an error
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAID = {"en": DOCUMENTS[1]["text"], "ar": DOCUMENTS[2]["text"], "ru": DOCUMENTS[3]["text"]}


def rss(language: str, text: str, *, title: str = "T", host: str = "news") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{host} {language}</title>'
        f"<link>https://{host}.test/</link><item><title>{title}</title><link>https://{host}.test/{language}/1</link>"
        f"<guid>g-{language}</guid><pubDate>Mon, 03 Oct 2016 12:00:00 GMT</pubDate><description>{text}</description>"
        "</item></channel></rss>"
    ).encode()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    environ = {"MONITOR_DATABASE_URL": f"sqlite:///{tmp_path / 'monitor.db'}", "COLUMNS": "80", "NO_COLOR": "1"}

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), env=environ)

    return run


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_folder_of_snapshots_becomes_articles_and_versions_once(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    (folder / "later").mkdir(parents=True)
    for language, text in SAID.items():
        (folder / f"{language}.xml").write_bytes(rss(language, text))
    (folder / "later" / "en.xml").write_bytes(rss("en", f"{SAID['en']} It was edited."))
    (folder / "notes.txt").write_text("no feed", encoding="utf-8")
    first = run("backfill", "--json", str(folder))
    assert (first.exit_code, told(first)["added"], told(first)["bad_lines"]) == (1, 3, 1)
    assert "notes.txt" in first.stderr
    rows = json.loads(run("articles", "--json").stdout)
    assert {(row["language"], row["version"]) for row in rows} == {("ar", 1), ("en", 2), ("ru", 1)}
    assert {row["publisher"] for row in rows} == {"news ar", "news en", "news ru"}
    assert {row["at"][:10] for row in rows} == {"2016-10-03"}
    again = told(run("backfill", "--json", str(folder)))
    assert (again["added"], again["analyzed"]) == (0, 0)
    assert json.loads(run("alerts", "--json").stdout) == []


def test_sites_of_feeds_that_are_configured_have_their_publisher(run: Run, tmp_path: Path) -> None:
    feed = '{id: news, url: "https://www.news.test/rss", publisher: Harbour Wire, language: en}'
    (tmp_path / "feeds.yaml").write_text(f"feeds:\n  - {feed}\n", encoding="utf-8")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "one.xml").write_bytes(rss("en", SAID["en"]))
    assert run("backfill", "saved").exit_code == 0
    assert [row["publisher"] for row in json.loads(run("articles", "--json").stdout)] == ["Harbour Wire"]


# --- WARC ---------------------------------------------------------------------------------------


def warc(path: Path, *answers: tuple[str, str, str, bytes]) -> Path:
    """(address, status, content type, body) as an archive, each record gzipped for itself where the name says so."""
    records = []
    for url, status, kind, body in answers:
        http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        fields = (
            "WARC/1.0", "WARC-Type: response", f"WARC-Target-URI: {url}", "WARC-Date: 2016-10-04T00:00:00Z",
            "WARC-Record-ID: <urn:uuid:0>", "Content-Type: application/http; msgtype=response",
            f"Content-Length: {len(http)}",
        )  # fmt: skip
        record = "\r\n".join(fields).encode() + b"\r\n\r\n" + http + b"\r\n\r\n"
        records.append(gzip.compress(record) if path.name.endswith(".gz") else record)
    path.write_bytes(b"".join(records))
    return path


def page(text: str) -> bytes:
    body = "".join(f"<p>{text} Paragraph {number} tells more of the same story.</p>" for number in range(5))
    head = '<title>T</title><meta property="article:published_time" content="2016-10-03T12:00:00+00:00">'
    return f"<html><head>{head}</head><body><nav>menu</nav><article>{body}</article></body></html>".encode()


@pytest.mark.parametrize("name", ["crawl.warc", "crawl.warc.gz"])
@pytest.mark.parametrize("language", sorted(SAID))
def test_a_warc_gives_feeds_and_pages_and_skips_the_rest(tmp_path: Path, name: str, language: str) -> None:
    path = warc(
        tmp_path / name,
        ("https://news.test/rss", "200 OK", "application/rss+xml", rss(language, SAID[language])),
        ("https://paper.test/story", "200 OK", "text/html; charset=utf-8", page(SAID[language])),
        ("https://paper.test/gone", "404 Not Found", "text/html", b"<html>gone</html>"),
        ("https://paper.test/logo.png", "200 OK", "image/png", b"\x89PNG"),
        ("https://paper.test/stub", "200 OK", "text/html", b"<html><body>menu</body></html>"),
    )
    feed, story, stub = read_archive(path, sites={}, now=NOW)
    assert [each.title for each in feed.articles] == ["T"]
    [found] = story.articles
    assert SAID[language] in found.text
    assert (found.url, found.publisher) == ("https://paper.test/story", "paper.test")
    assert found.published_at is not None
    assert (stub.articles, bool(stub.problem)) == ((), True)


def test_an_archive_that_breaks_off_gives_what_it_had_and_says_so(tmp_path: Path) -> None:
    path = warc(
        tmp_path / "crawl.warc.gz",
        ("https://news.test/rss", "200 OK", "application/rss+xml", rss("en", SAID["en"])),
        ("https://news.test/rss2", "200 OK", "application/rss+xml", rss("ru", SAID["ru"])),
    )
    path.write_bytes(path.read_bytes()[:-60])
    found: list[Snapshot] = list(read_archive(path, sites={}, now=NOW))
    assert len(found[0].articles) == 1
    garbage = tmp_path / "bad.warc"
    garbage.write_bytes(b"no archive at all\r\n\r\n")
    [said] = read_archive(garbage, sites={}, now=NOW)
    assert "breaks off" in (said.problem or "")
