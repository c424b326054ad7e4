"""The Chromium of this machine, for browser tests and the bench of the page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LAUNCH_MS = 60_000


def find() -> str | None:
    """The program that VITALS_CHROMIUM names, else one on the PATH, else None."""
    return os.environ.get("VITALS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """A browser without a window, closed at the end."""
    # Chromium's sandbox does not start for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments, timeout=_LAUNCH_MS)
        try:
            yield browser
        finally:
            browser.close()
