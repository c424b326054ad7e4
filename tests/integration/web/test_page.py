"""The frame of the page: signing in, what is told when something is missing, keyboard, width and colours."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.support.browser import PHONE, Visits
from tests.support.stack import aws_client, token_for
from vitals.model.points import ListedPoint
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

pytestmark = pytest.mark.integration

PAGES = ("Explore", "Coverage", "Quality", "Backfills", "Status")
SITES = re.compile(r"/sites$")
WHOLE_BUILDING = 4_583
# The page Quality, before a day is archived.
NOT_ARCHIVED = r"answer 404 GET /sites/.*/quality"


@contextmanager
def site_with(stack: dict[str, Any], name: str, points: int) -> Iterator[str]:
    """A site that has been listed and never polled; the token that shows it and no other."""
    dynamodb, table = aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"]
    listed = [
        ListedPoint(
            f"{name}/device {i // 10:03}/{i:04}", "°C", f"Sensor {i:04}", 60, device=f"device {i // 10:03}"
        )
        for i in range(points)
    ]
    CatalogTable(dynamodb, table).refresh(name, listed)
    SiteTable(dynamodb, table).record_catalog(name, name.title(), points, time.time_ns() // 1_000_000)
    try:
        yield token_for(stack, name, "read", name)
    finally:
        dynamodb.delete_item(TableName=table, Key=keys.site_record(name))


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Open").click()


def signed_in(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    expect(page.get_by_label("Site")).not_to_have_value("")


def test_the_token_is_requested_once_per_session(stack: dict[str, Any], visits: Visits) -> None:
    page = visits.open("#/status", token="")
    sign_in(page, stack["token"])
    signed_in(page)
    page.reload()
    signed_in(page)
    expect(page.get_by_role("link", name="Status")).to_have_attribute("aria-current", "page")
    another = visits.open(token="")
    expect(another.get_by_label("Access token")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Access token")).to_be_visible()


def test_a_bad_token_is_refused_and_replaceable(stack: dict[str, Any], visits: Visits) -> None:
    visits.allow("answer 401 GET /sites$")
    page = visits.open(token="")
    sign_in(page, "not-a-token")
    expect(page.get_by_role("alert")).to_contain_text("a valid bearer token is needed")
    visits.picture(page, "bad-token")
    sign_in(page, stack["token"])
    signed_in(page)


def test_an_expired_token_is_told_with_its_end(stack: dict[str, Any], visits: Visits) -> None:
    visits.allow("answer 401 GET /sites$")
    page = visits.open(token=token_for(stack, "page-expired", "read", "*", lasts_ms=-60_000))
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"expired at \d{4}-\d\d-\d\dT[\d:.]+Z"))
    expect(page.get_by_role("alert")).to_contain_text("use a new one")
    expect(page.get_by_label("Access token")).to_be_visible()
    visits.picture(page, "expired-token")


def test_a_token_that_may_not_read_is_told(stack: dict[str, Any], visits: Visits) -> None:
    visits.allow("answer 403 GET /sites$")
    page = visits.open(token=token_for(stack, "page-no-read", "backfill", "*"))
    expect(page.get_by_role("alert")).to_contain_text("Ask the operator for a token that allows this")


def test_a_token_without_a_site_is_told(stack: dict[str, Any], visits: Visits) -> None:
    page = visits.open(token=token_for(stack, "page-elsewhere", "read", "another_site"))
    expect(page.get_by_role("main")).to_contain_text("No site to show")
    expect(page.get_by_role("main")).to_contain_text("This token grants no site that has been synced")
    visits.picture(page, "no-site")


def test_an_unreachable_api_is_reported_and_retried(visits: Visits) -> None:
    visits.allow("no answer .* GET /sites$")
    page = visits.blank()
    page.route(SITES, lambda route: route.abort("connectionrefused"))
    page.goto(visits.address)
    expect(page.get_by_role("alert")).to_contain_text("The API can't be reached")
    expect(page.get_by_role("alert")).to_contain_text("that the stack is up")
    visits.picture(page, "api-down")
    page.unroute(SITES)
    page.get_by_role("button", name="Try again").click()
    signed_in(page)


def test_a_slow_response_is_waited_for(visits: Visits) -> None:
    held: list[Route] = []
    page = visits.blank()
    page.route(SITES, lambda route: held.append(route))
    page.goto(visits.address)
    expect(page.get_by_role("status")).to_contain_text("Loading sites")
    [route] = held
    route.continue_()
    signed_in(page)


def test_a_site_that_is_not_there_is_named(visits: Visits) -> None:
    page = visits.open("#/coverage?site=nowhere")
    expect(page.get_by_role("main")).to_contain_text("There is no site “nowhere” for this token")
    visits.picture(page, "no-such-site")
    page.get_by_label("Site").select_option(index=1)
    expect(page.get_by_role("main")).not_to_contain_text("There is no site")
    expect(page.get_by_role("link", name="Coverage")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("name", ["Explore", "Coverage", "Status"])
def test_a_site_without_points_is_told_as_such(stack: dict[str, Any], visits: Visits, name: str) -> None:
    with site_with(stack, "empty", 0) as token:
        page = visits.open(f"#/{name.lower()}", token=token)
        signed_in(page)
        expect(page.get_by_role("main")).to_contain_text(re.compile("(no|nothing|never) ", re.I))
        expect(page.get_by_role("alert")).to_have_count(0)
        visits.picture(page, f"{name.lower()}-empty")


LAST_ROW_BY_SCROLLING = """(last) => {
    const list = document.querySelector(".rows");
    list.scrollTop = list.scrollHeight;
    return list.querySelector(`[data-row="${last}"]`) !== null;
}"""


def test_all_points_of_a_large_building_are_listed(stack: dict[str, Any], visits: Visits) -> None:
    with site_with(stack, "whole_building", WHOLE_BUILDING) as token:
        page = visits.open(token=token)
        picker = page.get_by_role("region", name="Points")
        expect(picker).to_contain_text("4,583 points")
        expect(picker.get_by_role("checkbox", name="Sensor 0000")).to_be_visible()
        visits.picture(page, "whole-building")
        page.wait_for_function(LAST_ROW_BY_SCROLLING, arg=WHOLE_BUILDING - 1, timeout=60_000)
        expect(picker.get_by_role("checkbox", name="Sensor 4582")).to_be_visible()
        assert picker.get_by_role("checkbox").count() < 100
        picker.get_by_label("Search points").fill("sensor 2222")
        expect(picker).to_contain_text("1 found")
        picker.get_by_role("checkbox", name="Sensor 2222").check()
        expect(page.locator("figure[data-state=drawn]")).to_have_attribute("data-series", "1")


def test_the_address_without_a_slash_reaches_the_page(stack: dict[str, Any], visits: Visits) -> None:
    # The browser looks ahead for the files before the page leads it away.
    visits.allow("answer 404 GET .*/assets/")
    page = visits.blank()
    page.goto(stack["api"] + "#/status")
    page.wait_for_url(visits.address + "#/status")
    signed_in(page)


def focused(page: Page) -> str:
    """The name of the element that has the focus, after making sure that one sees that it has it."""
    element: dict[str, str] = page.evaluate(
        """() => {
            const at = document.activeElement;
            const label = at.labels?.[0]?.textContent ?? at.textContent;
            return { name: at.ariaLabel ?? label, outline: getComputedStyle(at).outlineStyle };
        }"""
    )
    assert element["outline"] != "none", element
    return element["name"].strip()


def test_the_keyboard_follows_the_reading_order(page: Page) -> None:
    signed_in(page)
    order = []
    for _ in range(len(PAGES) + 4):
        page.keyboard.press("Tab")
        order.append(focused(page).partition(":")[0])
    assert order[:-3] == ["Skip to the page", *PAGES]
    assert order[-3].startswith("Site")
    assert order[-2:] == ["Colours", "Sign out"]


def test_the_keyboard_alone_opens_a_page(page: Page) -> None:
    signed_in(page)
    page.keyboard.press("Tab")
    for _ in range(PAGES.index("Status") + 1):
        page.keyboard.press("Tab")
    assert focused(page) == "Status"
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Status")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Skip to the page").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(visits: Visits, name: str) -> None:
    visits.allow(NOT_ARCHIVED)
    page = visits.open(f"#/{name.lower()}", viewport=PHONE)
    signed_in(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    visits.picture(page, f"{name.lower()}-phone")


def test_the_picture_of_the_readme(stack: dict[str, Any], visits: Visits) -> None:
    """`cp .local/test/screenshots/explore.png docs/images/` brings it there."""
    headers = {"Authorization": f"Bearer {stack['token']}"}
    [site] = requests.get(f"{stack['api']}/sites", headers=headers, timeout=40).json()["sites"]
    points = []
    for search, limit in (("temperature", 2), ("co2", 1)):
        parameters: dict[str, str | int] = {"search": search, "limit": limit}
        address = f"{stack['api']}/sites/{site['site_name']}/points"
        points += requests.get(address, parameters, headers=headers, timeout=40).json()["points"]
    named = [("point", point["point_name"]) for point in points]
    # A replay begins anew where the stack came up, which is no day of an office.
    until = datetime.fromisoformat(site["synced_until"]) - timedelta(minutes=30)
    span = [("from", (until - timedelta(days=1)).isoformat()), ("to", until.isoformat())]
    page = visits.open("#/explore?" + urlencode([("site", site["site_name"]), *named, *span]))
    expect(page.locator("figure[data-state=drawn]")).to_have_attribute("data-series", str(len(points)))
    page.wait_for_load_state("networkidle")
    visits.picture(page, "explore")


def luminance(colour: str) -> float:
    """Of `rgb(…)`, as WCAG defines it."""
    parts = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [number / 12.92 if number <= 0.04045 else ((number + 0.055) / 1.055) ** 2.4 for number in parts]
    return sum(weight * number for weight, number in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ground_and_text(page: Page) -> tuple[float, float]:
    style = "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
    ground, text = map(luminance, page.evaluate(style))
    return ground, text


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_light_and_dark_colours(visits: Visits, name: str) -> None:
    visits.allow(NOT_ARCHIVED)
    grounds = {}
    for colours in ("light", "dark"):
        page = visits.open(f"#/{name.lower()}", color_scheme=colours)
        signed_in(page)
        page.wait_for_load_state("networkidle")
        ground, text = ground_and_text(page)
        lighter, darker = max(ground, text), min(ground, text)
        assert (lighter + 0.05) / (darker + 0.05) > 7
        grounds[colours] = ground
        visits.picture(page, f"{name.lower()}-{colours}")
    assert grounds["light"] > 0.8
    assert grounds["dark"] < 0.05


def test_colours_that_are_chosen_stay(page: Page) -> None:
    button = page.get_by_role("button", name="Colours")
    expect(button).to_have_accessible_name("Colours: system")
    button.click()
    button.click()
    expect(button).to_have_accessible_name("Colours: dark")
    assert ground_and_text(page)[0] < 0.05
    page.reload()
    expect(button).to_have_accessible_name("Colours: dark")
    assert ground_and_text(page)[0] < 0.05


def test_errors_in_the_browser_fail_their_test(visits: Visits) -> None:
    page = visits.open("#/status")
    signed_in(page)
    page.evaluate("console.error('a'); console.warn('b'); setTimeout(() => { throw Error('c') })")
    page.evaluate("fetch('nowhere').then((answer) => answer.text())")
    page.evaluate("document.body.innerHTML = '<p style=\"color: red\">d</p>'")
    page.route("https://elsewhere.example/", lambda route: route.fulfill(body="e"))
    page.evaluate("location.href = 'https://elsewhere.example/'")
    page.wait_for_url("https://elsewhere.example/")
    notes = "\n".join(visits.close())
    for note in (
        "console error: a",
        "console warning: b",
        "page error: .*c",
        "answer 40. GET /nowhere",
        "console error: .*Content Security Policy",
        "other origin GET https://elsewhere.example/",
    ):
        assert re.search(note, notes), (note, notes)
    visits.allow("")
