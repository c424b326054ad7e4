"""The query API through its handler: a proxy event in, status and JSON out."""

import base64
import csv
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import ormsgpack
import pyarrow as pa
import pytest
import zstandard

from query import app, encoding
from query.answers import Api
from tests.support import openapi
from tests.support.clock import NOON, Clock
from tests.support.query_calls import CONTEXT, NAMES, ODD, Ask, Call, api, ask, call
from tests.support.rollups import rollup
from vitals.http import edge
from vitals.model.points import ListedPoint
from vitals.model.records.sites import SiteSettings
from vitals.model.records.tokens import Grant
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, iso
from vitals.reading.reads import ReadResult, ReadStats
from vitals.reading.request import MAX_POINTS, QueryRequest
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

__all__ = ["api", "ask", "call"]


HOUR = {
    "site_name": "home",
    "point_names": ["ahu/sat"],
    "start_time": iso(NOON - HOUR_MS),
    "end_time": iso(NOON),
}


def test_get_and_post_answer_the_same(call: Call) -> None:
    status, answer = call("/timeseries/query", HOUR)
    assert status == 200
    assert answer["site_name"] == "home"
    assert (answer["start_time"], answer["end_time"]) == (HOUR["start_time"], HOUR["end_time"])
    assert (answer["resolution"], answer["data_type"]) == ("raw", "raw")
    [series] = answer["series"]
    assert series["point_name"] == "ahu/sat"
    assert series["timestamps"] == [NOON - HOUR_MS + 60_000 * i for i in range(60)]
    assert np.array_equal(np.array(series["values"]).view("u8"), np.linspace(-0.0, 0.1 + 0.2, 60).view("u8"))
    metadata = answer["metadata"]
    assert (metadata["total_samples"], metadata["sources"], metadata["next_token"]) == (60, ["hot"], None)
    assert answer["warnings"] == []
    by_post = call("/timeseries/query", body=HOUR)[1]
    assert by_post["series"] == answer["series"]


def test_arrow_is_a_table_with_metadata(ask: Ask) -> None:
    answer = ask("/timeseries/query", HOUR, headers={"Accept": "application/vnd.apache.arrow.stream"})
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    headers = answer["multiValueHeaders"]
    assert headers["Content-Type"] == ["application/vnd.apache.arrow.stream"]
    assert headers["Vary"] == ["Accept, Accept-Encoding, Authorization"]
    table = pa.ipc.open_stream(base64.b64decode(answer["body"])).read_all()
    expected = np.linspace(-0.0, 0.1 + 0.2, 60)
    assert np.array_equal(table["value"].to_numpy().view("u8"), expected.view("u8"))
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [NOON - HOUR_MS + 60_000 * i for i in range(60)]
    envelope = json.loads(table.schema.metadata[b"vitals"])
    assert envelope["metadata"]["total_samples"] == 60
    assert envelope["series"][0]["point_name"] == "ahu/sat"


def test_msgpack_is_the_answer_of_json(ask: Ask, call: Call) -> None:
    answer = ask("/timeseries/query", body=HOUR, headers={"accept": "application/x-msgpack"})
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/x-msgpack"]
    unpacked = ormsgpack.unpackb(base64.b64decode(answer["body"]))
    whole = call("/timeseries/query", HOUR)[1]
    assert unpacked["series"] == whole["series"]
    assert set(unpacked) == set(whole)
    assert set(unpacked["metadata"]) == set(whole["metadata"])


def test_csv_is_text_with_headers(ask: Ask) -> None:
    request = HOUR | {"point_names": [ODD, "nobody's"]}
    answer = ask("/timeseries/query", body=request, headers={"Accept": "text/csv"})
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    header, first, *rows = csv.reader(io.StringIO(answer["body"], newline=""))
    assert header == ["point_name", "timestamp", "value"]
    assert first == [ODD, iso(NOON - HOUR_MS).replace("Z", ".000Z"), "0.0"]
    assert len(rows) == 59
    headers = answer["multiValueHeaders"]
    assert headers["Content-Type"] == ["text/csv; charset=utf-8; header=present"]
    assert json.loads(headers["Vitals-Warnings"][0]) == ['The site has no point "nobody\'s".']
    assert json.loads(headers["Vitals-Metadata"][0])["metadata"]["total_samples"] == 60
    assert "Vitals-Next-Token" not in headers


def test_csv_of_a_chart_has_the_aggregates(ask: Ask) -> None:
    answer = ask("/timeseries/query", HOUR | {"resolution": "5m"}, headers={"Accept": "text/csv"})
    header, *rows = csv.reader(io.StringIO(answer["body"]))
    assert header == ["point_name", "timestamp", "value", "min", "max", "count", "first", "last", "known"]
    assert [row[5] for row in rows] == ["5"] * 12


def test_csv_continues_where_json_would_fit(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask("/timeseries/query", HOUR, headers={"Accept": "text/csv"})["body"]
    monkeypatch.setattr(encoding, "MAX_TEXT_BYTES", 3_000)
    query, pages = dict(HOUR), []
    while len(pages) < 10:
        answer = ask("/timeseries/query", query, headers={"Accept": "text/csv"})
        pages.append(answer["body"].splitlines())
        query["next_token"] = answer["multiValueHeaders"].get("Vitals-Next-Token", [None])[0]
        if query["next_token"] is None:
            break
    assert len(pages) > 1
    assert pages[0][:1] + [row for page in pages for row in page[1:]] == whole.splitlines()


def test_several_accept_headers_count_together(ask: Ask, api: Api) -> None:
    event = {
        "resource": "/{proxy+}",
        "path": "/timeseries/query",
        "httpMethod": "GET",
        "headers": {"Accept": "text/html"},
        "multiValueHeaders": {"accept": ["text/csv;q=0.5", "text/html"]},
        "queryStringParameters": {
            key: str(value) for key, value in (HOUR | {"point_names": "ahu/sat"}).items()
        },
        "requestContext": {"requestId": "r-1", "authorizer": {"scopes": "read", "sites": "home"}},
        "body": None,
        "isBase64Encoded": False,
    }
    assert app.handler(event, CONTEXT)["multiValueHeaders"]["Content-Type"][0].startswith("text/csv")


def test_unacceptable_formats_are_refused_before_any_read(call: Call, api: Api) -> None:
    api.executor = None  # type: ignore[assignment]
    for kwargs in ({"query": HOUR}, {"body": HOUR}):
        status, answer = call("/timeseries/query", headers={"Accept": "text/html;q=1, image/*"}, **kwargs)
        assert (status, answer["error_code"]) == (406, "NOT_ACCEPTABLE")
        assert "text/csv" in answer["error"]


def test_each_form_has_an_etag_of_its_own(ask: Ask, clock: Clock) -> None:
    clock.forward(60)
    forms = ["application/json", "text/csv", "application/msgpack", "application/vnd.apache.arrow.stream"]
    tags = [
        ask("/timeseries/query", HOUR, headers={"Accept": form})["multiValueHeaders"]["ETag"][0]
        for form in forms
    ]
    assert len(set(tags)) == 4
    for row, form in enumerate(forms):
        for column, tag in enumerate(tags):
            again = ask("/timeseries/query", HOUR, headers={"Accept": form, "If-None-Match": tag})
            assert again["statusCode"] == (304 if row == column else 200)
            assert again["multiValueHeaders"]["Vary"] == ["Accept, Accept-Encoding, Authorization"]


def test_errors_are_json_whatever_is_accepted(call: Call) -> None:
    for accept in ("text/csv", "application/vnd.apache.arrow.stream", "application/msgpack"):
        status, answer = call("/timeseries/query", HOUR | {"start_time": "?"}, headers={"Accept": accept})
        assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")


def test_a_body_may_be_base64(call: Call) -> None:
    def encoded(body: bytes) -> str:
        return base64.b64encode(body).decode()

    sent = json.dumps(HOUR | {"point_names": [ODD]}, ensure_ascii=False).encode()
    status, answer = call("/timeseries/query", body=encoded(sent), base64_encoded=True)
    assert (status, answer["metadata"]["total_samples"]) == (200, 60)
    for broken in ("no base64", "ü", encoded(b"{"), encoded(b'{"site_name": "\xff"}'), encoded(b"[" * 9_999)):
        status, answer = call("/timeseries/query", body=broken, base64_encoded=True)
        assert (status, answer["error_code"]) == (400, "INVALID_REQUEST"), broken
    status, answer = call(
        "/timeseries/query", body=encoded(b" " * edge.MAX_BODY_BYTES + b"{}"), base64_encoded=True
    )
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")


def test_points_keep_their_order_and_strangers_are_named(call: Call) -> None:
    names = ["zone/co2", "nobody's", ODD, "ahu/sat"]
    status, answer = call("/timeseries/query", body=HOUR | {"point_names": names})
    assert status == 200
    assert [series["point_name"] for series in answer["series"]] == names
    assert [len(series["timestamps"]) for series in answer["series"]] == [0, 0, 60, 60]
    assert len(answer["warnings"]) == 1
    assert "nobody's" in answer["warnings"][0]


def test_a_comma_separates_names_in_a_get(call: Call) -> None:
    _, answer = call("/timeseries/query", HOUR | {"point_names": ["ahu/sat,zone/co2", "ahu/sat"]})
    assert [series["point_name"] for series in answer["series"]] == ["ahu/sat", "zone/co2"]


def test_epoch_milliseconds_and_half_open_ranges(call: Call) -> None:
    span = {"start_time": NOON - HOUR_MS + 60_000, "end_time": NOON - HOUR_MS + 180_000}
    _, answer = call("/timeseries/query", HOUR | span)
    assert answer["series"][0]["timestamps"] == [span["start_time"], span["start_time"] + 60_000]


def test_pages_follow_next_token_to_the_whole(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    request = HOUR | {"point_names": ["ahu/sat", ODD]}
    whole = call("/timeseries/query", body=request)[1]["series"]
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 25)
    joined: dict[str, list[tuple[int, float]]] = {}
    token, pages = None, 0
    while token is not None or not pages:
        status, answer = call("/timeseries/query", body=request | {"next_token": token})
        assert status == 200
        assert answer["metadata"]["total_samples"] <= 25
        for series in answer["series"]:
            rows = zip(series["timestamps"], series["values"], strict=True)
            joined.setdefault(series["point_name"], []).extend(rows)
        token, pages = answer["metadata"]["next_token"], pages + 1
        assert pages < 20
    assert pages > 4
    assert joined == {s["point_name"]: list(zip(s["timestamps"], s["values"], strict=True)) for s in whole}


def test_a_read_out_of_time_has_a_token(call: Call, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 100))
    api.monotonic = lambda: float(next(ticks))
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 10)
    _, answer = call("/timeseries/query", HOUR)
    assert answer["metadata"]["next_token"]
    assert 0 < answer["metadata"]["total_samples"] < 60


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"site_name": "nowhere"}, 404, "NOT_FOUND"),
        ({"site_name": "../etc"}, 400, "INVALID_REQUEST"),
        ({"site_name": "ü'\";--"}, 400, "INVALID_REQUEST"),
        ({"point_names": ["../../x"]}, 404, "NOT_FOUND"),
        ({"point_names": ['\'; DROP TABLE "x"']}, 404, "NOT_FOUND"),
        ({"point_names": ["温度"]}, 404, "NOT_FOUND"),
        ({"point_names": []}, 400, "INVALID_REQUEST"),
        ({"point_names": [f"p{i}" for i in range(5_000)]}, 413, "TOO_LARGE"),
        ({"start_time": iso(NOON), "end_time": iso(NOON)}, 400, "INVALID_REQUEST"),
        ({"start_time": iso(NOON), "end_time": iso(NOON - 1)}, 400, "INVALID_REQUEST"),
        ({"start_time": iso(NOON + HOUR_MS), "end_time": iso(NOON + 2 * HOUR_MS)}, 400, "INVALID_REQUEST"),
        ({"start_time": iso(NOON - 366 * DAY_MS)}, 413, "TOO_LARGE"),
        ({"start_time": "yesterday"}, 400, "INVALID_REQUEST"),
        ({"resolution": "7m"}, 400, "INVALID_REQUEST"),
        ({"next_token": "forged"}, 400, "INVALID_REQUEST"),
        ({"max_points": 0}, 400, "INVALID_REQUEST"),
        ({"point_names": ["x" * 513]}, 400, "INVALID_REQUEST"),
        ({"start_time": "0001-01-01T00:00:00+05:00"}, 413, "TOO_LARGE"),
    ],
)
def test_bad_queries_get_a_clear_4xx(call: Call, changes: dict[str, Any], status: int, code: str) -> None:
    answers = [call("/timeseries/query", body=HOUR | changes, sites="*")]
    if changes.get("point_names") != []:
        answers.append(call("/timeseries/query", HOUR | changes, sites="*"))
    for got, answer in answers:
        assert (got, answer["error_code"]) == (status, code), answer
        assert answer["request_id"] == "r-1"
        assert answer["error"]
        assert not any(word in answer["error"] for word in ("Table", "Traceback", "/vitals/"))


@pytest.mark.parametrize("missing", ["site_name", "point_names", "start_time", "end_time"])
def test_a_missing_parameter_is_named(call: Call, missing: str) -> None:
    request = {key: value for key, value in HOUR.items() if key != missing}
    for status, answer in (call("/timeseries/query", request), call("/timeseries/query", body=request)):
        assert status == 400
        assert missing in answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "12",
        '{"site_name": 3}',
        "[" * 200_000,
        "9" * 5_000,
        json.dumps({"site_name": "home", "point_names": ["\ud800"], "start_time": 0, "end_time": 1}),
        json.dumps({"site_name": "home", "point_names": ["ahu/sat"], "start_time": True, "end_time": 9}),
    ],
    ids=lambda body: body[:20],
)
def test_a_body_without_a_query_is_400(call: Call, body: str) -> None:
    status, answer = call("/timeseries/query", body=body)
    assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")


def test_a_body_of_ten_megabytes_is_refused_unparsed(call: Call) -> None:
    status, answer = call("/timeseries/query", body='{"site_name": "' + "x" * 10_000_000 + '"}')
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")
    assert str(edge.MAX_BODY_BYTES) in answer["error"]


@pytest.mark.parametrize(
    "path", ["/timeseries/query", "/sites/home/points", "/sites/home/tags", "/sites/home/latest"]
)
@pytest.mark.parametrize(
    "granted",
    [{"scopes": "backfill"}, {"scopes": ""}, {"sites": "other"}, {"sites": ""}, {"sites": "nowhere"}],
)
def test_the_scope_and_the_site_must_be_granted(call: Call, path: str, granted: dict[str, str]) -> None:
    query = {name: HOUR[name] for name in openapi.parameters_of("GET", path) & HOUR.keys()}
    status, answer = call(path, query, **granted)
    assert (status, answer["error_code"]) == (403, "FORBIDDEN")


def test_an_ungranted_site_hides_whether_it_exists(call: Call) -> None:
    errors = [
        call("/timeseries/query", HOUR | {"site_name": site})[1]["error"].replace(site, "SITE")
        for site in ("other", "nowhere")
    ]
    assert errors == ["the token does not grant site 'SITE'"] * 2


def test_sites_are_those_granted(call: Call) -> None:
    assert [site["site_name"] for site in call("/sites", sites="*")[1]["sites"]] == ["home", "other"]
    [home] = call("/sites")[1]["sites"]
    assert home == {
        "site_name": "home",
        "display_name": "Home",
        "status": "enabled",
        "timezone": "UTC",
        "units": "source",
        "holidays": [],
        "points": 3,
        "synced_from": iso(NOON - HOUR_MS),
        "synced_until": iso(NOON),
        "lag_seconds": 61,
    }
    assert call("/sites", scopes="backfill")[0] == 403


def test_a_site_has_its_timezone_and_units(call: Call, dynamodb: Any) -> None:
    settings: SiteSettings = {"timezone": "America/Chicago", "units": "metric"}
    SiteTable(dynamodb, "StateTable").set_settings("home", settings, "test")
    [home] = call("/sites")[1]["sites"]
    assert (home["timezone"], home["units"]) == ("America/Chicago", "metric")


def test_points_are_searched_and_paged(call: Call) -> None:
    status, answer = call("/sites/home/points", {"search": "supply AHU"})
    assert status == 200
    [point] = answer["points"]
    assert point["point_name"] == "ahu/sat"
    assert (point["display_name"], point["unit"]) == ("Supply Air", "°F")
    seen, token = [], None
    for _ in range(5):
        query = {"limit": 2} | ({"next_token": token} if token else {})
        answer = call("/sites/home/points", query)[1]
        seen += [point["point_name"] for point in answer["points"]]
        token = answer["next_token"]
        if token is None:
            break
    assert seen == sorted(NAMES)
    assert call("/sites/home/points", {"limit": 0})[0] == 400
    assert call("/sites/home/points", {"tag": ["x"] * 21})[0] == 400
    assert call("/sites/nowhere/points", sites="*")[0] == 404


def test_points_are_found_by_every_tag_asked_for(call: Call, dynamodb: Any, clock: Clock) -> None:
    listed = [
        ListedPoint("a", "degF", tags=("ahu", "floor=2")),
        ListedPoint("b", "degF", tags=("ahu",)),
        ListedPoint("c"),
    ]
    CatalogTable(dynamodb, "StateTable").refresh("home", listed)
    for tags, names in ((["ahu"], ["a", "b"]), (["ahu", "unit=degF", "floor=2"], ["a"]), (["boiler"], [])):
        answer = call("/sites/home/points", {"tag": tags})[1]
        assert [point["point_name"] for point in answer["points"]] == names


def test_a_catalog_of_another_version_is_read(call: Call, dynamodb: Any) -> None:
    key = keys.catalog_chunk("home", 0)
    item = dynamodb.get_item(TableName="StateTable", Key=key)["Item"]
    rows = orjson.loads(zstandard.decompress(item["b"]["B"]))
    for row in rows:
        del row["listed"]["device"], row["listed"]["object_name"]
        row["listed"]["vendor"] = "unheard of"
    item["b"] = {"B": zstandard.compress(orjson.dumps(rows))}
    dynamodb.put_item(TableName="StateTable", Item=item)
    answer = call("/sites/home/points")[1]
    assert [(p["point_name"], p["device"]) for p in answer["points"]] == [(n, None) for n in sorted(NAMES)]


def test_latest_is_the_newest_sample_or_none(call: Call) -> None:
    newest = [
        {"point_name": "zone/co2", "timestamp": None, "value": None, "unit": "°F", "last_seen": None},
        {
            "point_name": "ahu/sat",
            "timestamp": NOON - 60_000,
            "value": 0.1 + 0.2,
            "unit": "°F",
            "last_seen": NOON - 60_000,
        },
    ]
    names = {"point_names": ["zone/co2", "ahu/sat", "nobody"]}
    _, answer = call("/sites/home/latest", names)
    assert answer["latest"] == newest
    text = "The site has no point 'nobody'."
    assert answer["warnings"] == [text]
    detail = {"code": "UNKNOWN_POINT", "text": text, "point_name": "nobody"}
    assert answer["warning_details"] == [detail]
    assert call("/sites/home/latest", body=names)[1] == answer
    for everything in (call("/sites/home/latest"), call("/sites/home/latest", body={"limit": 3})):
        assert sorted(entry["point_name"] for entry in everything[1]["latest"]) == sorted(NAMES)
    for nobody in ({"point_names": ["nobody"]}, {"point_name": ["nobody", "ahu/sat,zone/co2"]}):
        assert call("/sites/home/latest", nobody)[0] == 404
    too_many = {"point_names": [f"p{i}" for i in range(MAX_POINTS + 1)]}
    assert call("/sites/home/latest", body=too_many)[0] == 413


def test_a_silent_point_has_last_seen(call: Call, api: Api, dynamodb: Any) -> None:
    """By the newest day that has rollups, which begins with the last hour that has samples."""
    midnight = NOON - 12 * HOUR_MS
    for day_ms, hours in ((midnight - 40 * DAY_MS, [3, 23]), (midnight - 7 * DAY_MS, [0, 5])):
        times = np.array([day_ms + hour * HOUR_MS + 90_000 for hour in hours])
        rows = Samples(np.full(len(hours), 2, np.int32), times, np.ones(len(hours)))
        payload = rollup(rows)
        # The point that is not silent has rollups, too.
        api.executor.rollups.write(SiteDay("home", day_ms), {2: payload, 0: payload}, NOON)
    entries = {entry["point_name"]: entry for entry in call("/sites/home/latest")[1]["latest"]}
    assert (entries["zone/co2"]["timestamp"], entries["zone/co2"]["value"]) == (None, None)
    assert entries["zone/co2"]["last_seen"] == midnight - 7 * DAY_MS + 5 * HOUR_MS
    assert entries["ahu/sat"]["last_seen"] == NOON - 60_000


def test_a_point_configured_a_moment_ago_is_found(call: Call, dynamodb: Any, clock: Clock) -> None:
    assert call("/sites/home/points")[0] == 200
    listed = [ListedPoint(name) for name in [*NAMES, "zone/new"]]
    CatalogTable(dynamodb, "StateTable").refresh("home", listed)
    HotTier(dynamodb, "HotTable").write("home", from_columns([3], [NOON - 1], [4.5]), 1)
    clock.forward(0.1)
    _, answer = call("/timeseries/query", HOUR | {"point_names": ["zone/new"]})
    assert answer["series"][0]["values"] == [4.5]


def test_health_is_ok_until_a_site_lags(call: Call, clock: Clock) -> None:
    status, answer = call("/health", scopes="", sites="")
    assert (status, answer) == (200, {"status": "ok", "lag_seconds": 61})
    clock.forward(25)
    assert call("/health")[1]["status"] == "degraded"


def test_health_is_of_every_enabled_site(call: Call, api: Api) -> None:
    api.sites = replace(api.sites, initial=("home",))
    assert call("/health")[1]["status"] == "ok"
    api.sites = replace(api.sites, initial=("home", "never_synced"))
    assert call("/health")[1]["status"] == "degraded"


def test_auto_is_the_finest_resolution_within_max_points(call: Call) -> None:
    for max_points, resolution in ((60, "raw"), (12, "5m"), (11, "1h"), (1, "1h")):
        answer = call("/timeseries/query", HOUR | {"max_points": max_points})[1]
        assert answer["resolution"] == resolution
        assert answer["data_type"] == ("raw" if resolution == "raw" else "aggregate")
        assert len(answer["series"][0]["timestamps"]) <= max_points


def test_aggregates_cover_whole_buckets(call: Call) -> None:
    request = HOUR | {"start_time": NOON - 50 * 60_000, "end_time": NOON - 41 * 60_000, "resolution": "5m"}
    answer = call("/timeseries/query", request)[1]
    [series] = answer["series"]
    assert answer["start_time"] == iso(request["start_time"])
    assert series["timestamps"] == [NOON - 50 * 60_000, NOON - 45 * 60_000]
    raw = np.linspace(-0.0, 0.1 + 0.2, 60)
    for i, first in enumerate((10, 15)):
        samples = raw[first : first + 5]
        assert (series["min"][i], series["max"][i], series["count"][i]) == (samples[0], samples[-1], 5)
        assert (series["first"][i], series["last"][i]) == (samples[0], samples[-1])
        assert series["values"][i] == pytest.approx(samples.mean())


def test_a_stretch_is_bounded_however_sparse_the_data(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[Span] = []

    class Empty:
        ledger = api.executor.ledger

        def read_ahead(self, *_: Any) -> None:
            return None

        def records(self, *_: Any) -> list[Any]:
            return []

        def read(self, _: Any, span: Span) -> ReadResult[Samples]:
            spans.append(span)
            return ReadResult(from_columns([], [], []), ReadStats())

    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 1_000)
    api.executor = Empty()  # type: ignore[assignment]
    request = QueryRequest("home", NAMES, NOON - 300 * DAY_MS, NOON, "raw")
    answer = api.query(Grant("t", frozenset({"read"}), frozenset({"*"})), request).answer
    assert answer["metadata"]["next_token"] is None
    assert sum(span.length_ms for span in spans) == 300 * DAY_MS
    longest = max(span.length_ms for span in spans)
    # The points have a sample a minute, or more seldom.
    assert longest <= 10 * 1_000 * 60_000 / len(NAMES) + 2 * WINDOW_MS


def test_unknown_paths_and_inner_failures_keep_the_shape(call: Call, api: Api) -> None:
    status, answer = call("/sites/home/../../etc")
    assert (status, answer["error_code"]) == (404, "NOT_FOUND")
    api.sites = None  # type: ignore[assignment]
    status, answer = call("/sites")
    assert (status, answer["error_code"]) == (500, "INTERNAL_ERROR")
    assert "NoneType" not in json.dumps(answer)


def test_the_api_describes_itself_to_anybody(ask: Ask) -> None:
    answer = ask("/openapi.json", scopes="", sites="")
    assert (answer["statusCode"], answer["multiValueHeaders"]["Content-Type"]) == (200, ["application/json"])
    assert json.loads(answer["body"]) == openapi.document()
