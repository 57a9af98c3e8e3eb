"""Exports have the documented columns, exact quotes and PLOVER types; feed lists go out as OPML and come back."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.cli.export import COLUMNS, GDELT_COLUMNS, PLOVER
from monitor.model import EventKind, Language, Stance
from monitor.settings import load_settings
from monitor.store import Store
from tests.web.serving import TEXTS, fill


@pytest.fixture
def database(database_url: str) -> str:
    with Store.open(database_url) as store:
        fill(store)
    return database_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_every_stance_has_a_plover_type() -> None:
    assert set(PLOVER) == {(stance, kind) for stance in Stance for kind in EventKind}


def test_csv_has_the_documented_columns_and_exact_quotes(database: str) -> None:
    rows = list(csv.DictReader(StringIO(run("export", "--database", database).stdout)))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["quote"] for row in rows] == [after for _, after in TEXTS.values()]
    assert {(row["holder"], row["plover_event"], row["plover_quad"], row["side"]) for row in rows} == {
        ("USA/state", "SANCTION", "4", "against")
    }
    assert {row["date"] for row in rows} == {"2016-10-04"}


def test_json_lines_hold_offsets_into_the_stored_text(database: str) -> None:
    told = [json.loads(line) for line in run("export", "-f", "jsonl", "--database", database).stdout.splitlines()]
    with Store.open(database) as store:
        for each in told:
            text = store.article(each["article_id"], version=each["version"]).article.text
            assert text[each["start"] : each["end"]] == each["quote"]
    assert {each["language"] for each in told} == {language.value for language in TEXTS}


def test_parquet_is_typed_and_its_columns_are_described(database: str, tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    assert run("export", "-f", "parquet", "--out", str(out), "--database", database).exit_code == 0
    table = pq.read_table(out)
    assert table.column_names == list(COLUMNS)
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
    assert table.schema.field("quote").metadata[b"description"].decode() == COLUMNS["quote"]
    assert table.column("quote").to_pylist() == [after for _, after in TEXTS.values()]


def test_parquet_wants_a_file(database: str) -> None:
    told = run("export", "-f", "parquet", "--database", database)
    assert told.exit_code == 2
    assert "--out" in told.stderr


def test_gdelt_lines_have_as_many_cells_as_columns(database: str) -> None:
    lines = run("export", "-f", "gdelt", "--database", database).stdout.splitlines()
    assert [len(line.split("\t")) for line in lines] == [len(GDELT_COLUMNS)] * 3
    assert lines[0].split("\t")[1:5] == ["20161004", "201610", "2016", "USA"]


@pytest.mark.parametrize("language", [Language.AR, Language.EN, Language.RU])
def test_feeds_go_out_as_opml_and_come_back(tmp_path: Path, language: Language) -> None:
    publishers = {Language.AR: "صحيفة «المرفأ»", Language.EN: 'Harbour "Wire"', Language.RU: "Вестник «Гавань»"}
    config, other, opml = tmp_path / "feeds.yaml", tmp_path / "other.yaml", tmp_path / "feeds.opml"
    quoted = json.dumps(publishers[language], ensure_ascii=False)
    config.write_text(
        f'feeds:\n  - {{id: harbour, url: "https://harbour.example/rss", publisher: {quoted}, language: {language.value}}}\n',
        encoding="utf-8",
    )
    other.write_text(
        'feeds:\n  - {id: far, url: "https://far.example/rss", publisher: Far, language: en}\n', encoding="utf-8"
    )
    assert run("feeds", "export", "--config", str(config), "--out", str(opml)).exit_code == 0
    assert run("feeds", "import", str(opml), "--config", str(other)).exit_code == 0
    came = {feed.url: feed for feed in load_settings(other).feeds}["https://harbour.example/rss"]
    assert (came.publisher, came.language) == (publishers[language], language)
    again = run("feeds", "import", str(opml), "--config", str(other))
    assert "added 0 feeds" in again.stdout


def test_without_a_configuration_the_lines_are_printed(tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline type="rss" text="Harbour" xmlUrl="https://harbour.example/rss"/></body></opml>',
        encoding="utf-8",
    )
    assert 'url: "https://harbour.example/rss"' in run("feeds", "import", str(opml), "--language", "ru").stdout


def test_every_column_is_documented() -> None:
    pages = [page.read_text(encoding="utf-8") for page in (Path(__file__).parents[2] / "docs").rglob("*.md")]
    assert any(all(f"| `{name}` | {words} |" in page for name, words in COLUMNS.items()) for page in pages)
