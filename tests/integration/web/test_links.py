"""Links of Explore in a browser: templates, saved views and pictures, with an API that is laid out here."""

import base64
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import PHONE, Visits
from tests.support.laid_out_api import ADDRESS, FROM_MS, SITE, LaidOutApi
from tests.support.local_stack import PICTURES
from vitals.model.timespan import HOUR_MS, iso

pytestmark = pytest.mark.integration

SPAN = {"from": iso(FROM_MS), "to": iso(FROM_MS + HOUR_MS)}
TEMPERATURE, FAN = "discharge,air,temp", "fan,run"
ROLES = [("role", TEMPERATURE), ("role", FAN)]
UNITS = dict.fromkeys(["temp", "setpoint", "return"], "degreesFahrenheit") | {"fan": ""}
TAGS = {
    "temp": ["air", "discharge", "sensor", "temp"],
    "setpoint": ["air", "discharge", "sp", "temp"],
    "return": ["air", "return", "sensor", "temp"],
    "fan": ["fan", "run"],
}
# AHU-2 has two discharge air temperatures, AHU-3 has no fan.
MEMBERS = {
    "AHU-1": ["fan", "return", "temp"],
    "AHU-2": ["fan", "return", "setpoint", "temp"],
    "AHU-3": ["return", "temp"],
    "AHU-4": ["fan", "temp"],
}
REFUSED = {"error": "this token does not have the scope admin", "error_code": "FORBIDDEN", "request_id": "r"}


class AirHandlers(LaidOutApi):
    """The site with four air handlers, and its saved views."""

    def __init__(self) -> None:
        super().__init__()
        for equipment, kinds in MEMBERS.items():
            for kind in kinds:
                name = f"{equipment} {kind}"
                self.units[name] = UNITS[kind]
                self.values[name] = [70.0 + minute / 10 for minute in range(60)]
                self.fields[name] = {"equipment": equipment, "tags": [*TAGS[kind], f"equip={equipment}"]}
                if kind == "fan":
                    self.values[name] = [1.0] * 60
                    self.fields[name]["kind"] = "binary"
        self.tags: list[list[str]] = []
        self.views: dict[str, str] = {}
        self.changes: list[tuple[str, str]] = []
        self.is_admin = True

    def answer(self, route: Route) -> None:
        request = route.request
        if request.method == "GET" or "/views" not in request.url:
            super().answer(route)
        elif not self.is_admin:
            route.fulfill(status=403, json=REFUSED)
        elif request.method == "PUT":
            route.fulfill(json=self.saved(json.loads(request.post_data or "")))
        else:
            [name] = parse_qs(urlsplit(request.url).query)["name"]
            del self.views[name]
            self.changes.append(("DELETE", name))
            route.fulfill(json={"name": name, "status": "removed"})

    def saved(self, body: dict[str, str]) -> dict[str, str]:
        assert set(body) == {"name", "view"}
        self.views[body["name"]] = body["view"]
        self.changes.append(("PUT", body["name"]))
        return self.view(body["name"])

    def view(self, name: str) -> dict[str, str]:
        by = {"saved_by": "ops (5f2a9c01)", "saved_at": iso(FROM_MS)}
        return {"name": name, "view": self.views[name], **by}

    def json(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        match path.split("/"):
            case ["sites", _, "views"]:
                return {"site_name": SITE, "views": [self.view(name) for name in sorted(self.views)]}
            case ["sites", _, "points"] if "tag" in query:
                self.tags.append(query["tag"])
                points = [self.point(name) for name in sorted(self.units)]
                matches = [point for point in points if set(query["tag"]) <= set(point["tags"])]
                limit = int(query["limit"][0])
                return {
                    "points": matches[:limit],
                    "next_token": "more" if len(matches) > limit else None,
                }
        return super().json(path, query, body)


def opened(
    mill: Visits, api: LaidOutApi, view: Sequence[tuple[str, str]], span: Any = SPAN, **options: Any
) -> Page:
    page = mill.blank(**options)
    page.route(f"{ADDRESS}/**", api.answer)
    page.goto(f"{ADDRESS}/#/explore?" + urlencode([("site", SITE), *view, *span.items()]))
    return page


def drawn(page: Page, *names: str) -> None:
    """Waits for the chart of the points, in their order."""
    expect(page.locator("figure[data-state=drawn]")).to_be_visible()
    expect(page.locator(".legend tbody td:first-child")).to_have_text([re.compile(name) for name in names])


def parameters(page: Page) -> list[tuple[str, str]]:
    """The parameters of the address, without the site."""
    return parse_qsl(page.url.partition("?")[2])[1:]


def template(equipment: str, roles: Sequence[tuple[str, str]] = ROLES) -> list[tuple[str, str]]:
    return [("equip", equipment), *roles]


def test_a_template_draws_its_points(mill: Visits) -> None:
    api = AirHandlers()
    page = opened(mill, api, template("AHU-1"))
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    assert ["equip=AHU-1", "discharge", "air", "temp"] in api.tags
    assert ["equip=AHU-1", "fan", "run"] in api.tags
    assert api.queries[-1][1] == ["AHU-1 temp", "AHU-1 fan"]
    expect(page.get_by_role("button", name="Follow equipment")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".steps")).to_contain_text("AHU-1 1 of 3")
    page.set_viewport_size({"width": 1400, "height": 900})
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    mill.picture(page, "links-template")


def test_buttons_and_keys_change_the_equipment(mill: Visits) -> None:
    api = AirHandlers()
    page = opened(mill, api, template("AHU-1"))
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    page.get_by_role("button", name="Next equipment").click()
    drawn(page, "AHU-2 setpoint", "AHU-2 fan")
    assert parameters(page) == [*template("AHU-2"), *SPAN.items()]
    several = "Several points of AHU-2 have the tags “discharge, air, temp”."
    expect(page.locator(".warnings li")).to_have_text(
        [f"{several} The first by name is shown: AHU-2 setpoint."]
    )
    mill.picture(page, "links-several")
    # AHU-3 has no fan.
    page.keyboard.press("]")
    drawn(page, "AHU-4 temp", "AHU-4 fan")
    expect(page.locator(".warnings li")).to_have_count(0)
    page.keyboard.press("]")
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    page.keyboard.press("[")
    drawn(page, "AHU-4 temp", "AHU-4 fan")
    expect(page.locator(".steps")).to_contain_text("AHU-4 3 of 3")
    page.get_by_role("button", name="Previous equipment").press("Enter")
    drawn(page, "AHU-2 setpoint", "AHU-2 fan")
    page.go_back()
    drawn(page, "AHU-4 temp", "AHU-4 fan")


def test_brackets_in_a_field_are_typed(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), template("AHU-1"))
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    expect(page.locator(".steps")).to_contain_text("1 of 3")
    field = page.get_by_role("searchbox", name="Search points")
    field.press_sequentially("[]")
    expect(field).to_have_value("[]")
    assert parameters(page)[0] == ("equip", "AHU-1")


def test_a_role_without_a_point_is_named(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), template("AHU-3"))
    drawn(page, "AHU-3 temp")
    expect(page.locator(".warnings li")).to_have_text(["AHU-3 has no point with the tags “fan, run”."])
    expect(page.locator(".steps")).to_contain_text("not one of 3")
    page.get_by_role("button", name="Next equipment").click()
    drawn(page, "AHU-4 temp", "AHU-4 fan")


def test_an_equipment_without_points_says_so(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), template("VAV-9"))
    expect(page.locator(".state")).to_contain_text("VAV-9 has no point with these tags")
    page.get_by_role("button", name="Previous equipment").click()
    drawn(page, "AHU-4 temp", "AHU-4 fan")


def test_following_names_points_by_their_tags(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), [("point", "AHU-2 temp"), ("point", "AHU-2 fan")])
    drawn(page, "AHU-2 temp", "AHU-2 fan")
    follow = page.get_by_role("button", name="Follow equipment")
    follow.press("Enter")
    roles = [("role", "discharge,sensor"), ("role", "fan")]
    drawn(page, "AHU-2 temp", "AHU-2 fan")
    expect(page.locator(".steps")).to_contain_text("AHU-2 2 of 3")
    assert parameters(page) == [*template("AHU-2", roles), *SPAN.items()]
    page.get_by_role("button", name="Next equipment").click()
    drawn(page, "AHU-4 temp", "AHU-4 fan")
    follow.click()
    points = [("point", "AHU-4 temp"), ("point", "AHU-4 fan")]
    expect(follow).to_have_attribute("aria-pressed", "false")
    assert parameters(page) == [*points, *SPAN.items()]


def test_a_removed_point_ends_the_template(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), template("AHU-1"))
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    page.get_by_role("button", name="Remove AHU-1 fan").click()
    drawn(page, "AHU-1 temp")
    assert parameters(page) == [("point", "AHU-1 temp"), *SPAN.items()]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (["AHU-1 temp", "AHU-2 temp"], "belong to several equipment: AHU-1 and AHU-2"),
        (["AHU-4 temp", "lone"], "“lone” belongs to no equipment"),
        (["AHU-4 temp", "AHU-4 twin"], "“AHU-4 twin” of AHU-4 has all of them"),
    ],
)
def test_a_selection_without_a_template_says_why(mill: Visits, points: list[str], reason: str) -> None:
    api = AirHandlers()
    api.units |= {"lone": "", "AHU-4 twin": ""}
    api.fields["AHU-4 twin"] = api.fields["AHU-4 temp"]
    page = opened(mill, api, [("point", name) for name in points])
    drawn(page, *points)
    page.get_by_role("button", name="Follow equipment").click()
    expect(page.get_by_role("alert")).to_contain_text(reason)
    assert parameters(page) == [*(("point", name) for name in points), *SPAN.items()]


def test_a_template_fits_a_phone(mill: Visits) -> None:
    page = opened(mill, AirHandlers(), template("AHU-2"), viewport=PHONE, color_scheme="dark")
    drawn(page, "AHU-2 setpoint", "AHU-2 fan")
    expect(page.locator(".steps")).to_contain_text("2 of 3")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    mill.picture(page, "links-phone")


def menu_of(page: Page) -> Locator:
    page.get_by_role("button", name="Views", exact=True).click()
    return page.get_by_role("dialog", name="Saved views")


def test_a_view_is_saved_and_opened(mill: Visits) -> None:
    api = AirHandlers()
    page = opened(mill, api, template("AHU-1"), {"range": "7d"})
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    menu = menu_of(page)
    expect(menu).to_contain_text("This site has no saved views")
    menu.get_by_label("Save this view").fill(" Discharge & fan ")
    menu.get_by_label("Save this view").press("Enter")
    expect(menu.get_by_role("status")).to_have_text("Saved as “Discharge & fan”.")
    assert parse_qsl(api.views["Discharge & fan"]) == [*template("AHU-1"), ("range", "7d")]
    mill.picture(page, "links-views")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    page.get_by_role("button", name="24 h").click()
    page.get_by_role("button", name="Remove AHU-1 temp").click()
    drawn(page, "AHU-1 fan")
    menu_of(page).get_by_role("button", name="Discharge & fan", exact=True).press("Enter")
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    # The range is live, as it was saved.
    assert parameters(page) == [*template("AHU-1"), ("range", "7d")]
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")


def test_a_view_opens_before_points_are_chosen(mill: Visits) -> None:
    api = AirHandlers()
    api.views = {"Fans": "site=other&equip=AHU-4&role=fan&range=24h"}
    page = opened(mill, api, [])
    menu = menu_of(page)
    expect(menu.get_by_label("Save this view")).to_have_count(0)
    menu.get_by_role("button", name="Fans", exact=True).click()
    drawn(page, "AHU-4 fan")
    assert f"site={SITE}&" in page.url
    assert parameters(page) == [("equip", "AHU-4"), ("role", "fan"), ("range", "24h")]


def test_replacing_and_deleting_ask_first(mill: Visits) -> None:
    api = AirHandlers()
    api.views = {"Plant": "point=a&range=24h", "Roof": "point=b"}
    page = opened(mill, api, [("point", "AHU-1 temp")])
    drawn(page, "AHU-1 temp")
    menu = menu_of(page)
    expect(menu.get_by_role("listitem")).to_have_count(2)
    menu.get_by_label("Save this view").fill("Plant")
    menu.get_by_role("button", name="Save").click()
    expect(menu.get_by_role("button", name="Cancel")).to_be_focused()
    mill.picture(page, "links-replace")
    menu.get_by_role("button", name="Cancel").press("Enter")
    assert not api.changes
    menu.get_by_role("button", name="Save").click()
    menu.get_by_role("button", name="Replace").click()
    expect(menu.get_by_role("status")).to_have_text("Saved as “Plant”.")
    assert parse_qsl(api.views["Plant"]) == [("point", "AHU-1 temp"), *SPAN.items()]
    menu.get_by_role("button", name="Delete the view Roof").click()
    menu.get_by_role("button", name="Cancel").click()
    menu.get_by_role("button", name="Delete the view Roof").click()
    menu.get_by_role("button", name="Delete", exact=True).click()
    expect(menu.get_by_role("listitem")).to_have_text([re.compile("Plant")])
    assert api.changes == [("PUT", "Plant"), ("DELETE", "Roof")]


def test_a_token_that_only_reads_says_why(mill: Visits) -> None:
    mill.allow("answer 403")
    api = AirHandlers()
    api.views, api.is_admin = {"Plant": "point=a"}, False
    page = opened(mill, api, template("AHU-1"), viewport=PHONE, color_scheme="dark")
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    menu = menu_of(page)
    menu.get_by_label("Save this view").fill("Mine")
    menu.get_by_role("button", name="Save").click()
    reason = "Ask the operator for a token with the scope admin."
    expect(menu.get_by_role("alert")).to_have_text(f"This token may read views but not save them. {reason}")
    mill.picture(page, "links-views-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    menu.get_by_role("button", name="Delete the view Plant").click()
    menu.get_by_role("button", name="Delete", exact=True).click()
    expect(menu.get_by_role("alert")).to_contain_text("not delete them")
    assert list(api.views) == ["Plant"]


# The size of a picture, the colour of its corner, and how many of its pixels have a colour.
PIXELS = """async ([picture, colour]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const { width, height } = image;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(image, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
        if (colour.every((level, channel) => data[at + channel] === level)) count++;
    return { width, height, corner: [...data.slice(0, 4)], count };
}"""


def saved_image(page: Page, name: str, colour: Sequence[int] = (0, 0, 0)) -> dict[str, Any]:
    """Saves the image of the page, keeps it beside the pictures, and returns its `PIXELS`."""
    save = page.get_by_role("button", name="Save image")
    expect(save).to_be_enabled()
    with page.expect_download() as download:
        save.press("Enter")
    stamps = (iso(time_ms)[:16].replace("-", "").replace(":", "") for time_ms in (FROM_MS, FROM_MS + HOUR_MS))
    assert download.value.suggested_filename == f"{SITE}-{'Z-'.join(stamps)}Z.png"
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    download.value.save_as(path)
    reader = page.context.new_page()
    picture = base64.b64encode(path.read_bytes()).decode()
    pixels: dict[str, Any] = reader.evaluate(PIXELS, [picture, colour])
    reader.close()
    return pixels


def colour_of(page: Page, selector: str, part: str = "color") -> list[int]:
    """The red, green and blue of an element."""
    channels: list[int] = page.locator(selector).first.evaluate(
        "(element, part) => getComputedStyle(element)[part].match(/\\d+/g).slice(0, 3).map(Number)", part
    )
    return channels


@pytest.mark.parametrize(("scheme", "ratio"), [("light", 2), ("dark", 1)])
def test_an_image_has_panes_and_title(mill: Visits, scheme: str, ratio: int) -> None:
    options = {"color_scheme": scheme, "device_scale_factor": ratio}
    page = opened(mill, AirHandlers(), template("AHU-1"), **options)
    drawn(page, "AHU-1 temp", "AHU-1 fan")
    # The lane of the fan is as wide as the hour.
    plot = page.locator("figure .u-over").last.bounding_box()
    figure = page.locator("figure.chart").bounding_box()
    assert plot and figure
    image = saved_image(page, f"links-image-{scheme}", colour_of(page, ".legend .swatch.ink-1"))
    assert image["count"] > 10 * ratio**2 * plot["width"]
    assert image["corner"] == [*colour_of(page, "body", "backgroundColor"), 255]
    assert image["width"] == pytest.approx(ratio * (figure["width"] + 32), abs=ratio)
    assert image["height"] > ratio * (figure["height"] + 64)


@pytest.mark.parametrize("view", ["scatter", "carpet"])
def test_other_tabs_have_images(mill: Visits, view: str) -> None:
    api = AirHandlers()
    api.bucket = lambda start_ms: 60.0 + (start_ms - FROM_MS) / HOUR_MS
    page = opened(mill, api, [("point", "AHU-1 temp"), ("point", "AHU-1 return"), ("view", view)])
    expect(page.locator(f"figure.{view}[data-state=drawn]")).to_be_visible()
    box = page.locator(f"figure.{view} canvas").first.bounding_box()
    assert box
    image = saved_image(page, f"links-image-{view}")
    assert image["width"] == pytest.approx(box["width"] + 32, abs=1)
    assert image["height"] > box["height"]


def test_an_image_waits_for_its_chart(mill: Visits) -> None:
    api = AirHandlers()
    api.holding = True
    page = opened(mill, api, [("point", "AHU-1 temp")])
    expect(page.get_by_role("button", name="Save image")).to_be_disabled()
    api.release()
    drawn(page, "AHU-1 temp")
    saved_image(page, "links-image-later")
