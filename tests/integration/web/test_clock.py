"""The page of a site in Chicago, in a browser in New York: its clock, its kinds and its steps."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import HOUR_MS, iso

pytestmark = pytest.mark.integration

FIELDS = {
    "fan": {"kind": "binary"},
    "limit": {"kind": "setpoint"},
    "meter": {"kind": "counter", "rollover": 99_999},
    "mode": {"kind": "multistate", "states": {"Off": 0, "Auto": 2}},
    "temperature": {},
}
RISE = [0.0] * 30 + [1.0] * 30
VALUES = {"fan": RISE, "limit": RISE, "meter": [5.0], "mode": [2.0], "temperature": RISE}


def opened(mill: Visits, *points: str, **options: object) -> Page:
    """The hour's chart of the points, drawn."""
    page = mill.blank(timezone_id="America/New_York", **options)
    api = LaidOutApi()
    api.timezone, api.fields = "America/Chicago", FIELDS
    api.units, api.values = dict.fromkeys(FIELDS, ""), VALUES
    page.route(f"{ADDRESS}/**", api.answer)
    span = {"from": iso(FROM_MS), "to": iso(FROM_MS + HOUR_MS)}
    named = [("point", name) for name in points]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *named, *span.items()]))
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    return page


def point_at(page: Page, minute: float) -> None:
    box = page.locator("figure .u-over").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * minute / 60, box["y"] + box["height"] / 2)


def test_times_are_of_the_site(mill: Visits) -> None:
    page = opened(mill, "fan")
    expect(page.locator("header .site small")).to_have_text("America/Chicago")
    expect(page.get_by_label("From", exact=True)).to_have_value("2025-12-31T18:00")
    expect(page.get_by_text("Times in America/Chicago")).to_be_visible()
    point_at(page, 30)
    expect(page.locator(".tooltip strong")).to_contain_text("31 Dec 2025, 18:")
    page.get_by_label("From", exact=True).fill("2025-12-31T18:10")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("from=2026-01-01T00%3A10%3A00Z"))


def test_zone_fits_a_phone(mill: Visits) -> None:
    page = opened(mill, "fan", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.locator("header .site small")).to_be_in_viewport()


def test_points_list_shows_kinds(mill: Visits) -> None:
    page = opened(mill, "fan")
    expect(page.locator(".rows .kind")).to_have_text(
        ["binary", "setpoint", "counter, rollover 99,999", "multistate, Off = 0, Auto = 2", "analog"]
    )


def test_cursor_reads_the_value_in_force(mill: Visits) -> None:
    page = opened(mill, "fan", "limit", "temperature", "mode")
    point_at(page, 29.8)
    # The sample of minute 29 is in force, that of minute 30 is nearer.
    values = page.locator(".legend td.last")
    expect(values).to_have_text(["Off", "0 ", "1 ", "no value"])
    point_at(page, 2.4)
    expect(values).to_have_text(["Off", "0 ", "0 ", "Auto"])


# How far apart the line crosses a high and a low row of the plot, in pixels.
WIDTH_OF_RISE = """() => {
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = document.querySelector("figure .u-over");
    const canvas = new OffscreenCanvas(offsetWidth, offsetHeight);
    const copy = canvas.getContext("2d", { willReadFrequently: true });
    copy.drawImage(document.querySelector("figure canvas"), -offsetLeft, -offsetTop);
    const ink = getComputedStyle(document.querySelector(".legend .swatch")).color.match(/\\d+/g).map(Number);
    const [low, high] = [0.75, 0.25].map((share) => {
        const { data } = copy.getImageData(0, Math.round(share * offsetHeight) + 3, offsetWidth, 1);
        const near = (column) => ink.every((level, index) => Math.abs(data[4 * column + index] - level) < 90);
        return Array.from({ length: offsetWidth }, (_, column) => column).find(near);
    });
    return high - low;
}"""


def test_values_in_force_are_steps(mill: Visits) -> None:
    assert abs(opened(mill, "limit").evaluate(WIDTH_OF_RISE)) <= 1
    assert opened(mill, "temperature").evaluate(WIDTH_OF_RISE) >= 4
