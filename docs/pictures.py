"""Takes the pictures of the guide: `python docs/pictures.py [FOLDER]` plays the demo and photographs its dashboard.

Needs Chromium. WebP of 1280 × 800 points, some 30 kB each: they are kept in docs/pictures, so that the guide is
illustrated where it is read and publishing it needs no browser. Taken anew when the dashboard changes its looks.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
MONITOR = Path(sys.executable).with_name("monitor")
PICTURES = {  # name: (path, width, height, scheme)
    "home": ("/?lang=en", 1280, 800, "light"),
    "home-ar": ("/?lang=ar", 1280, 800, "light"),
    "phone": ("/?lang=ru", 390, 800, "light"),
    "timeline": ("/timeline?actor=USA&lang=en", 1280, 800, "dark"),
    "change": ("/changes/20?lang=en", 1280, 760, "light"),
    "article-ar": ("/articles/40?lang=ar", 1280, 800, "light"),
    "explain": ("/events/30?lang=en", 1280, 800, "light"),
    "search": ("/search?q=%22joint+strikes%22+nusra&lang=en", 1280, 800, "light"),
}
_QUALITY = 72


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with served() as base, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses to run as root
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        for name in PICTURES:
            taken = picture(browser, base, name)
            (folder / f"{name}.webp").write_bytes(taken)
            sys.stdout.write(f"{name}.webp {len(taken) / 1000:.0f} kB\n")
        browser.close()


def picture(browser: Browser, base: str, name: str) -> bytes:
    path, width, height, scheme = PICTURES[name]
    options: Any = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    page = browser.new_page(**options)
    page.goto(base + path)
    session = page.context.new_cdp_session(page)  # Playwright itself knows PNG and JPEG only
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    page.close()
    return base64.b64decode(taken["data"])


@contextmanager
def served() -> Iterator[str]:
    """The dashboard over what the demo leaves, on a port that the system picks."""
    with tempfile.TemporaryDirectory() as scratch:
        demo = Path(scratch) / "demo"
        subprocess.run([MONITOR, "demo", "--out", demo], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(
            [MONITOR, "web", "--port", "0", "--database", f"sqlite:///{demo / 'demo.db'}"],
            cwd=scratch,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield line[line.index("http") :].split()[0].rstrip("/")
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
