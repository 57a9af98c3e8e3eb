"""The command line as people and scripts use it: a filled database, every listing in every form, clear errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.store import Store
from tests.rows import NOW, entry, feed, finding, poll

Run = Callable[..., Result]

DOCUMENTS = [
    {"id": "en-1", "outlet": "Harbour Wire", "date": "2016-07-14",
     "text": "MOSCOW - Secretary of State John Kerry said the United States welcomes coordination with Russia on air strikes in Syria."},
    {"id": "en-2", "outlet": "Lake Courier", "date": "2016-10-03",
     "text": "WASHINGTON - The State Department said the United States is suspending its talks with Russia on the ceasefire in Syria."},
    {"id": "ar-1", "outlet": "جريدة المرسى", "date": "2016-10-03",
     "text": "أعلنت وزارة الخارجية الأميركية تعليق المحادثات مع روسيا بشأن وقف إطلاق النار في سوريا."},
    {"id": "ru-1", "outlet": "Вестник залива", "date": "2016-10-03",
     "text": "Госдепартамент США объявил о приостановке переговоров с Россией о прекращении огня в Сирии."},
    {"id": "en-3", "outlet": "Lake Courier", "date": "2016-10-04", "text": "The city council approved a new tram line on Tuesday."},
]  # fmt: skip


def run_in(folder: Path) -> Run:
    """The command line with a database and a working folder of its own."""

    def run(*words: str, stdin: str | bytes | None = None, code: int | None = 0) -> Result:
        environ = {"MONITOR_DATABASE_URL": f"sqlite:///{folder / 'monitor.db'}", "COLUMNS": "80", "NO_COLOR": "1"}
        result = CliRunner().invoke(app, list(words), input=stdin, env=environ, catch_exceptions=True)
        if code is not None:
            assert result.exit_code == code, (result.output, result.exception)
        return result

    return run


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("filled")
    documents = folder / "documents.jsonl"
    documents.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in DOCUMENTS), encoding="utf-8")
    run = run_in(folder)
    run("backfill", str(documents))
    return run


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return run_in(tmp_path)


def test_backfill_fills_history_and_a_second_run_adds_nothing(filled: Run, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    again.write_text("\n".join(json.dumps(each) for each in DOCUMENTS), encoding="utf-8")
    told = json.loads(filled("backfill", "--json", str(again)).stdout)
    assert told == {"added": 0, "analyzed": 0, "bad_lines": 0, "changes": told["changes"]}
    assert told["changes"] >= 1


def test_a_turn_carried_in_three_languages_is_one_confirmed_change_with_both_quotes(filled: Run) -> None:
    rows = [json.loads(line) for line in filled("changes", "--format", "jsonl").stdout.splitlines()]
    [turn] = [row for row in rows if row["actor"] == "USA" and row["institution"] == "state"]
    texts = {each["id"]: each["text"] for each in DOCUMENTS}
    assert (turn["before"], turn["after"], turn["level"]) == ("support", "suspend", "confirmed")
    assert turn["at"].startswith("2016-10-03T")
    assert turn["before_event"]["quote"] in texts["en-1"]
    assert any(turn["after_event"]["quote"] in texts[name] for name in ("en-2", "ar-1", "ru-1"))
    assert len(turn["publishers"]) >= 2


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_undated_document_moves_no_track(fresh: Run, number: int) -> None:
    undated = {**DOCUMENTS[number], "date": None}
    fresh("backfill", "-", stdin="\n".join(json.dumps(each) for each in (DOCUMENTS[0], undated)))
    told = json.loads(fresh("events", "--json").stdout)
    assert [row["verdict"] for row in told if row["article_id"] != told[0]["article_id"]] == ["undated"]
    assert json.loads(fresh("changes", "--json").stdout) == []


def test_a_backfill_tells_nobody(filled: Run) -> None:
    assert json.loads(filled("alerts", "--json").stdout) == []


@pytest.mark.parametrize("listing", ["feeds", "articles", "events", "stances", "changes", "alerts"])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_every_listing_has_every_form(filled: Run, listing: str, form: str) -> None:
    words = [listing, "--format", form] + (["--all"] if listing == "feeds" else [])
    out = filled(*words).stdout
    if form == "json":
        assert isinstance(json.loads(out), list)
    elif form == "jsonl":
        assert all(isinstance(json.loads(line), dict) for line in out.splitlines())
    elif form == "csv" and out.strip():
        assert len({len(row) for row in csv.reader(io.StringIO(out))}) == 1
    else:
        assert max((len(line) for line in out.splitlines()), default=0) <= 84  # isolates are characters without width


def test_filters_filter(filled: Run) -> None:
    assert {row["language"] for row in json.loads(filled("articles", "--language", "ar", "--json").stdout)} == {"ar"}
    assert all(row["relevant"] is False for row in json.loads(filled("articles", "--irrelevant", "--json").stdout))
    assert all(
        row["stance"] == "suspend" for row in json.loads(filled("events", "--stance", "suspend", "--json").stdout)
    )
    assert json.loads(filled("events", "--since", "2017-01-01", "--json").stdout) == []
    assert len(json.loads(filled("articles", "-n", "2", "--json").stdout)) == 2


@pytest.mark.parametrize("kind", ["articles", "events", "changes"])
def test_everything_listed_can_be_explained(filled: Run, kind: str) -> None:
    for row in json.loads(filled(kind, "--json").stdout):
        assert row["ref"] in filled("explain", row["ref"]).stdout
        assert json.loads(filled("explain", row["ref"], "--json").stdout)


@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [("x9", 2, "names nothing"), ("a999", 1, "no article a999"), ("c999", 1, "no change 999")],
)
def test_a_reference_to_nothing_says_what_to_do(filled: Run, reference: str, code: int, words: str) -> None:
    result = filled("explain", reference, code=code)
    assert words in result.output + str(result.exception)


def test_status_tells_a_monitoring_system_in_its_first_line_and_exit_code(filled: Run) -> None:
    result = filled("status", code=1)
    assert result.stdout.splitlines()[0].startswith("WARNING - ")
    assert " | feeds=" in result.stdout.splitlines()[0]
    told = json.loads(filled("status", "--json", code=1).stdout)
    assert told["level"] == "WARNING"
    assert told["stances"]


def test_status_of_no_database_is_unknown_and_makes_none(fresh: Run, tmp_path: Path) -> None:
    result = fresh("status", code=3)
    assert result.stdout.startswith("UNKNOWN - there is no database")
    assert not (tmp_path / "monitor.db").exists()


def test_replay_with_the_same_knowledge_finds_no_difference(filled: Run) -> None:
    told = json.loads(filled("replay", "--json").stdout)
    assert told["events"]["only stored"] == told["events"]["only replayed"] == []
    assert told["changes"]["only stored"] == told["changes"]["only replayed"] == []


def test_plot_draws_in_the_terminal_and_to_a_file(filled: Run, tmp_path: Path) -> None:
    assert "S support" in filled("plot", "--until", "2016-12-31").stdout
    out = tmp_path / "stances.svg"
    filled("plot", "--out", str(out))
    filled("plot", "--out", str(tmp_path / "picture.png"), "--language", "ar")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert out.read_text(encoding="utf-8").startswith("<svg")


# --- analyze ----------------------------------------------------------------------------------


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_analyze_reads_json_lines_and_a_bad_line_stops_nothing(fresh: Run) -> None:
    given = "\n".join(
        [
            json.dumps(DOCUMENTS[0]),
            "{not json",
            '{"id": "no-text"}',
            "[1]",
            '{"id": "n", "text": 5}',
            json.dumps(DOCUMENTS[4]),
        ]
    )
    result = fresh("analyze", "--format", "jsonl", stdin=given, code=1)
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert [row.get("line") for row in rows] == [None, 2, 3, 4, 5, None]
    assert rows[0]["relevant"] is True
    assert rows[2]["id"] == "no-text"
    assert rows[5]["relevant"] is False


@pytest.mark.parametrize("number", [0, 2, 3])
def test_analyze_gives_exact_quotes_in_every_language(fresh: Run, number: int) -> None:
    given = DOCUMENTS[number]
    [row] = lines(fresh("analyze", "--format", "jsonl", stdin=json.dumps(given)))
    assert row["id"] == given["id"]
    assert row["events"]
    assert all(given["text"][event["start"] : event["end"]] == event["quote"] for event in row["events"])


def test_analyze_shows_the_evidence_in_place_and_why(fresh: Run, tmp_path: Path) -> None:
    text = tmp_path / "article.txt"
    text.write_text(DOCUMENTS[1]["text"], encoding="utf-8")
    out = fresh("analyze", "--date", "2016-10-03", str(text)).stdout
    assert "relevant" in out
    assert "[1]" in out
    assert "because" in out


def test_analyze_takes_the_article_out_of_a_page(fresh: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    body = "".join(f"<p>{DOCUMENTS[1]['text']} Paragraph {number} tells more about it.</p>" for number in range(4))
    page.write_text(f"<html><head><title>T</title></head><body><nav>menu</nav><article>{body}</article></body></html>")
    [row] = lines(fresh("analyze", "--format", "jsonl", "--date", "2016-10-03", str(page)))
    assert row["relevant"] is True


def test_a_date_that_is_none_stays_unknown_and_is_said(fresh: Run) -> None:
    [row] = lines(fresh("analyze", "--format", "jsonl", stdin=json.dumps({**DOCUMENTS[0], "date": "14.07.2016"})))
    assert "not ISO 8601" in row["warning"]


def test_lone_surrogates_and_bad_utf8_break_nothing(fresh: Run) -> None:
    given = b'{"id": "s", "text": "a \\ud800 b"}\n{"id": "u", "text": "\xff\xfe"}\n'
    result = fresh("analyze", "--format", "jsonl", stdin=given, code=None)
    assert result.exit_code in {0, 1}
    assert len([line for line in result.stdout.splitlines() if line.startswith("{")]) == 2


# --- init and check ---------------------------------------------------------------------------


def test_init_writes_a_configuration_that_check_likes(fresh: Run, tmp_path: Path) -> None:
    fresh("init")
    assert "fine" in fresh("check").stdout
    again = fresh("init", code=1)
    assert "is there already" in str(again.exception)
    assert (tmp_path / "feeds.yaml").exists()


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (None, "feeds.yaml", "no such file"),
        ("feeds: [\n", "feeds.yaml:2", "not valid YAML"),
        ("feeds: []\n", "feeds.yaml:1", "at least 1"),
        ("feeds:\n  - {id: a, url: 'http://x', publisher: P, language: de}\n", "feeds.yaml:2", "language"),
        ("feeds:\n  - {id: a, url: 'http://x', publisher: P, language: en}\nchanels: []\n", "feeds.yaml:3", "chanels"),
        ("feeds:\n  - {id: a, url: 'http://x', publisher: P, language: en, evry: 5m}\n", "feeds.yaml:2", "evry"),
        ("feeds:\n  - {id: a, url: 'http://x', publisher: P, language: en}\n  - {id: a, url: 'http://y', publisher: P, language: en}\n", "feeds.yaml", "stands twice"),
        ("contact: ${NOT_SET_ANYWHERE}\nfeeds: []\n", "feeds.yaml", "NOT_SET_ANYWHERE"),
    ],
)  # fmt: skip
def test_a_broken_configuration_is_named_with_file_line_and_mend(
    fresh: Run, tmp_path: Path, content: str | None, place: str, words: str
) -> None:
    if content is not None:
        (tmp_path / "feeds.yaml").write_text(content, encoding="utf-8")
    out = fresh("check", code=1).stdout.replace("\n", " ")
    assert place in out
    assert words in out
    told = json.loads(fresh("check", "--json", code=1).stdout)
    assert told["ok"] is False


def test_the_version_is_told(fresh: Run) -> None:
    assert fresh("--version").stdout.startswith("monitor 0.")


def test_pruning_says_what_would_go_and_then_drops_it(fresh: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        "keep: {texts: 30d, articles: null}\nfeeds: [{id: a, url: 'http://a.test/', publisher: A, language: en}]\n",
        encoding="utf-8",
    )
    with Store.open(str(tmp_path / "monitor.db")) as store:
        store.sync_feeds((feed("one"),), NOW)
        (number,) = store.record_poll(poll(entry("old", "The city council approved a new tram line."))).new
        with store.transaction() as tx:
            tx.save_finding(store.article(number), finding(relevant=False), now=NOW)
            tx.analysis_done(store.article(number))
        told = json.loads(fresh("db", "prune", "--dry-run", "--json").stdout)
        assert told[:2] == [
            {"kind": "texts", "kept_days": 30, "old": 1},
            {"kind": "articles", "kept_days": None, "old": 0},
        ]
        assert store.article(number).article.text != ""
        assert "texts       30 days    1      1" in fresh("db", "prune").stdout
        assert store.article(number).article.text == ""
    assert "its text was dropped on" in fresh("explain", f"a{number}").stdout


def test_a_keep_that_would_take_what_feeds_still_show_is_refused(fresh: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        "feeds: [{id: a, url: 'http://a.test/', publisher: A, language: en}]\nkeep:\n  texts: 1h\n", encoding="utf-8"
    )
    result = fresh("db", "prune", "--dry-run", code=1)
    assert str(result.exception).startswith("feeds.yaml:3: keep.texts: ")
    assert "7 days" in str(result.exception)
