"""Local buckets and measures through the handler: what is refused, and what an answer says of its rows."""

import csv
import io
from typing import Any

import numpy as np
import pytest

from query.answers import Api
from tests.support.query_calls import Ask, Call, api, ask, call
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, MINUTE_MS, parse_iso
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

__all__ = ["api", "ask", "call"]

STEP_MS = 5 * MINUTE_MS
CHICAGO = {"site_name": "home", "timezone": "America/Chicago"}
# 2025-12-30 is [06:00Z, 06:00Z). The fan is on for six hours, then unknown for about as long, then off.
DAY = CHICAGO | {"start_time": "2025-12-30", "end_time": "2025-12-31"}
ON, OFF = parse_iso("2025-12-30T06:00Z"), parse_iso("2025-12-30T18:00Z")
TODAY = parse_iso("2026-01-01T06:00Z")
# The hour from 01:00 is there twice.
AUTUMN = parse_iso("2025-11-02T06:00Z")


@pytest.fixture(autouse=True)
def days(api: Api, dynamodb: Any) -> None:
    fan = ListedPoint("fan", "", "", 300, object_type="binaryOutput")
    CatalogTable(dynamodb, "StateTable").refresh("home", [fan, ListedPoint("meter", "kWh", "", 300)])
    runs = [(ON, 72, 1.0), (OFF, 144, 0.0), (TODAY, 72, 0.0), (AUTUMN, 24, 1.0)]
    times = np.concatenate([start_ms + STEP_MS * np.arange(count) for start_ms, count, _ in runs])
    values = np.concatenate([np.full(count, value) for _, count, value in runs])
    Ledger(dynamodb, "StateTable").mark_changed("home", times.tolist(), TODAY)
    by_name = CatalogTable(dynamodb, "StateTable").load("home").by_name
    # In autumn the meter is replaced by a broken one.
    meter = np.where(np.arange(len(times)) < len(times) - 12, np.arange(len(times)), -1.0)
    ids = np.repeat(np.array([by_name["fan"].id, by_name["meter"].id], np.int32), len(times))
    samples = Samples(ids, np.tile(times, 2), np.concatenate([values, meter]))
    HotTier(dynamodb, "HotTable").write("home", samples, TODAY)


def answer(call: Call, name: str = "fan", **parameters: str) -> dict[str, Any]:
    status, content = call("/timeseries/query", DAY | {"point_names": name} | parameters)
    assert status == 200, content
    return content


def series(call: Call, name: str = "fan", **parameters: str) -> dict[str, Any]:
    [item] = answer(call, name, **parameters)["series"]
    return dict(item)


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"timezone": "Mars/Olympus"}, "timezone must be an IANA name"),
    ({"timezone": "america/chicago"}, "use America/Chicago"),
    ({"resolution": "7m"}, "7m does not divide evenly"),
    ({"resolution": "13mo"}, "13mo does not divide evenly"),
    ({"resolution": "0d"}, "resolution must be auto, raw, or a whole number"),
    ({"resolution": "1d", "measure": "p100"}, "a percentile from p1 to p99; not 'p100'"),
    ({"resolution": "1d", "measure": "p0"}, "a percentile from p1 to p99; not 'p0'"),
    ({"resolution": "raw", "measure": "max"}, "use it with another resolution than raw"),
    ({"width": "10", "measure": "max"}, "omit width, interval_ms, method and max_points"),
    ({"interval_ms": "60000", "measure": "max"}, "omit width, interval_ms, method and max_points"),
    ({"method": "m4", "measure": "max"}, "omit width, interval_ms, method and max_points"),
    ({"max_points": "10", "measure": "max"}, "omit width, interval_ms, method and max_points"),
    ({"measure": "increase"}, "'fan' is a binary point, which has no increase; use runtime or starts"),
    ({"measure": "rate"}, "'fan' is a binary point, which has no rate; use runtime or starts"),
    ({"resolution": "1w", "week_start": "friday"}, "week_start must be monday or sunday"),
    ({"start_time": "2025-11-02T01:30"}, "'2025-11-02T01:30' happens twice in America/Chicago"),
    ({"start_time": "2025-03-09T02:30"}, "'2025-03-09T02:30' happens never in America/Chicago"),
]


def test_what_has_no_meaning_is_refused(call: Call) -> None:
    for parameters, error in REFUSED:
        status, content = call("/timeseries/query", DAY | {"point_names": "fan"} | parameters)
        assert (status, content["error_code"]) == (400, "INVALID_REQUEST"), parameters
        assert error in content["error"]


def test_an_offset_selects_a_repeated_time(call: Call) -> None:
    starts = [f"2025-11-02T01:30{offset}" for offset in ("-05:00", "-06:00")]
    answers = [answer(call, start_time=start, end_time="2025-11-03", resolution="raw") for start in starts]
    assert [content["start_time"] for content in answers] == ["2025-11-02T06:30:00Z", "2025-11-02T07:30:00Z"]


def test_a_day_without_midnight_begins_at_one(call: Call) -> None:
    content = answer(call, timezone="Africa/Cairo", start_time="2025-04-25", end_time="2025-04-26")
    assert (content["start_time"], content["end_time"]) == ("2025-04-24T22:00:00Z", "2025-04-25T21:00:00Z")


def test_before_the_first_sample_is_no_row(call: Call) -> None:
    june = {"start_time": "2025-06-01", "end_time": "2025-06-03", "resolution": "1d"}
    columns = ("timestamps", "values", "count", "known", "partial", "ends")
    for measure in ("mean", "sd", "p50", "integral", "runtime", "starts"):
        item = series(call, measure=measure, **june)
        assert [item[key] for key in columns] == [[]] * 6, measure


def test_a_repeated_hour_stays_apart_in_csv(ask: Ask) -> None:
    query = DAY | {"point_names": "fan", "start_time": "2025-11-02", "end_time": "2025-11-03"}
    reply = ask("/timeseries/query", query | {"resolution": "30m"}, headers={"Accept": "text/csv"})
    times = [row["timestamp"] for row in csv.DictReader(io.StringIO(reply["body"]))]
    local = [
        f"2025-11-02T{time}:00.000{zone}" for zone in ("-05:00", "-06:00") for time in ("01:00", "01:30")
    ]
    assert times == local


def test_a_day_with_a_gap_has_bounds(call: Call) -> None:
    item = series(call, resolution="1d", measure="runtime")
    # The last sample before the gap, at 11:55Z, is held for 2.5 intervals.
    on_s, unknown_s = 6 * 3_600 + 450, 6 * 3_600 - 450
    assert item["values"] == item["at_least"] == [on_s]
    assert item["at_most"] == [on_s + unknown_s]
    assert item["known"] == pytest.approx([1 - unknown_s / 86_400])
    assert (item["timestamps"], item["ends"], item["partial"]) == ([ON], [ON + 24 * HOUR_MS], [])
    assert item["proof"]["known_share"] == pytest.approx(1 - unknown_s / 86_400)


def test_an_integral_of_a_fan_has_bounds(call: Call) -> None:
    item = series(call, resolution="1d", measure="integral")
    assert (item["values"], item["at_most"]) == ([6.125], [12.0])
    assert item["unit"] == "h"
    assert "at_most" not in series(call, "meter", resolution="1d", measure="integral")


def test_a_bucket_that_is_not_over_is_partial(call: Call) -> None:
    """The site is synced until 12:00Z, and all of the six hours since the day began are known."""
    item = series(call, start_time="2025-12-31", end_time="2026-01-02", resolution="1d", measure="held")
    assert (item["timestamps"][-1], item["partial"]) == (TODAY, [1])
    assert (item["values"][-1], item["known"][-1]) == (6 * 3_600 + 450, 1.0)


def test_columns_across_local_days_are_warned_of(call: Call, dynamodb: Any) -> None:
    """Columns are of UTC where only the site has a zone."""
    SiteTable(dynamodb, "StateTable").set_settings("home", {"timezone": "America/Chicago"}, "test")
    chart = {"site_name": "home", "point_names": "fan", "start_time": "2025-12-30", "end_time": "2025-12-31"}
    chart |= {"interval_ms": str(24 * HOUR_MS), "resolution": "1d"}
    codes = []
    for zone in ({}, {"timezone": "America/Chicago"}):
        status, content = call("/timeseries/query", chart | zone)
        assert status == 200
        codes.append([detail["code"] for detail in content["warning_details"]])
    assert codes == [["COLUMNS_SPLIT_BUCKETS"], []]


def test_an_hour_has_no_ends(call: Call) -> None:
    assert "ends" not in series(call, resolution="1h", measure="held")


def test_sixty_minutes_are_an_hour(call: Call) -> None:
    shown = [answer(call, resolution=text)["resolution"] for text in ("60m", "24h", "12mo")]
    assert shown == ["1h", "1d", "1y"]


def test_one_sample_has_no_deviation(call: Call) -> None:
    item = series(call, resolution="5m", measure="sd")
    assert item["values"] == []


def test_values_below_zero_are_warned_of(call: Call) -> None:
    content = answer(call, "meter", start_time="2025-11-02", end_time="2025-11-03", measure="increase")
    assert [detail["code"] for detail in content["warning_details"]] == ["NEGATIVE_STEPS"]
    assert content["warning_details"][0]["point_name"] == "meter"
