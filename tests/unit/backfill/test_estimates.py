"""Estimates follow the plan of the reading."""

import pytest

from backfill.estimates import concurrent_days, estimate, requests_a_day
from vitals.model.points import Catalog, ListedPoint

PER_MINUTE, TWO_YEARS = 50, 730


def catalog(points: int) -> Catalog:
    return Catalog().refreshed(ListedPoint(f"p{i}", interval_s=60) for i in range(points))


@pytest.mark.parametrize(("points", "requests", "hours"), [(225, 1, 0.3), (1_000, 3, 0.8), (4_583, 14, 3.5)])
def test_two_years_take_hours(points: int, requests: int, hours: float) -> None:
    listed = catalog(points)
    at_once = concurrent_days(listed, PER_MINUTE, 12)
    result = estimate(TWO_YEARS, listed, PER_MINUTE, at_once)
    assert requests_a_day(listed) == requests
    assert result.requests == TWO_YEARS * requests
    assert result.requests / PER_MINUTE == pytest.approx(result.minutes, abs=0.1)
    assert result.minutes <= hours * 60


def test_a_single_day_waits_for_no_other() -> None:
    listed = catalog(4_583)
    assert estimate(1, listed, PER_MINUTE, 12) == estimate(1, listed, PER_MINUTE, 1)
