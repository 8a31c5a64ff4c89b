"""A page in a browser, and what went wrong on it."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]

# Playwright's own 5 seconds are few on a busy machine.
MILLISECONDS_TO_SHOW = 30_000
expect.set_options(timeout=MILLISECONDS_TO_SHOW)


class Visit:
    """A page of its own, and what went wrong on it."""

    def __init__(self, browser, address, **options):
        self.address, self.wrong, self.hosts = address, [], set()
        options = {"viewport": {"width": 1200, "height": 900}, **options}
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(MILLISECONDS_TO_SHOW)
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def open(self, view="#/"):
        self.page.goto(f"{self.address}/{view}")
        self.page.reload()
        expect(self.page.locator("#main h1")).to_be_visible()
        self.page.wait_for_load_state("networkidle")
        return self.page


def photograph(opened: list[Visit], test: str, folder: Path) -> None:
    """Leave a picture of each page, in $ALCCA_SCREENSHOTS or else in ``folder``, and close it."""
    pictures = Path(os.environ.get("ALCCA_SCREENSHOTS", folder))
    pictures.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", test)
    for number, one in enumerate(opened):
        one.page.screenshot(path=pictures / f"{name}-{number}.png", full_page=True)
        one.context.close()
