"""The cases that are compared with DuckDB: sites in zones, with gaps and what gateways deliver."""

import os
from functools import cache
from random import Random

import pytest

from tests.simulation.local_days.sql import RESOLUTIONS, Oracle
from tests.simulation.local_days.store import TIERS, Store, Tier
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span, day_start

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


def span_of(zone: str, resolution: str) -> Span:
    """Returns a range that begins and ends within a bucket."""
    day_ms, days = day_start(ZONES[zone]), DAYS[resolution]
    return Span(day_ms - days * DAY_MS + 7 * MINUTE_MS, day_ms + (1 + days) * DAY_MS - 11 * MINUTE_MS)
