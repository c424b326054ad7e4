"""The page of the stack in a browser, and a note of whatever goes wrong in it."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

# Whether every view is judged in every look, and in every zone.
ALL_VIEWS = os.environ.get("VITALS_VIEWS") == "all"
# A shared machine may stall for seconds.
WAIT_MS = 20_000
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=WAIT_MS)

_LIKE_EVERYWHERE: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "device_scale_factor": 1,
    "locale": "en-GB",
    "timezone_id": "UTC",
    "reduced_motion": "reduce",
    "color_scheme": "light",
    "service_workers": "block",
}
_SIGN_IN = "if (location.protocol.startsWith('http')) sessionStorage.setItem('vitals-token', '{token}')"


class Visits:
    """The visits that one test pays to the page, each with a browser session of its own."""

    def __init__(self, browser: Browser, api: str, token: str, pictures: Path) -> None:
        self.address = f"{api}/"
        self._browser = browser
        self._token = token
        self._pictures = pictures
        self._contexts: list[BrowserContext] = []
        self._allowed: list[str] = []
        self._noted: list[str] = []

    def open(self, fragment: str = "", *, token: str | None = None, **options: Any) -> Page:
        """The page at a fragment such as `#/status`; the rest is as `blank` takes it."""
        page = self.blank(token=token, **options)
        page.goto(self.address + fragment)
        return page

    def blank(self, *, token: str | None = None, **options: Any) -> Page:
        """A tab that has gone nowhere yet, with the stack's token, another one, or "" for none.

        The options are those of a browser context, `color_scheme="dark"` for example.
        """
        context = self._browser.new_context(**_LIKE_EVERYWHERE | options)
        self._contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._note(f"page error: {error.error}"))
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfailed", self._on_failure)
        token = self._token if token is None else token
        if token:
            context.add_init_script(_SIGN_IN.format(token=token))
        return context.new_page()

    def allow(self, pattern: str) -> None:
        """What may go wrong in this test: a regular expression that is searched in the note of it.

        The notes read `answer 404 GET /path`, `no answer (net::…) GET /path`, `other origin GET https://…`,
        `console warning: …` and `page error: …`.
        """
        self._allowed.append(pattern)

    def picture(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Keeps a picture of what is seen, or of the whole page."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=self._pictures / f"{name}.png", animations="disabled", full_page=whole)

    def pictures(self, name: str) -> None:
        """Keeps a picture of each tab that is open."""
        pages = [page for context in self._contexts for page in context.pages]
        for number, page in enumerate(pages):
            self.picture(page, f"{name}-{number}" if number else name)

    def close(self) -> Sequence[str]:
        """What went wrong that was not allowed, in the order in which it did."""
        for context in self._contexts:
            context.close()
        return self.wrong()

    def end(self, name: str, *, failed: bool) -> None:
        """Closes everything, and keeps pictures of a failed test; fails when something went wrong."""
        if failed:
            self.pictures("failed-" + re.sub(r"\W+", "-", name).strip("-"))
        wrong = self.close()
        assert not wrong, "\n".join(wrong)

    def wrong(self) -> Sequence[str]:
        """What went wrong by now that was not allowed; for another test, both are forgotten."""
        noted, allowed = self._noted, self._allowed
        self._noted, self._allowed = [], []
        return [note for note in noted if not any(re.search(pattern, note) for pattern in allowed)]

    def _note(self, text: str) -> None:
        self._noted.append(text)

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser's words for an answer or its lack, which is noted with its address.
        is_repeated = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_repeated:
            self._note(f"console {message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        ours, requested = urlsplit(self.address), urlsplit(request.url)
        if requested.scheme in ("http", "https") and (requested.scheme, requested.netloc) != (
            ours.scheme,
            ours.netloc,
        ):
            self._note(f"other origin {request.method} {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answer {response.status} {self._described(response.request)}")

    def _on_failure(self, request: Request) -> None:
        # What the page itself gave up is no failure.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"no answer ({request.failure}) {self._described(request)}")

    def _described(self, request: Request) -> str:
        return f"{request.method} /{request.url.removeprefix(self.address)}"
