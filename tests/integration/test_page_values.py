"""The chart of any two finite doubles, of a page whose API is laid out here: no stack is needed."""

import json
import math
import random
import re
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import WAIT_MS, Visits
from tests.integration.conftest import PICTURES, ROOT
from vitals.timespan import HOUR_MS, MINUTE_MS, iso

pytestmark = pytest.mark.integration

BUILT = ROOT / "functions" / "query" / "web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ADDRESS = "http://vitals.test"
SITE = "mill"
FROM_MS = 1_767_225_600_000
HUGE, LEAST = sys.float_info.max, 5e-324

# Opens another view and waits for its chart; then counts the pixels of each line's colour.
SHOW = """async ([hash, from, awaited, wait]) => {
    location.hash = hash;
    const shown = () => {
        const { state, from: begin, series } = document.querySelector("figure")?.dataset ?? {};
        return state === awaited && (state === "failed" || Number(begin) === from)
            ? { state, series: Number(series) } : undefined;
    };
    const result = await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not ${awaited}: ${hash}`)), wait);
        const look = new MutationObserver(() => check());
        const check = () => {
            if (!shown()) return;
            clearTimeout(late);
            look.disconnect();
            resolve(shown());
        };
        look.observe(document.body, { subtree: true, childList: true, attributes: true });
        check();
    });
    const canvas = document.querySelector("figure canvas");
    const plot = document.querySelector("figure .u-over");
    if (!canvas || !plot) return { ...result, pixels: [] };
    // A line on the edge of the plot is half beyond it.
    const [width, height] = [plot.offsetWidth + 4, plot.offsetHeight + 4];
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 2 - plot.offsetLeft, 2 - plot.offsetTop);
    const { data } = copy.getImageData(0, 0, width, height);
    const inks = [...document.querySelectorAll(".legend .swatch")]
        .map((swatch) => getComputedStyle(swatch).color.match(/\\d+/g).map(Number));
    const near = (at, ink) =>
        data[at + 3] > 200 && ink.every((level, channel) => Math.abs(data[at + channel] - level) < 60);
    const pixels = inks.map((ink) => {
        const columns = new Set();
        for (let at = 0; at < data.length; at += 4) if (near(at, ink)) columns.add((at / 4) % width);
        return columns.size / width;
    });
    return { ...result, pixels };
}"""


class LaidOutApi:
    """Answers the page's requests with its files and with the values that a test lays out."""

    def __init__(self) -> None:
        self.values: dict[str, Sequence[float]] = {}
        self.units: dict[str, str] = {}
        self.banded = False

    def answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        path = url.path.removeprefix("/")
        file = BUILT / (path or "index.html")
        if file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "text/plain"))
        else:
            text = json.dumps(self.json(path, parse_qs(url.query)))
            # JSON has numbers that no double holds.
            route.fulfill(body=text.replace("Infinity", "1e999"), content_type="application/json")

    def json(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        match path.split("/"):
            case ["sites"]:
                return {"sites": [self.site()]}
            case ["sites", _, "points"]:
                wanted = query.get("search", [""])[0]
                return {
                    "points": [self.point(name) for name in self.units if wanted in name],
                    "next_token": None,
                }
            case ["sites", _, "latest"]:
                return {"site_name": SITE, "latest": self.latest(), "next_token": None, "warnings": []}
            case ["sites", _, "tags"]:
                return {"site_name": SITE, "tags": [], "equipment": []}
            case ["timeseries", "query"]:
                return self.samples(query["point_name"], query["start_time"][0], query["end_time"][0])
        raise AssertionError(f"no answer is laid out for {path}")

    def site(self) -> dict[str, Any]:
        until = iso(FROM_MS + HOUR_MS)
        return {
            "site_name": SITE,
            "display_name": "Mill",
            "points": len(self.units),
            "synced_from": iso(FROM_MS),
            "synced_until": until,
            "lag_seconds": 60,
        }

    def point(self, name: str) -> dict[str, Any]:
        return {
            "point_name": name,
            "display_name": name,
            "unit": self.units[name],
            "tags": [],
            "interval_seconds": 60,
            "description": "",
            "device": None,
            "equipment": None,
        }

    def latest(self) -> list[dict[str, Any]]:
        return [
            {"point_name": name, "timestamp": FROM_MS, "value": values[-1], "unit": self.units[name]}
            for name, values in self.values.items()
        ]

    def samples(self, names: Sequence[str], start: str, end: str) -> dict[str, Any]:
        series = [self.series(name) for name in names]
        count = sum(len(column["values"]) for column in series)
        cost = dict.fromkeys(("read_units", "requests", "bytes", "bytes_scanned", "micro_dollars"), 1)
        metadata = {
            "total_samples": count,
            "sources": ["hot"],
            "query_time_ms": 1,
            "cache_hit": False,
            "next_token": None,
            "method": "m4",
            "samples_read": count,
            "samples_returned": count,
            "cost": cost,
        }
        return {
            "site_name": SITE,
            "start_time": start,
            "end_time": end,
            "resolution": "1h" if self.banded else "raw",
            "data_type": "aggregate" if self.banded else "raw",
            "series": series,
            "metadata": metadata,
            "warnings": [],
        }

    def series(self, name: str) -> dict[str, Any]:
        # A request of the view before may still come.
        values = list(self.values.get(name, [7.5]))
        band = {"min": [min(values)] * len(values), "max": [max(values)] * len(values)}
        return {
            "point_name": name,
            "timestamps": [FROM_MS + minute * MINUTE_MS for minute in range(len(values))],
            "values": values,
            "gaps": [],
            "coverage": {"expected": 60, "received": 60},
            **(band if self.banded else {}),
        }


class Chart:
    """A page that shows one chart after the other, each of a view of its own."""

    def __init__(self, page: Page, visits: Visits) -> None:
        self.page = page
        self.visits = visits
        self.api = LaidOutApi()
        self._views = 0
        page.route(f"{ADDRESS}/**", self.api.answer)

    def open(self) -> None:
        self.api.units = {"pair": "", "same scale": "", "own scale": "degreesCelsius"}
        self.page.goto(f"{ADDRESS}/")

    def show(self, values: Mapping[str, Sequence[float]], awaited: str = "drawn") -> dict[str, Any]:
        """What is seen of points with these values."""
        self.api.values = dict(values)
        self._views += 1
        begin = FROM_MS - self._views * MINUTE_MS
        named = [("point", name) for name in self.api.values]
        span = {"from": iso(begin), "to": iso(FROM_MS + HOUR_MS)}
        fragment = "#/explore?" + urlencode([("site", SITE), *named, *span.items()])
        result: dict[str, Any] = self.page.evaluate(SHOW, [fragment, begin, awaited, WAIT_MS])
        return result


@pytest.fixture
def chart(browser: Browser) -> Iterator[Chart]:
    visits = Visits(browser, ADDRESS, "a-token", PICTURES)
    # The fewer pixels, the sooner they are drawn and counted.
    chart = Chart(visits.blank(viewport={"width": 900, "height": 480}), visits)
    chart.open()
    yield chart
    wrong = visits.close()
    assert not wrong, "\n".join(wrong)


def alternating(first: float, second: float) -> list[float]:
    return [first, second] * 30


ORDINARY = [20 + math.sin(minute / 5) for minute in range(60)]
LITERAL = [
    (1, 1.00000024),
    (1, 1 + 2**-52),
    (1, 1),
    (0.0, -0.0),
    (1e15, 1e15 + 0.125),
    (-HUGE, HUGE),
    (HUGE, HUGE),
    (LEAST, HUGE),
    (0, LEAST),
    (-LEAST, LEAST),
    (1e-300, 1.0000001e-300),
]


def pair(seed: int) -> tuple[float, float]:
    """Two finite doubles: of random bits, a few bits apart, near each other, or ordinary ones."""
    source = random.Random(seed)

    def finite() -> float:
        while not math.isfinite(drawn := struct.unpack("<d", source.randbytes(8))[0]):
            pass
        return float(drawn)

    value = finite()
    match seed % 4:
        case 0:
            return value, finite()
        case 1:
            return value, math.nextafter(value, 0, steps=source.randrange(100))
        case 2:
            return value, value * (1 - 10 ** -source.uniform(0, 17))
    ordinary = source.uniform(-1000, 1000)
    return ordinary, ordinary * (1 + 10 ** -source.uniform(0, 17))


def test_any_two_doubles_make_a_chart(chart: Chart) -> None:
    for number, (first, second) in enumerate([*LITERAL, *map(pair, range(200))]):
        neighbour = "same scale" if number % 2 else "own scale"
        seen = chart.show({"pair": alternating(first, second), neighbour: ORDINARY})
        assert seen["series"] == 2, (first, second)
        # Lines that cross a lot have few pixels of their pure colour.
        assert min(seen["pixels"]) > 0.1, (first, second, neighbour, seen)


def test_a_value_that_is_no_number_breaks_its_own_line_alone(chart: Chart) -> None:
    seen = chart.show({"pair": [math.inf, *alternating(1, 2)[1:]], "same scale": ORDINARY})
    assert seen["series"] == 2
    assert min(seen["pixels"]) > 0.8


@pytest.mark.parametrize("first, second", [(1, 1.00000024), (-HUGE, HUGE), (LEAST, 3 * LEAST)])
def test_such_a_chart_has_bands_reads_values_and_zooms(chart: Chart, first: float, second: float) -> None:
    chart.api.banded = True
    seen = chart.show({"pair": alternating(first, second), "own scale": [7.5]})
    assert seen["series"] == 2
    figure = chart.page.locator("figure")
    begin = int(figure.get_attribute("data-from") or 0)
    figure.press("+")
    expect(chart.page.locator(f"figure[data-state=drawn]:not([data-from='{begin}'])")).to_be_visible()
    chart.page.locator("figure .u-over").hover()
    values = chart.page.locator(".tooltip .value").first
    expect(values).to_contain_text(re.compile(r"^-?[\d.]{1,8}(e-?\d{1,3})?\s"))


# What a browser may refuse, by the object and the method.
REFUSALS = [
    "CanvasRenderingContext2D.prototype.stroke",
    "HTMLCanvasElement.prototype.getContext",
    "window.Path2D",
]


def refuse(page: Page, method: str) -> None:
    page.evaluate(
        """([owner, method]) => {
            const holder = owner.split(".").reduce((object, name) => object[name], window);
            const works = holder[method];
            holder[method] = function () { throw new Error("out of ink"); };
            window.allowAgain = () => { holder[method] = works; };
        }""",
        method.rsplit(".", 1),
    )


def assert_failed(page: Page) -> None:
    figure = page.locator("figure[data-state=failed][aria-busy=false]")
    expect(figure.get_by_role("alert")).to_contain_text("The chart could not be drawn: Out of ink.")


@pytest.mark.parametrize("method", REFUSALS)
def test_a_plot_that_fails_says_so_and_the_next_one_is_drawn(chart: Chart, method: str) -> None:
    values = {"pair": alternating(1, 2), "own scale": ORDINARY}
    chart.visits.allow("console error: Error: out of ink")
    page = chart.page
    refuse(page, method)
    for _ in range(2):
        chart.show(values, "failed")
        assert_failed(page)
        expect(page.get_by_role("row", name="pair")).to_contain_text("2")
    page.evaluate("window.allowAgain()")
    assert chart.show(values)["series"] == 2
    expect(page.locator("figure").get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("Line chart of pair"))).to_be_visible()


@pytest.mark.parametrize("action", ["resize", "zoom"])
def test_a_plot_that_fails_later_says_so(chart: Chart, action: str) -> None:
    values = {"pair": alternating(1, 2), "own scale": ORDINARY}
    chart.visits.allow("console error: Error: out of ink")
    chart.show(values)
    refuse(chart.page, "CanvasRenderingContext2D.prototype.stroke")
    if action == "resize":
        chart.page.set_viewport_size({"width": 880, "height": 500})
    else:
        chart.page.locator("figure").press("+")
    assert_failed(chart.page)
    chart.page.evaluate("window.allowAgain()")
    assert chart.show(values)["series"] == 2
