"""Units of answers, through the handler: the site's, or those of the request, in every form."""

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from query.answers import Api
from tests.support.clock import NOON
from tests.support.query_calls import Ask, Call, api, ask, call
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

__all__ = ["api", "ask", "call"]

POINTS = [
    ListedPoint("fan", "", "", 300, object_type="binaryOutput"),
    ListedPoint("power", "kilowatts", "", 300),
    ListedPoint("replaced", "gal", "", 300),
    ListedPoint("volume", "gal", "", 300),
    ListedPoint("weather", "°C", "", 300),
    ListedPoint("zone", "degreesFahrenheit", "", 300),
]
VALUES = {
    "fan": [1, 0],
    "power": [4, 8],
    "replaced": [300, 10],
    "volume": [100, 300],
    "weather": [0, 20],
    "zone": [50, 68],
}
RANGE = {"site_name": "home", "start_time": str(NOON - HOUR_MS), "end_time": str(NOON)}


@pytest.fixture(autouse=True)
def hour(api: Api, dynamodb: Any) -> None:
    """Each point has twelve samples: the first value six times, then the second one."""
    CatalogTable(dynamodb, "StateTable").refresh("home", POINTS)
    times = NOON - HOUR_MS + 300_000 * np.arange(12)
    Ledger(dynamodb, "StateTable").mark_changed("home", times.tolist(), NOON)
    by_name = CatalogTable(dynamodb, "StateTable").load("home").by_name
    for name, values in VALUES.items():
        ids = np.full(12, by_name[name].id, np.int32)
        rows = Samples(ids, times, np.repeat(np.array(values, np.float64), 6))
        HotTier(dynamodb, "HotTable").write("home", rows, NOON)


def series(call: Call, name: str, **parameters: str) -> dict[str, Any]:
    status, content = call("/timeseries/query", RANGE | {"point_names": name} | parameters)
    assert status == 200, content
    [item] = content["series"]
    return dict(item)


def test_answers_have_the_units_of_the_source(call: Call) -> None:
    item = series(call, "zone", resolution="raw")
    assert (item["unit"], item["source_unit"]) == ("degreesFahrenheit", "degreesFahrenheit")
    assert (item["values"][0], item["values"][-1]) == (50.0, 68.0)


def test_a_site_has_units_that_requests_override(call: Call, dynamodb: Any) -> None:
    SiteTable(dynamodb, "StateTable").set_settings("home", {"units": "metric"}, "test")
    assert series(call, "zone", resolution="raw")["values"][0] == 10.0
    assert series(call, "zone", resolution="raw", units="source")["values"][0] == 50.0


def test_weather_and_zone_share_an_axis(call: Call) -> None:
    items = [series(call, name, resolution="1h", units="imperial") for name in ("weather", "zone")]
    assert [item["unit"] for item in items] == ["°F", "°F"]
    assert [item["source_unit"] for item in items] == ["°C", "degreesFahrenheit"]
    columns = ("values", "min", "max", "first", "last", "count")
    assert [items[0][key] for key in columns] == [[50.0], [32.0], [68.0], [32.0], [68.0], [12]]
    assert [items[1][key] for key in columns[1:]] == [[50.0], [68.0], [50.0], [68.0], [12]]
    assert items[1]["values"] == pytest.approx([59.0])


MEASURED = [
    ("zone", "time_weighted_mean", "metric", 15.0, "°C"),
    ("zone", "p50", "metric", 15.0, "°C"),
    ("zone", "integral", "metric", 15.0, "°C·h"),
    ("zone", "sd", "metric", 5.222329678670935, "ΔK"),
    ("zone", "count", "metric", 12, ""),
    ("power", "integral", "imperial", 6.0, "kWh"),
    ("volume", "increase", "metric", 757.0823568, "l"),
    ("volume", "rate", "metric", 757.0823568, "l/h"),
    ("fan", "runtime", "metric", 1_800, "s"),
    ("fan", "starts", "metric", 0, ""),
]


def test_each_measure_is_converted(call: Call) -> None:
    for name, measure, system, value, unit in MEASURED:
        item = series(call, name, resolution="1h", measure=measure, units=system)
        assert item["values"] == pytest.approx([value]), measure
        assert item["unit"] == unit


def test_the_proof_has_the_unit_of_the_values(call: Call) -> None:
    item = series(call, "replaced", resolution="1h", measure="increase", units="metric")
    assert item["values"] == pytest.approx([10 * 3.785411784])
    [step] = item["proof"]["resets"]
    assert (step["from"], step["to"]) == pytest.approx((300 * 3.785411784, 10 * 3.785411784))


def test_charts_are_converted(call: Call) -> None:
    charts = [{"width": "2"}, {"width": "1", "method": "mean"}, {"interval_ms": "1800000"}]
    for chart in charts:
        before, after = (series(call, "zone", units=system, **chart) for system in ("source", "metric"))
        assert after["unit"] == "°C"
        assert before["timestamps"] == after["timestamps"]
        assert after["values"] == pytest.approx([(value - 32) * 5 / 9 for value in before["values"]])


def test_tables_name_units_beside_their_columns(ask: Ask) -> None:
    query = RANGE | {"point_names": "zone,weather", "resolution": "1h", "units": "metric"}
    answer = ask("/timeseries/query", query, headers={"Accept": "text/csv"})
    header, *rows = csv.reader(io.StringIO(answer["body"]))
    assert "unit" not in header
    assert [float(row[2]) for row in rows] == pytest.approx([15.0, 10.0])
    metadata = json.loads(answer["multiValueHeaders"]["Vitals-Metadata"][0])
    assert (metadata["units"], metadata["series_units"]) == ("metric", ["°C", "°C"])
    answer = ask("/timeseries/query", query, headers={"Accept": "application/vnd.apache.arrow.stream"})
    table = pa.ipc.open_stream(base64.b64decode(answer["body"])).read_all()
    described = json.loads(table.schema.metadata[b"vitals"])["series"]
    assert [item["unit"] for item in described] == ["°C", "°C"]
    assert table["value"].to_pylist() == pytest.approx([15.0, 10.0])


def test_a_page_token_is_of_one_system(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 5)
    query = RANGE | {"point_names": "zone", "resolution": "raw", "units": "metric"}
    token = call("/timeseries/query", query)[1]["metadata"]["next_token"]
    assert call("/timeseries/query", query | {"next_token": token})[0] == 200
    status, error = call("/timeseries/query", query | {"next_token": token, "units": "imperial"})
    assert (status, error["error_code"]) == (400, "INVALID_REQUEST")


def test_another_system_is_refused(call: Call) -> None:
    get = call("/timeseries/query", RANGE | {"point_names": "zone", "units": "si"})
    post = call("/timeseries/query", body=RANGE | {"point_names": ["zone"], "units": "si"})
    for status, error in (get, post):
        assert (status, error["error"]) == (400, "units must be source, metric or imperial")
