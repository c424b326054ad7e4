"""The table below the chart: statistics from the API, order, CSV and differences."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import HOUR_MS, iso

pytestmark = pytest.mark.integration

QUERY = re.compile("/timeseries/query")
SUMMARY = re.compile("/timeseries/summary")
KINDS = {"fan": "binary", "meter": "counter", "room": "analog", "yard": "analog"}
STATISTICS: dict[str, dict[str, float]] = {
    "fan": {"runtime": 5_400.0},
    "meter": {"min": 100.0, "max": 120.0, "increase": 20.0},
    "room": {"min": 18.5, "mean": 21.25, "max": 24.0},
    "yard": {"min": -3.0, "mean": 4.5, "max": 30.0},
}
NONE = "\N{EN DASH}"
HOUR = {"from": iso(FROM_MS), "to": iso(FROM_MS + HOUR_MS)}
WEEK = {"from": "2026-03-09T00:00:00Z", "to": "2026-03-16T00:00:00Z"}


@pytest.fixture
def api() -> LaidOutApi:
    api = LaidOutApi()
    api.fields = {name: {"kind": kind} for name, kind in KINDS.items()}
    api.units = {"fan": "", "meter": "kilowattHours", "room": "degreesCelsius", "yard": "degreesCelsius"}
    api.values = {"fan": [1.0], "meter": [120.0], "room": [22.0], "yard": [5.0]}
    api.statistics = lambda name, _start: STATISTICS[name]
    return api


def opened(mill: Visits, api: LaidOutApi, *points: str, **shown: Any) -> Page:
    options = {"viewport": PHONE} if shown.pop("phone", False) else {}
    page = mill.blank(**options)
    if shown.get("range"):
        page.clock.install()
    page.route(f"{ADDRESS}/**", api.answer)
    named = [("point", name) for name in points]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *named, *shown.items()]))
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    return page


def cells(page: Page, point: str) -> list[str]:
    """The cells of a row, as people read them."""
    row = page.locator(".legend tbody tr").filter(has_text=point)
    return [" ".join(text.split()) for text in row.get_by_role("cell").all_inner_texts()][1:-1]


def order(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".legend tbody td:first-child").all_inner_texts()]


def test_statistics_are_of_the_api(mill: Visits, api: LaidOutApi) -> None:
    api.timezone = "America/Chicago"
    page = opened(mill, api, "room", "meter", "fan", **HOUR)
    expect(page.locator(".legend")).to_contain_text("21.25 °C")
    head = page.get_by_role("columnheader").all_inner_texts()
    assert head[:-1] == ["Point", "Min", "Mean", "Max", "Last", "Increase", "Running time", "Coverage"]
    assert cells(page, "room") == ["18.5 °C", "21.25 °C", "24 °C", "22 °C", NONE, NONE, "100 %"]
    assert cells(page, "meter") == ["100 kWh", NONE, "120 kWh", "120 kWh", "20 kWh", NONE, "100 %"]
    assert cells(page, "fan")[5] == "1 h 30 min"
    assert api.summaries == [
        {
            "site_name": SITE,
            "point_names": ["room", "meter", "fan"],
            "start_time": HOUR["from"],
            "end_time": HOUR["to"],
            "timezone": "America/Chicago",
        }
    ]


def test_columns_sort_the_rows(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "room", "meter", "yard", **HOUR)
    expect(page.locator(".legend")).to_contain_text("21.25 °C")
    highest = page.get_by_role("columnheader", name="Max")
    for click, (rows, sort) in enumerate(
        [
            (["meter", "yard", "room"], "descending"),
            (["room", "yard", "meter"], "ascending"),
            (["room", "meter", "yard"], None),
        ]
    ):
        if click == 0:
            highest.get_by_role("button").press("Enter")
        else:
            highest.get_by_role("button").click()
        assert order(page) == rows
        assert highest.get_attribute("aria-sort") == sort


def test_table_is_copied_as_csv(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "room", "yard", **HOUR)
    expect(page.locator(".legend")).to_contain_text("21.25 °C")
    page.get_by_role("button", name="Copy as CSV").click()
    # This origin has no clipboard, so the text is shown.
    expect(page.get_by_label("The table as CSV")).to_have_value(
        "point_name,name,unit,Min,Mean,Max,Last,Coverage\n"
        "room,room,°C,18.5,21.25,24,22,1\n"
        "yard,yard,°C,-3,4.5,30,5,1\n"
    )


def test_statistics_follow_once_a_minute(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "room", range="1h")
    expect(page.locator(".legend")).to_contain_text("21.25 °C")
    for _ in range(4):
        with page.expect_request(QUERY):
            page.clock.fast_forward(31_000)
        expect(page.locator("figure[data-state=drawn]")).to_be_visible()
        expect(page.locator(".legend")).to_contain_text("21.25 °C")
    # Two minutes and four seconds touch at most three more minutes.
    assert 2 <= len(api.summaries) <= 4
    assert len(api.requests) == 5


def test_statistics_of_a_left_view_are_dropped(mill: Visits, api: LaidOutApi) -> None:
    page = mill.blank()
    page.route(f"{ADDRESS}/**", api.answer)
    held: list[Route] = []
    page.route(SUMMARY, lambda route: held.append(route))
    with page.expect_request(SUMMARY):
        page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), ("point", "room"), *HOUR.items()]))
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="7 d").click()
    [dropped, *_] = held
    assert dropped.request.failure == "net::ERR_ABORTED"


def test_missing_statistics_leave_what_is_drawn(mill: Visits, api: LaidOutApi) -> None:
    mill.allow("answer 503 POST /timeseries/summary")
    page = mill.blank()
    page.route(f"{ADDRESS}/**", api.answer)
    refusal = {"error": "DynamoDB did not answer", "error_code": "UNAVAILABLE", "request_id": "r-1"}
    page.route(SUMMARY, lambda route: route.fulfill(status=503, json=refusal))
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), ("point", "room"), *HOUR.items()]))
    expect(page.locator(".legend")).to_contain_text("Statistics are missing: DynamoDB did not answer")
    assert cells(page, "room") == ["22 °C", NONE, "22 °C", "22 °C", "100 %"]


def test_a_comparison_shows_the_difference(mill: Visits, api: LaidOutApi) -> None:
    api.statistics = lambda name, start: {"mean": 20.0 if start < WEEK["from"] else 21.0}
    page = opened(mill, api, "room", vs="1w", **WEEK)
    expect(page.locator(".legend")).to_contain_text("+1 °C")
    assert cells(page, "room")[4:6] == ["20 °C", "+5 % +1 °C"]
    assert [summary["start_time"] for summary in api.summaries] == [WEEK["from"], "2026-03-02T00:00:00Z"]


def test_bars_have_a_total_and_a_difference(mill: Visits, api: LaidOutApi) -> None:
    # Every day has 10 kWh, those of the week before 8.
    api.bucket = lambda start: 8.0 if iso(start) < WEEK["from"] else 10.0
    page = opened(mill, api, "meter", measure="increase", vs="1w", **WEEK)
    expect(page.get_by_role("columnheader", name="Total")).to_be_visible()
    minimum, mean, maximum, last, total, earlier, difference, _ = cells(page, "meter")
    assert [minimum, mean, maximum, last, total] == ["10 kWh"] * 4 + ["70 kWh"]
    # The last bucket of a laid-out answer is partial: six days are compared.
    assert (earlier, difference) == ("of 6 whole bars 48 kWh", "+25 % +12 kWh")


def test_table_fits_a_phone(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "room", "meter", "fan", phone=True, vs="1w", **HOUR)
    expect(page.locator(".legend")).to_contain_text("21.25 °C")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("columnheader", name="Coverage").scroll_into_view_if_needed()
    # The names stay while the columns move.
    expect(page.locator(".legend tbody td:first-child").first).to_be_in_viewport()
    mill.picture(page, "explore-table-phone")
