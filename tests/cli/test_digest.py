"""`monitor digest`: the page in the terminal, in a file and by mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.store import Store
from tests.channels.receivers import Mailbox, smtp_server
from tests.rows import entry, feed, finding, poll
from tests.tracking.newsroom import TOPIC, Newsroom, moment

NOW = moment("2016-07-01 06:00")


LINES = [
    ("2016-05-20 12:00", "USA/pentagon", "oppose", "Herald", "en", "we do not coordinate"),
    ("2016-06-01 12:00", "USA/white_house", "support", "Herald", "en", "a chance worth taking"),
    ("2016-06-10 12:00", "USA/white_house", "oppose", "كوكب", "ar", "لا مصلحة لنا"),
    ("2016-06-30 08:00", "USA/pentagon", "conditional", "Вестник", "ru", "если поступят верно"),
    ("2016-06-30 09:00", "USA/pentagon", "conditional", "كوكب", "ar", "إذا فعلوا الصواب"),
]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database in which the Pentagon has turned, and the White House too, by one voice and long ago."""
    room, url = Newsroom(), f"sqlite:///{tmp_path / 'news.db'}"
    with Store.open(url) as store:
        store.sync_feeds([feed("one")], moment("2016-05-01"))
        for number, (at, holder, stance, publisher, language, quote) in enumerate(LINES):
            told = room.report(at, holder, stance, publisher, language=language, quote=quote)
            [article] = store.record_poll(poll(entry(f"n{number}", quote, published_at=told.at))).new
            with store.transaction() as tx:
                stored = store.article(article)
                tx.save_finding(stored, finding(told.event), now=NOW)
                event_id, _ = tx.save_event(stored, told.event, topic=TOPIC, analyzer="test-1", voice=publisher)
            room.step(told.model_copy(update={"event_id": event_id, "article_id": article}))
        with store.transaction() as tx:
            for track in room.tracks.values():
                tx.save_track(track)
            for change in room.changes.values():
                tx.save_change(change, now=NOW)
    return url


def run(database: str, *more: str) -> Result:
    day = ["--since", "2016-06-30", "--until", "2016-07-01T06:00:00Z"]
    return CliRunner().invoke(app, ["digest", "--database", database, *day, *more])


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Stances on 2016-07-01: 1 moved"),
        ("ar", "المواقف في 2016/07/01: تحرك 1"),
        ("ru", "Позиции на 01.07.2016: изменений 1"),
    ],
    ids=["en", "ar", "ru"],
)
def test_the_page_is_told_in_the_terminal(database: str, language: str, subject: str) -> None:
    told = run(database, "--language", language)
    assert told.exit_code == 0, told.output
    assert subject in told.stdout
    assert "если поступят верно" in told.stdout
    assert "OOO" in told.stdout


def test_a_challenger_whose_window_has_passed_waits_no_longer(database: str) -> None:
    told = run(database).stdout
    assert "WAITING FOR A SECOND PUBLISHER\n• nothing" in told
    assert "United States / White House: oppose" in told


def test_the_page_goes_into_a_file_whose_ending_says_its_form(database: str, tmp_path: Path) -> None:
    assert run(database, "--out", str(tmp_path / "day.html")).exit_code == 0
    assert (tmp_path / "day.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "<svg" in (tmp_path / "day.html").read_text(encoding="utf-8")
    assert run(database, "--out", str(tmp_path / "day.txt")).exit_code == 0
    assert "WHAT MOVED" in (tmp_path / "day.txt").read_text(encoding="utf-8")
    refused = run(database, "--out", str(tmp_path / "day.pdf"))
    assert refused.exit_code == 2
    assert ".html and .txt" in refused.output


def test_the_page_goes_out_by_mail(database: str, tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        config = tmp_path / "feeds.yaml"
        config.write_text(
            "feeds: [{id: a, url: 'https://a.example/', publisher: A, language: en}]\n"
            f"channels: [{{id: desk, kind: email, host: 127.0.0.1, port: {port}, security: plain, "
            "sender: m@example.org, to: [d@example.org]}, {id: file, kind: log}]\n",
            encoding="utf-8",
        )
        told = run(database, "--mail", "desk", "--config", str(config))
        refused = run(database, "--mail", "file", "--config", str(config))
    assert told.exit_code == 0, told.output
    assert mailbox.mails[0]["Subject"] == "Stances on 2016-07-01: 1 moved"
    [picture] = [part for part in mailbox.mails[0].walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<picture>"
    assert bytes(picture.get_content()).startswith(b"\x89PNG")
    html = mailbox.mails[0].get_body(("html",))
    assert html is not None
    assert 'src="cid:picture"' in html.get_content()
    assert "is no email channel" in str(refused.exception)
