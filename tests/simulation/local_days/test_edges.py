"""What a page or a range needs of samples before it, and how much it has in memory at once."""

from typing import Any

import pytest

from tests.simulation.local_days.store import HOT_DAYS, SITE, TIERS, Store, Tier
from vitals.errors import TooLargeError
from vitals.model.points import ListedPoint
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.reading.buckets import cell_reader, groups
from vitals.reading.day_tiers import plan_parts
from vitals.reading.paging import Pages
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


@pytest.mark.parametrize("tier", TIERS)
def test_a_page_has_what_slow_meters_leave_out(tier: Tier) -> None:
    """Whether a sample is left out depends on one that is long before it."""
    days = {-2: 50.0, -20: 100.0, -33: 0.0, 0: 100.0, 1: 101.0}
    meter = {DAY + day * DAY_MS + HOUR_MS: value for day, value in sorted(days.items())}
    store = Store({"meter": meter}, {"meter": 86_400}, {"meter": "kWh"}, tier)
    span = {"start": DAY - 34 * DAY_MS, "end": DAY + 2 * DAY_MS}
    whole = rows(store, "increase", resolution="1d", **span)
    assert rows(store, "increase", limit=1, resolution="1d", **span) == whole
    assert [value for value, _ in whole.values()] == [0, 100, 50, 50, 1]


@pytest.mark.parametrize("measure", ["count", "held", "increase"])
def test_a_day_in_two_tiers_is_read_once(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample came after the day was archived, and its other blocks expire: file and blocks are read."""
    meter = {DAY - 4 * DAY_MS + hour * HOUR_MS: float(hour) for hour in range(5 * 24)}
    store = Store({"meter": meter}, {"meter": 3_600}, {"meter": "kWh"}, "split")
    store.write({DAY + 20 * HOUR_MS + 1: 116.0}, DAY + 2 * DAY_MS)
    store.now_ms = DAY + (HOT_DAYS + 1) * DAY_MS - 5 * MINUTE_MS
    [record] = store.stores.ledger.archive_records(SITE, Span(DAY, DAY + DAY_MS))
    parts = plan_parts(Span(DAY, DAY + DAY_MS), [record], store.now_ms, rollups=True)
    assert (parts.files, len(parts.hot)) == ((DAY,), 1)
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: 6 * HOUR_MS)
    span = {"start": DAY + 12 * HOUR_MS, "end": DAY + DAY_MS}
    expected = {"count": [1] * 8 + [2] + [1] * 3, "held": [3_600] * 12, "increase": [1] * 12}
    assert [value for value, _ in rows(store, measure, **span).values()] == expected[measure]


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
    monkeypatch.setattr(groups, "_MOST_CELLS", 60)
    assert answer() == whole
    assert all(len(item["values"]) == 4 for item in whole)


def test_hours_of_many_days_need_no_athena() -> None:
    """Athena reads whole ranges; here it is not there. A day of Kolkata ends within an hour."""
    minutes = range(0, 72 * 24 * 60, 20)
    meter = {DAY + minute * MINUTE_MS: float(minute) for minute in minutes}
    store = Store({"meter": meter}, {"meter": 1_200}, {"meter": "kWh"}, "rollup")
    span = {"start": DAY + DAY_MS, "end": DAY + 71 * DAY_MS, "timezone": "Asia/Kolkata"}
    values = [value for value, _ in rows(store, "increase", resolution="1d", **span).values()]
    assert values[1:-1] == [1_440] * 69


def test_an_open_spike_has_no_lasting_answer() -> None:
    """The last sample of a day is a spike, which the next sample shows more than an hour after the day."""
    values = {DAY + hour * HOUR_MS: 100.0 + hour for hour in range(-48, 22)}
    store = Store({"meter": {DAY - 50 * HOUR_MS: 40.0}}, {"meter": SLOW_S}, {"meter": "kWh"}, "hot")
    store.write(values | {DAY + 22 * HOUR_MS + 20 * MINUTE_MS: 9e6}, DAY + 22 * HOUR_MS + 25 * MINUTE_MS)
    day = {"start": DAY, "end": DAY + 23 * HOUR_MS, "timezone": "Africa/Lagos", "resolution": "1d"}
    for minutes in range(30, 60, 2):
        store.now_ms = DAY + 23 * HOUR_MS + minutes * MINUTE_MS
        assert store.etag(**day, measure="increase") is None
    assert store.etag(**day, measure="mean")
    store.write({DAY + DAY_MS + 20 * MINUTE_MS: 123.0}, DAY + DAY_MS + 21 * MINUTE_MS)
    assert rows(store, "increase", **day) == {DAY - HOUR_MS: (23.0, 1.0)}


def test_fast_points_read_no_months() -> None:
    """A point was listed as collected once a month, by mistake; it has a sample each minute."""
    meter = {DAY + minute * MINUTE_MS: 1.0 for minute in range(0, 40 * 24 * 60, 10)}
    store = Store({"meter": meter}, {"meter": 600}, {"meter": "kWh"}, "hot")
    requests = []
    for interval_s in (600, 30 * 86_400, 600):
        store.stores.catalogs.refresh(SITE, [ListedPoint("meter", "kWh", "", interval_s)])
        store.now_ms += 10 * MINUTE_MS
        span = {"start": DAY + 39 * DAY_MS, "end": DAY + 40 * DAY_MS, "resolution": "1h"}
        requests.append(store.query(**span, measure="held")["metadata"]["cost"]["read_units"])
    assert requests[0] == requests[1] == requests[2]


def test_counters_that_often_fall_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = {DAY + minute * MINUTE_MS: float(minute % 7) for minute in range(24 * 60)}
    store = Store({"noise": noise}, {"noise": 60}, {"noise": "kWh"}, "hot")
    monkeypatch.setattr(cell_reader, "_MOST_ROWS", 1_000)
    with pytest.raises(TooLargeError, match="request fewer points"):
        rows(store, "increase")
    assert len(rows(store, "held")) == 24
