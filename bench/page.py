"""The chart page in a browser at the stack that is up: a month of ten series, from the click to the lines."""

import gzip
import statistics
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser, Response

from operations.errors import OperatorError
from operations.stack_file import ROOT, running_stack
from tools import chromium

PAGE = ROOT / "functions/query/web"
SERIES, DAYS, VISITS = 10, 30, 5
MOST_ASSET_BYTES = 150_000
WAIT_MS = 60_000
_SIGN_IN = "sessionStorage.setItem('vitals-token', '{token}')"
_NOTE_THE_CLICK = "addEventListener('click', () => performance.mark('clicked'), {capture: true, once: true})"
_DRAWN = """(least_ms) => {
    const chart = document.querySelector("figure[data-state=drawn]");
    if (!chart || chart.dataset.to - chart.dataset.from < least_ms) return false;
    const [clicked] = performance.getEntriesByName("clicked");
    const drawn = performance.getEntriesByName("vitals-drawn").at(-1);
    return clicked && drawn && drawn.startTime > clicked.startTime && drawn.startTime - clicked.startTime;
}"""


def asset_sizes() -> dict[str, int]:
    """The gzipped bytes of each file of the page, which must have been built."""
    if not (PAGE / "index.html").exists():
        raise OperatorError("the page is not built; `make build` does it")
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    return {str(path.relative_to(PAGE)): len(gzip.compress(path.read_bytes())) for path in files}


def figures() -> dict[str, float]:
    """Medians of visits that each start with nothing cached in the browser; OperatorError without a stack."""
    stack = running_stack()
    program = chromium.find()
    if program is None:
        raise OperatorError("no Chromium is on the PATH, and VITALS_CHROMIUM names none")
    fragment = _fragment(stack)
    with chromium.launched(program) as browser:
        visits = [_visit(browser, stack, fragment) for _ in range(VISITS)]
    return {
        "first_s": visits[0][0] / 1000,
        "drawn_s": statistics.median(seconds for seconds, _ in visits) / 1000,
        "bytes": max(size for _, size in visits),
    }


def _fragment(stack: dict[str, Any]) -> str:
    """The address of a day of ten points that have a month of history; OperatorError without such points."""
    [site, *_] = _ask(stack, "/sites")["sites"] or [None]
    if site is None:
        raise OperatorError("the stack that is up has no site yet")
    listed = _ask(stack, f"/sites/{site['site_name']}/points", limit=SERIES)["points"]
    first = datetime.now(UTC).date() - timedelta(days=DAYS - 1)
    oldest = {"start": first.isoformat(), "end": (first + timedelta(days=1)).isoformat()}
    [day] = _ask(stack, f"/sites/{site['site_name']}/coverage", **oldest)["days"]
    if len(listed) < SERIES or not day["samples"]:
        raise OperatorError(f"the stack that is up has no {SERIES} points with {DAYS} days of history")
    points = [("point", point["point_name"]) for point in listed]
    return "#/explore?" + urlencode([("site", site["site_name"]), *points, ("range", "24h")])


def _ask(stack: dict[str, Any], path: str, **parameters: str | int) -> Any:
    headers = {"Authorization": f"Bearer {stack['token']}"}
    answer = requests.get(stack["api"] + path, parameters, headers=headers, timeout=40)
    answer.raise_for_status()
    return answer.json()


def _visit(browser: Browser, stack: dict[str, Any], fragment: str) -> tuple[float, int]:
    """Milliseconds from the click on 30 days to the drawn chart, and the bytes of its answers on the wire."""
    answers: list[Response] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(_SIGN_IN.format(token=stack["token"]))
    page = context.new_page()
    page.goto(f"{stack['api']}/{fragment}")
    page.locator(f"figure[data-state=drawn][data-series='{SERIES}']").wait_for()
    page.on("response", lambda answer: answers.append(answer) if "/timeseries/query" in answer.url else None)
    page.evaluate(_NOTE_THE_CLICK)
    page.get_by_role("button", name=f"{DAYS} d").click()
    least_ms = (DAYS - 0.1) * 86_400_000
    milliseconds: float = page.wait_for_function(_DRAWN, arg=least_ms).json_value()
    size = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
    context.close()
    return milliseconds, size
