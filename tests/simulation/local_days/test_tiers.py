"""Every tier gives the same rows to the bit, and they are those of DuckDB."""

from typing import Any

import pytest

from tests.simulation.local_days import sql
from tests.simulation.local_days.cases import ALL, CASES, ZONES, oracle, series, span_of, store
from tests.simulation.local_days.sql import HELD, STATISTICS, Bucket
from tests.simulation.local_days.store import TIERS, Store, Tier
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.reading.paging import Pages
from vitals.reading.request import Limits

MEASURES = (*STATISTICS, *HELD, "starts", "increase")


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
