"""Mails as a reader opens them: laid out by Chromium in three languages, on a wide screen and a phone, light and dark.

Pictures for a look are left in tests/alerts/screenshots.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from monitor.alerts import render, render_group
from monitor.alerts.render import note_instead, note_together
from monitor.model import Language
from tests.alerts.samples import change
from tests.alerts.test_digest import page as digest_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).parent / "screenshots"
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "html-has-lang", "document-title", "link-name"]}}
LANGUAGES = [Language.EN, Language.AR, Language.RU]
SCREENS = {"wide": (800, "light"), "dark": (800, "dark"), "phone": (390, "light")}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium fonts-noto-core; .ci/run installs it"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses to run as root
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield started
        started.close()


def mails(language: Language) -> dict[str, str]:
    """An alert, a group of three and a digest, each quoting in all three languages."""
    turns = [change("ar", before="ru", confirmed=True), change("ru", before="en"), change("en", before="ar")]
    instead = note_instead(
        language, channel="desk", way="pager", reason="desk has taken nothing since 2016-06-30 09:00 UTC"
    )
    together = note_together(language, reason="quiet hours until 07:00 Asia/Beirut")
    return {
        "alert": render(turns[0], language=language, notes=[instead], link="https://monitor.example/changes/1").html,
        "group": render_group([(turn, ()) for turn in turns], language=language, notes=[together]).html,
        "digest": digest_page(language).html,
    }


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_reads_in_its_direction_fits_the_screen_and_can_be_read_in_the_dark(
    browser: Browser, language: Language, screen: str
) -> None:
    width, scheme = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    PICTURES.mkdir(exist_ok=True)
    for name, html in mails(language).items():
        page.set_content(html)
        page.screenshot(path=PICTURES / f"{name}-{language}-{screen}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
        assert page.evaluate("getComputedStyle(document.body).direction") == (
            "rtl" if language is Language.AR else "ltr"
        )
        assert _violations(page) == [], name
        if name == "alert":
            _both_stances_stand_right(page, language, stacked=width < 560)
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [], "a mail loads nothing from anywhere"


def _both_stances_stand_right(page: Page, language: Language, *, stacked: bool) -> None:
    before, now = (card.bounding_box() for card in page.locator(".card").all())
    assert before is not None
    assert now is not None
    if stacked:
        assert now["y"] >= before["y"] + before["height"]
        assert abs(now["x"] - before["x"]) < 1
    else:
        assert (before["x"] > now["x"]) is (language is Language.AR), "before stands where reading begins"
    quotes = page.locator("blockquote")
    directions = [quotes.nth(n).evaluate("each => getComputedStyle(each).direction") for n in range(quotes.count())]
    assert directions == ["ltr", "rtl"], "a Russian quote and an Arabic one, whatever the reader's language"


def _violations(page: Page) -> list[tuple[str, Any]]:
    found = Axe().run(page, options=CONTRAST).response["violations"]
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
