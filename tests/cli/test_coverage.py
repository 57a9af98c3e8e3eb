"""`monitor coverage` counts what each gate dropped, and a second list shows what was never seen."""

from __future__ import annotations

import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.addresses import Listed, read_list
from monitor.cli.app import app
from monitor.cli.coverage import grouped, recall
from monitor.model import Gate, Language
from monitor.sources.urls import canonical
from monitor.store import Store
from tests.rows import NOW, entry, event, feed, finding, poll

TEXTS = {
    Language.AR: "واشنطن تؤيد التنسيق مع موسكو.",
    Language.EN: "Washington supports working with Moscow.",
    Language.RU: "Вашингтон поддерживает работу с Москвой.",
}


def fill(store: Store) -> None:
    """Per language two articles: one with an event, one off topic; and a third that waits."""
    store.sync_feeds([feed(each.value, publisher=f"{each.value} paper", language=each) for each in TEXTS], NOW)
    for language, text in TEXTS.items():
        name = language.value
        entries = [
            entry(f"{name}-{kind}", f"{text} {kind}", url=f"https://{name}.test/{kind}", keys=(f"url:{name}.test/{kind}",))
            for kind in ("on", "off", "waits")
        ]  # fmt: skip
        brought = poll(*entries, feed_id=name).model_copy(update={"dropped": {"empty": 2}})
        on, off, _ = store.record_poll(brought).new
        with store.transaction() as tx:
            stored = store.article(on)
            said = event(stored.article.text, text)
            tx.save_finding(stored, finding(said), now=NOW)
            number, _ = tx.save_event(stored, said, topic=finding().topic, analyzer="test-1", voice="v")
            tx.save_verdict(number, "repeat", "a test says so")
            tx.analysis_done(stored)
            missing = finding(relevant=False, gate=Gate.MISSING_FACET)
            tx.save_finding(store.article(off), missing, now=NOW)
            tx.analysis_done(store.article(off))


@pytest.mark.parametrize("language", list(TEXTS))
def test_every_gate_is_counted_by_language(store: Store, language: Language) -> None:
    fill(store)
    [row] = [row for row in grouped(store.coverage(), lambda each: each.language) if row["name"] == language.value]
    assert (row["polls"], row["articles"], row["relevant"], row["events"]) == (1, 3, 1, 1)
    assert row["counters"]["gate:missing_facet"] == row["counters"]["waiting"] == row["counters"]["verdict:repeat"] == 1
    assert "2 entries (empty)" in row["dropped"]
    assert "1 off topic (missing facet)" in row["dropped"]


def test_publishers_and_days_add_up_to_the_same(store: Store) -> None:
    fill(store)
    rows = store.coverage()
    assert {row.day for row in rows} == {NOW.date()}
    assert sum(row["articles"] for row in grouped(rows, lambda each: each.publisher)) == 9
    assert store.coverage(since=NOW + timedelta(days=1)) == store.coverage(until=NOW - timedelta(days=1)) == ()


def test_days_are_utc_days(store: Store) -> None:
    late = NOW.replace(hour=23, minute=59)
    store.sync_feeds([feed("one")], late)
    store.record_poll(poll(entry("a"), at=late))
    assert {row.day for row in store.coverage()} == {date(2016, 7, 14)}


def test_another_topic_does_not_count(store: Store) -> None:
    fill(store)
    counters = {row.counter for row in store.coverage(topic="another")}
    assert not any(counter.startswith(("gate:", "verdict:")) for counter in counters)


# --- a second list ------------------------------------------------------------------------------


def test_twins_of_a_known_address_were_seen_and_the_rest_was_missed(store: Store) -> None:
    fill(store)
    listed = [
        Listed("http://www.en.test/on?utm_source=list"),
        Listed("https://m.ar.test/off/"),
        Listed("https://ru.test/never", title="Чего не было"),
        Listed("https://stranger.test/1"),
    ]
    told = recall(store, listed)
    assert (told["listed"], told["seen"]) == (4, 2)
    assert [(each["publisher"], each["url"]) for each in told["missed"]] == [
        ("ru paper", "https://ru.test/never"),
        ("stranger.test", "https://stranger.test/1"),
    ]
    ours = recall(store, listed, followed=True)
    assert [each["publisher"] for each in ours["missed"]] == ["ru paper"]
    assert ours["listed"] == 3


def columns(count: int, **at: str) -> str:
    row = ["x"] * count
    for place, value in at.items():
        row[int(place[1:])] = value
    return "\t".join(row)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("https://a.test/1", [Listed("https://a.test/1")]),
        ('{"url": "https://a.test/1", "title": "T", "date": "2016-10-03"}', [Listed("https://a.test/1", "T", "2016-10-03")]),
        (columns(61, _60="https://a.test/1", _59="20161003081500"), [Listed("https://a.test/1", date="2016-10-03")]),
        (columns(58, _57="https://a.test/1", _56="20161003"), [Listed("https://a.test/1", date="2016-10-03")]),
        (columns(16, _5="https://a.test/1", _2="20161003081500"), [Listed("https://a.test/1", date="2016-10-03")]),
        (columns(27, _4="https://a.test/1", _1="20161003081500"), [Listed("https://a.test/1", date="2016-10-03")]),
        (
            columns(11, _10="https://a.test/1<UDIV>https://a.test/2", _0="20161003"),
            [Listed("https://a.test/1", date="2016-10-03"), Listed("https://a.test/2", date="2016-10-03")],
        ),
        (columns(16, _5="Daily Paper (print)"), []),
        ("not an address", []),
        ("{broken", []),
    ],
)  # fmt: skip
def test_a_list_is_read_in_every_form(tmp_path: Path, line: str, expected: list[Listed]) -> None:
    plain, packed = tmp_path / "list.csv", tmp_path / "list.CSV.zip"
    plain.write_text(f"{line}\n\n{line}\n", encoding="utf-8")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("20161003.export.CSV", f"{line}\n")
    assert read_list(plain) == (expected, 0 if expected else 2)
    assert read_list(packed)[0] == expected


def command(database: Path, *words: str) -> Result:
    environ = {"MONITOR_DATABASE_URL": f"sqlite:///{database}", "COLUMNS": "80", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["coverage", *words], env=environ)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.db"
    with Store.open(str(path)) as store:
        fill(store)
    return path


def test_the_command_shows_three_tables_and_one_document(database: Path) -> None:
    shown = command(database, "--since", "2016-01-01").stdout
    assert all(word in shown for word in ("language", "publisher", "day", "ar paper", "2016-07-14"))
    told = json.loads(command(database, "--since", "2016-01-01", "--json").stdout)
    assert [row["name"] for row in told["language"]] == ["ar", "en", "ru"]
    assert "nothing came since" in command(database).stdout


def test_the_exit_code_says_whether_something_was_missed(database: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("https://en.test/on\n", encoding="utf-8")
    assert command(database, "--against", str(listed)).exit_code == 0
    listed.write_text("https://en.test/on\nhttps://en.test/\x1b[31mmissed\n", encoding="utf-8")
    result = command(database, "--against", str(listed))
    assert result.exit_code == 1
    assert "1 of 2 listed articles were seen (50%)" in result.stdout
    assert "\x1b" not in result.stdout
    told = json.loads(command(database, "--against", str(listed), "--json").stdout)
    assert [canonical(each["url"]) for each in told["missed"]]
    assert command(database, "--against", str(tmp_path / "none")).exit_code == 1
