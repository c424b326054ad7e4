"""What the page makes of answers that come late, refuse or hold odd names."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.support.browser import Visits
from tests.support.stack import aws_client, token_for
from vitals.model.points import ListedPoint
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

pytestmark = pytest.mark.integration

SITES = re.compile(r"/sites$")
QUERY = re.compile(r"/timeseries/query")
ODD_NAMES = [
    "ahu,1/supply, temp",
    "50%/100%25#3?&=+",
    "\"quoted\" 'twice'",
    "<img src=x onerror=alert(1)>",
    "Größe/温度",
]
# In which a list of them on the page would hide something: by blanks, order or signs without a form.
HOSTILE_NAMES = [
    "\0",
    " ",
    ",",
    "two\nlines,\tone\0NUL",
    "\u200b",
    "\u2028",
    "\u202egnp.exe",
    "e\u0301\u0323",
    "\U0001f321" * 512,
]


@pytest.fixture(scope="module")
def points(stack: dict[str, Any]) -> list[str]:
    headers = {"Authorization": f"Bearer {stack['token']}"}
    [site, *_] = requests.get(f"{stack['api']}/sites", headers=headers, timeout=40).json()["sites"]
    address = f"{stack['api']}/sites/{site['site_name']}/points"
    listed = requests.get(address, {"limit": 20}, headers=headers, timeout=40).json()["points"]
    return [point["point_name"] for point in listed]


def fragment(points: list[str], **shown: str) -> str:
    return "#/explore?" + urlencode([*(("point", name) for name in points), *shown.items()])


def length_of(page: Page) -> int:
    """Of the span on view, in ms."""
    chart = page.locator("figure")
    return int(chart.get_attribute("data-to") or 0) - int(chart.get_attribute("data-from") or 0)


def drawn(page: Page, lines: int) -> None:
    expect(page.locator(f"figure[data-state=drawn][data-series='{lines}']")).to_be_visible()


def test_a_new_site_appears_without_a_reload(visits: Visits) -> None:
    page = visits.blank()
    page.clock.install()
    page.route(SITES, lambda route: route.fulfill(json={"sites": []}))
    page.goto(visits.address)
    expect(page.get_by_role("main")).to_contain_text("No site to show")
    page.unroute(SITES)
    page.clock.fast_forward(61_000)
    expect(page.get_by_role("region", name="Points")).to_be_visible()


def test_typed_edges_stay_while_the_chart_moves(visits: Visits, points: list[str]) -> None:
    page = visits.blank()
    page.clock.install()
    page.goto(visits.address + fragment(points[:1], range="1h"))
    drawn(page, 1)
    start = page.get_by_label("From")
    typed = start.input_value()[:10] + "T00:00"
    start.fill(typed)
    with page.expect_request(QUERY):
        page.clock.fast_forward(61_000)
    drawn(page, 1)
    expect(start).to_have_value(typed)
    start.press("Enter")
    expect(page).to_have_url(re.compile(r"from=.*T00%3A00%3A00Z&to="))


def test_a_search_that_failed_shows_no_other_points(visits: Visits) -> None:
    visits.allow("answer 503 GET .*/points")
    page = visits.open()
    picker = page.get_by_role("region", name="Points")
    expect(picker.get_by_role("checkbox").first).to_be_visible()
    refused = re.compile("search=humidity")
    page.route(refused, lambda route: route.fulfill(status=503, json={"error": "DynamoDB did not answer"}))
    picker.get_by_label("Search points").fill("humidity")
    expect(picker.get_by_role("alert")).to_contain_text("DynamoDB did not answer")
    expect(picker.get_by_role("checkbox")).to_have_count(0)
    page.unroute(refused)
    picker.get_by_role("button", name="Try again").click()
    expect(picker).to_contain_text(re.compile(r"[1-9]\d* found"))
    for name in picker.get_by_role("checkbox").all():
        expect(name).to_have_accessible_name(re.compile("humidity", re.I))


def test_an_estimate_belongs_to_the_forms_days(visits: Visits) -> None:
    held: list[Route] = []
    page = visits.open("#/backfills")
    start = re.compile("/backfill/start$")
    page.route(start, lambda route: held.append(route))
    page.get_by_label("First day").fill("2026-01-10")
    page.get_by_label("Last day").fill("2026-01-12")
    with page.expect_request(start):
        page.get_by_role("button", name="Dry run").click()
    expect(page.locator("output")).to_contain_text("Estimating")
    page.get_by_label("First day").fill("2026-01-01")
    plan = {"site_name": "s", "start_date": "2026-01-10", "end_date": "2026-01-12", "force": False}
    plan |= {"days_total": 3, "days_complete": 0, "estimate": {"requests": 72, "minutes": 1, "dollars": 1}}
    held[0].fulfill(json=plan)
    expect(page.locator("output")).to_be_empty()
    page.get_by_label("First day").fill("2026-01-10")
    with page.expect_request(start):
        page.get_by_role("button", name="Dry run").click()
    page.wait_for_function("document.querySelector('output').textContent.includes('Estimating')")
    held[1].fulfill(json=plan)
    expect(page.locator("output")).to_contain_text("3 days to read")


def test_a_zoom_survives_a_change_of_colours(visits: Visits, points: list[str]) -> None:
    page = visits.open(fragment(points[:1], range="24h"))
    drawn(page, 1)
    day = length_of(page)
    with page.expect_request(QUERY):
        page.get_by_role("figure").press("+")
        page.emulate_media(color_scheme="dark")
    drawn(page, 1)
    assert length_of(page) == pytest.approx(day / 1.25, rel=0.01)


def test_two_clicks_at_once_choose_two_points(visits: Visits) -> None:
    page = visits.open()
    expect(page.get_by_role("checkbox").nth(1)).to_be_visible()
    page.evaluate(
        """async () => {
            const [one, other] = document.querySelectorAll(".rows input");
            one.click();
            for (let turn = 0; turn < 5; turn++) await null;
            other.click();
        }"""
    )
    drawn(page, 2)


def test_a_link_draws_more_points_than_colours(visits: Visits, points: list[str]) -> None:
    page = visits.open(fragment([*points[:12], points[0], ""], range="24h"))
    drawn(page, 12)
    visits.picture(page, "explore-twelve")


def test_escape_closes_dialogs_and_restores_focus(visits: Visits, points: list[str]) -> None:
    page = visits.open(fragment(points[:1], range="1h"))
    drawn(page, 1)
    page.get_by_role("button", name="Download").press("Enter")
    page.get_by_role("button", name="CSV", exact=True).focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Download")).to_have_count(0)
    expect(page.get_by_role("button", name="Download")).to_be_focused()


@pytest.fixture
def oddly_named(stack: dict[str, Any]) -> Iterator[str]:
    """The token of a site whose points have odd names."""
    name, dynamodb, table = "odd_names", aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"]
    named = [ListedPoint(listed_name, "°C", listed_name, 60) for listed_name in (*ODD_NAMES, *HOSTILE_NAMES)]
    CatalogTable(dynamodb, table).refresh(name, named)
    SiteTable(dynamodb, table).record_catalog(name, name, len(named), time.time_ns() // 1_000_000)
    try:
        yield token_for(stack, name, "read", name)
    finally:
        dynamodb.delete_item(TableName=table, Key=keys.site_record(name))


def test_points_of_any_name_are_linked_and_removed(visits: Visits, oddly_named: str) -> None:
    page = visits.open(token=oddly_named)
    for chosen, name in enumerate(ODD_NAMES, 1):
        page.get_by_role("region", name="Points").get_by_title(name, exact=True).click()
        drawn(page, chosen)
    link = page.url.partition("/#")[2]
    again = visits.open(f"#{link}", token=oddly_named)
    drawn(again, len(ODD_NAMES))
    rows = again.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(1 + len(ODD_NAMES))
    for row, name in enumerate(ODD_NAMES, 1):
        expect(rows.nth(row)).to_contain_text(name)
    assert again.locator("img[src]").count() == 0
    for remaining, name in reversed(list(enumerate(ODD_NAMES))[1:]):
        again.get_by_role("button", name=f"Remove {name}", exact=True).click()
        drawn(again, remaining)


def test_invisible_names_are_chosen_linked_and_requested(visits: Visits, oddly_named: str) -> None:
    """By their place in the list, for they can't be told apart otherwise."""
    in_order = sorted([*ODD_NAMES, *HOSTILE_NAMES])
    page = visits.open(token=oddly_named)
    boxes = page.get_by_role("region", name="Points").get_by_role("checkbox")
    expect(boxes).to_have_count(len(in_order))
    for chosen, name in enumerate(HOSTILE_NAMES, 1):
        boxes.nth(in_order.index(name)).check()
        drawn(page, chosen)
    link = page.url.partition("/#")[2]
    assert parse_qs(link.partition("?")[2], keep_blank_values=True)["point"] == HOSTILE_NAMES
    again = visits.blank(token=oddly_named)
    with again.expect_response(QUERY) as queried, again.expect_response(re.compile(r"/latest$")) as newest:
        again.goto(f"{visits.address}#{link}")
    assert [series["point_name"] for series in queried.value.json()["series"]] == HOSTILE_NAMES
    assert {entry["point_name"] for entry in newest.value.json()["latest"]} == set(in_order)
    drawn(again, len(HOSTILE_NAMES))
    # Each has a name that is seen, and what is not known of it is not made up.
    labels = [label.strip() for label in boxes.evaluate_all("all => all.map((one) => one.ariaLabel)")]
    assert all(labels)
    expect(again.get_by_text("no value")).to_have_count(len(in_order))
