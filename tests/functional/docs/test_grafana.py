"""docs/grafana: every request of it, asked of the query handler and put through its selector."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jq
import pytest
import yaml

from query import app
from tests.support import openapi
from tests.support.clock import Clock
from tests.support.query_calls import CONTEXT
from tests.support.sites import SITE
from tests.support.template import ROOT
from tests.support.world import World
from vitals.model.records.sites import SiteSettings
from vitals.model.timespan import DAY_MS, HOUR_MS, iso
from vitals.store.state.sites import SiteTable

PAGE = (ROOT / "docs/grafana.md").read_text()
SOURCE = yaml.safe_load((ROOT / "docs/grafana/datasource.yaml").read_text())["datasources"][0]
DASHBOARD = json.loads((ROOT / "docs/grafana/dashboard.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
[GAPS] = DASHBOARD["annotations"]["list"]
CHART, UNIT = PANELS["Samples"]["targets"]
[NEWEST] = PANELS["Newest samples"]["targets"]
DAYS, DAYS_UNIT = PANELS["Increase per local day"]["targets"]
SITES, POINTS, METERS = (VARIABLES[name]["query"]["infinityQuery"] for name in ("site", "points", "meters"))
TARGETS = {
    "sites": SITES,
    "points": POINTS,
    "meters": METERS,
    "chart": CHART,
    "days": DAYS,
    "days_unit": DAYS_UNIT,
    "unit": UNIT,
    "newest": NEWEST,
    "gaps": GAPS["target"],
}

type Rows = list[dict[str, Any]]
type Ask = Callable[..., Rows]


def filled(text: str, values: dict[str, str]) -> str:
    """The text as Grafana and the plugin send it; a macro or variable that nobody fills in fails."""
    return re.sub(r"\$\{([^}]+)\}", lambda matches: values[matches[1]], text)


def event(target: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """The request of a target, its parameters escaped and read again as on the way through HTTP."""
    options = target["url_options"]
    sent = urlencode([(param["key"], filled(param["value"], values)) for param in options["params"]])
    query: dict[str, list[str]] = {}
    for key, value in parse_qsl(sent, strict_parsing=bool(sent)):
        query.setdefault(key, []).append(value)
    return {
        "resource": "/{proxy+}",
        "path": urlsplit(filled(target["url"], values)).path,
        "httpMethod": options["method"],
        "headers": {"Accept": "application/json;q=0.9,text/plain"},
        "multiValueHeaders": {},
        "queryStringParameters": {key: matches[-1] for key, matches in query.items()},
        "multiValueQueryStringParameters": query,
        "requestContext": {
            "requestId": "r-1",
            "authorizer": {"principalId": "grafana", "scopes": "read", "sites": SITE},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def selected(target: dict[str, Any], body: str) -> Rows:
    """The rows that the target's selector makes of an answer; each has the columns that the target names."""
    if target["parser"] == "backend":
        rows = json.loads(body)[target["root_selector"]]
    else:
        rows = jq.compile(target["root_selector"]).input_text(body).all()
        rows = rows[0] if len(rows) == 1 and isinstance(rows[0], list) else rows
    return [{column["text"]: row[column["selector"]] for column in target["columns"]} for row in rows]


@pytest.fixture
def building(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world.sync()
    clock.forward(20)
    world.sync()
    api = world.api()
    monkeypatch.setattr(app.api, "connect", lambda: api)
    yield world


@pytest.fixture
def values(building: World) -> dict[str, str]:
    """What the dashboard's variables and the plugin's macros stand for."""
    names = sorted(building.syncer.catalogs.load(SITE).active_ids)
    now_ms = building.clock()
    return {
        "site": SITE,
        "search": "zone temperature",
        "points:csv": ",".join([name for name in names if "weather" not in name][:3]),
        "meters:csv": f"ses/{SITE}/8000:33-8033/analogValue/104",
        "__interval_ms": "60000",
        "__timeFrom": str(now_ms - 6 * HOUR_MS),
        "__timeTo": str(now_ms),
    }


@pytest.fixture
def ask(values: dict[str, str]) -> Ask:
    def send(target: dict[str, Any], **changes: str) -> Rows:
        answer = app.handler(event(target, values | changes), CONTEXT)
        assert answer["statusCode"] == 200, answer["body"]
        return selected(target, answer["body"])

    return send


@pytest.mark.parametrize("name", TARGETS)
def test_the_api_understands_every_request(building: World, values: dict[str, str], name: str) -> None:
    """Of a range that ends in the future, too, as Grafana's "today" does."""
    tonight = {"__timeTo": str(building.clock() + 6 * HOUR_MS)}
    answer = app.handler(event(TARGETS[name], values | tonight), CONTEXT)
    assert answer["statusCode"] == 200, answer["body"]
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]


@pytest.mark.parametrize("name", TARGETS)
def test_the_api_knows_every_parameter(name: str) -> None:
    """A query leaves out what it does not know, and would answer all the same."""
    target = TARGETS[name]
    operation = openapi.operation_of("GET", filled(target["url"], {"site": SITE}))
    assert operation is not None
    parameters = {
        parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"
    }
    assert {param["key"] for param in target["url_options"]["params"]} <= parameters


def test_a_wider_panel_gets_a_finer_chart(ask: Ask, values: dict[str, str]) -> None:
    """Of six hours, with four samples a column at most."""
    points = values["points:csv"].split(",")
    few, many = (
        [row for row in ask(CHART, __interval_ms=interval) if row["value"] is not None]
        for interval in (str(HOUR_MS), "20000")
    )
    assert len(few) <= 4 * 6 * len(points) < len(many)


def test_the_chart_breaks_at_each_gap(building: World, ask: Ask, values: dict[str, str]) -> None:
    answer = json.loads(app.handler(event(CHART, values), CONTEXT)["body"])
    rows = ask(CHART)
    assert [row["point"] for row in rows] == sorted(row["point"] for row in rows)
    for series in answer["series"]:
        drawn = [(row["time"], row["value"]) for row in rows if row["point"] == series["point_name"]]
        assert drawn == sorted(drawn, key=lambda row: row[0])
        assert [row for row in drawn if row[1] is not None] == list(
            zip(series["timestamps"], series["values"], strict=True)
        )
        # ACE was first asked for what is two hours old.
        assert [gap["reason"] for gap in series["gaps"]] == ["not_polled"]
        breaks = [time for time, value in drawn if value is None]
        assert [iso(time - 1) for time in breaks] == [gap["start"] for gap in series["gaps"]]


def test_a_gap_within_a_second_breaks_the_line(ask: Ask, values: dict[str, str]) -> None:
    begin = int(values["__timeFrom"]) + 123
    first = ask(CHART, __timeFrom=str(begin))[0]
    assert (first["time"], first["value"]) == (begin + 1, None)


def test_a_long_range_shows_minimum_and_maximum(ask: Ask, values: dict[str, str]) -> None:
    year = {"__timeFrom": str(int(values["__timeTo"]) - 360 * DAY_MS), "__interval_ms": str(8 * HOUR_MS)}
    rows = [row for row in ask(CHART, **year) if row["value"] is not None]
    assert rows
    assert all(row["min"] <= row["value"] <= row["max"] for row in rows)
    assert any(row["min"] < row["max"] for row in rows)


def test_an_answer_of_several_pages_is_an_error(
    building: World, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 40)
    answer = app.handler(event(CHART, values), CONTEXT)
    assert json.loads(answer["body"])["metadata"]["next_token"]
    with pytest.raises(ValueError, match="choose fewer points"):
        selected(CHART, answer["body"])


def test_gaps_and_warnings_are_told_with_their_reasons(ask: Ask, values: dict[str, str]) -> None:
    names = values["points:csv"].split(",")
    result = ask(GAPS["target"], **{"points:csv": ",".join([*names, "nobody's"])})
    begin = iso(int(values["__timeFrom"]))
    assert [row["text"] for row in result if row["time"] == begin and "polled" in row["text"]] == [
        f"{name}: not_polled" for name in names
    ]
    assert result[-1] == {
        "time": begin,
        "timeEnd": iso(int(values["__timeTo"])),
        "text": 'The site has no point "nobody\'s".',
    }


def test_the_variables_offer_sites_and_matching_points(ask: Ask, building: World) -> None:
    assert ask(SITES) == [{"__value": SITE, "__text": "Ses Falls City"}]
    offered = ask(POINTS)
    assert {row["__value"] for row in offered} < building.syncer.catalogs.load(SITE).active_ids.keys()
    assert all(row["__text"].endswith(f" [degreesFahrenheit] {row['__value']}") for row in offered)
    assert len(offered) > 3
    assert len(ask(POINTS, search="")) > len(offered)


def test_the_increase_of_local_days(building: World, ask: Ask, values: dict[str, str]) -> None:
    settings = SiteSettings(timezone="America/Chicago")
    SiteTable(building.client, "StateTable").set_settings(SITE, settings, "ops")
    rows = ask(DAYS)
    meter = values["meters:csv"]
    samples = ask(CHART, **{"points:csv": meter, "__interval_ms": "10000"})
    numbers = [row["value"] for row in samples if row["value"] is not None]
    assert sum(row["value"] for row in rows) == pytest.approx(numbers[-1] - numbers[0])
    # Midnight in Chicago.
    assert {row["time"] % DAY_MS for row in rows} == {6 * HOUR_MS}
    assert all(0 < row["known"] <= 1 and row["point"] == meter for row in rows)
    assert ask(DAYS_UNIT) == [{"unit": "kwatth"}]


def test_meters_are_counters(ask: Ask, building: World) -> None:
    kinds = {point.name: point.kind for point in building.syncer.catalogs.load(SITE).points}
    offered = [row["__value"] for row in ask(METERS)]
    assert sorted(offered) == sorted(name for name, kind in kinds.items() if kind == "counter")
    assert offered


def test_the_axis_has_the_points_common_unit(ask: Ask, building: World) -> None:
    named: dict[str, list[str]] = {}
    for point in building.syncer.catalogs.load(SITE).points:
        named.setdefault(point.listed.unit, []).append(point.name)
    warm, [other, *_] = named["degreesFahrenheit"], named["partsPerMillion"]
    assert ask(UNIT, **{"points:csv": ",".join(warm)}) == [{"unit": "fahrenheit"}]
    assert ask(UNIT, **{"points:csv": other}) == [{"unit": "ppm"}]
    assert ask(UNIT, **{"points:csv": f"{warm[0]},{other}"}) == [{"unit": ""}]
    assert selected(UNIT, '{"latest": [{"unit": "inchesOfWater"}]}') == [{"unit": "inchesOfWater"}]
    assert selected(UNIT, '{"latest": [{"unit": null}]}') == [{"unit": ""}]


def test_the_newest_samples_have_their_units(ask: Ask, values: dict[str, str]) -> None:
    rows = ask(NEWEST)
    latest = json.loads(app.handler(event(NEWEST, values), CONTEXT)["body"])["latest"]
    assert [row["point"] for row in rows] == values["points:csv"].split(",")
    assert [row["value"] for row in rows] == [item["value"] for item in latest]
    assert {row["unit"] for row in rows} == {"fahrenheit", "humidity", "ppm"}


def test_transformations_and_overrides_name_columns_that_there_are() -> None:
    for panel in PANELS.values():
        columns = {column["text"] for target in panel["targets"] for column in target["columns"]}
        named = {
            name
            for step in panel["transformations"]
            for name in (
                *step["options"].get("fields", ()),
                *(mapping["fieldName"] for mapping in step["options"].get("mappings", ())),
            )
        }
        named |= {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
        assert named
        assert named <= columns


def test_the_data_source_holds_no_token(building: World, values: dict[str, str]) -> None:
    assert SOURCE["secureJsonData"] == {"bearerToken": "$VITALS_TOKEN"}
    assert (SOURCE["url"], SOURCE["jsonData"]["auth_method"]) == ("$VITALS_API", "bearerToken")
    assert all(f"`{name}`" in PAGE for name in ("VITALS_API", "VITALS_TOKEN"))
    check = {
        "url": SOURCE["jsonData"]["customHealthCheckUrl"],
        "url_options": {"method": "GET", "params": []},
    }
    request = event(check, values)
    assert app.handler(request, CONTEXT)["statusCode"] == 200
    request["requestContext"]["authorizer"]["scopes"] = ""
    assert app.handler(request, CONTEXT)["statusCode"] == 403


def test_everything_of_the_dashboard_asks_this_data_source() -> None:
    matches = re.findall(r'"datasource": (\{[^}]*\})', (ROOT / "docs/grafana/dashboard.json").read_text())
    assert {tuple(sorted(json.loads(item).items())) for item in matches} == {
        (("type", SOURCE["type"]), ("uid", SOURCE["uid"]))
    }
