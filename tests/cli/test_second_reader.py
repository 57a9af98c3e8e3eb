"""A whole installation with a language model: one pass of the daemon, then what status, explain, listings and pages show."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.store import Store
from tests.model_server import Reply, answer, event, model_server
from tests.web.serving import serve

TEXTS = {
    "ar": "أعلنت وزارة الخارجية الأميركية تعليق المحادثات مع روسيا بشأن وقف إطلاق النار في سوريا.",
    "en": "The State Department said the United States is suspending its talks with Russia on the ceasefire in Syria.",
    "ru": "Госдепартамент США объявил о приостановке переговоров с Россией о прекращении огня в Сирии.",
}
QUOTES = {
    "ar": "تعليق المحادثات مع روسيا",
    "en": "suspending its talks with Russia",
    "ru": "приостановке переговоров с Россией",
}


class _Feed(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        language = self.path.strip("/").partition(".")[0]
        body = (
            f"<rss version='2.0'><channel><title>{language}</title><item><guid isPermaLink='false'>{language}</guid>"
            f"<title>{language} news</title><description>{TEXTS.get(language, '')}</description>"
            f"<pubDate>{format_datetime(datetime(2016, 10, 3, 12, tzinfo=UTC))}</pubDate></item></channel></rss>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def conditional(payload: Mapping[str, Any]) -> Reply:
    """Finds the right words, and reads them otherwise than the rules do; of Russian articles it knows nothing."""
    text = payload["article"]["text"]
    language = next(name for name, quote in QUOTES.items() if quote in text)
    if language == "ru":
        return 503
    return answer(event(QUOTES[language], institution="state", stance="conditional"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Callable[..., Result]]]:
    folder = tmp_path_factory.mktemp("second")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Feed) as feeds, model_server(conditional) as server:
        thread = threading.Thread(target=feeds.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        listed = "\n".join(
            f"  - {{id: {name}, url: 'http://127.0.0.1:{feeds.server_port}/{name}.xml', publisher: P {name}, language: {name}}}"
            for name in TEXTS
        )
        (folder / "feeds.yaml").write_text(
            f"feeds:\n{listed}\nallow_private: ['127.0.0.1']\nlimits: {{analyses: 1}}\nlanguage_model:\n  url: {server.url}\n"
            f"  model: little-model\n  attempts: 1\n  cache: {folder / 'answers'}\n",
            encoding="utf-8",
        )
        environ = {
            "MONITOR_DATABASE_URL": f"sqlite:///{folder / 'monitor.db'}",
            "MONITOR_CONFIG": str(folder / "feeds.yaml"),
            "COLUMNS": "80",
            "NO_COLOR": "1",
        }

        def command(*words: str) -> Result:
            return CliRunner().invoke(app, list(words), env=environ)

        done = command("run", "--once")
        assert done.exit_code == 0, (done.output, done.exception)
        yield folder, command
        feeds.shutdown()
        thread.join()


def refs(command: Callable[..., Result]) -> dict[str, str]:
    return {row["language"]: row["ref"] for row in json.loads(command("articles", "--json").stdout)}


def test_status_says_what_was_asked_what_is_left_and_what_failed(installation: tuple[Path, Any]) -> None:
    _, command = installation
    shown = " ".join(command("status").stdout.split())
    assert "3 of 500 requests" in shown
    assert "2 articles answered, 1 not" in shown
    assert "HTTP 503" in shown
    told = json.loads(command("status", "--json").stdout)["language_model"]
    assert (told["asked"], told["answered"], told["failed"]) == (3, 2, 1)


def test_listings_show_the_word_that_counts(installation: tuple[Path, Any]) -> None:
    _, command = installation
    rows = {row["language"]: row for row in json.loads(command("events", "--json").stdout)}
    assert {name: row["analyzer"] for name, row in rows.items()} == {
        "ar": "llm-1 little-model", "en": "llm-1 little-model", "ru": "rules-1",
    }  # fmt: skip
    assert {name: row["stance"] for name, row in rows.items()} == {
        "ar": "conditional", "en": "conditional", "ru": "suspend",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["ar", "en"])
def test_explain_shows_both_readings_and_where_they_differ(installation: tuple[Path, Any], language: str) -> None:
    _, command = installation
    shown = " ".join(command("explain", refs(command)[language]).stdout.split())
    assert "analyzer rules-1: kept beside; the word of llm-1 little-model counts" in shown
    assert "tiers differ: USA/state: rules say suspend, the model conditional" in shown


def test_explain_marks_the_finding_that_stood_for_want_of_an_answer(installation: tuple[Path, Any]) -> None:
    _, command = installation
    shown = " ".join(command("explain", refs(command)["ru"]).stdout.split())
    assert "gave no usable answer" in shown
    assert "rules stand" in shown


def test_the_articles_page_marks_only_what_counts_and_notes_the_difference(installation: tuple[Path, Any]) -> None:
    folder, command = installation
    number = refs(command)["en"].removeprefix("a")
    with Store.open(str(folder / "monitor.db")) as store:
        for site in serve(store):
            code, page, _ = site.get(f"/articles/{number}")
    assert code == 200
    assert "tiers differ: USA/state: rules say suspend, the model conditional" in page
    assert page.count("<blockquote") == 1
    assert "llm-1 little-model" in page


def test_a_replay_reads_the_kept_answers_and_asks_nothing(installation: tuple[Path, Any]) -> None:
    _, command = installation
    told = json.loads(command("replay", "--json").stdout)
    assert (told["events"]["same"], told["events"]["only stored"], told["events"]["only replayed"]) == (3, [], [])
    assert json.loads(command("status", "--json").stdout)["language_model"]["asked"] == 3


def test_why_not_and_coverage_count_each_article_once(installation: tuple[Path, Any]) -> None:
    _, command = installation
    gates = json.loads(command("why-not", refs(command)["en"], "--json").stdout)[0]["gates"]
    assert [gate["words"] for gate in gates if gate["gate"] == "events"] == ["1 events"]
    told = json.loads(command("coverage", "--json").stdout)
    assert "other_tier" not in json.dumps(told)
