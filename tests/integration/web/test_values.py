"""The chart of any two finite doubles, of a page whose API is laid out here: no stack is needed."""

import math
import random
import re
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.browser import WAIT_MS, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from tests.support.local_stack import PICTURES
from vitals.model.timespan import HOUR_MS, iso

pytestmark = pytest.mark.integration

SECOND_MS = 1000
QUERY = re.compile("/timeseries/query")
# The fewer pixels, the sooner they are drawn and counted; a chart of this width has four axes.
SIZE: ViewportSize = {"width": 640, "height": 400}
# The points of each test, but for those of names.
UNITS = {
    "pair": "",
    "same scale": "",
    "own scale": "degreesCelsius",
    "first": "volts",
    "beside the first": "volts",
    "second": "amperes",
    "beside the second": "amperes",
    "third": "hertz",
    "fourth": "hours",
}
HUGE, LEAST = sys.float_info.max, 5e-324

# Resolves with the number of lines when a chart is drawn whose first time is right.
DRAWN = """const drawn = (isRight, wait) => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not drawn: ${location.hash}`)), wait);
    const look = new MutationObserver(() => check());
    const check = () => {
        const { state, from, series } = document.querySelector("figure")?.dataset ?? {};
        if (state !== "drawn" || !isRight(Number(from))) return;
        clearTimeout(late);
        look.disconnect();
        resolve(Number(series));
    };
    look.observe(document.body, { subtree: true, childList: true, attributes: true });
    check();
});"""

# Opens another view and waits for its chart; then counts the pixels of each line's colour.
SHOW = (
    f"""async ([hash, from, wait]) => {{ {DRAWN}"""
    + """
    location.hash = hash;
    const series = await drawn((begin) => begin === from, wait);
    const canvas = document.querySelector("figure canvas");
    const plot = document.querySelector("figure .u-over");
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
    return { series, pixels };
}"""
)

# Opens another view, then a range by its button, and says what the page then has in its address and legend.
GO_ON = (
    f"""async ([hash, from, wait]) => {{ {DRAWN}"""
    + """
    location.hash = hash;
    await drawn((begin) => begin === from, wait);
    const buttons = [...document.querySelectorAll(".presets button")];
    buttons.find(({ textContent }) => textContent === "7 d").click();
    await drawn((begin) => begin !== from, wait);
    const titles = [...document.querySelectorAll(".legend td[title]")].map(({ title }) => title);
    return { address: location.hash, titles };
}"""
)


class Chart:
    """A page that shows one chart after the other, each of a view of its own."""

    def __init__(self, page: Page, visits: Visits) -> None:
        self.page = page
        self.visits = visits
        self.api = LaidOutApi()
        self._views = 0
        page.route(f"{ADDRESS}/**", lambda route: self.api.answer(route))

    def open(self, units: Mapping[str, str]) -> None:
        """Loads the page anew, with an API that has these points."""
        self.api = LaidOutApi()
        self.api.units = dict(units)
        self.page.set_viewport_size(SIZE)
        self.page.goto(f"{ADDRESS}/")
        # Which the browser loads anew for each view.
        self.page.locator("link[rel=icon]").evaluate("link => link.remove()")

    def show(self, values: Mapping[str, Sequence[float]]) -> dict[str, Any]:
        """What is seen of points with these values."""
        result: dict[str, Any] = self.page.evaluate(SHOW, [*self._view(values), WAIT_MS])
        return result

    def go_on(self, names: Sequence[str]) -> dict[str, Any]:
        """The page's own address and legend of points that an address named."""
        values = {name: [7.5] for name in names}
        result: dict[str, Any] = self.page.evaluate(GO_ON, [*self._view(values), WAIT_MS])
        return result

    def fail(self, values: Mapping[str, Sequence[float]]) -> None:
        """Lets the plot fail with the rows of these values, after it failed with their view."""
        fragment, _ = self._view(values)
        self.api.holding = True
        with self.page.expect_request(QUERY):
            self.page.evaluate("hash => { location.hash = hash; }", fragment)
        self.page.locator("figure").evaluate("figure => { delete figure.dataset.state; }")
        self.api.release()
        assert_failed(self.page)

    def _view(self, values: Mapping[str, Sequence[float]]) -> tuple[str, int]:
        self.api.values = dict(values)
        self._views += 1
        begin = FROM_MS - self._views * SECOND_MS
        named = [("point", name) for name in self.api.values]
        span = {"from": iso(begin), "to": iso(FROM_MS + HOUR_MS)}
        view = [("site", SITE), *named, ("panes", "one"), *span.items()]
        return "#/explore?" + urlencode(view), begin


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Chart]:
    visits = Visits(browser, ADDRESS, "a-token", PICTURES)
    yield Chart(visits.blank(viewport=SIZE), visits)
    visits.close()


@pytest.fixture
def chart(tab: Chart) -> Iterator[Chart]:
    tab.open(UNITS)
    yield tab
    # What a microtask or a frame throws has come by then.
    tab.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
    wrong = tab.visits.wrong()
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


@pytest.mark.parametrize("neighbour", ["same scale", "own scale"])
def test_two_doubles_make_a_chart(chart: Chart, neighbour: str) -> None:
    for first, second in LITERAL:
        seen = chart.show({"pair": alternating(first, second), neighbour: ORDINARY})
        assert seen["series"] == 2, (first, second)
        # Lines that cross a lot have few pixels of their pure colour.
        assert min(seen["pixels"]) > 0.1, (first, second, neighbour, seen)


def test_any_two_doubles_make_a_chart(chart: Chart) -> None:
    """Four pairs at a time, each on an axis of its own; two of these are an ordinary line's, too."""
    lines = list(UNITS)[3:]
    minutes = 60 // len(lines)
    # One after the other, so that none hides another.
    chart.api.first = {name: minutes * index for index, name in enumerate(lines)}
    companions = dict.fromkeys(("beside the first", "beside the second"), ORDINARY[:minutes])
    for seed in range(0, 200, 4):
        pairs = dict(
            zip(("first", "second", "third", "fourth"), map(pair, range(seed, seed + 4)), strict=True)
        )
        values = {name: alternating(*both)[:minutes] for name, both in pairs.items()} | companions
        seen = chart.show({name: values[name] for name in lines})
        assert seen["series"] == len(lines), pairs
        assert min(seen["pixels"]) * len(lines) > 0.3, (pairs, seen)


def test_an_infinite_value_breaks_only_its_own_line(chart: Chart) -> None:
    seen = chart.show({"pair": [math.inf, *alternating(1, 2)[1:]], "same scale": ORDINARY})
    assert seen["series"] == 2
    assert min(seen["pixels"]) > 0.8


@pytest.mark.parametrize("first, second", [(1, 1.00000024), (-HUGE, HUGE), (LEAST, 3 * LEAST)])
def test_extreme_charts_have_bands_values_and_zoom(chart: Chart, first: float, second: float) -> None:
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


@pytest.mark.parametrize(
    "end, shown",
    [("1985-06-01T00:00:00Z", "1990-01-01T00:00:10Z"), ("1990-06-01T00:00:00Z", "1990-06-01T00:00:00Z")],
)
def test_a_range_before_1990_is_clipped(chart: Chart, end: str, shown: str) -> None:
    chart.api.values = {"pair": []}
    view = {"site": SITE, "point": "pair", "from": "1980-01-01T00:00:00Z", "to": end}
    with chart.page.expect_request(QUERY) as queried:
        chart.page.evaluate("hash => { location.hash = hash; }", "#/explore?" + urlencode(view))
    query = parse_qs(urlsplit(queried.value.url).query)
    assert (query["start_time"], query["end_time"]) == (["1990-01-01T00:00:00Z"], [shown])
    expect(chart.page.locator("figure")).to_contain_text("Samples before 1990 are not stored.")
    expect(chart.page.get_by_label("From", exact=True)).to_have_value(re.compile("^1990-01-01T00:00(:00)?$"))
    expect(chart.page.get_by_label("to", exact=True)).to_have_value(re.compile(f"^{shown[:16]}"))


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
def test_a_failed_plot_says_so_and_recovers(chart: Chart, method: str) -> None:
    chart.visits.allow("console error: Error: out of ink")
    page = chart.page
    refuse(page, method)
    for last in (2, 3):
        chart.fail({"pair": alternating(1, last), "own scale": ORDINARY})
        expect(page.get_by_role("row", name="pair")).to_contain_text(str(last))
    page.evaluate("window.allowAgain()")
    assert chart.show({"pair": alternating(1, 2), "own scale": ORDINARY})["series"] == 2
    expect(page.locator("figure").get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("Line chart of pair"))).to_be_visible()


def change_pixels(page: Page) -> None:
    """What uPlot does once the pixels of the screen have another size."""
    page.evaluate("dispatchEvent(new CustomEvent('dppxchange'))")


@pytest.mark.parametrize("action", ["resize", "zoom", "pixels"])
def test_a_plot_that_fails_later_says_so(chart: Chart, action: str) -> None:
    values = {"pair": alternating(1, 2), "own scale": ORDINARY}
    chart.visits.allow("console error: Error: out of ink")
    chart.show(values)
    refuse(chart.page, "CanvasRenderingContext2D.prototype.stroke")
    if action == "resize":
        chart.page.set_viewport_size({"width": 620, "height": 420})
    elif action == "zoom":
        chart.page.locator("figure").press("+")
    else:
        change_pixels(chart.page)
    assert_failed(chart.page)
    chart.page.evaluate("window.allowAgain()")
    assert chart.show(values)["series"] == 2


def test_a_plot_is_made_anew_for_other_pixels(chart: Chart) -> None:
    page = chart.page
    values = {"pair": alternating(1, 2), "own scale": ORDINARY}
    chart.show(values)
    canvas = page.locator("figure canvas")
    canvas.evaluate("canvas => { window.before = canvas; }")
    change_pixels(page)
    assert canvas.evaluate_all("all => all.map((canvas) => canvas === window.before)") == [False]
    expect(page.locator("figure[data-state=drawn][data-series='2']")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Line chart of pair, own scale"))).to_be_visible()
    # A move that is under way goes on.
    before = page.url
    page.evaluate(
        """() => {
            const key = new KeyboardEvent("keydown", { key: "+", bubbles: true, cancelable: true });
            document.querySelector("figure").dispatchEvent(key);
            dispatchEvent(new CustomEvent("dppxchange"));
        }"""
    )
    expect(page).not_to_have_url(before)
    expect(page.locator("figure[data-state=drawn] canvas")).to_have_count(1)


# Of which a list, an address or a file may lose something.
ODD_NAMES = [
    "\0",
    "\0" * 512,
    " ",
    " \t\n\r\u00a0\u3000",
    ",",
    "ahu,1/supply, temp",
    "\"quoted\" 'twice' \\",
    "50%00/100%25#3?&point=x+y;=",
    "</td><script>",
    "\x01\x1b[31m\x7f\x85\x9f",
    "\ufeffbom\ufeff",
    "\u202egnp.exe\u202c",
    "\u05d1\u05d9\u05ea \u0645\u0628\u0646\u0649",
    "e\u0301\u0323",
    "\u0301",
    "\u200b\u2028\u2029",
    "\ud7ff\ue000\ufffd\ufffe\uffff\U0010ffff",
    "\U0001f469\u200d\U0001f52c",
    "\U0001f321" * 512,
    "__proto__",
]
# The first and last characters of what names are drawn from.
ALPHABETS = [
    ["\0\U0010ffff"],
    ["\0\uffff"],
    ["\0\x7f"],
    ["\0\x1f", "\x7f\x9f"],
    ["  ", "\t\r", "\u2000\u200f", "\u3000\u3000"],
    ["\u0590\u06ff", "\u200e\u200f", "\u202a\u202e", "  "],
    ["az", "\u0300\u036f"],
    ["\U0001f300\U0001faff", "\u200d\u200d", "\ufe0f\ufe0f"],
]


def any_name(seed: int) -> str:
    """1 to 512 characters of Unicode, which has no halves of pairs."""
    source = random.Random(seed)
    ranges = ALPHABETS[seed % len(ALPHABETS)]
    length = source.choice([1, 2, 3, source.randint(1, 512), 512])

    def character() -> str:
        first, last = map(ord, source.choice(ranges))
        while 0xD800 <= (drawn := source.randint(first, last)) < 0xE000:
            pass
        return chr(drawn)

    return "".join(character() for _ in range(length))


def test_points_of_any_name_are_requested_and_shown(chart: Chart) -> None:
    names = list(dict.fromkeys([*ODD_NAMES, *map(any_name, range(40))]))
    chart.open(dict.fromkeys(names, ""))
    methods = set()
    for first in range(0, len(names), 3):
        named = names[first : first + 3]
        chart.api.queries.clear()
        seen = chart.go_on(named)
        assert len(chart.api.queries) >= 2, ascii(named)
        assert all(sent == named for _, sent in chart.api.queries), (ascii(named), chart.api.queries)
        methods |= {method for method, _ in chart.api.queries}
        address = parse_qs(seen["address"].partition("?")[2], keep_blank_values=True, errors="strict")
        assert (address["point"], address["range"]) == (named, ["7d"]), ascii(named)
        assert seen["titles"] == named, ascii(named)
    assert methods == {"GET", "POST"}
