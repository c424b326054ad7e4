"""Explore as axe-core judges it, with an API that is laid out here: no stack is needed."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.support.axe import LOOKS, SCREENS, violations
from tests.support.browser import Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

pytestmark = pytest.mark.integration

POINTS = {
    "supply": ("degreesFahrenheit", {}),
    "return": ("degreesFahrenheit", {}),
    "co2": ("partsPerMillion", {}),
    "meter": ("kilowattHours", {"kind": "counter"}),
    "fan": ("", {"kind": "binary"}),
    "mode": ("", {"kind": "multistate", "states": {"Off": 0, "Heat": 1, "Cool": 2}}),
}
DAYS = {"from": iso(FROM_MS), "to": iso(FROM_MS + 4 * DAY_MS)}
HOUR = {"from": iso(FROM_MS), "to": iso(FROM_MS + HOUR_MS)}
VIEWS: dict[str, tuple[Sequence[str], dict[str, str]]] = {
    "start": ([], {}),
    "lines": (["supply", "return", "co2"], HOUR),
    "compared": (["supply", "return"], HOUR | {"vs": "1w"}),
    "one pane": (["supply", "co2"], HOUR | {"panes": "one"}),
    "lanes": (["supply", "fan", "mode"], HOUR),
    "bars": (["meter"], DAYS | {"measure": "increase", "resolution": "1d"}),
    "scatter": (["supply", "co2"], DAYS | {"view": "scatter"}),
    "carpet": (["supply"], DAYS | {"view": "carpet"}),
}
DRAWN = "figure[data-state=drawn]"


def opened(mill: Visits, view: str, **options: Any) -> Page:
    """A view of the site, drawn."""
    api = LaidOutApi()
    api.units = {name: unit for name, (unit, _) in POINTS.items()}
    api.fields = {name: fields for name, (_, fields) in POINTS.items()}
    api.values = {name: [float(minute % 3) for minute in range(60)] for name in POINTS}
    gap = {"start": iso(FROM_MS + HOUR_MS // 2), "end": iso(FROM_MS + HOUR_MS), "reason": "no_data"}
    api.series_fields = {"fan": {"gaps": [gap]}}
    api.bucket = lambda start: float(start // HOUR_MS % 7)
    api.statistics = lambda _name, _start: {"min": 0, "mean": 1, "max": 2, "increase": 5, "runtime": 60}
    page = mill.blank(**options)
    page.route(f"{ADDRESS}/**", api.answer)
    points, shown = VIEWS[view]
    address = [("site", SITE), *(("point", name) for name in points), *shown.items()]
    page.goto(f"{ADDRESS}/#/explore?" + urlencode(address))
    if points:
        expect(page.locator(DRAWN)).to_be_visible()
    else:
        expect(page.get_by_role("button", name=re.compile("supply")).first).to_be_visible()
    return page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("screen", "scheme"), LOOKS)
def test_views_have_no_violations(mill: Visits, screen: str, scheme: Any, view: str) -> None:
    page = opened(mill, view, viewport=SCREENS[screen], color_scheme=scheme)
    mill.picture(page, f"accessible-{view}-{screen}-{scheme}")
    assert violations(page) == []


@pytest.mark.parametrize(("screen", "scheme"), LOOKS)
def test_open_menus_have_no_violations(mill: Visits, screen: str, scheme: Any) -> None:
    page = opened(mill, "lines", viewport=SCREENS[screen], color_scheme=scheme)
    openers = page.locator("main button[aria-haspopup], main .tools button[aria-expanded]")
    names = openers.all_inner_texts()
    assert len(names) >= 5
    for index, name in enumerate(names):
        openers.nth(index).click()
        expect(openers.nth(index)).to_have_attribute("aria-expanded", "true")
        mill.picture(page, f"accessible-menu-{index}-{screen}-{scheme}")
        assert violations(page) == [], name
        page.keyboard.press("Escape")
        expect(openers.nth(index)).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_values_at_pointer_have_no_violations(mill: Visits, scheme: Any) -> None:
    page = opened(mill, "lanes", color_scheme=scheme)
    page.locator("figure .u-over").first.hover()
    expect(page.locator(".tooltip")).to_be_visible()
    assert violations(page) == []


def test_a_violation_is_found(mill: Visits) -> None:
    page = opened(mill, "lines")
    page.locator("h1").evaluate("title => title.insertAdjacentHTML('afterend', '<button></button>')")
    [found] = violations(page)
    assert "button-name" in found
