"""The dashboard over real HTTP: three languages, hostile words harmless, doors for programs that other programs can read."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from monitor.model import Language
from monitor.store import Store
from tests.web.serving import TEXTS, Site, fill, serve


@pytest.fixture(scope="module")
def site(lasting_url: str) -> Iterator[Site]:
    with Store.open(lasting_url) as store:
        fill(store)
        yield from serve(store)


PAGES = [
    "/",
    "/changes",
    "/changes/1",
    "/timeline",
    "/timeline?actor=USA",
    "/articles",
    "/articles/1",
    "/articles/2",
    "/articles/3",
    "/articles/1/versions",
    "/articles/1/versions?before=1&after=99",
    "/events",
    "/events?actor=USA&stance=suspend",
    "/events/1",
    "/events/2",
    "/events/3",
    "/search",
    "/search?q=script",
    "/search?q=%22%20OR%20%00",
    "/feeds",
    "/coverage",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("language", "direction", "word"), [("en", "ltr", "Stances"), ("ar", "rtl", "المواقف"), ("ru", "ltr", "Позиции")]
)
def test_every_page_stands_in_three_languages(site: Site, path: str, language: str, direction: str, word: str) -> None:
    code, body, _ = site.get(path + ("&" if "?" in path else "?") + f"lang={language}")
    assert code == 200
    assert f'<html lang="{language}" dir="{direction}">' in body
    assert word in body


@pytest.mark.parametrize("path", PAGES)
def test_hostile_words_are_shown_as_words(site: Site, path: str) -> None:
    _, body, headers = site.get(path)
    assert "<script>alert" not in body
    assert "\u202e" not in body
    assert "javascript:" not in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert " style=" not in body


@pytest.mark.parametrize(("number", "language"), [(1, Language.EN), (2, Language.AR), (3, Language.RU)])
def test_an_article_underlines_its_evidence_in_place(site: Site, number: int, language: Language) -> None:
    _, body, _ = site.get(f"/articles/{number}")
    assert f">{TEXTS[language][1]}</mark>" in body
    assert f'lang="{language.value}" dir="auto"' in body


@pytest.mark.parametrize(("number", "language"), [(1, Language.EN), (2, Language.AR), (3, Language.RU)])
def test_an_event_is_explained_with_its_quote_in_place(site: Site, number: int, language: Language) -> None:
    _, body, _ = site.get(f"/events/{number}")
    assert f">{TEXTS[language][1]}</mark>" in body
    assert "United States / State Department" in body


@pytest.mark.parametrize("language", list(TEXTS))
def test_search_finds_events_by_their_quotes(site: Site, language: Language) -> None:
    _, body, _ = site.get("/search?q=" + urllib.parse.quote(TEXTS[language][1].split()[1]))
    assert TEXTS[language][1] in body


def test_the_way_to_another_language_keeps_the_question(site: Site) -> None:
    assert 'href="?actor=USA&amp;lang=ar"' in site.get("/timeline?actor=USA")[1]


def test_what_is_not_there_is_said_on_a_page(site: Site) -> None:
    code, body, _ = site.get("/changes/999?lang=ru")
    assert code == 404
    assert "Такой страницы нет" in body


def test_the_reader_s_browser_chooses_the_language(site: Site) -> None:
    assert '<html lang="ru"' in site.get("/", **{"Accept-Language": "de, ru;q=0.8"})[1]
    assert '<html lang="en"' in site.get("/", **{"Accept-Language": "fr"})[1]


@pytest.mark.parametrize("path", ["/changes.atom", "/events.atom"])
def test_a_feed_reader_can_subscribe(site: Site, path: str) -> None:
    parsed = feedparser.parse(site.get(path)[1])
    assert not parsed.bozo
    assert parsed.entries
    assert all(entry.link.startswith(site.base) for entry in parsed.entries)
    assert any("talks" in entry.content[0].value for entry in parsed.entries)


@pytest.mark.parametrize("path", ["/changes.atom", "/events.atom", "/changes.feed.json", "/events.feed.json"])
def test_a_feed_reader_that_has_it_already_is_told_so(site: Site, path: str) -> None:
    mark = site.get(path)[2]["etag"]
    assert site.get(path, **{"If-None-Match": mark})[:2] == (304, "")
    assert site.get(path, **{"If-None-Match": f'"old", W/{mark}'})[0] == 304
    assert site.get(path, **{"If-None-Match": '"old"'})[0] == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/changes.atom", "/api/stances", "/static/style.css"])
def test_heads_are_answered_without_a_body(site: Site, path: str) -> None:
    request = urllib.request.Request(site.base + path, method="HEAD")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200
        assert response.read() == b""
        assert int(response.headers["content-length"]) > 2


@pytest.mark.parametrize("path", ["/changes.feed.json", "/events.feed.json"])
def test_json_feeds_say_what_they_are(site: Site, path: str) -> None:
    told = json.loads(site.get(path)[1])
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["items"]


@pytest.mark.parametrize(
    "path", ["/api/status", "/api/stances", "/api/changes", "/api/events?stance=suspend", "/api/articles?language=ar", "/api/feeds",
             "/api/alerts", "/api/changes/1", "/api/events/1", "/api/search?q=talks", "/api/articles/1/findings", "/api/openapi.json"],
)  # fmt: skip
def test_the_api_answers_json(site: Site, path: str) -> None:
    code, body, _ = site.get(path)
    assert code == 200
    assert isinstance(json.loads(body), list | dict)


@pytest.mark.parametrize(
    "path",
    [
        "/api/changes/999",
        "/changes/999",
        "/articles/999",
        "/events/999",
        f"/events/{10**30}",
        f"/api/changes/{10**30}",
        "/api/articles/0/findings",
    ],
)
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.get(path)[0] == 404


@pytest.mark.parametrize(
    "path", ["/api/events?limit=0", "/api/events?since=yesterday", "/api/changes?level=sure", "/changes/x"]
)
def test_wrong_questions_are_told_so(site: Site, path: str) -> None:
    assert site.get(path)[0] == 422


def test_probes_and_metrics_speak_their_formats(site: Site) -> None:
    assert site.get("/healthz")[:2] == (200, "ok\n")
    assert json.loads(site.get("/readyz")[1])["level"] in {"OK", "WARNING", "CRITICAL"}
    assert "\nmonitor_changes 1\n" in site.get("/metrics")[1]


def test_with_a_token_only_the_probes_are_open(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'web.db'}") as store:
        for guarded in serve(store, token="a-long-token"):
            assert guarded.get("/")[0] == 401
            assert guarded.get("/api/stances", Authorization="Bearer wrong")[0] == 401
            assert guarded.get("/healthz")[0] == 200
            assert guarded.get("/", Authorization="Bearer a-long-token")[0] == 200
