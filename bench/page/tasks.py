"""The longest tasks of the page with a year of ten points."""

import json
import statistics
from collections.abc import Callable

from playwright.sync_api import Browser

from bench.page.clicks import VISITS, YEAR_DAYS
from bench.page.stack import Parameters, Stack, browser

MOST_MS = 50
_MOVED = """(from) => {
    const chart = document.querySelector("figure[data-state=drawn]");
    return chart && chart.dataset.from !== from;
}"""
_IDLE = "() => new Promise((resolve) => requestIdleCallback(() => resolve()))"


def longest(stack: Stack) -> dict[str, float]:
    """CPU of the longest task of the page's thread by what a reader does, in milliseconds: medians."""
    address = [*stack.points(YEAR_DAYS), ("range", "24h")]
    with browser() as launched:
        visits = [_visit(launched, stack, address) for _ in range(VISITS)]
    return {act: statistics.median(visit[act] for visit in visits) for act in visits[0]}


def _visit(launched: Browser, stack: Stack, address: Parameters) -> dict[str, float]:
    longest_ms = {}
    with stack.visited(launched, address) as page:
        figure = page.locator("figure")
        year = page.get_by_role("button", name="1 y", exact=True)
        acts: dict[str, Callable[[], None]] = {
            "a click on a year": year.click,
            "a move": lambda: figure.press("ArrowLeft"),
            "a zoom": lambda: figure.press("+"),
        }
        for act, do in acts.items():
            before = figure.get_attribute("data-from")
            launched.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
            do()
            page.wait_for_function(_MOVED, arg=before)
            page.evaluate(_IDLE)
            longest_ms[act] = _longest_ms(launched.stop_tracing())
    return longest_ms


def _longest_ms(trace: bytes) -> float:
    """The CPU of the longest task of the main thread in a trace of Chromium."""
    events = json.loads(trace)["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = (
        event.get("tdur", 0)
        for event in events
        if event.get("ph") == "X" and (event["pid"], event["tid"]) in threads and "RunTask" in event["name"]
    )
    return float(max(tasks)) / 1000
