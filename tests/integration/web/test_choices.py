"""What a chart shows, chosen on the page: zone, days, buckets, measure and comparison, by its requests."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

pytestmark = pytest.mark.integration

QUERY = re.compile("/timeseries/query")
FIELDS: dict[str, dict[str, Any]] = {
    "fan": {"kind": "binary"},
    "meter": {"kind": "counter"},
    "other meter": {"kind": "counter"},
    "temperature": {},
    "valve setpoint": {"kind": "setpoint"},
}
VALUES = {"fan": [0.0, 1.0], "meter": [5.0], "other meter": [6.0], "temperature": [20.5]}
# A Wednesday at 15:30 in Chicago, three days after its clocks were turned.
WEDNESDAY = "2026-03-11T20:30:00Z"
YEAR = {"from": iso(FROM_MS), "to": iso(FROM_MS + 300 * DAY_MS)}
HOUR = {"from": iso(FROM_MS), "to": iso(FROM_MS + HOUR_MS)}


@pytest.fixture
def api() -> LaidOutApi:
    api = LaidOutApi()
    api.timezone, api.fields = "America/Chicago", FIELDS
    api.units = dict.fromkeys(FIELDS, "") | {"meter": "kilowattHours", "other meter": "kilowattHours"}
    api.values = VALUES
    return api


def opened(mill: Visits, api: LaidOutApi, *points: str, now: str = "", **shown: str) -> Page:
    """The page of a browser in New York at the points, once it is drawn."""
    options = {"viewport": PHONE} if shown.pop("phone", "") else {}
    page = mill.blank(timezone_id="America/New_York", **options)
    if now:
        page.clock.install(time=now)
    page.route(f"{ADDRESS}/**", api.answer)
    named = [("point", name) for name in points]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *named, *shown.items()]))
    expect(page.locator("figure[data-state=drawn]" if points else ".start")).to_be_visible()
    return page


def choose(page: Page, menu: str, entry: str) -> None:
    """Chooses an entry of a menu, and waits until it is drawn."""
    page.get_by_role("button", name=re.compile(f"^{menu}")).click()
    with page.expect_request(QUERY):
        option(page, entry).click()
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()


def option(page: Page, entry: str) -> Locator:
    return page.get_by_role("option", name=re.compile(f"^{entry}"))


def chosen(page: Page) -> dict[str, str]:
    """What the address says beside the site and the points."""
    parameters = parse_qs(urlsplit(page.url.replace("#/explore", "")).query)
    return {name: values[0] for name, values in parameters.items() if name not in ("site", "point")}


def without_points(request: dict[str, Any]) -> dict[str, str]:
    names = ("start_time", "end_time", "resolution", "measure", "timezone")
    return {name: request[name] for name in names if name in request}


def test_zone_of_the_browser_is_a_choice(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", **HOUR)
    expect(page.get_by_text("Times in America/Chicago")).to_be_visible()
    start = page.get_by_label("From", exact=True)
    expect(start).to_have_value("2025-12-31T18:00")
    with page.expect_request(QUERY):
        page.get_by_role("button", name="Use the browser's").click()
    expect(page.get_by_text("Times in America/New_York")).to_be_visible()
    expect(start).to_have_value("2025-12-31T19:00")
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    assert [request.get("timezone") for request in api.requests] == [None, "America/New_York"]
    assert chosen(page)["zone"] == "browser"
    choose(page, "Measure", "Increase")
    assert api.requests[-1]["timezone"] == "America/New_York"
    with page.expect_request(QUERY):
        page.get_by_role("button", name="Use the site's").click()
    expect(start).to_have_value("2025-12-31T18:00")
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    assert api.requests[-1]["timezone"] == "America/Chicago"
    assert "zone" not in chosen(page)


def test_no_switch_between_equal_zones(mill: Visits, api: LaidOutApi) -> None:
    api.timezone = "America/New_York"
    page = opened(mill, api, "meter", **HOUR)
    expect(page.get_by_text("Times in America/New_York")).to_be_visible()
    expect(page.get_by_role("button", name="Use the")).to_have_count(0)


@pytest.mark.parametrize(
    ("entry", "name", "start", "end"),
    [
        ("Today", "today", "2026-03-11T05:00:00Z", "2026-03-11T20:31:00Z"),
        ("Yesterday", "yesterday", "2026-03-10T05:00:00Z", "2026-03-11T05:00:00Z"),
        ("This week", "this-week", "2026-03-09T05:00:00Z", "2026-03-11T20:31:00Z"),
        # The clocks were turned on its Sunday.
        ("Last week", "last-week", "2026-03-02T06:00:00Z", "2026-03-09T05:00:00Z"),
        ("This month", "this-month", "2026-03-01T06:00:00Z", "2026-03-11T20:35:00Z"),
        ("Last month", "last-month", "2026-02-01T06:00:00Z", "2026-03-01T06:00:00Z"),
        ("This year", "this-year", "2026-01-01T06:00:00Z", "2026-03-11T21:00:00Z"),
    ],
)
def test_days_are_of_the_zone(
    mill: Visits, api: LaidOutApi, entry: str, name: str, start: str, end: str
) -> None:
    page = opened(mill, api, "meter", now=WEDNESDAY, range="7d")
    choose(page, "Days", entry)
    assert without_points(api.requests[-1]) == {"start_time": start, "end_time": end}
    assert chosen(page) == {"range": name}
    expect(page.get_by_role("button", name=f"Days {entry}")).to_be_visible()
    assert page.get_by_role("button", name="Live").get_attribute("aria-pressed") == (
        "false" if entry.startswith(("Last", "Yest")) else "true"
    )


def test_today_follows_the_time(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", now="2026-03-12T04:58:30Z", range="today")
    assert api.requests[-1]["end_time"] == "2026-03-12T04:59:00Z"
    page.clock.fast_forward(60_000)
    expect(page.get_by_label("to", exact=True)).to_have_value("2026-03-12T00:00")
    page.clock.fast_forward(60_000)
    # Midnight has passed.
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-03-12T00:00")


def test_menus_are_worked_by_keys(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", **HOUR)
    button = page.get_by_role("button", name="Resolution")
    button.focus()
    page.keyboard.press("ArrowDown")
    entries = page.get_by_role("listbox", name="Resolution")
    expect(entries).to_be_focused()
    active = entries.locator(".active")
    expect(active).to_contain_text("Automatic")
    page.keyboard.press("End")
    expect(active).to_contain_text("1 month")
    page.keyboard.press("Home")
    expect(active).to_contain_text("Automatic")
    page.keyboard.press("1")
    expect(active).to_contain_text("15 minutes")
    page.keyboard.press("Escape")
    expect(entries).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Resolution 5 minutes")).to_be_focused()
    assert chosen(page)["resolution"] == "5m"


def test_entries_say_why_they_do_not_apply(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", measure="increase", **YEAR)
    page.get_by_role("button", name="Resolution").click()
    expect(option(page, "5 minutes")).to_contain_text("would have more than 30,000 buckets")
    expect(option(page, "All samples")).to_contain_text("Increase needs buckets; choose a length")
    requests = len(api.requests)
    option(page, "All samples").click(force=True)
    expect(option(page, "All samples")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Measure").click()
    expect(option(page, "Running time")).to_contain_text("No binary point is selected")
    assert len(api.requests) == requests


def test_only_measured_points_are_in_buckets(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", "fan", "temperature", now=WEDNESDAY, range="this-week")
    assert [request["point_names"] for request in api.requests] == [["meter", "fan", "temperature"]]
    api.requests.clear()
    choose(page, "Measure", "Running time")
    measured, sampled = sorted(api.requests, key=lambda request: "measure" not in request)
    assert measured["point_names"] == ["fan"]
    assert without_points(measured) == {
        "start_time": "2026-03-09T05:00:00Z",
        "end_time": "2026-03-11T20:31:00Z",
        "resolution": "1d",
        "measure": "runtime",
        "timezone": "America/Chicago",
    }
    assert "width" not in measured
    assert sampled["point_names"] == ["meter", "temperature"]
    assert "measure" not in sampled
    assert "width" in sampled
    assert chosen(page) == {"range": "this-week", "measure": "runtime"}


@pytest.mark.parametrize(
    ("shown", "resolution"), [("24h", "1h"), ("30d", "1d"), ("90d", "1d"), ("1y", "1mo")]
)
def test_buckets_fit_the_range(mill: Visits, api: LaidOutApi, shown: str, resolution: str) -> None:
    page = opened(mill, api, "meter", measure="increase", range=shown)
    assert api.requests[-1]["resolution"] == resolution
    title = {"1h": "1 hour", "1d": "1 day", "1mo": "1 month"}[resolution]
    expect(page.get_by_role("button", name=f"Resolution Automatic, {title}")).to_be_visible()


def test_totals_are_shown_whole_and_move(mill: Visits, api: LaidOutApi) -> None:
    # From 10:00 of Monday to 09:00 of Wednesday.
    span = {"from": "2026-03-16T15:00:00Z", "to": "2026-03-18T14:00:00Z"}
    shown = {"measure": "increase", "resolution": "1d"}
    page = opened(mill, api, "meter", now="2026-04-01T00:00:00Z", **shown, **span)
    figure = page.locator("figure")
    assert span_of(figure) == ("2026-03-16T05:00:00Z", "2026-03-19T05:00:00Z")
    figure.focus()
    for key in ("ArrowLeft", "ArrowLeft"):
        with page.expect_request(QUERY):
            page.keyboard.press(key)
            page.clock.run_for(1_000)
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    # A tenth of three days each, by which the hours of both edges move.
    start, end = chosen(page)["from"], chosen(page)["to"]
    assert (start, end) == ("2026-03-16T00:36:00Z", "2026-03-17T23:36:00Z")
    assert span_of(figure) == ("2026-03-15T05:00:00Z", "2026-03-18T05:00:00Z")


def span_of(figure: Locator) -> tuple[str, str]:
    start, end = (figure.get_attribute(f"data-{edge}") for edge in ("from", "to"))
    return iso(int(start or 0)), iso(int(end or 0))


def test_means_are_of_continuous_values_only(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "fan", "temperature", "valve setpoint", **HOUR)
    api.requests.clear()
    choose(page, "Resolution", "1 hour")
    by_measure = {request.get("measure"): request["point_names"] for request in api.requests}
    assert by_measure == {"mean": ["temperature"], None: ["fan", "valve setpoint"]}


def test_all_samples_are_read_on_request(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "temperature", **HOUR)
    choose(page, "Resolution", "All samples")
    assert api.requests[-1]["resolution"] == "raw"
    assert "width" in api.requests[-1]
    choose(page, "Measure", "Maximum")
    assert "resolution" not in chosen(page)
    assert api.requests[-1]["resolution"] == "1h"


def test_a_comparison_keeps_the_local_time(mill: Visits, api: LaidOutApi) -> None:
    # A Monday; on the Sunday before it the clocks were turned.
    day = {"from": "2026-03-09T05:00:00Z", "to": "2026-03-10T05:00:00Z"}
    page = opened(mill, api, "temperature", **day)
    choose(page, "Compare with", "A week earlier")
    spans = {(request["start_time"], request["end_time"]) for request in api.requests}
    assert spans == {
        ("2026-03-09T05:00:00Z", "2026-03-10T05:00:00Z"),
        ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"),
    }
    assert chosen(page)["vs"] == "1w"
    api.requests.clear()
    choose(page, "Compare with", "52 weeks earlier")
    assert "2025-03-10T05:00:00Z" in [request["start_time"] for request in api.requests]
    assert chosen(page)["vs"] == "364d"


def test_a_date_is_compared(mill: Visits, api: LaidOutApi) -> None:
    day = {"from": "2026-03-09T05:00:00Z", "to": "2026-03-10T05:00:00Z"}
    page = opened(mill, api, "temperature", **day)
    page.get_by_role("button", name="Compare with").click()
    page.get_by_label("The range that begins on").fill("2026-01-05")
    with page.expect_request(QUERY):
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Compare with from 2026-01-05")).to_be_focused()
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    assert api.requests[-1]["start_time"] == "2026-01-05T06:00:00Z"
    choose(page, "Compare with", "Nothing")
    assert "vs" not in chosen(page)


def test_counters_propose_their_increase(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", "other meter", now=WEDNESDAY, range="this-week")
    expect(page.get_by_text("These are counters.")).to_be_visible()
    with page.expect_request(QUERY):
        page.get_by_role("button", name="Show increase per day").click()
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    assert api.requests[-1]["measure"] == "increase"
    expect(page.get_by_text("These are counters.")).to_have_count(0)
    page.get_by_role("checkbox").nth(3).check()
    expect(page.locator("figure[data-state=drawn][data-series='3']")).to_be_visible()


def test_week_over_week_needs_few_clicks(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, now=WEDNESDAY)
    page.get_by_label("Search points").fill("meter")
    expect(page.get_by_text("2 found")).to_be_visible()
    for box in (0, 1):
        page.get_by_role("checkbox").nth(box).check()
    choose(page, "Days", "This week")
    choose(page, "Measure", "Increase")
    choose(page, "Compare with", "A week earlier")
    assert {request["start_time"] for request in api.requests[-2:]} == {
        "2026-03-09T05:00:00Z",
        "2026-03-02T06:00:00Z",
    }
    key = page.get_by_role("list", name="Ranges").get_by_role("listitem")
    texts = [re.sub(r"\s*\u2013\s*", " to ", text) for text in key.all_text_contents()]
    assert texts == ["A week earlier, 2 to 4 Mar 2026", "This range, 9 to 11 Mar 2026", "Not over"]
    mill.picture(page, "explore-week-over-week")


def test_choices_fit_a_phone(mill: Visits, api: LaidOutApi) -> None:
    page = opened(mill, api, "meter", phone="yes", measure="increase", vs="364d", **HOUR)
    for menu in ("Days", "Resolution", "Measure", "Compare with"):
        page.get_by_role("button", name=re.compile(f"^{menu}")).click()
        expect(page.get_by_role("listbox", name=menu)).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        page.keyboard.press("Escape")
