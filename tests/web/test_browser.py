"""The dashboard in Debian's Chromium: axe finds nothing, keys reach everything, nothing leaves the host, script or no script.

Pictures for a look are left in tests/web/screenshots.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from monitor.store import Store
from tests.web.serving import Site, backfill, confirm, fill, serve

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).parent / "screenshots"
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium fonts-noto-core; .ci/run installs it"
)

VIEWS = {
    "home": ("/?lang=en", 1280, "light"),
    "home-ar": ("/?lang=ar", 1280, "light"),
    "home-phone": ("/?lang=ru", 390, "light"),
    "timeline": ("/timeline?lang=en", 1280, "light"),
    "timeline-phone-ar": ("/timeline?lang=ar", 390, "dark"),
    "change": ("/changes/1?lang=ar", 1280, "light"),
    "article-ar": ("/articles/2?lang=ar", 1280, "light"),
    "article-ar-dark": ("/articles/2?lang=en", 1280, "dark"),
    "versions": ("/articles/1/versions?lang=ru", 1280, "dark"),
    "events": ("/events?lang=ar", 390, "light"),
    "explain": ("/events/3?lang=en", 1280, "light"),
    "feeds": ("/feeds?lang=en", 1280, "light"),
    "coverage": ("/coverage?lang=ru", 1280, "light"),
    "search": ("/search?q=talks&lang=en", 1280, "dark"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('web') / 'web.db'}") as store:
        fill(store)
        yield from serve(store)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses to run as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_leaves_the_host(site: Site, browser: Browser, view: str) -> None:
    path, width, scheme = VIEWS[view]
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site.base + path)
    violations = _violations(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{view}.png", full_page=True)
    context.close()
    assert violations == []
    assert complaints == []  # a Content-Security-Policy violation would be one
    assert [url for url in asked if not url.startswith(site.base)] == []
    assert wide <= width  # the page itself never scrolls sideways


def _violations(page: Page) -> list[tuple[str, str]]:
    found: list[dict[str, Any]] = Axe().run(page, options=WCAG).response["violations"]
    return [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["en", "ar", "ru"])
def test_every_link_and_field_is_reached_by_the_keyboard(site: Site, page: Page, language: str) -> None:
    page.goto(f"{site.base}/changes/1?lang={language}")
    wanted = page.locator("a:visible, button:visible, select:visible, input:visible, summary:visible").count()
    reached: set[str] = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML + document.activeElement.offsetTop"))
    assert len(reached) >= wanted


def test_the_first_key_leads_past_the_menu(site: Site, page: Page) -> None:
    page.goto(site.base + "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize("path", ["/", "/timeline", "/changes/1", "/articles/2", "/events/1", "/search?q=talks"])
def test_reading_needs_no_script(site: Site, browser: Browser, path: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.base + path)
    told = page.inner_text("main")
    context.close()
    assert "State Department" in told


@pytest.mark.parametrize("path", ["/", "/changes/1", "/articles/1", "/events/1", "/timeline", "/search?q=script"])
def test_hostile_words_run_nothing(site: Site, page: Page, path: str) -> None:
    dialogs: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.goto(site.base + path)
    assert dialogs == []
    assert page.locator("main script").count() == 0
    assert page.locator("main a[href^='javascript']").count() == 0


def _fresh(page: Page, path: str) -> Any:
    """Waits for the page to have heard where things stand; what is awaited within comes with the page's next own request."""
    page.wait_for_selector("#live[data-connected]", state="attached")
    return page.expect_event("request", lambda request: request.url.endswith(path), timeout=60_000)


def test_what_is_new_comes_without_a_reload(tmp_path: Path, page: Page) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'web.db'}") as store:
        for site in serve(store):
            page.goto(site.base + "/events?lang=en")
            assert page.locator("q").count() == 0
            with _fresh(page, "/events?lang=en"):
                fill(store)
            page.wait_for_selector("main q")
            assert page.locator("main q").count() == 3
            page.goto("about:blank")  # lets go of the stream, so that the server can stop


def test_a_confirmation_and_history_that_comes_late_come_without_a_reload(tmp_path: Path, page: Page) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'web.db'}") as store:
        fill(store)
        for site in serve(store):
            page.goto(site.base + "/changes?lang=en")
            assert page.locator("main tbody td", has_text="reported").count() == 1
            with _fresh(page, "/changes?lang=en"):
                confirm(store)
            page.wait_for_selector("main tbody td:has-text('confirmed')")
            page.goto(site.base + "/events?lang=en")
            before = page.locator("main tbody tr").count()
            with _fresh(page, "/events?lang=en"):
                backfill(store)
            page.wait_for_selector(f"main tbody tr:nth-child({before + 1})")
            page.goto("about:blank")


def test_two_directions_stand_on_one_page(site: Site, page: Page) -> None:
    page.goto(site.base + "/articles/2?lang=en")
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "ltr"
    assert page.evaluate("getComputedStyle(document.querySelector('.text')).direction") == "rtl"
    page.goto(site.base + "/articles/3?lang=ar")
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert page.evaluate("getComputedStyle(document.querySelector('.text')).direction") == "ltr"
