"""The stack that is up, and a built page in a browser against its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser, Page, Route

from operations.errors import OperatorError
from operations.stack_file import running_stack
from tools import chromium

SERIES = 10
_POINTS_OF_A_PAGE = 500
_WAIT_MS = 60_000
_SIGN_IN = "sessionStorage.setItem('vitals-token', '{token}')"

type Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack, and the folder of the page that is measured against its API."""

    api: str
    token: str
    built: Path

    @classmethod
    def running(cls, built: Path) -> "Stack":
        """OperatorError when no stack is up, or the folder has no built page."""
        if not (built / "index.html").is_file():
            raise OperatorError(f"{built} has no built page; `make build` makes that of this checkout")
        stack = running_stack()
        return cls(stack["api"], stack["token"], built)

    def points(self, days: int, kind: str | None = None) -> Parameters:
        """Names ten points of the first site; OperatorError when it has no such points and history."""
        [site, *_] = self._ask("/sites")["sites"] or [None]
        if site is None:
            raise OperatorError("the stack that is up has no site yet")
        path = f"/sites/{site['site_name']}"
        listed = self._ask(f"{path}/points", limit=_POINTS_OF_A_PAGE)["points"]
        named = [("point", point["point_name"]) for point in listed if kind in (None, point["kind"])]
        if len(named) < SERIES or not self._has_history(path, days):
            raise OperatorError(f"the stack that is up has no {SERIES} {kind or 'point'}s with {days} days")
        return [("site", site["site_name"]), *named[:SERIES]]

    @contextmanager
    def visited(self, browser: Browser, parameters: Parameters) -> Iterator[Page]:
        """Explore at an address, drawn, with nothing cached in the browser."""
        context = browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
        context.set_default_timeout(_WAIT_MS)
        context.add_init_script(_SIGN_IN.format(token=self.token))
        page = context.new_page()
        for files in (f"{self.api}/", f"{self.api}/assets/*"):
            page.route(files, lambda route: self._answer(route))
        page.goto(f"{self.api}/#/explore?{urlencode(parameters)}")
        page.locator(f"figure[data-state=drawn][data-series='{SERIES}']").wait_for()
        # A browser whose requests are routed waits for this process before each of them.
        page.unroute_all(behavior="wait")
        yield page
        context.close()

    def _has_history(self, path: str, days: int) -> bool:
        first = datetime.now(UTC).date() - timedelta(days=days - 1)
        oldest = {"start": first.isoformat(), "end": (first + timedelta(days=1)).isoformat()}
        [day] = self._ask(f"{path}/coverage", **oldest)["days"]
        return bool(day["samples"])

    def _ask(self, path: str, **parameters: str | int) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(self.api + path, parameters, headers=headers, timeout=40)
        answer.raise_for_status()
        return answer.json()

    def _answer(self, route: Route) -> None:
        file = route.request.url.removeprefix(f"{self.api}/") or "index.html"
        route.fulfill(path=self.built / file)


@contextmanager
def browser() -> Iterator[Browser]:
    """OperatorError without a Chromium."""
    program = chromium.find()
    if program is None:
        raise OperatorError("no Chromium is on the PATH, and VITALS_CHROMIUM names none")
    with chromium.launched(program) as launched:
        yield launched
