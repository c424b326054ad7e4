"""The panes and lanes of a chart in a browser, with an API that is laid out here: no stack is needed."""

import itertools
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import HOUR_MS, MINUTE_MS, iso

pytestmark = pytest.mark.integration

QUERY = re.compile("/timeseries/query")
UNITS = {
    "supply": "degreesFahrenheit",
    "return": "degreesFahrenheit",
    "co2": "partsPerMillion",
    "power": "kilowatts",
    "fan": "",
    "mode": "",
}
KINDS = {
    "fan": {"kind": "binary"},
    "mode": {"kind": "multistate", "states": {"Off": 0, "Heat": 1, "Cool": 2}},
}
# Of the fan: off, on from minute 15, without samples from 30 to 45, then on and off by turns.
FAN_MINUTES = [minute for minute in range(60) if not 30 < minute < 45]
FAN = [0.0 if minute < 15 or (minute >= 45 and minute % 2) else 1.0 for minute in FAN_MINUTES]
VALUES = {
    "supply": [70.0 + minute / 10 for minute in range(60)],
    "return": [72.0] * 60,
    "co2": [400.0 + minute for minute in range(60)],
    "power": [3.0, 4.0] * 30,
    "fan": FAN,
    "mode": [0.0] * 20 + [1.0] * 20 + [2.0] * 20,
}


def laid_out() -> LaidOutApi:
    api = LaidOutApi()
    api.units, api.fields, api.values = dict(UNITS), KINDS, VALUES
    gap = {
        "start": iso(FROM_MS + 30 * MINUTE_MS),
        "end": iso(FROM_MS + 45 * MINUTE_MS),
        "reason": "no_data",
    }
    times = [FROM_MS + minute * MINUTE_MS for minute in FAN_MINUTES]
    api.series_fields = {"fan": {"timestamps": times, "gaps": [gap]}}
    return api


def opened(
    mill: Visits, *points: str, api: LaidOutApi | None = None, panes: str = "", **options: Any
) -> Page:
    """The hour's chart of the points, drawn."""
    page = mill.blank(**options)
    page.route(f"{ADDRESS}/**", (api or laid_out()).answer)
    view = [("site", SITE), *(("point", name) for name in points), *([("panes", panes)] if panes else [])]
    span = [("from", iso(FROM_MS)), ("to", iso(FROM_MS + HOUR_MS))]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([*view, *span]))
    drawn(page)
    return page


def drawn(page: Page) -> Locator:
    chart = page.locator("figure[data-state=drawn]")
    expect(chart).to_be_visible()
    return chart


def boxes_of(page: Page) -> list[dict[str, float]]:
    """The plot areas, from top to bottom."""
    boxes: list[dict[str, float]] = page.locator("figure .u-over").evaluate_all(
        "all => all.map((plot) => plot.getBoundingClientRect().toJSON())"
    )
    return boxes


def point_at(page: Page, minute: float, pane: int = 0) -> None:
    box = boxes_of(page)[pane]
    page.mouse.move(box["x"] + box["width"] * minute / 60, box["y"] + box["height"] / 2)


# The share of the pixels of a lane's row that are in a colour, for each of 60 parts of its width.
SHARES = """([row, colour]) => {
    const canvas = [...document.querySelectorAll("figure canvas")].at(-1);
    const plot = [...document.querySelectorAll("figure .u-over")].at(-1);
    const [width, height] = [plot.offsetWidth, 10];
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, -plot.offsetLeft, -(plot.offsetTop + 22 * row + 6));
    const { data } = copy.getImageData(0, 0, width, height);
    const near = (at) => colour.every((level, channel) => Math.abs(data[at + channel] - level) < 40);
    const counts = new Array(60).fill(0);
    for (let x = 0; x < width; x++)
        for (let y = 0; y < height; y++)
            if (data[4 * (y * width + x) + 3] > 250 && near(4 * (y * width + x)))
                counts[Math.floor((60 * x) / width)]++;
    return counts.map((count) => count / ((width / 60) * height));
}"""


def shares_of(page: Page, line: int, lane: int) -> list[float]:
    """How much of each minute of a lane is in the colour of a line."""
    swatch = page.locator(".legend .swatch").nth(line)
    colour = swatch.evaluate("(mark) => getComputedStyle(mark).color.match(/\\d+/g).map(Number)")
    shares: list[float] = page.evaluate(SHARES, [lane, colour])
    return shares


def test_lines_are_stacked_by_unit(mill: Visits) -> None:
    api = laid_out()
    page = opened(mill, *UNITS, api=api)
    chart = drawn(page)
    for name, count in {"panes": "4", "lanes": "2", "bars": "0", "series": "6"}.items():
        expect(chart).to_have_attribute(f"data-{name}", count)
    boxes = boxes_of(page)
    assert len({(box["x"], box["width"]) for box in boxes}) == 1
    assert all(upper["bottom"] < lower["top"] for upper, lower in itertools.pairwise(boxes))
    assert len(api.queries) == 1
    names = [re.compile(f"^{start}") for start in ("Line chart of supply .*, return", "Line chart of co2")]
    for name in (*names, re.compile("^Line chart of power"), re.compile("^Lanes of fan, mode")):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    mill.picture(page, "explore-panes")


def test_one_pane_is_kept_in_the_address(mill: Visits) -> None:
    page = opened(mill, "supply", "co2", "fan")
    switch = page.get_by_role("button", name="One pane")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("panes=one"))
    expect(drawn(page)).to_have_attribute("data-panes", "2")
    page.reload()
    expect(drawn(page)).to_have_attribute("data-panes", "2")
    page.get_by_role("button", name="One pane").click()
    expect(page).not_to_have_url(re.compile("panes="))
    expect(drawn(page)).to_have_attribute("data-panes", "3")


def test_one_unit_has_no_switch(mill: Visits) -> None:
    page = opened(mill, "supply", "return")
    expect(drawn(page)).to_have_attribute("data-panes", "1")
    expect(page.get_by_role("button", name="One pane")).to_have_count(0)


def test_cursor_has_one_time_in_all_panes(mill: Visits) -> None:
    page = opened(mill, *UNITS)
    for pane in range(4):
        point_at(page, 20.2 + pane, pane)
        edges = page.locator("figure .u-cursor-x").evaluate_all(
            "all => all.map((line) => Math.round(line.getBoundingClientRect().right))"
        )
        assert len(edges) == 4
        assert len(set(edges)) == 1
        value = page.locator(".tooltip .value").nth(2)
        expect(value).to_have_text(f"{420 + pane} ppm")
    page.mouse.move(5, 5)
    expect(page.locator(".tooltip")).to_have_count(0)


def test_keys_read_the_values_aloud(mill: Visits) -> None:
    page = opened(mill, "supply", "fan")
    reading = page.locator("figure + [aria-live]")
    chart = page.locator("figure")
    expect(chart).to_have_accessible_description(re.compile("Shift with arrow keys.* read the values"))
    for key, text in [
        ("Home", "1 Jan 2026, 00:00:00: supply 70 °F; fan Off"),
        ("Shift+ArrowRight", "1 Jan 2026, 00:01:00: supply 70.1 °F; fan Off"),
    ]:
        chart.press(key)
        expect(reading).to_have_text(text)
    address = page.url
    chart.press("Escape")
    expect(page.locator(".tooltip")).to_have_count(0)
    assert page.url == address


def test_help_is_shown_to_keys_until_escape(mill: Visits) -> None:
    page = opened(mill, "supply", "co2", viewport=PHONE)
    button = page.get_by_role("button", name="One pane")
    expect(button).to_have_accessible_description(re.compile("each with its own axis"))
    page.get_by_role("button", name="Compare with").press("Tab")
    expect(button).to_be_focused()
    expect(page.locator(".help:visible")).to_have_text("Draw all units in one pane, each with its own axis")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.keyboard.press("Escape")
    expect(page.locator(".help:visible")).to_have_count(0)
    start, end = page.get_by_label("From", exact=True), page.get_by_label("to", exact=True)
    end.fill("2020-01-01T00:00")
    for edge in (start, end):
        expect(edge).to_have_accessible_description("The end must be after the start.")


def test_a_drag_in_a_pane_zooms_all(mill: Visits) -> None:
    page = opened(mill, *UNITS)
    box = boxes_of(page)[1]
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=5)
    widths = page.locator("figure .u-select").evaluate_all("all => all.map((one) => one.offsetWidth)")
    assert widths == pytest.approx([box["width"] / 4] * 4, abs=2)
    with page.expect_request(QUERY):
        page.mouse.up()
    chart = drawn(page)
    begin, end = (int(chart.get_attribute(f"data-{edge}") or 0) for edge in ("from", "to"))
    assert begin == pytest.approx(FROM_MS + 15 * MINUTE_MS, abs=MINUTE_MS / 4)
    assert end == pytest.approx(FROM_MS + 30 * MINUTE_MS, abs=MINUTE_MS / 4)
    assert (
        page.locator("figure .u-select").evaluate_all("all => all.map((one) => one.offsetWidth)") == [0] * 4
    )
    with page.expect_request(QUERY):
        chart.press("-")
    assert int(drawn(page).get_attribute("data-from") or 0) < begin


def test_a_lane_has_the_colour_of_its_state(mill: Visits) -> None:
    page = opened(mill, "supply", "mode", "fan")
    on = shares_of(page, line=2, lane=1)
    assert max(on[0:15]) == 0, "off"
    assert min(on[15:30]) > 0.95, "on"
    # The last sample before the gap is seen.
    assert max(on[31:45]) == 0, "a gap"
    assert [share > 0.9 for share in on[46:58]] == [minute % 2 == 0 for minute in range(46, 58)]
    heat = shares_of(page, line=1, lane=0)
    # A tint of the line's colour.
    assert max(heat) < 0.1
    point_at(page, 37.5)
    expect(page.locator(".tooltip .value")).to_contain_text(["73.7 °F", "Heat", "no data"])


def test_states_of_one_column_are_mixed(mill: Visits) -> None:
    api = laid_out()
    times = list(range(FROM_MS, FROM_MS + HOUR_MS, 500))
    # On and off by turns in the second half, many times in each column.
    values = [0.0 if index % 2 or index < len(times) / 2 else 1.0 for index in range(len(times))]
    api.series_fields["fan"] = {"timestamps": times, "values": values}
    shares = shares_of(opened(mill, "fan", api=api), line=0, lane=0)
    assert max(shares[:29]) == 0
    assert all(0.3 < share < 0.7 for share in shares[31:])


def test_buckets_of_a_lane_mix_their_states(mill: Visits) -> None:
    api = laid_out()
    api.banded = True
    times = [FROM_MS + minute * MINUTE_MS for minute in range(0, 60, 20)]
    rows = {"timestamps": times, "values": [0, 0.4, 1], "min": [0, 0, 1], "max": [0, 1, 1], "last": [0, 1, 1]}
    api.series_fields["fan"] = rows
    page = opened(mill, "fan", api=api)
    shares = shares_of(page, line=0, lane=0)
    assert max(shares[:19]) == 0
    assert all(0.3 < share < 0.7 for share in shares[21:39])
    assert min(shares[41:58]) > 0.95
    point_at(page, 30)
    expect(page.locator(".tooltip .value")).to_have_text("Off \N{EN DASH} On")


def test_many_panes_scroll(mill: Visits) -> None:
    api = laid_out()
    units = ["volts", "amperes", "hertz", "hours", "percent", "pascals", "watts", "luxes"]
    api.units, api.values = {unit: unit for unit in units}, {}
    page = opened(mill, *units, api=api, viewport={"width": 1280, "height": 600})
    boxes = boxes_of(page)
    assert len(boxes) == len(units)
    assert min(box["height"] for box in boxes) > 80
    view = page.locator(".view")
    assert view.evaluate("(element) => element.scrollHeight > element.clientHeight + 200")
    last = page.locator("figure .u-over").last
    last.scroll_into_view_if_needed()
    point_at(page, 30, len(units) - 1)
    expect(page.locator(".tooltip")).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("panes", ["", "one"])
def test_panes_fit_a_phone(mill: Visits, panes: str) -> None:
    page = opened(mill, *UNITS, viewport=PHONE, panes=panes, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    mill.picture(page, f"explore-panes-phone-{panes or 'stacked'}")


def test_extremes_have_panes_of_their_own(mill: Visits) -> None:
    api = laid_out()
    api.values = VALUES | {"supply": [-1.7e308, 1.7e308] * 30, "co2": [5e-324, 1e-323] * 30}
    page = opened(mill, "supply", "co2", "power", api=api)
    expect(drawn(page)).to_have_attribute("data-panes", "3")
    assert len({(box["x"], box["width"]) for box in boxes_of(page)}) == 1
