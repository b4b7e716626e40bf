"""A person's browser: Debian's Chromium without a window, which Playwright steers, and what it was told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.machine_speed import scaled
from scripts.postgresql import NotInstalled

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page, Response

SOON = scaled(60.0)
"""Seconds in which a page shows what it is to show."""
OPTIONS = (
    # root has no sandbox, and a container has little shared memory
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # no page leads beyond this machine
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WIDE, HIGH = 1400, 1000


class Visitor:
    """A person who visits a site in one tab, and in those that its links open.

    :param url: where the site is.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context = context
        self._tab = context.new_page()
        self.url = url
        self.told: list[str] = []
        """What the site's API has answered, also what no page shows, and what pages held that were left."""
        context.on("response", self._keep)

    def _keep(self, response: Response) -> None:
        from playwright.sync_api import Error

        if "/api/" in response.url:
            # what a page has left before the response was complete, it does not show
            with suppress(Error):
                self.told.append(response.text())

    def open(self, path: str) -> Page:
        """Leave the page in the tab for another one of the site."""
        self.leave()
        self._tab.goto(f"{self.url}{path}")
        return self._tab

    def follow(self, link: Locator) -> Page:
        """Click a link that opens a tab of its own."""
        with self._context.expect_page() as opened:
            link.click()
        page: Page = opened.value
        page.wait_for_load_state()
        return page

    def leave(self) -> None:
        """Leave the page in the tab, which goes on asking until then, and close all other tabs."""
        self.told.append(self._tab.content())
        self._tab.goto("about:blank")
        for page in self._context.pages:
            if page is not self._tab:
                page.close()

    def seen(self) -> str:
        """All that the pages were told and held until now."""
        return "\n".join([*self.told, *(str(page.content()) for page in self._context.pages)])

    @contextmanager
    def pictured(self, folder: Path) -> Iterator[None]:
        """If the block fails, add to its error where pictures of all open tabs are."""
        try:
            yield
        except Exception as error:
            for number, page in enumerate(self._context.pages, 1):
                picture = folder / f"page-{number}.png"
                page.screenshot(path=picture)
                error.add_note(f"{page.url} looked like {picture}")
            raise


@contextmanager
def running_chromium() -> Iterator[BrowserContext]:
    """Run a browser until the block ends.

    :raises NotInstalled: it is missing.
    """
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        raise NotInstalled("Airflow's pages are not tested: Chromium is not installed (Debian: chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        try:
            context = browser.new_context(
                locale="en-US", viewport={"width": WIDE, "height": HIGH}, reduced_motion="reduce"
            )
            context.set_default_timeout(1000 * SOON)
            yield context
        finally:
            browser.close()
