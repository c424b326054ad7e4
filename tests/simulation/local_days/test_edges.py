"""What a page or a range needs of samples before it, and how much it has in memory at once."""

from typing import Any

import pytest

from tests.simulation.local_days.store import SITE, TIERS, Store, Tier
from vitals.model.points import ListedPoint
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from vitals.reading import buckets
from vitals.reading.request import Limits

DAY = day_start("2026-05-04")
# What an interval of two hours is held: five hours.
SLOW_S = 7_200


def rows(
    store: Store, measure: str, limit: int = 30_000, resolution: str = "1h", **parameters: Any
) -> dict[int, tuple[float, float | None]]:
    """Returns the value and the known share of each row, from pages of at most this many rows."""
    [item] = store.query(
        **{"start": DAY, "end": DAY + DAY_MS} | parameters,
        resolution=resolution,
        measure=measure,
        limits=Limits(limit, limit),
    )["series"]
    columns = (item["timestamps"], item["values"], item["known"])
    return {int(time_ms): (float(value), known) for time_ms, value, known in zip(*columns, strict=True)}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("measure", ["starts", "runtime", "integral", "held"])
def test_a_page_begins_with_what_is_held(tier: Tier, measure: str) -> None:
    """A slow point has a sample every third hour, so that most pages of one row begin without one."""
    fan = {DAY + hour * HOUR_MS - 1: float(hour % 2) for hour in range(-6, 24, 3)}
    store = Store({"fan": fan}, {"fan": SLOW_S}, {"fan": ""}, tier)
    whole = rows(store, measure)
    assert min(whole) == DAY
    assert len(whole) == 24
    assert rows(store, measure, limit=1) == whole


def test_days_are_held_by_the_interval_they_had() -> None:
    """An archived day was slow; since then the point is collected every minute."""
    store = Store({"fan": {DAY - 1: 1.0, DAY + 6 * HOUR_MS: 1.0}}, {"fan": SLOW_S}, {"fan": ""}, "rollup")
    before = rows(store, "held")
    store.stores.catalogs.refresh(SITE, [ListedPoint("fan", "", "", 60)])
    store.now_ms += 10 * MINUTE_MS
    assert store.stores.catalogs.load(SITE).by_name["fan"].longest_interval_s == SLOW_S
    assert rows(store, "held") == before
    assert [before[DAY + hour * HOUR_MS][0] for hour in range(5)] == [3_600] * 4 + [3_599.999]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("gap_days", [32, 400])
@pytest.mark.parametrize("old", [100.0, -100.0])
def test_a_step_over_a_month_is_reported(tier: Tier, gap_days: int, old: float) -> None:
    meter = {DAY - gap_days * DAY_MS + 1: old, DAY + HOUR_MS: -1.0, DAY + 2 * HOUR_MS: 0.0}
    store = Store({"meter": meter}, {"meter": SLOW_S}, {"meter": "kWh"}, tier)
    [item] = store.query(start=DAY, end=DAY + DAY_MS, resolution="1d", measure="increase")["series"]
    assert list(map(float, item["values"])) == [1]
    steps = [{"time": "2026-05-04T01:00:00Z", "from": old, "to": -1.0}]
    # Samples of so long ago are archived.
    assert item["proof"]["resets"] == ([] if tier == "hot" else steps)


@pytest.mark.parametrize("measure", ["mean", "p50", "increase", "runtime"])
def test_points_in_groups_are_the_whole(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as many points at a time as fit the memory."""
    names = [f"meter {number}" for number in range(7)]
    series = {
        name: {DAY + step * 15 * MINUTE_MS: float(step * number % 11) for step in range(96)}
        for number, name in enumerate(names)
    }
    store = Store(series, dict.fromkeys(names, 900), dict.fromkeys(names, "kWh"), "split")

    def answer() -> list[dict[str, Any]]:
        items = store.query(start=DAY, end=DAY + DAY_MS, resolution="6h", measure=measure)["series"]
        return [
            {key: list(item[key]) for key in ("timestamps", "values", "known", "count")} for item in items
        ]

    whole = answer()
    monkeypatch.setattr(buckets, "_MOST_CELLS", 60)
    assert answer() == whole
    assert all(len(item["values"]) == 4 for item in whole)
