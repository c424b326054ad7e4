"""Every tier gives the same rows to the bit, and they are those of DuckDB."""

import os
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.simulation.local_days import sql
from tests.simulation.local_days.sql import HELD, RESOLUTIONS, STATISTICS, Bucket, Oracle
from tests.simulation.local_days.store import TIERS, Store, Tier
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.reading.paging import Pages
from vitals.reading.request import Limits

ALL = os.environ.get("VITALS_ORACLE") == "all"
# A day on which the clock changes, or any.
ZONES = {
    "America/Chicago": "2026-11-01",
    "Europe/London": "2026-03-29",
    "Asia/Kolkata": "2026-02-14",
    "Australia/Lord_Howe": "2026-04-04",
    "Africa/Cairo": "2026-04-23",
    "Pacific/Apia": "2011-12-30",
    "UTC": "2026-05-10",
}
INTERVALS = {"fan": 300, "meter": 900, "slow": 7_200, "temperature": 600}
UNITS = {"fan": "rpm", "meter": "kWh", "slow": "kWh", "temperature": "°F"}
# Days before and after the day whose buckets are compared.
DAYS = {"15m": 0, "1h": 1, "2h": 2, "6h": 3, "1d": 8, "1w": 8, "1mo": 8}
MEASURES = (*STATISTICS, *HELD, "starts", "increase")
CASES = [
    pytest.param(zone, tier, resolution, id=f"{zone}-{tier}-{resolution}")
    for number, zone in enumerate(ZONES)
    for place, resolution in enumerate(RESOLUTIONS)
    for tier in TIERS
    # Two of each zone, with every tier and every resolution among them.
    if ALL or (TIERS[(number + place) % len(TIERS)] == tier and (place - 4 * number) % 7 < 2)
]


@cache
def series(day: str) -> dict[str, dict[int, float]]:
    """Returns samples of ten days before and after, with gaps, jitter, resets, dips and spikes."""
    random = Random(day)
    start_ms, end_ms = day_start(day) - 10 * DAY_MS, day_start(day) + 11 * DAY_MS
    result = {}
    for name, interval_s in INTERVALS.items():
        samples, time_ms, value = {}, start_ms + random.randrange(900_000), 13_423.7
        while time_ms < end_ms:
            value = _next(name, value, random)
            samples[time_ms] = _read(name, value, random)
            time_ms += interval_s * 1000 + random.choice((0, 0, 0, -1_500, 2_750))
            if random.random() < 0.004:
                time_ms += random.randrange(30 * MINUTE_MS, DAY_MS)
        result[name] = samples
    return result


def _next(name: str, value: float, random: Random) -> float:
    if name == "fan":
        return value if random.random() > 0.1 else float(value == 0)
    if name == "temperature":
        return round(70 + 9 * random.random(), 1)
    return round(value + random.random(), 1) if random.random() > 0.003 else 0.0


def _read(name: str, value: float, random: Random) -> float:
    """Returns the reading, which is now and then not the value of the meter."""
    if name in ("meter", "slow") and random.random() < 0.02:
        return random.choice((0.0, 9_999_999.0, round(value - 0.1, 1), value * 1.3))
    return value


@cache
def store(zone: str, tier: Tier) -> Store:
    return Store(series(ZONES[zone]), INTERVALS, UNITS, tier)


@cache
def oracle(zone: str) -> Oracle:
    return Oracle(series(ZONES[zone]), INTERVALS, zone)


def answer(
    zone: str, tier: Tier, resolution: str, span: Span, measure: str, rows: int = 30_000
) -> list[dict[str, Any]]:
    """Returns the series, from pages of at most this many rows."""
    result: list[dict[str, Any]] = store(zone, tier).query(
        start=span.start_ms,
        end=span.end_ms,
        resolution=resolution,
        timezone=zone,
        measure=measure,
        limits=Limits(rows, rows),
    )["series"]
    return result


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES)
def test_rows_are_those_of_duckdb(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    buckets = oracle(zone).select(span, resolution)
    for measure in MEASURES:
        for item in answer(zone, tier, resolution, span, measure):
            if measure == "increase":
                expected = sql.increases(series(ZONES[zone])[item["point_name"]], buckets)
            else:
                expected = oracle(zone).rows(measure)[item["point_name"]]
            assert_rows(measure, item, expected, buckets)


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES if ALL else CASES[::2])
def test_pages_of_seven_rows_are_the_whole(zone: str, tier: Tier, resolution: str) -> None:
    """Also to the bit those of another tier."""
    span = span_of(zone, resolution)
    for measure in ("mean", "increase", "runtime") if resolution != "15m" or ALL else ("increase",):
        paged = answer(zone, tier, resolution, span, measure, rows=7)
        whole = answer(zone, TIERS[TIERS.index(tier) - 1], resolution, span, measure)
        for item, other in zip(paged, whole, strict=True):
            assert list(item["timestamps"]) == list(other["timestamps"])
            assert list(item["values"]) == list(other["values"])


@pytest.mark.parametrize("tier", TIERS)
def test_a_much_later_sample_tells_a_spike(tier: Tier) -> None:
    """The range ends more than a day before the sample that ends the spike of a slow meter."""
    start_ms = day_start("2026-05-01") + DAY_MS // 2
    values = [100.0, 101.0, 9_999_999.0, 102.0, 103.0]
    meter = {start_ms + 2 * number * DAY_MS: value for number, value in enumerate(values)}
    slow = Store({"meter": meter}, {"meter": 172_800}, {"meter": "kWh"}, tier)
    [item] = slow.query(
        start="2026-05-01", end="2026-05-06", resolution="1d", timezone="UTC", measure="increase"
    )["series"]
    assert list(map(float, item["values"])) == [0, 1, 0]
    assert [step["to"] for step in item["proof"]["spikes"]] == [9_999_999]


@pytest.mark.parametrize("tier", TIERS)
def test_negative_values_are_warned_of(tier: Tier) -> None:
    """Also where the values only rise."""
    start_ms = day_start("2026-05-01")
    rising = {start_ms + number * HOUR_MS // 4: number / 24 - 5 for number in range(10 * 24)}
    meter = Store({"meter": rising}, {"meter": 900}, {"meter": "kWh"}, tier)
    for day, increase, codes in (
        ("2026-05-01", 95, ["NEGATIVE_STEPS"]),
        ("2026-05-02", 96, ["NEGATIVE_STEPS"]),
        ("2026-05-03", 48, []),
    ):
        content = meter.query(start=day, end=f"{day}T23:00Z", resolution="1d", measure="increase")
        assert [detail["code"] for detail in content["warning_details"]] == codes
        [item] = content["series"]
        assert list(map(float, item["values"])) == pytest.approx([increase / 24])


@pytest.mark.parametrize("resolution", ["1m", "5m", "1h"])
def test_reads_in_parts_are_the_whole(resolution: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter begins again just after the edge of a part, within the reach of the buckets before it."""
    start_ms = day_start("2026-05-01")
    meter = {start_ms + minute * MINUTE_MS: float(minute % 242) for minute in range(8 * 60)}
    hot = Store({"meter": meter}, {"meter": 60}, {"meter": "kWh"}, "hot")

    def rows() -> list[float]:
        answer = hot.query(
            start="2026-05-01T01:00Z", end="2026-05-01T06:00Z", resolution=resolution, measure="increase"
        )
        return list(map(float, answer["series"][0]["values"]))

    whole = rows()
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    assert rows() == whole
    assert sum(whole) == 299


def span_of(zone: str, resolution: str) -> Span:
    """Returns a range that begins and ends within a bucket."""
    day_ms, days = day_start(ZONES[zone]), DAYS[resolution]
    return Span(day_ms - days * DAY_MS + 7 * MINUTE_MS, day_ms + (1 + days) * DAY_MS - 11 * MINUTE_MS)


def assert_rows(measure: str, item: dict[str, Any], expected: sql.Rows, buckets: list[Bucket]) -> None:
    subject = (measure, item["point_name"])
    read = dict(zip(list(map(int, item["timestamps"])), map(float, item["values"]), strict=True))
    assert list(read) == sorted(expected), subject
    for start_ms, value in expected.items():
        if measure in ("min", "max", "count", "first", "last", "starts"):
            assert read[start_ms] == value, subject
        else:
            # Sums round by the largest of their values.
            largest = 1e7 if measure in ("increase", "sd") else 1.4e4
            assert abs(read[start_ms] - value) <= 1e-12 * max(abs(value), largest), subject
    if "ends" in item:
        ends = {bucket.start_ms: bucket.end_ms for bucket in buckets}
        assert list(item["ends"]) == [ends[start_ms] for start_ms in read]
