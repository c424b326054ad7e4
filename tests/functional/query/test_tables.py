"""Tables through the handler: what is refused, each format, sums, and points by their tags."""

import base64
import csv
import io
from typing import Any

import ormsgpack
import pyarrow as pa
import pytest
from pyarrow import parquet

from query import encoding
from query.answers import Api
from tests.support.clock import NOON
from tests.support.query_calls import Ask, Call, api, ask, call
from vitals.model.points import ListedPoint
from vitals.model.samples import from_columns
from vitals.model.timespan import HOUR_MS, MINUTE_MS
from vitals.reading import page_token
from vitals.reading.request import MAX_POINTS
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.hot import HotTier

__all__ = ["api", "ask", "call"]

START = NOON - HOUR_MS
HOUR = {"site_name": "home", "start_time": str(START), "end_time": str(NOON), "form": "table"}
QUARTERS = HOUR | {"resolution": "15m"}
# a has a reading a minute, b one in the second and the last quarter of the hour, c none.
POINTS = [
    ListedPoint("a", "kWh", "", 60, tags=("meter", "floor=1")),
    ListedPoint("b - sub", "kilowattHours", "", 60, tags=("meter",)),
    ListedPoint("c", "°F", "", 60),
]


@pytest.fixture(autouse=True)
def samples(api: Api, dynamodb: Any) -> None:
    CatalogTable(dynamodb, "StateTable").refresh("home", POINTS)
    by_name = CatalogTable(dynamodb, "StateTable").load("home").by_name
    a = [(START + MINUTE_MS * minute, float(minute)) for minute in range(60)]
    b = [(START + 20 * MINUTE_MS, 0.1 + 0.2), (START + 59 * MINUTE_MS, -0.0)]
    rows = sorted((by_name[name].id, *row) for name, rows in (("a", a), ("b - sub", b)) for row in rows)
    ids, times, values = zip(*rows, strict=True)
    Ledger(dynamodb, "StateTable").mark_changed("home", sorted(times), NOON)
    HotTier(dynamodb, "HotTable").write("home", from_columns(ids, times, values), NOON)


def table(call: Call, names: list[str], **parameters: Any) -> dict[str, Any]:
    status, content = call("/timeseries/query", QUARTERS | {"point_name": names} | parameters)
    assert status == 200, content
    return content


def values(content: dict[str, Any]) -> dict[str, list[float | None]]:
    return {column["point_name"]: column["values"] for column in content["columns"]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"form": "wide"}, "form"),
    ({"resolution": "raw"}, "use it with another resolution than raw"),
    ({"width": "10"}, "omit width, interval_ms, method and max_points"),
    ({"max_points": "10"}, "omit width, interval_ms, method and max_points"),
    ({"fill": "previous"}, "fill must be null, last or linear"),
    ({"fill": "last", "measure": "increase"}, "increase cannot be filled"),
    ({"fill": "linear", "measure": "count"}, "count cannot be filled"),
    ({"form": "series", "fill": "last"}, "use it with form=table"),
    ({"form": "series", "measure": "at"}, "use it with form=table"),
    ({"form": "series", "point_name": "sum: a + a"}, "use it with form=table"),
    ({"point_name": "sum: a + c"}, "have different units, 'kWh' and '°F'"),
    ({"point_name": "sum: "}, "a name is missing"),
    ({"point_name": 'sum: "a" "a"'}, "follows a name"),
    ({"tag": "meter"}, "use either point names or tag"),
    ({"point_name": []}, "point_names must contain at least one point"),
]


@pytest.mark.parametrize(("parameters", "error"), REFUSED)
def test_what_a_table_cannot_have_is_refused(call: Call, parameters: dict[str, Any], error: str) -> None:
    status, content = call("/timeseries/query", QUARTERS | {"point_name": "a"} | parameters)
    assert (status, content["error_code"]) == (400, "INVALID_REQUEST")
    assert error in content["error"]


def test_missing_values_are_null(call: Call) -> None:
    content = table(call, ["a", "b - sub", "nobody"])
    assert content["timestamps"] == [START + 15 * MINUTE_MS * number for number in range(4)]
    assert values(content) == {
        "a": [7.0, 22.0, 37.0, 52.0],
        "b - sub": [None, 0.1 + 0.2, None, -0.0],
        "nobody": [None] * 4,
    }
    assert [column["unit"] for column in content["columns"]] == ["kWh", "kilowattHours", ""]
    assert [detail["code"] for detail in content["warning_details"]] == ["UNKNOWN_POINT"]
    assert "series" not in content


def test_a_sum_needs_all_of_its_points(call: Call) -> None:
    total, missing = 'sum: a - "b - sub"', "sum: a + nobody"
    content = table(call, [total, missing])
    assert values(content) == {total: [None, 22.0 - (0.1 + 0.2), None, 52.0], missing: [None] * 4}
    assert [column["unit"] for column in content["columns"]] == ["kWh", "kWh"]


def test_auto_is_never_raw(call: Call) -> None:
    assert table(call, ["a"], resolution="auto")["resolution"] == "5m"


def test_rows_end_with_the_last_that_began(call: Call) -> None:
    content = table(call, ["a"], end_time=str(NOON + 24 * HOUR_MS))
    assert content["timestamps"][-1] == NOON
    held = table(call, ["a"], end_time=str(NOON + HOUR_MS), resolution="1m", measure="at", fill="last")
    assert held["timestamps"][-1] == NOON + MINUTE_MS
    assert held["columns"][0]["values"][-1] == 59.0
    assert content["partial"] == [4]


def bodies(ask: Ask, media_type: str) -> dict[str, Any]:
    query = QUARTERS | {"point_name": ["a", "b - sub", "c", 'sum: a - "b - sub"']}
    return ask("/timeseries/query", query, headers={"Accept": media_type})


def test_csv_has_a_column_per_point(ask: Ask) -> None:
    rows = list(csv.reader(io.StringIO(bodies(ask, encoding.CSV)["body"])))
    assert rows[0] == [
        "timestamp",
        "a [kWh]",
        "b - sub [kilowattHours]",
        "c [°F]",
        'sum: a - "b - sub" [kWh]',
    ]
    assert rows[1][1:] == ["7.0", "", "", ""]
    assert rows[2] == ["2026-01-01T11:15:00.000Z", "22.0", "0.30000000000000004", "", "21.7"]
    assert len(rows) == 5


@pytest.mark.parametrize("media_type", [encoding.ARROW, encoding.PARQUET])
def test_arrow_and_parquet_have_the_same_columns(ask: Ask, media_type: str) -> None:
    body = base64.b64decode(bodies(ask, media_type)["body"])
    read = (
        parquet.read_table(io.BytesIO(body))
        if media_type == encoding.PARQUET
        else pa.ipc.open_stream(body).read_all()
    )
    assert read.schema.field("timestamp").type == pa.timestamp("ms", "UTC")
    assert read["b - sub [kilowattHours]"].to_pylist() == [None, 0.1 + 0.2, None, -0.0]
    assert b'"point_name":"b - sub"' in read.schema.metadata[b"vitals"]


def test_message_pack_has_null_too(ask: Ask) -> None:
    content = ormsgpack.unpackb(base64.b64decode(bodies(ask, encoding.MSGPACK)["body"]))
    assert content["columns"][1]["values"] == [None, 0.1 + 0.2, None, -0.0]


def test_tags_stand_in_place_of_names(call: Call) -> None:
    assert list(values(table(call, [], tag=["METER"]))) == ["a", "b - sub"]
    assert list(values(table(call, [], tag=["meter", "floor=1"]))) == ["a"]
    status, content = call("/timeseries/query", QUARTERS | {"tag": "chiller"})
    assert (status, content["error_code"]) == (404, "NOT_FOUND")
    body = HOUR | {"resolution": "15m", "tag": ["meter"]}
    status, content = call("/timeseries/query", body=body)
    assert (status, list(values(content))) == (200, ["a", "b - sub"])


def test_too_many_points_by_tag_are_refused(call: Call, dynamodb: Any) -> None:
    many = [ListedPoint(f"p{number}", tags=("vav",)) for number in range(MAX_POINTS + 1)]
    CatalogTable(dynamodb, "StateTable").refresh("home", [*POINTS, *many])
    status, content = call("/timeseries/query", QUARTERS | {"tag": "vav"})
    assert (status, content["error_code"]) == (413, "TOO_LARGE")


def test_a_token_fixes_the_points_of_tags(
    call: Call, api: Api, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A point that gets the tag between two pages is in neither of them."""
    monkeypatch.setattr("vitals.reading.request.MAX_VALUES", 4)
    first = table(call, [], tag="meter")
    assert len(first["timestamps"]) == 2
    CatalogTable(dynamodb, "StateTable").refresh(
        "home", [*POINTS[:2], ListedPoint("aa", "kWh", tags=("meter",))]
    )
    api.catalogs.load("home")
    token = first["metadata"]["next_token"]
    second = table(call, [], tag="meter", next_token=token)
    assert list(values(second)) == ["a", "b - sub"]
    assert second["timestamps"] == [START + 30 * MINUTE_MS, START + 45 * MINUTE_MS]
    assert list(values(table(call, [], tag="meter"))) == ["a", "aa", "b - sub"]
    unknown = page_token.encode(START + 30 * MINUTE_MS, "digest", [0, 1_000])
    for changed in ({"tag": "floor=1"}, {"next_token": token[:-3]}, {"next_token": unknown}):
        status, _ = call("/timeseries/query", QUARTERS | {"tag": "meter", "next_token": token} | changed)
        assert status == 400


def test_a_token_may_name_newer_points(
    call: Call, api: Api, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another container, which has loaded the catalog since, answered the first page."""
    monkeypatch.setattr("vitals.reading.request.MAX_VALUES", 4)
    table(call, ["a"])
    older = dict(api.catalogs.loaded)
    newer = [ListedPoint("aa", "kWh", tags=("meter",)), ListedPoint("new", "kWh", tags=("meter",))]
    CatalogTable(dynamodb, "StateTable").refresh("home", [*POINTS, *newer])
    api.catalogs.load("home")
    first = table(call, [], tag="meter")
    assert len(values(first)) == 4
    api.catalogs.loaded.update(older)
    second = table(call, [], tag="meter", next_token=first["metadata"]["next_token"])
    assert list(values(second)) == list(values(first))
