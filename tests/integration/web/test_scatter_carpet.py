"""Scatter and carpet in a browser: their numbers are those of DuckDB, their tabs and marks work by keys."""

import itertools
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import ALL_VIEWS, PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from tests.support.view_oracle import (
    MEASURES,
    QUARTER_MS,
    STEP_MS,
    Cell,
    HoursApi,
    Samples,
    ViewOracle,
)
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

pytestmark = pytest.mark.integration

CHICAGO = "America/Chicago"
# The day before a change of the clock, at UTC midnight.
SPRING, AUTUMN = "2026-03-07T00:00:00Z", "2026-10-31T00:00:00Z"
# Each kind at one change of the clock, two at each; or all.
CHANGES = [
    (start, kind)
    for place, kind in enumerate(MEASURES)
    for start in (SPRING, AUTUMN)
    if ALL_VIEWS or start == (SPRING, AUTUMN)[place % 2]
]
ZONES = ["Australia/Adelaide", *(["Asia/Kolkata", "Asia/Kathmandu"] if ALL_VIEWS else [])]
# Reads each cell by the arrow keys, row by row.
READ = """async () => {
    const figure = document.querySelector("figure.carpet");
    figure.focus();
    const press = (key) => {
        figure.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        return new Promise((resolve) => setTimeout(resolve));
    };
    const cells = [];
    for (let row = 0; row < Number(figure.dataset.rows); row++) {
        if (row) await press("ArrowDown");
        await press("Home");
        for (let hour = 0; hour < 24; hour++) {
            if (hour) await press("ArrowRight");
            const reading = document.querySelector(".reading");
            cells.push({ ...reading.dataset, text: reading.textContent });
        }
    }
    return cells;
}"""


@dataclass(frozen=True)
class Building:
    """The stack's site, two of its points, and a range without its newest hours."""

    api: str
    session: requests.Session
    name: str
    from_ms: int
    to_ms: int
    points: Sequence[str]

    def samples(self) -> Samples:
        content = {
            "site_name": self.name,
            "point_names": list(self.points),
            "start_time": self.from_ms,
            "end_time": self.to_ms,
            "resolution": "raw",
        }
        answer = self.session.post(f"{self.api}/timeseries/query", json=content, timeout=40).json()
        assert answer["metadata"]["next_token"] is None
        return {
            series["point_name"]: list(zip(series["timestamps"], series["values"], strict=True))
            for series in answer["series"]
        }

    def open(self, visits: Visits, view: str, points: int = 2, **options: Any) -> Page:
        named = [("point", name) for name in self.points[:points]]
        span = {"from": iso(self.from_ms), "to": iso(self.to_ms), "view": view}
        return visits.open("#/explore?" + urlencode([("site", self.name), *named, *span.items()]), **options)


@pytest.fixture(scope="module")
def building(stack: dict[str, Any]) -> Building:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {stack['token']}"
    [site, *_] = session.get(f"{stack['api']}/sites", timeout=40).json()["sites"]
    address = f"{stack['api']}/sites/{site['site_name']}/points"
    points = session.get(address, params={"limit": 1000}, timeout=40).json()["points"]
    analog = [point["point_name"] for point in points if point["kind"] == "analog"]
    until_ms = round(datetime.fromisoformat(site["synced_until"]).timestamp() * 1000)
    to_ms = until_ms // HOUR_MS * HOUR_MS - HOUR_MS
    building = Building(stack["api"], session, site["site_name"], to_ms - 30 * HOUR_MS, to_ms, analog[:12])
    counts = {name: len(values) for name, values in building.samples().items()}
    chosen = sorted(analog[:12], key=lambda name: -counts[name])[:2]
    return Building(stack["api"], session, building.name, building.from_ms, to_ms, chosen)


def drawn(page: Page, view: str) -> Locator:
    figure = page.locator(f"figure.{view}[data-state=drawn]")
    expect(figure).to_be_visible()
    return figure


def fit_of(page: Page) -> tuple[float, float, float, int]:
    drawn(page, "scatter")
    facts: dict[str, str] = page.locator("dl.fit").evaluate("(list) => ({ ...list.dataset })")
    return float(facts["slope"]), float(facts["intercept"]), float(facts["r2"]), int(facts["n"])


def cells_of(page: Page) -> dict[Cell, dict[str, str]]:
    drawn(page, "carpet")
    cells: list[dict[str, str]] = page.evaluate(READ)
    return {(cell["day"], int(cell["hour"])): cell for cell in cells}


def values_of(cells: dict[Cell, dict[str, str]]) -> dict[Cell, float]:
    return {key: float(cell["value"]) for key, cell in cells.items() if cell["kind"] == "value"}


def test_fit_equals_that_of_duckdb(building: Building, visits: Visits) -> None:
    x, y = building.points
    oracle = ViewOracle(building.samples())
    page = building.open(visits, "scatter")
    fit = fit_of(page)
    assert fit == pytest.approx(oracle.fit(x, y), rel=1e-9)
    assert fit[3] > 60
    buckets = (building.to_ms - building.from_ms) // QUARTER_MS
    expect(page.locator("dl.fit")).to_have_attribute("data-buckets", str(buckets))
    visits.picture(page, "scatter")
    page.get_by_role("button", name="Swap axes").click()
    expect(page).to_have_url(re.compile("swap=1"))
    expect(page.get_by_role("img", name="against")).to_be_visible()
    assert fit_of(page) == pytest.approx(oracle.fit(y, x), rel=1e-9)


def test_cells_equal_those_of_duckdb(building: Building, visits: Visits) -> None:
    name, other = building.points
    page = building.open(visits, "carpet")
    oracle = ViewOracle({name: building.samples()[name]})
    assert values_of(cells_of(page)) == pytest.approx(oracle.cells("analog"), rel=1e-9)
    visits.picture(page, "carpet")
    page.get_by_role("tabpanel").get_by_role("combobox").select_option(other)
    expect(page).to_have_url(re.compile("carpet="))
    oracle = ViewOracle({other: building.samples()[other]})
    assert values_of(cells_of(page)) == pytest.approx(oracle.cells("analog"), rel=1e-9)


def test_keys_change_the_view(building: Building, visits: Visits) -> None:
    page = building.open(visits, "lines")
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    page.get_by_role("tab", name="Chart").press("ArrowRight")
    expect(page).to_have_url(re.compile("view=scatter$"))
    drawn(page, "scatter")
    expect(page.get_by_role("tab", name="Scatter")).to_be_focused()
    page.keyboard.press("ArrowRight")
    drawn(page, "carpet")
    page.keyboard.press("Home")
    expect(page).not_to_have_url(re.compile("view="))
    expect(page.locator("figure[data-series='2'][data-state=drawn]")).to_be_visible()
    page.go_back()
    drawn(page, "carpet")


def test_marked_pairs_have_their_times(building: Building, visits: Visits) -> None:
    page = building.open(visits, "scatter")
    count = fit_of(page)[3]
    timeline = page.locator(".timeline")
    expect(timeline).to_have_attribute("data-marked", "0")
    page.locator("figure.scatter").press("ArrowDown")
    for key in ["ArrowLeft", "ArrowUp"] * 12 + ["Shift+ArrowRight", "Shift+ArrowDown"] * 24:
        page.keyboard.press(key)
    # The rectangle is the whole plot.
    expect(timeline).to_have_attribute("data-marked", str(count))
    spans = json.loads(timeline.get_attribute("data-spans") or "")
    assert sum(span["to"] - span["from"] for span in spans) == count * QUARTER_MS
    page.get_by_role("tab", name="Chart").click()
    expect(page.get_by_text(re.compile(r"Shaded: \d+ spans? marked in Scatter"))).to_be_visible()
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    visits.picture(page, "lines-marked")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("marked in Scatter")).to_have_count(0)
    page.get_by_role("tab", name="Scatter").click()
    expect(timeline).to_have_attribute("data-marked", "0")


def test_a_dragged_rectangle_marks_pairs(building: Building, visits: Visits) -> None:
    page = building.open(visits, "scatter")
    count = fit_of(page)[3]
    box = page.locator("figure.scatter").bounding_box()
    assert box
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    expect(page.locator(".timeline")).to_have_attribute("data-marked", str(count))
    expect(page.locator(".timeline")).to_contain_text(f"{count} marked")
    page.keyboard.press("Tab")
    page.locator("figure.scatter").press("Escape")
    expect(page.locator(".timeline")).to_have_attribute("data-marked", "0")


def test_a_scatter_of_one_point_says_so(building: Building, visits: Visits) -> None:
    page = building.open(visits, "scatter", points=1)
    expect(page.get_by_role("tabpanel")).to_contain_text("A scatter needs two points")


@pytest.mark.parametrize("view", ["scatter", "carpet"])
def test_views_fit_a_phone(building: Building, visits: Visits, view: str) -> None:
    page = building.open(visits, view, viewport=PHONE, color_scheme="dark")
    drawn(page, view)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    visits.picture(page, f"{view}-phone")


def generated(kind: str, from_ms: int, seed: int) -> list[tuple[int, float]]:
    """Returns three days of samples, every five minutes; of a counter they rise."""
    draw = random.Random(seed)
    times = range(from_ms, from_ms + 3 * DAY_MS, STEP_MS)
    if kind == "binary":
        return [(time_ms, float(draw.random() < 0.5)) for time_ms in times]
    values = [draw.uniform(0, 10) for _ in times]
    return list(zip(times, itertools.accumulate(values) if kind == "counter" else values, strict=True))


def open_carpet(visits: Visits, api: HoursApi, from_ms: int, **options: Any) -> Page:
    page = visits.blank(**options)
    page.route(f"{ADDRESS}/**", api.answer)
    [kind] = api.units
    span = {"from": iso(from_ms), "to": iso(from_ms + 3 * DAY_MS), "view": "carpet"}
    page.goto(f"{ADDRESS}/#/explore?" + urlencode({"site": SITE, "point": kind} | span))
    return page


@pytest.mark.parametrize(("start", "kind"), CHANGES)
def test_cells_survive_changes_of_the_clock(mill: Visits, kind: str, start: str) -> None:
    from_ms = round(datetime.fromisoformat(start).timestamp() * 1000)
    oracle = ViewOracle({kind: generated(kind, from_ms, seed=len(start + kind))}, CHICAGO)
    api = HoursApi(oracle, kind, CHICAGO)
    page = open_carpet(mill, api, from_ms)
    cells = cells_of(page)
    assert values_of(cells) == pytest.approx(oracle.cells(kind), rel=1e-9, abs=1e-9)
    assert set(api.measures) == {(MEASURES[kind][0], CHICAGO)}
    twice = [key for key, cell in cells.items() if "occurs twice" in cell["text"]]
    skipped = [key for key, cell in cells.items() if "this hour does not exist" in cell["text"]]
    assert twice == ([("2026-11-01", 1)] if start == AUTUMN else [])
    assert skipped == ([("2026-03-08", 2)] if start == SPRING else [])
    mill.picture(page, f"carpet-{start[:10]}-{kind}")


@pytest.mark.parametrize("zone", ZONES)
def test_cells_are_local_in_half_hours(mill: Visits, zone: str) -> None:
    from_ms = round(datetime.fromisoformat(AUTUMN).timestamp() * 1000)
    oracle = ViewOracle({"analog": generated("analog", from_ms, seed=1)}, zone)
    cells = values_of(cells_of(open_carpet(mill, HoursApi(oracle, "analog", zone), from_ms)))
    assert cells == pytest.approx(oracle.cells("analog"), rel=1e-9)


def test_empty_cells_name_their_reason(mill: Visits) -> None:
    from_ms = round(datetime.fromisoformat(AUTUMN).timestamp() * 1000)
    # The second of three days in UTC has no samples, but for its last hour.
    begin, end = from_ms + DAY_MS, from_ms + 2 * DAY_MS - HOUR_MS
    samples = [row for row in generated("analog", from_ms, seed=2) if not begin <= row[0] < end]
    oracle = ViewOracle({"analog": samples})
    api = HoursApi(oracle, "analog", "UTC")
    noon = from_ms + DAY_MS + 12 * HOUR_MS
    api.gaps = [
        {"start": iso(begin), "end": iso(noon), "reason": "not_polled"},
        {"start": iso(noon), "end": iso(end), "reason": "rejected"},
    ]
    page = open_carpet(mill, api, from_ms, color_scheme="dark")
    cells = cells_of(page)
    assert values_of(cells) == pytest.approx(oracle.cells("analog"), rel=1e-9)
    reasons = [cells["2026-11-01", hour]["text"].rpartition(" ")[2] for hour in range(23)]
    assert reasons == ["polled"] * 12 + ["rejected"] * 11
    mill.picture(page, "carpet-gaps")


@pytest.mark.parametrize("view", ["scatter", "carpet"])
def test_other_points_never_have_the_old_picture(mill: Visits, view: str) -> None:
    api = LaidOutApi()
    api.units = {"a": "", "b": "", "c": ""}
    page = mill.blank()
    page.route(f"{ADDRESS}/**", api.answer)
    span = [("from", iso(FROM_MS)), ("to", iso(FROM_MS + HOUR_MS)), ("view", view)]
    page.goto(
        f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *(("point", name) for name in "abc"), *span])
    )
    drawn(page, view)
    menu = page.get_by_role("tabpanel").get_by_role("combobox").first
    menu.focus()
    api.holding = True
    menu.select_option("c")
    expect(page.get_by_role("status")).to_contain_text("Loading")
    expect(page.locator("figure")).to_have_count(0)
    api.release()
    drawn(page, view)
    expect(page).to_have_url(re.compile("=c(&|$)"))
    expect(page.get_by_role("img", name=re.compile(r"\bc\b"))).to_be_visible()
    mill.allow("answer 500")
    page.route("**/timeseries/query*", lambda route: route.fulfill(status=500))
    menu.select_option("a")
    expect(page.get_by_role("alert")).to_contain_text("The API answered 500")
    expect(page.locator("figure")).to_have_count(0)
    expect(menu).to_be_focused()
