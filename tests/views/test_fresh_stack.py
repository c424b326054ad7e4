"""Explore with the readings of a fresh stack, in every look: a picture of each view, judged by axe-core."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.axe import ALL_LOOKS, SCREENS, violations
from tests.support.browser import Visits

type Query = Sequence[tuple[str, str]]

WEEK = {"range": "last-week"}
DAILY = {"measure": "increase", "resolution": "1d"}
# A point of each quantity by its tags, and how it is shown.
VIEWS: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "start": ([], {}),
    "panes": (["air,temp", "zone,sp", "air,co2"], WEEK),
    "one-pane": (["air,temp", "zone,sp", "air,co2"], WEEK | {"panes": "one"}),
    "lanes": (["air,temp", "fan,run"], {"range": "yesterday"}),
    "steps": (["air,temp", "zone,sp"], {"range": "yesterday"}),
    "bars": (["elec,energy", "elec,energy"], WEEK | DAILY),
    "runtime": (["fan,run"], WEEK | {"measure": "runtime", "resolution": "1d"}),
    "compared-lines": (["air,temp"], WEEK | {"vs": "1w"}),
    "compared-bars": (["elec,energy", "elec,energy"], WEEK | DAILY | {"vs": "1w"}),
    "this-week": (["elec,energy", "elec,energy"], {"range": "this-week", "vs": "1w"} | DAILY),
    "scatter": (["air,temp", "valve,cmd"], WEEK | {"view": "scatter"}),
    "carpet": (["air,co2"], WEEK | {"view": "carpet"}),
    "browser-zone": (["air,temp"], {"range": "yesterday", "zone": "browser"}),
}
DRAWN = "figure[data-state=drawn]"


class Building:
    """The site of the stack and its points."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._api, self._session = stack["api"], requests.Session()
        self._session.headers["Authorization"] = f"Bearer {stack['token']}"
        [site] = self._get("/sites")["sites"]
        self.name = site["site_name"]
        self._points = self._get(f"/sites/{self.name}/points")["points"]

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._session.get(self._api + path, timeout=40)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def _with_tags(self, role: str) -> Sequence[str]:
        """The names of the points that have the tags."""
        tags = set(role.split(","))
        return [point["point_name"] for point in self._points if tags <= set(point["tags"])]

    def named(self, *roles: str) -> Query:
        """A point for each role: the next one where a role is repeated."""
        counted = [(role, roles[:place].count(role)) for place, role in enumerate(roles)]
        return [("point", self._with_tags(role)[place]) for role, place in counted]

    def equipment(self) -> Sequence[str]:
        """The names of the equipment."""
        return sorted({point["equipment"] for point in self._points if point["equipment"]})


class Explore:
    """Explore on the stack in one look."""

    def __init__(self, visits: Visits, building: Building, screen: str, scheme: str) -> None:
        self.building = building
        self.look = f"{screen}-{scheme}"
        self._visits = visits
        self._options: dict[str, Any] = {"viewport": SCREENS[screen], "color_scheme": scheme}

    def open(self, points: Query, shown: Mapping[str, str]) -> Page:
        """The page, once it is drawn."""
        query = urlencode([("site", self.building.name), *points, *shown.items()])
        page = self._visits.open(f"#/explore?{query}", timezone_id="Europe/Berlin", **self._options)
        expect(page.locator(DRAWN) if points else page.get_by_role("checkbox").first).to_be_visible()
        # The statistics come after the lines.
        page.wait_for_load_state("networkidle")
        return page

    def view(self, view: str) -> Page:
        roles, shown = VIEWS[view]
        return self.open(self.building.named(*roles), shown)

    def judge(self, page: Page, name: str) -> None:
        """Keeps a picture of the whole page; fails when axe-core finds a violation."""
        expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)
        self._visits.picture(page, f"{name}-{self.look}", whole=True)
        assert violations(page) == []


@pytest.fixture(scope="module")
def building(stack: dict[str, Any]) -> Building:
    return Building(stack)


@pytest.fixture(params=ALL_LOOKS, ids="-".join)
def explore(visits: Visits, building: Building, request: pytest.FixtureRequest) -> Explore:
    return Explore(visits, building, *request.param)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_no_violations(explore: Explore, view: str) -> None:
    explore.judge(explore.view(view), view)


def test_cursor_reads_the_values(explore: Explore) -> None:
    page = explore.view("lanes")
    page.locator("figure .u-over").first.hover()
    expect(page.locator(".tooltip")).to_be_visible()
    explore.judge(page, "cursor")


def test_dots_have_the_colour_of_a_state(explore: Explore) -> None:
    points = explore.building.named("air,temp", "valve,cmd", "fan,run")
    page = explore.open(points, WEEK | {"view": "scatter", "colour": f"state:{points[-1][1]}"})
    explore.judge(page, "scatter-by-state")


def test_every_menu_opens(explore: Explore) -> None:
    page = explore.view("bars")
    openers = page.locator("main button[aria-haspopup], main .tools button[aria-expanded]")
    for place in range(openers.count()):
        openers.nth(place).click()
        expect(openers.nth(place)).to_have_attribute("aria-expanded", "true")
        explore.judge(page, f"menu-{place}")
        page.keyboard.press("Escape")
    assert openers.count() >= 5


def test_a_template_fits_the_next_equipment(explore: Explore) -> None:
    [first, second, *_] = explore.building.equipment()
    page = explore.open([("equip", first), ("role", "air,temp"), ("role", "fan,run")], WEEK)
    with page.expect_response(re.compile("/timeseries/summary")):
        page.keyboard.press("]")
    expect(page).to_have_url(re.compile(re.escape(urlencode({"equip": second}))))
    expect(page.locator(DRAWN)).to_be_visible()
    explore.judge(page, "template")


def test_a_saved_view_is_listed(explore: Explore) -> None:
    page, name = explore.view("bars"), f"Meters {explore.look}"
    page.get_by_role("button", name="Views", exact=True).click()
    menu = page.get_by_role("dialog", name="Saved views")
    expect(menu.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    menu.get_by_label("Save this view").fill(name)
    menu.get_by_label("Save this view").press("Enter")
    expect(menu.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    explore.judge(page, "saved")


def test_a_chart_is_printed(explore: Explore) -> None:
    page = explore.view("lanes")
    page.emulate_media(media="print")
    explore.judge(page, "print")


@pytest.mark.parametrize("view", ["panes", "compared-bars", "scatter", "carpet"])
def test_an_image_is_saved(explore: Explore, pictures: Path, view: str) -> None:
    page = explore.view(view)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save image").press("Enter")
    path = pictures / f"image-{view}-{explore.look}.png"
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"\x89PNG")
