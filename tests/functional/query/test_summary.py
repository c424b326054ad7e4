"""Summaries through the handler: each kind's values, sums, operating hours, and what is refused."""

import itertools
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from query.answers import Api
from tests.support.clock import NOON
from tests.support.query_calls import Call, api, ask, call
from vitals.model.points import ListedPoint
from vitals.model.samples import from_columns
from vitals.model.timespan import HOUR_MS, MINUTE_MS, iso
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.hot import HotTier

__all__ = ["api", "ask", "call"]

START = NOON - 6 * HOUR_MS
RANGE = {"site_name": "home", "start_time": START + 7 * MINUTE_MS, "end_time": NOON}
POINTS = [
    ListedPoint("fan", "", "", 300, object_type="binaryOutput"),
    ListedPoint("load", "kW", "", 60),
    ListedPoint("meter", "kWh", "", 300),
    ListedPoint("mode", "", "", 300, object_type="multiStateValue"),
    ListedPoint("other", "kilowatts", "", 60),
    ListedPoint("target", "°F", "", 300, tags=("sp",)),
]
NULLS = {
    "fan": {"mean", "sd", "p50", "increase", "peak"},
    "load": {"increase", "runtime", "starts"},
    "meter": {"mean", "time_weighted_mean", "sd", "p50", "runtime", "starts", "peak"},
    "mode": {"mean", "time_weighted_mean", "sd", "p50", "increase", "runtime", "starts", "peak"},
    "target": {"increase", "runtime", "starts", "peak"},
}


def value(name: str, number: int) -> float:
    match name:
        case "fan" | "mode":
            return float(number // 7 % 2)
        case "meter":
            return 13_423.7 + number / 10
        case _:
            return float(np.sin(number) * 40 + number % 13) + len(name)


@pytest.fixture(autouse=True)
def samples(api: Api, dynamodb: Any) -> list[tuple[str, int, float]]:
    CatalogTable(dynamodb, "StateTable").refresh("home", POINTS)
    by_name = CatalogTable(dynamodb, "StateTable").load("home").by_name
    rows = [
        (point.name, START + number * 1000 * (point.interval_s or 60), value(point.name, number))
        for point in POINTS
        for number in range(6 * 3_600 // (point.interval_s or 60))
        # Half an hour is missing.
        if not 100 <= number * (point.interval_s or 60) // 60 < 130
    ]
    ordered = sorted((by_name[name].id, time_ms, number) for name, time_ms, number in rows)
    ids, times, values = zip(*ordered, strict=True)
    Ledger(dynamodb, "StateTable").mark_changed("home", sorted(set(times)), NOON)
    HotTier(dynamodb, "HotTable").write("home", from_columns(ids, times, values), NOON)
    return rows


def summary(call: Call, names: list[str], **parameters: Any) -> dict[str, dict[str, Any]]:
    status, content = call("/timeseries/summary", body=RANGE | {"point_names": names} | parameters)
    assert status == 200, content
    return {point["point_name"]: point for point in content["points"]}


def oracle(rows: list[tuple[str, int, float]], name: str, where: str = "true") -> dict[str, Any]:
    """Returns what DuckDB computes from the samples in the range."""
    sql = duckdb.connect()
    sql.register("samples", pd.DataFrame(rows, columns=["point", "ts", "v"]))
    inside = f"point = '{name}' AND ts >= {RANGE['start_time']} AND ts < {NOON} AND {where}"
    columns = (
        "min(v) AS min, max(v) AS max, avg(v) AS mean, stddev_samp(v) AS sd, quantile_cont(v, 0.05) AS p5,"
        " quantile_cont(v, 0.5) AS p50, quantile_cont(v, 0.95) AS p95, arg_min(v, ts) AS first,"
        " arg_max(v, ts) AS last, min(ts) AS first_time, max(ts) AS last_time, count(*) AS count"
    )
    [row] = sql.execute(f"SELECT {columns} FROM samples WHERE {inside}").fetch_df().to_dict("records")
    quarters = (
        f"SELECT ts // 900000 * 900000 AS q, avg(v) AS m FROM samples WHERE {inside} GROUP BY q"
        f" HAVING q >= {RANGE['start_time']} AND q + 900000 <= {NOON}"
    )
    peak, peak_time = sql.execute(f"SELECT max(m), arg_max(q, m) FROM ({quarters})").fetchall()[0]
    return {
        **{str(key): item for key, item in row.items()},
        "first_time": iso(int(row["first_time"])),
        "last_time": iso(int(row["last_time"])),
        "peak": peak,
        "peak_time": iso(peak_time),
    }


@pytest.mark.parametrize("name", ["load", "target", "fan", "meter", "mode"])
def test_values_are_those_of_duckdb(call: Call, samples: list[tuple[str, int, float]], name: str) -> None:
    point = summary(call, [name])[name]
    expected = oracle(samples, name)
    for key, item in expected.items():
        if (
            key in NULLS[name]
            or (key.startswith("p") and "p50" in NULLS[name])
            or (key == "peak_time" and "peak" in NULLS[name])
        ):
            assert point[key] is None, key
        else:
            assert point[key] == (pytest.approx(item, rel=1e-12) if isinstance(item, float) else item), key
    assert {key for key in NULLS[name] if point[key] is not None} == set()


def test_totals_are_those_of_the_query(call: Call) -> None:
    """One bucket of a query holds the same range, where it is that of an hour."""
    hour = {"start_time": START + 3 * HOUR_MS, "end_time": START + 4 * HOUR_MS}
    points = summary(call, ["fan", "meter", "load"], **hour)
    for name, measures in {
        "fan": ["runtime", "starts", "time_weighted_mean"],
        "meter": ["increase"],
        "load": ["time_weighted_mean", "sd", "p95"],
    }.items():
        for measure in measures:
            query = hour | {
                "site_name": "home",
                "point_names": [name],
                "resolution": "1h",
                "measure": measure,
            }
            [series] = call("/timeseries/query", body=query)[1]["series"]
            assert points[name][measure] == series["values"][0], measure
            assert points[name]["known"] == series["known"][0]


def test_the_last_sample_counts_from_a_day_before(call: Call, dynamodb: Any) -> None:
    """Ten hours before NOON, the meter and the fan were last read on the evening before."""
    by_name = CatalogTable(dynamodb, "StateTable").load("home").by_name
    evening, night = NOON - 16 * HOUR_MS, NOON - 9 * HOUR_MS - 30 * MINUTE_MS
    rows = [("fan", evening, 0.0), ("fan", night, 1.0), ("meter", evening, 100.0), ("meter", night, 130.0)]
    Ledger(dynamodb, "StateTable").mark_changed("home", [evening, night], NOON)
    ordered = sorted((by_name[name].id, time_ms, number) for name, time_ms, number in rows)
    HotTier(dynamodb, "HotTable").write("home", from_columns(*zip(*ordered, strict=True)), NOON)
    hour = {"start_time": NOON - 10 * HOUR_MS, "end_time": NOON - 9 * HOUR_MS}
    points = summary(call, ["fan", "meter"], **hour)
    assert (points["fan"]["starts"], points["meter"]["increase"]) == (1, 30.0)


def test_sums_add_what_can_be_added(call: Call) -> None:
    total, missing = "sum: load - other", "sum: load + nobody"
    points = summary(call, [total, missing, "load", "other"])
    load, other = points["load"], points["other"]
    for key in ("mean", "time_weighted_mean"):
        assert points[total][key] == pytest.approx(load[key] - other[key])
    assert points[total]["min"] is points[total]["sd"] is points[total]["count"] is None
    assert points[total]["unit"] == "kW"
    assert points[missing]["mean"] is None


def test_a_sum_peaks_in_one_quarter(call: Call, samples: list[tuple[str, int, float]]) -> None:
    point = summary(call, ["sum: load + other"])["sum: load + other"]
    both = [(f"{name}", time_ms, number) for name, time_ms, number in samples if name in ("load", "other")]
    quarters: dict[int, dict[str, list[float]]] = {}
    for name, time_ms, number in both:
        # The first quarter of the range is not whole.
        if time_ms // 900_000 * 900_000 >= RANGE["start_time"]:
            quarters.setdefault(time_ms // 900_000 * 900_000, {}).setdefault(name, []).append(number)
    sums = {
        start: sum(float(np.mean(values)) for values in means.values()) for start, means in quarters.items()
    }
    assert point["peak"] == pytest.approx(max(sums.values()))
    assert point["peak_time"] == iso(max(sums, key=lambda start: sums[start]))


def test_hours_leave_the_rest_out(call: Call, samples: list[tuple[str, int, float]]) -> None:
    """NOON is that of a Thursday, 2026-01-01."""
    point = summary(call, ["load"], hours="07:30-09:00", days="thu")["load"]
    expected = oracle(samples, "load", f"ts >= {NOON - 270 * MINUTE_MS} AND ts < {NOON - 180 * MINUTE_MS}")
    for key in ("min", "max", "sd", "p95", "first_time", "last_time", "count", "peak", "peak_time"):
        assert point[key] == (
            pytest.approx(expected[key]) if isinstance(expected[key], float) else expected[key]
        )
    assert summary(call, ["load"], days="fri")["load"]["count"] == 0


def test_nothing_known_is_null(call: Call) -> None:
    point = summary(call, ["load"], start_time=START - 9 * HOUR_MS, end_time=START - HOUR_MS)["load"]
    assert {key for key, item in point.items() if item is not None} == {
        *("point_name", "unit", "source_unit", "kind", "count", "known")
    }
    assert (point["count"], point["known"]) == (0, 0)


@pytest.mark.parametrize("key", ["resolution", "form", "fill", "next_token", "measure", "max_points"])
def test_what_a_summary_does_not_take_is_refused(call: Call, key: str) -> None:
    status, content = call("/timeseries/summary", body=RANGE | {"point_names": ["load"], key: "1h"})
    assert (status, content["error_code"]) == (400, "INVALID_REQUEST")
    assert key in content["error"]


def test_tags_and_units_of_a_summary(call: Call) -> None:
    body = RANGE | {"tag": ["sp"], "units": "metric"}
    status, content = call("/timeseries/summary", body=body)
    assert status == 200
    [point] = content["points"]
    fahrenheit = summary(call, ["target"])["target"]
    assert point["unit"] == "°C"
    assert point["max"] == pytest.approx((fahrenheit["max"] - 32) / 1.8)
    assert point["sd"] == pytest.approx(fahrenheit["sd"] / 1.8)


def test_too_many_samples_are_warned_of(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES_AT_ONCE", 10)
    assert_without_samples(call)


def test_more_samples_than_expected_are_warned_of(
    call: Call, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The point has a sample a minute, 30 of which are missing, although it is listed with one an hour."""
    hourly = [replace(point, interval_s=3_600) for point in POINTS]
    CatalogTable(dynamodb, "StateTable").refresh("home", hourly)
    count = 353 - 30
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES_AT_ONCE", count)
    assert summary(call, ["load"])["load"]["sd"] is not None
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES_AT_ONCE", count - 1)
    assert_without_samples(call)


def assert_without_samples(call: Call) -> None:
    _, content = call("/timeseries/summary", body=RANGE | {"point_names": ["load"]})
    [point] = content["points"]
    assert point["sd"] is point["p50"] is point["peak"] is None
    assert point["mean"] is not None
    assert [detail["code"] for detail in content["warning_details"]] == ["TOO_MANY_SAMPLES"]


def test_a_long_summary_says_what_to_do(call: Call, api: Api) -> None:
    ticks_of(api, step=13)
    status, content = call("/timeseries/summary", body=RANGE | {"point_names": ["load", "fan"]})
    assert (status, content["error_code"]) == (504, "TIMEOUT")
    assert "request fewer points or a shorter range" in content["error"]


def test_a_late_summary_has_what_was_read(call: Call, api: Api) -> None:
    """There is time for the held signal, and none for all samples."""
    ticks_of(api, step=7)
    _, content = call("/timeseries/summary", body=RANGE | {"point_names": ["load"]})
    [late] = content["points"]
    assert [detail["code"] for detail in content["warning_details"]] == ["TIME_LIMIT"]
    api.monotonic = float
    whole = summary(call, ["load"])["load"]
    omitted = {"sd", "p5", "p50", "p95", "peak", "peak_time"}
    assert late == whole | dict.fromkeys(omitted)
    assert all(whole[key] is not None for key in omitted)


def ticks_of(api: Api, step: int) -> None:
    """Makes each look at the clock some seconds after the one before."""
    seconds = itertools.count(step=step)
    api.monotonic = lambda: float(next(seconds))


@pytest.mark.parametrize(("start", "end"), [(0, 240), (7, 240), (0, 233), (7, 233), (7, 13)])
def test_only_whole_quarters_peak(
    call: Call, samples: list[tuple[str, int, float]], start: int, end: int
) -> None:
    """Partial quarters of a few samples would have higher means."""
    span = {"start_time": START + start * MINUTE_MS, "end_time": START + end * MINUTE_MS}
    point = summary(call, ["load"], **span)["load"]
    quarters = {
        first: [v for name, ts, v in samples if name == "load" and first <= ts < first + 15 * MINUTE_MS]
        for first in range(START, START + end * MINUTE_MS, 15 * MINUTE_MS)
        if span["start_time"] <= first and first + 15 * MINUTE_MS <= span["end_time"]
    }
    means = {first: float(np.mean(values)) for first, values in quarters.items() if values}
    assert point["peak"] == (pytest.approx(max(means.values())) if means else None)
    assert point["peak_time"] == (iso(max(means, key=lambda first: means[first])) if means else None)


def test_a_quarter_that_hours_cut_has_no_peak(call: Call) -> None:
    point = summary(call, ["load"], hours="07:25-07:55", start_time=START)["load"]
    assert point["count"] == 30 - 15
    assert point["peak_time"] == iso(NOON - 270 * MINUTE_MS)
    assert summary(call, ["load"], hours="07:20-07:40", start_time=START)["load"]["peak"] is None


def test_a_quarter_in_progress_has_no_peak(call: Call) -> None:
    later = summary(call, ["load"], start_time=NOON - 5 * MINUTE_MS, end_time=NOON + HOUR_MS)["load"]
    assert later["count"] == 5
    assert later["peak"] is later["peak_time"] is None
