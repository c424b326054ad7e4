"""Summaries in every tier: those of DuckDB, and to the bit the same in each."""

from typing import Any

import pytest

from tests.simulation.local_days.cases import ALL, INTERVALS, ZONES, oracle, series, span_of, store
from tests.simulation.local_days.sql import increases
from tests.simulation.local_days.store import TIERS, Tier
from vitals.model.measures.hours import OperatingHours
from vitals.model.timespan import Span

# Offsets of these are whole quarters of an hour.
CASES = [(zone, tier) for zone in (ZONES if ALL else ("America/Chicago", "Asia/Kolkata")) for tier in TIERS]
HELD = ("time_weighted_mean",)
SAMPLED = ("mean", "sd", "p5", "p50", "p95")
OF_ALL = ("min", "max", "first", "last", "count")
COUNTERS = ("meter", "slow")


def summary(zone: str, tier: Tier, span: Span, **parameters: str) -> dict[str, dict[str, Any]]:
    return store(zone, tier).summary(start=span.start_ms, end=span.end_ms, timezone=zone, **parameters)


@pytest.mark.parametrize(("zone", "tier"), CASES)
@pytest.mark.parametrize("hours", [None, "06:15-18:00"])
def test_values_are_those_of_duckdb(zone: str, tier: Tier, hours: str | None) -> None:
    span = span_of(zone, "1d")
    bucket = oracle(zone).select_range(span)
    pieces = [bucket]
    if hours:
        open_hours = OperatingHours.parse(hours, "mon-fri", (), zone)
        assert open_hours
        parts = [(part.start_ms, part.end_ms) for part in open_hours.parts(span)]
        oracle(zone).close(parts)
        pieces = [type(bucket)(*part) for part in parts]
    read = summary(zone, tier, span, **({"hours": hours, "days": "mon-fri"} if hours else {}))
    for measure in (*OF_ALL, *SAMPLED, *HELD, "peak"):
        rows = oracle(zone).peaks() if measure == "peak" else oracle(zone).rows(measure)
        for name in INTERVALS:
            value, [expected] = read[name][measure], rows[name].values()
            if name in COUNTERS and measure not in OF_ALL:
                assert value is None
            else:
                assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), (measure, name)
    for name in COUNTERS:
        expected = sum(increases(series(ZONES[zone])[name], pieces).values())
        assert read[name]["increase"] == pytest.approx(expected, rel=1e-9, abs=1e-5)
    for name, rows in oracle(zone).rows("held").items():
        open_s = sum(piece.end_ms - piece.start_ms for piece in pieces) / 1000
        assert read[name]["known"] == pytest.approx(min(1, next(iter(rows.values())) / open_s))


@pytest.mark.parametrize("zone", ["America/Chicago", "Asia/Kolkata"])
def test_tiers_give_the_same_summary(zone: str) -> None:
    span = span_of(zone, "1d")
    hot, *others = (summary(zone, tier, span) for tier in TIERS)
    for other in others:
        assert other == hot
