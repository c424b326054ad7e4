"""The Explore page in a browser: points found and drawn, gaps, zoom, links, live mode and downloads."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.support.browser import PHONE, WAIT_MS, Visits
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, iso

pytestmark = pytest.mark.integration

QUERY = re.compile(r"/timeseries/query")
# Pixels of a colour in all panes, by their column of the plot; what is blended into the ground is not it.
COLUMNS_OF = """([colour, from, to]) => {
    const canvases = [...document.querySelectorAll("figure canvas")];
    const plots = [...document.querySelectorAll("figure .u-over")];
    const heights = plots.map((plot) => plot.offsetHeight);
    const [width, height] = [plots[0].offsetWidth, heights.reduce((sum, height) => sum + height)];
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    let top = 0;
    plots.forEach(({ offsetLeft, offsetTop }, pane) => {
        const [at, size] = [[offsetLeft, offsetTop], [width, heights[pane]]];
        copy.drawImage(canvases[pane], ...at, ...size, 0, top, ...size);
        top += heights[pane];
    });
    const pixels = copy.getImageData(0, 0, width, height);
    const found = [];
    for (let x = Math.ceil(from * pixels.width); x < Math.floor(to * pixels.width); x++) {
        let count = 0;
        for (let y = 0; y < height; y++) {
            const at = 4 * (y * pixels.width + x);
            const near = (part) => Math.abs(pixels.data[at + part] - colour[part]) < 80;
            if (pixels.data[at + 3] > 200 && near(0) && near(1) && near(2)) count++;
        }
        found.push(count);
    }
    return found;
}"""


@dataclass(frozen=True)
class Site:
    """What the API says of the stack's site, beside the page."""

    api: str
    session: requests.Session
    name: str
    until_ms: int
    points: list[dict[str, Any]]

    def query(self, points: list[str], from_ms: int, to_ms: int, **options: Any) -> dict[str, Any]:
        request = {"site_name": self.name, "point_names": points, "start_time": from_ms, "end_time": to_ms}
        answer = self.session.post(f"{self.api}/timeseries/query", json=request | options, timeout=40)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def series(self, from_ms: int, to_ms: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Each point with its samples."""
        for batch in itertools.batched(self.points, 8, strict=False):
            names = [point["point_name"] for point in batch]
            yield from zip(batch, self.query(names, from_ms, to_ms, resolution="raw")["series"], strict=True)

    def fragment(self, points: list[str], **shown: str) -> str:
        named = [("point", name) for name in points]
        return "#/explore?" + urlencode([("site", self.name), *named, *shown.items()])

    def span(self, from_ms: int, to_ms: int) -> dict[str, str]:
        return {"from": iso(from_ms), "to": iso(to_ms)}


@pytest.fixture(scope="module")
def site(stack: dict[str, Any]) -> Site:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {stack['token']}"
    [record, *_] = session.get(f"{stack['api']}/sites", timeout=40).json()["sites"]
    address = f"{stack['api']}/sites/{record['site_name']}/points"
    points = session.get(address, params={"limit": 1000}, timeout=40).json()["points"]
    until_ms = ms(record["synced_until"])
    return Site(stack["api"], session, record["site_name"], until_ms - until_ms % MINUTE_MS, points)


@pytest.fixture(scope="module")
def steady(site: Site) -> list[dict[str, Any]]:
    """Points without a gap in the last hours, those with the most samples first."""
    counted = [
        (len(series["timestamps"]), point)
        for point, series in site.series(site.until_ms - 6 * HOUR_MS, site.until_ms - HOUR_MS)
        if len(series["timestamps"]) > 100 and not series["gaps"]
    ]
    assert len(counted) > 2
    return [point for _, point in sorted(counted, key=lambda entry: -entry[0])]


def names(points: list[dict[str, Any]]) -> list[str]:
    return [point["point_name"] for point in points]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def drawn(page: Page, lines: int = 1) -> Locator:
    """The chart, once it shows what was asked for last."""
    chart = page.locator(f"figure[data-state=drawn][data-series='{lines}']")
    expect(chart).to_be_visible()
    return chart


def span_of(chart: Locator) -> tuple[int, int]:
    return int(chart.get_attribute("data-from") or 0), int(chart.get_attribute("data-to") or 0)


def parameters_of(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


def columns_of(page: Page, line: int, span: tuple[float, float] = (0, 1)) -> list[int]:
    """How many pixels each column of the plot has in the colour of a line, of a part of its width."""
    swatch = page.get_by_role("row").nth(1 + line).locator("svg")
    colour = swatch.evaluate("(mark) => getComputedStyle(mark).color.match(/\\d+/g).map(Number)")
    counts: list[int] = page.evaluate(COLUMNS_OF, [colour, *span])
    return counts


def drag(page: Page, begin: float, end: float) -> None:
    """Drags with the left button from one part of the plot's width to another."""
    box = page.locator("figure .u-over").first.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * begin, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=5)
    page.mouse.up()


def test_a_point_is_searched_and_drawn(visits: Visits, steady: list[dict[str, Any]]) -> None:
    [wanted, *_] = steady
    page = visits.open()
    main, picker = page.get_by_role("main"), page.get_by_role("region", name="Points")
    expect(main).to_contain_text("Choose points to see them here")
    picker.get_by_label("Search points").fill(wanted["point_name"])
    row = picker.get_by_role("listitem").filter(has_text=wanted["point_name"])
    expect(picker).to_contain_text(re.compile(r"\d found"))
    expect(row).to_contain_text(re.compile(r"\d[kMG]?( \S+)?$"))
    row.get_by_role("checkbox").check()
    chart = drawn(page)
    assert int(chart.get_attribute("data-rows") or 0) > 100
    assert sum(map(bool, columns_of(page, 0))) > 100
    picture = page.get_by_role("img", name=f"Line chart of {wanted['display_name']}")
    expect(picture).to_be_visible()
    expect(main).to_contain_text(re.compile(r"Read [\d,]+ samples, drew [\d,]+ · raw samples · .* covered"))
    expect(page.get_by_role("row", name=wanted["display_name"])).to_contain_text(re.compile(r"\d %"))
    row.get_by_role("checkbox").uncheck()
    expect(main).to_contain_text("Choose points to see them here")


def test_points_are_filtered_by_tag_and_equipment(site: Site, visits: Visits) -> None:
    of_equipment = next(point for point in site.points if point["equipment"])
    equipment = of_equipment["equipment"]
    tag = next(tag for tag in of_equipment["tags"] if "=" not in tag)
    wanted = [p for p in site.points if p["equipment"] == equipment and tag in p["tags"]]
    page = visits.open()
    picker = page.get_by_role("region", name="Points")
    picker.get_by_label("Filter by equipment").select_option(equipment)
    picker.get_by_label("Filter by tag").fill(tag)
    picker.get_by_label("Filter by tag").press("Enter")
    expect(picker).to_contain_text(f"{len(wanted)} found")
    for point in wanted:
        expect(picker).to_contain_text(point["point_name"])
    picker.get_by_role("button", name=f"Remove the filter {tag}").click()
    picker.get_by_role("button", name=f"Remove the filter {equipment}").click()
    expect(picker).to_contain_text(f"{len(site.points)} points")


def test_the_keyboard_alone_finds_chooses_and_moves(visits: Visits) -> None:
    page = visits.open()
    expect(page.get_by_role("checkbox").nth(2)).to_be_visible()
    page.get_by_label("Search points").press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    from_ms, to_ms = span_of(drawn(page, 2))
    page.locator("figure").focus()
    with page.expect_request(QUERY):
        page.keyboard.press("+")
    narrow = span_of(drawn(page, 2))
    assert from_ms < narrow[0] < narrow[1] < to_ms
    with page.expect_request(QUERY):
        page.keyboard.press("ArrowLeft")
    moved = span_of(drawn(page, 2))
    assert moved[0] < narrow[0]
    assert moved[1] - moved[0] == narrow[1] - narrow[0]
    page.keyboard.press("0")
    expect(page).to_have_url(re.compile("range=24h$"))


def test_a_zoom_queries_its_span_and_is_undone(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    page = visits.blank()
    with page.expect_request(QUERY) as first:
        page.goto(visits.address + site.fragment(names(steady[:1]), range="7d"))
    before = span_of(drawn(page))
    with page.expect_request(QUERY) as second:
        drag(page, 0.9, 0.95)
    chart = drawn(page)
    after = span_of(chart)
    [width] = parameters_of(first.value)["width"]
    assert parameters_of(second.value)["width"] == [width]
    assert parameters_of(second.value)["start_time"] == [iso(after[0])]
    assert parameters_of(second.value)["end_time"] == [iso(after[1])]
    expected = before[0] + 0.9 * (before[1] - before[0])
    assert abs(after[0] - expected) < 0.01 * (before[1] - before[0])
    assert after[1] - after[0] == pytest.approx(0.05 * (before[1] - before[0]), rel=0.1)
    # More than the four rows a column that were there of these hours before.
    assert int(chart.get_attribute("data-rows") or 0) > 0.05 * int(width) * 4
    with page.expect_request(QUERY):
        page.go_back()
    expect(page).to_have_url(re.compile("range=7d$"))
    assert span_of(drawn(page))[1] - span_of(drawn(page))[0] == 7 * DAY_MS


def gap_inside(site: Site) -> tuple[dict[str, Any], int, int, str]:
    """A point and a gap of it between two samples, from and to, with its reason, and no other gap around."""
    for point, series in site.series(site.until_ms - 3 * DAY_MS, site.until_ms - HOUR_MS):
        times = set(series["timestamps"])
        gaps = [(ms(gap["start"]), ms(gap["end"]), gap["reason"]) for gap in series["gaps"]]
        for start, end, reason in gaps:
            around = [gap for gap in gaps if gap[1] > 5 * start - 4 * end and gap[0] < 5 * end - 4 * start]
            if len(around) == 1 and {start, end} <= times:
                return point, start, end, reason
    pytest.fail("no point of the building has a gap")


def test_a_gap_is_drawn_with_its_reason(site: Site, visits: Visits) -> None:
    point, start, end, reason = gap_inside(site)
    length = end - start
    page = visits.open(site.fragment(names([point]), **site.span(start - 4 * length, end + 4 * length)))
    drawn(page)
    # The gap is the fifth of nine parts.
    assert share(columns_of(page, 0, (3 / 9, 3.9 / 9))) > 0.9
    assert share(columns_of(page, 0, (4.1 / 9, 4.9 / 9))) == 0
    assert share(columns_of(page, 0, (5.1 / 9, 6 / 9))) > 0.9
    box = page.locator("figure .u-over").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    text = {"rejected": "rejected", "no_data": "no data", "not_polled": "not polled"}[reason]
    expect(page.get_by_role("row", name=point["display_name"])).to_contain_text(text)
    expect(page.locator(".tooltip")).to_contain_text(text)
    visits.picture(page, "explore-gap")


def share(columns: list[int]) -> float:
    """The part of the columns in which there is something."""
    return sum(map(bool, columns)) / len(columns)


def test_a_line_continues_between_the_times_of_another(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    def thinned(route: Route) -> None:
        answer = route.fetch().json()
        series = answer["series"][1]
        for column in ("timestamps", "values"):
            series[column] = series[column][::5]
        route.fulfill(json=answer)

    page = visits.blank()
    page.route(QUERY, thinned)
    span = site.span(site.until_ms - 5 * HOUR_MS, site.until_ms - 2 * HOUR_MS)
    page.goto(visits.address + site.fragment(names(steady[:2]), **span))
    drawn(page, 2)
    # The second is drawn over the first.
    assert share(columns_of(page, 1, (0.05, 0.95))) > 0.95


@pytest.mark.parametrize("shown", ["live", "fixed"])
def test_a_link_opens_the_same_chart_elsewhere(
    site: Site, visits: Visits, steady: list[dict[str, Any]], shown: str
) -> None:
    span = site.span(site.until_ms - 5 * HOUR_MS, site.until_ms - 2 * HOUR_MS)
    first_page = visits.open(
        site.fragment(names(steady[:2]), **({"range": "6h"} if shown == "live" else span)),
        permissions=["clipboard-read", "clipboard-write"],
    )
    chart = drawn(first_page, 2)
    first_page.get_by_role("button", name="Copy link").click()
    expect(first_page.get_by_role("button", name="Copied")).to_be_visible()
    link = first_page.evaluate("navigator.clipboard.readText()")
    theirs = visits.blank()
    theirs.goto(link)
    other = drawn(theirs, 2)
    begun, ended = span_of(chart)
    if shown == "fixed":
        assert span_of(other) == (begun, ended) == (ms(span["from"]), ms(span["to"]))
    else:
        assert span_of(other)[1] - span_of(other)[0] == ended - begun == 6 * HOUR_MS
    rows = [page.get_by_role("table").get_by_role("row").all_inner_texts() for page in (first_page, theirs)]
    assert [row.split("\t")[0] for row in rows[0]] == [row.split("\t")[0] for row in rows[1]]


def test_returning_from_another_page_restores_the_chart(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    span = site.span(site.until_ms - 5 * HOUR_MS, site.until_ms - 2 * HOUR_MS)
    page = visits.open(site.fragment(names(steady[:2]), **span))
    begun = span_of(drawn(page, 2))
    pages = page.get_by_role("navigation", name="Pages")
    pages.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
    pages.get_by_role("link", name="Explore").click()
    assert span_of(drawn(page, 2)) == begun


def test_live_mode_follows_the_time_until_paused(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    page = visits.blank()
    page.clock.install()
    page.goto(visits.address + site.fragment(names(steady[:1]), range="1h"))
    live = page.get_by_role("button", name="Live")
    expect(live).to_have_attribute("aria-pressed", "true")
    before = span_of(drawn(page))
    length = page.evaluate("history.length")
    with page.expect_request(QUERY):
        page.clock.fast_forward(31_000)
    expect(page.locator(f"figure[data-state=drawn]:not([data-to='{before[1]}'])")).to_be_visible()
    after = span_of(drawn(page))
    assert after[1] > before[1]
    assert after[1] - after[0] == before[1] - before[0]
    assert page.evaluate("history.length") == length
    live.click()
    expect(page).to_have_url(re.compile(r"from=.*&to="))
    held = span_of(drawn(page))
    queries: list[Request] = []
    page.on("request", lambda request: queries.append(request) if QUERY.search(request.url) else None)
    page.clock.fast_forward(120_000)
    live.click()
    expect(page).to_have_url(re.compile("range=1h$"))
    assert span_of(drawn(page))[1] > held[1]
    assert len(queries) == 1


def test_csv_is_what_the_api_has(site: Site, visits: Visits, steady: list[dict[str, Any]]) -> None:
    chosen = names(steady[:2])
    from_ms, to_ms = site.until_ms - 8 * HOUR_MS, site.until_ms - 2 * HOUR_MS
    page = visits.open(site.fragment(chosen, **site.span(from_ms, to_ms)))
    drawn(page, 2)
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as saving:
        page.get_by_role("dialog", name="Download").get_by_role("button", name="CSV").click()
    assert saving.value.suggested_filename.endswith(".csv")
    rows = list(csv.DictReader(io.StringIO(saving.value.path().read_text())))
    downloaded = {(row["point_name"], ms(row["timestamp"]), float(row["value"])) for row in rows}
    answer = site.query(chosen, from_ms, to_ms, resolution="raw")
    stored = {
        (series["point_name"], time, value)
        for series in answer["series"]
        for time, value in zip(series["timestamps"], series["values"], strict=True)
    }
    assert answer["metadata"]["next_token"] is None
    assert downloaded == stored
    assert len(rows) == len(stored) > 200


def test_parquet_comes_by_an_export_with_a_link(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    from_ms, to_ms = site.until_ms - 5 * HOUR_MS, site.until_ms - 2 * HOUR_MS
    page = visits.open(site.fragment(names(steady[:1]), **site.span(from_ms, to_ms)))
    drawn(page)
    page.get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download")
    dialog.get_by_role("button", name="Parquet").click()
    # A range over midnight has a file for each day.
    link = dialog.get_by_role("link", name=".parquet").first
    expect(link).to_be_visible(timeout=3 * WAIT_MS)
    file = requests.get(link.get_attribute("href") or "", timeout=40)
    assert file.content.startswith(b"PAR1")
    visits.picture(page, "explore-export")


def test_a_refused_query_is_told_and_asked_again(
    site: Site, visits: Visits, steady: list[dict[str, Any]]
) -> None:
    visits.allow("answer 503 GET /timeseries/query")
    page = visits.blank()
    refusal = {"error": "DynamoDB did not answer", "error_code": "UNAVAILABLE", "request_id": "r-1"}
    page.route(QUERY, lambda route: route.fulfill(status=503, json=refusal))
    page.goto(visits.address + site.fragment(names(steady[:1]), range="6h"))
    expect(page.get_by_role("alert")).to_contain_text("DynamoDB did not answer")
    expect(page.get_by_role("alert")).to_contain_text("r-1")
    page.unroute(QUERY)
    page.get_by_role("button", name="Try again").click()
    drawn(page)


def test_a_range_without_samples_says_so(site: Site, visits: Visits, steady: list[dict[str, Any]]) -> None:
    span = site.span(site.until_ms - 300 * DAY_MS, site.until_ms - 299 * DAY_MS)
    page = visits.open(site.fragment(names(steady[:1]), **span))
    chart = drawn(page)
    expect(chart).to_contain_text("No samples in this range: not polled")
    expect(chart.get_by_role("link", name="Coverage")).to_be_visible()


def test_a_finger_pans_and_two_zoom(site: Site, visits: Visits, steady: list[dict[str, Any]]) -> None:
    page = visits.open(site.fragment(names(steady[:1]), range="24h"), viewport=PHONE, has_touch=True)
    from_ms, to_ms = span_of(drawn(page))
    plot = page.locator("figure .u-over").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    touches = page.context.new_cdp_session(page)

    def touch(kind: str, *positions: float) -> None:
        points = [
            {"x": box["x"] + box["width"] * position, "y": box["y"] + box["height"] / 2, "id": finger}
            for finger, position in enumerate(positions)
        ]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    with page.expect_request(QUERY):
        touch("touchStart", 0.3)
        for step in range(1, 6):
            touch("touchMove", 0.3 + step * 0.1)
        touch("touchEnd")
    panned = span_of(drawn(page))
    assert panned[1] - panned[0] == to_ms - from_ms
    assert from_ms - panned[0] == pytest.approx(0.5 * (to_ms - from_ms), rel=0.1)
    with page.expect_request(QUERY):
        touch("touchStart", 0.4, 0.6)
        for step in range(1, 6):
            touch("touchMove", 0.4 - step * 0.05, 0.6 + step * 0.05)
        touch("touchEnd")
    pinched = span_of(drawn(page))
    assert pinched[1] - pinched[0] == pytest.approx(0.3 * (to_ms - from_ms), rel=0.15)
    visits.picture(page, "explore-touch")
