"""The time from a click on a range to the chart of it."""

import statistics

from playwright.sync_api import Browser, Response

from bench.page.stack import Parameters, Stack, browser
from vitals.model.timespan import DAY_MS

VISITS = 5
DAYS = 30
# What the preset of a year shows.
YEAR_DAYS = 365
_NOTE_THE_CLICK = "addEventListener('click', () => performance.mark('clicked'), {capture: true, once: true})"
_DRAWN = """(least_ms) => {
    const chart = document.querySelector("figure[data-state=drawn]");
    if (!chart || chart.dataset.to - chart.dataset.from < least_ms) return false;
    const [clicked] = performance.getEntriesByName("clicked");
    const drawn = performance.getEntriesByName("vitals-drawn").at(-1);
    return clicked && drawn && drawn.startTime > clicked.startTime && drawn.startTime - clicked.startTime;
}"""


def month(stack: Stack) -> dict[str, float]:
    """From the click on 30 days to the lines of ten points."""
    return _figures(stack, [*stack.points(DAYS), ("range", "24h")], f"{DAYS} d", DAYS)


def meters(stack: Stack) -> dict[str, float]:
    """From the click on a year to the daily bars of ten meters."""
    bars = [("measure", "increase"), ("resolution", "1d"), ("range", "7d")]
    return _figures(stack, [*stack.points(YEAR_DAYS, "counter"), *bars], "1 y", YEAR_DAYS)


def _figures(stack: Stack, address: Parameters, button: str, days: int) -> dict[str, float]:
    """The first visit and the median of all, in seconds; the bytes of the answers, as they are sent."""
    with browser() as launched:
        visits = [_visit(launched, stack, address, button, days) for _ in range(VISITS)]
    return {
        "first_s": visits[0][0] / 1000,
        "drawn_s": statistics.median(milliseconds for milliseconds, _ in visits) / 1000,
        "bytes": max(size for _, size in visits),
    }


def _visit(launched: Browser, stack: Stack, address: Parameters, button: str, days: int) -> tuple[float, int]:
    answers: list[Response] = []
    with stack.visited(launched, address) as page:
        page.on(
            "response", lambda answer: answers.append(answer) if "/timeseries/query" in answer.url else None
        )
        page.evaluate(_NOTE_THE_CLICK)
        page.get_by_role("button", name=button, exact=True).click()
        least_ms = (days - 0.1) * DAY_MS
        milliseconds: float = page.wait_for_function(_DRAWN, arg=least_ms).json_value()
        return milliseconds, sum(answer.request.sizes()["responseBodySize"] for answer in answers)
