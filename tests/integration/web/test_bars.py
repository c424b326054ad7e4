"""The bars of measured buckets in a browser, with an API that is laid out here: no stack is needed."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

pytestmark = pytest.mark.integration

# Midnight in Chicago.
FIRST_MS = FROM_MS + 6 * HOUR_MS
STARTS = [FIRST_MS + day * DAY_MS for day in range(4)]
VALUES = {"meter": [10.0, -5.0, 20.0, 4.0], "other meter": [6.0, 0.0, 6.0, 6.0]}


def opened(mill: Visits, *points: str, **options: Any) -> Page:
    """The days of the points, drawn."""
    api = LaidOutApi()
    api.timezone = "America/Chicago"
    api.units = dict.fromkeys(VALUES, "kilowattHours") | {"limit": "degreesFahrenheit"}
    api.fields = {name: {"kind": "counter"} for name in VALUES} | {"limit": {"kind": "setpoint"}}
    buckets = {"timestamps": STARTS, "ends": [start + DAY_MS for start in STARTS], "partial": [3]}
    api.series_fields = {name: {**buckets, "values": values} for name, values in VALUES.items()}
    page = mill.blank(**options)
    page.route(f"{ADDRESS}/**", api.answer)
    shown = {
        "resolution": "1d",
        "measure": "increase",
        "from": iso(FIRST_MS),
        "to": iso(FIRST_MS + 4 * DAY_MS),
    }
    named = [("point", name) for name in points]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *named, *shown.items()]))
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    return page


# The first and the last row filled with a colour in the columns at shares of the plot; null without one.
ROWS = """([colour, shares]) => {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = document.querySelector("figure .u-over");
    const canvas = new OffscreenCanvas(offsetWidth, offsetHeight);
    const copy = canvas.getContext("2d", { willReadFrequently: true });
    copy.drawImage(document.querySelector("figure canvas"), -offsetLeft, -offsetTop);
    return shares.map((share) => {
        const { data } = copy.getImageData(Math.round(share * offsetWidth), 0, 1, offsetHeight);
        const like = (row) => colour.every((level, part) => Math.abs(data[4 * row + part] - level) < 20);
        // What is translucent has the same levels.
        const near = (row) => data[4 * row + 3] > 200 && like(row);
        const rows = Array.from({ length: offsetHeight }, (_, row) => row).filter(near);
        const [first, last] = [rows[0], rows.at(-1) + 1];
        return rows.length > 3 && rows.length === last - first ? [first, last] : null;
    });
}"""


def rows_of(page: Page, line: int, *days: float) -> list[Any]:
    swatch = page.locator(".legend .swatch").nth(line)
    colour = swatch.evaluate("(mark) => getComputedStyle(mark).color.match(/\\d+/g).map(Number)")
    rows: list[Any] = page.evaluate(ROWS, [colour, [day / 4 for day in days]])
    return rows


def point_at(page: Page, day: float) -> None:
    box = page.locator("figure .u-over").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * day / 4, box["y"] + box["height"] / 2)


def test_bars_rise_from_zero(mill: Visits) -> None:
    page = opened(mill, "meter")
    expect(page.locator("figure")).to_have_attribute("data-bars", "4")
    ten, below, twenty, partial = rows_of(page, 0, 0.5, 1.5, 2.5, 3.5)
    zero = ten[1]
    assert zero - twenty[0] == pytest.approx(2 * (zero - ten[0]), abs=2)
    assert twenty[1] == zero
    assert below[0] == pytest.approx(zero, abs=1)
    assert below[1] - zero == pytest.approx((zero - ten[0]) / 2, abs=2)
    # Its bucket is not over: an edge, and hatched inside.
    assert partial is None
    # Nothing at the edges of buckets.
    assert rows_of(page, 0, 0.03, 0.97, 1.97, 2.03) == [None] * 4
    mill.picture(page, "explore-bars")


def test_points_of_a_bucket_are_side_by_side(mill: Visits) -> None:
    page = opened(mill, "meter", "other meter")
    expect(page.locator("figure")).to_have_attribute("data-bars", "8")
    left, right = rows_of(page, 0, 0.3, 0.7)
    assert left
    assert right is None
    left, right = rows_of(page, 1, 0.3, 0.7)
    assert left is None
    assert right
    # A total of 0 has no height.
    assert rows_of(page, 1, 1.7) == [None]


def test_cursor_reads_the_bucket(mill: Visits) -> None:
    page = opened(mill, "meter", "other meter")
    values = page.locator(".tooltip .value")
    for day, texts in enumerate([["10 kWh", "6 kWh"], ["-5 kWh", "0 kWh"]]):
        # The nearest start is that of the next bucket.
        point_at(page, day + 0.9)
        expect(page.locator(".tooltip strong")).to_have_text(f"{['Thu', 'Fri'][day]} {day + 1} Jan 2026")
        expect(values).to_have_text(texts)
        bucket, plot = (page.locator(name).bounding_box() for name in ("figure .bucket", "figure .u-over"))
        assert bucket
        assert plot
        assert bucket["x"] - plot["x"] == pytest.approx(day * plot["width"] / 4, abs=1)
        assert bucket["width"] == pytest.approx(plot["width"] / 4, abs=1)
    point_at(page, 3.5)
    expect(page.locator(".tooltip strong")).to_have_text("Sun 4 Jan 2026, not over")
    page.mouse.move(5, 5)
    expect(page.locator("figure .bucket")).to_be_hidden()


def test_bars_and_lines_have_panes(mill: Visits) -> None:
    page = opened(mill, "limit", "meter", viewport=PHONE, color_scheme="dark")
    expect(page.locator("figure")).to_have_attribute("data-panes", "2")
    expect(page.get_by_role("img", name=re.compile("^Bar chart of meter"))).to_be_visible()
    page.get_by_role("button", name="One pane").click()
    expect(page.locator("figure[data-state=drawn]")).to_have_attribute("data-panes", "1")
    expect(page.locator("figure")).to_have_attribute("data-bars", "4")
    mill.picture(page, "explore-bars-phone")
