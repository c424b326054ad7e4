"""What is known of a range is the same for every measure: in proofs, gaps and coverage, and of each row."""

from functools import cache
from random import Random
from typing import Any

import pytest

from tests.simulation.local_days.store import TIERS, Store, Tier
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, day_start, parse_iso
from vitals.reading.request import Limits

START = day_start("2026-05-01")
INTERVALS = {"fast": 300, "meter": 900, "slow": 7_200}


@cache
def store(tier: Tier) -> Store:
    random = Random(7)
    series = {name: _samples(interval_s, random) for name, interval_s in INTERVALS.items()}
    return Store(series, INTERVALS, dict.fromkeys(INTERVALS, "kWh"), tier)


def _samples(interval_s: int, random: Random) -> dict[int, float]:
    """Returns a rising series of five days with gaps, some of them before or after a single sample."""
    samples, time_ms, value = {}, START + 3 * MINUTE_MS, 100.0
    while time_ms < START + 5 * DAY_MS:
        samples[time_ms] = value
        value += random.random()
        time_ms += interval_s * 1000
        if random.random() < 0.05:
            time_ms += random.randrange(MINUTE_MS, 9 * HOUR_MS)
    return samples


def answer(
    tier: Tier, resolution: str, measure: str, *, rows: int = 30_000, end_ms: int = START + 36 * HOUR_MS
) -> dict[str, dict[str, Any]]:
    """Returns the series by name, from pages of at most this many rows."""
    content = store(tier).query(
        start=START + 5 * HOUR_MS,
        end=end_ms,
        resolution=resolution,
        measure=measure,
        limits=Limits(rows, rows),
    )
    return {series["point_name"]: series for series in content["series"]}


def gaps(series: dict[str, Any]) -> list[list[int]]:
    """Returns the gaps; those that meet, at a page's edge or by their reasons, are one."""
    joined: list[list[int]] = []
    for gap in series["gaps"]:
        start_ms, end_ms = parse_iso(gap["start"]), parse_iso(gap["end"])
        if joined and joined[-1][1] == start_ms:
            joined[-1][1] = end_ms
        else:
            joined.append([start_ms, end_ms])
    return joined


@pytest.mark.parametrize("resolution", ["5m", "1h"])
@pytest.mark.parametrize("tier", TIERS)
def test_totals_know_the_same_share(tier: Tier, resolution: str) -> None:
    integrals, increases = (answer(tier, resolution, measure) for measure in ("integral", "increase"))
    for name, integral in integrals.items():
        assert increases[name]["proof"]["known_share"] == integral["proof"]["known_share"]
        assert len(increases[name]["values"]) <= len(integral["values"])


@pytest.mark.parametrize(("resolution", "rows"), [("5m", 30_000), ("15m", 7), ("1h", 7), ("1h", 30_000)])
@pytest.mark.parametrize("tier", ["hot", "split"])
def test_gaps_of_measures_are_those_of_means(tier: Tier, resolution: str, rows: int) -> None:
    """Also those of pages of seven rows; the samples received are the same too."""
    means = answer(tier, resolution, "mean")
    for measure in ("mean", "runtime", "increase", "sd"):
        for name, series in answer(tier, resolution, measure, rows=rows).items():
            assert gaps(series) == gaps(means[name]), (measure, name)
            assert series["coverage"]["received"] == means[name]["coverage"]["received"], (measure, name)


@pytest.mark.parametrize("resolution", ["1h", "6h", "1d"])
def test_known_times_are_right_or_null(resolution: str) -> None:
    """The slow sensor's samples are held for five hours: from a day of version 1 into the day after it."""
    end_ms = START + 5 * DAY_MS
    mixed, hot = (answer(tier, resolution, "mean", end_ms=end_ms) for tier in ("split", "hot"))
    for name, series in mixed.items():
        pairs = list(zip(series["known"], hot[name]["known"], strict=True))
        assert all(share in (None, expected) for share, expected in pairs), name
        assert any(share is None for share, _ in pairs)
        assert any(share is not None for share, _ in pairs)
