"""The increase of counters: the published cases, and hostile series by rollups' cells and by all samples."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from tests.support.meters import hostile, samples_of
from vitals.model.measures import counters
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.cells import Cells, Integers, cells_of, holds_of
from vitals.model.measures.counters import Steps, steps, unanchored, unsteady, walk
from vitals.model.measures.measure import Measure, bucket_rows
from vitals.model.samples import Samples, Times
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

DAY = 1_760_054_400_000
HOLD_MS = int(holds_of(60))


def holds(times: Times) -> Integers:
    return np.full(len(times), HOLD_MS)


def increase(values: list[float], step_ms: int = 15 * MINUTE_MS, rollover: float | None = None) -> float:
    times = DAY + np.arange(len(values)) * step_ms
    return float(walk(1, times, np.array(values), holds(times), rollover).amounts.sum())


def events(values: list[float], step_ms: int = 15 * MINUTE_MS, rollover: float | None = None) -> list[str]:
    times = DAY + np.arange(len(values)) * step_ms
    return [event.kind for event in walk(1, times, np.array(values), holds(times), rollover).events]


@pytest.mark.parametrize(
    ("values", "expected", "kinds"),
    [
        ([13_423.6, 0, 13_423.7], 0.1, ["dip"]),
        ([13_423.6, 9_999_999, 13_423.7], 0.1, ["spike"]),
        ([13_423.6, 0, 9_999_999, 13_423.7], 0.1, ["dip", "spike"]),
        ([100, 100.2, 100.1, 100.4], 0.4, ["dip"]),
        ([100, 100.2, 100.1, 100.1], 0.1, []),
        ([100, 120, 0, 5], 25, ["reset"]),
        ([100, 120, 70, 75], 95, ["reset"]),
        ([100, 116, 101], 1, ["spike"]),
        ([100, 110, 101], 1, []),
        ([-5, 5, -5], 0, ["spike", "negative"]),
        ([-5, 5, 6], 11, ["negative"]),
        ([5.0], 0, []),
        ([], 0, []),
    ],
)
def test_steps_count_as_defined(values: list[float], expected: float, kinds: list[str]) -> None:
    assert increase(values) == pytest.approx(expected, abs=1e-9)
    assert events(values) == kinds


def test_a_counter_near_its_rollover_rolls_over() -> None:
    assert increase([980, 990, 4, 9], rollover=1_000) == pytest.approx(29)
    assert events([980, 990, 4, 9], rollover=1_000) == ["rollover"]
    assert increase([500, 510, 4, 9], rollover=1_000) == pytest.approx(19)
    assert events([500, 510, 4, 9], rollover=1_000) == ["reset"]


def test_a_long_gap_counts_nothing() -> None:
    month = 31 * DAY_MS
    assert increase([100, 150], month) == 50
    assert increase([100, 150], month + 1) == 0
    assert events([100, 150], month + 1) == ["gap"]


@pytest.mark.parametrize(
    ("days", "expected", "kinds"),
    [
        ((0, 1, 40), 50, ["reset", "gap"]),
        ((0, 40, 41), 70, ["gap"]),
        ((0, 8, 16), 120, ["reset"]),
        ((0, 1, 15), 20, ["dip"]),
    ],
)
def test_no_dip_spans_half_a_month(days: tuple[int, ...], expected: float, kinds: list[str]) -> None:
    """A page looks back a month; it must have the samples before one that is left out."""
    values = [100.0, 50.0, 120.0]
    times = DAY + np.array(days) * DAY_MS
    result = walk(1, times, np.array(values), holds(times))
    assert result.amounts.sum() == expected
    assert [event.kind for event in result.events] == kinds


def test_jitter_telescopes_to_the_true_day() -> None:
    """214.61 kWh with one step back by 0.1, which others take for a reset."""
    true = np.round(12_340 + np.linspace(0, 214.61, 97), 2)
    true[48:] -= 0.1
    true[-1] = 12_340 + 214.61
    assert increase(true.tolist()) == pytest.approx(214.61, abs=1e-9)


def edges_of(samples: Samples, cell_ms: int) -> Times:
    start_ms = int(samples.times[0]) // DAY_MS * DAY_MS
    return np.arange(start_ms, samples.times[-1] + DAY_MS, cell_ms)


def cells(samples: Samples, cell_ms: int) -> Cells:
    return cells_of(samples, edges_of(samples, cell_ms), holds(samples.times))


def by_day(result: Steps, start_ms: int = 0) -> dict[int, float]:
    days: dict[int, float] = {}
    for time_ms, amount in zip(result.times.tolist(), result.amounts.tolist(), strict=True):
        if time_ms >= start_ms:
            days[time_ms // DAY_MS] = days.get(time_ms // DAY_MS, 0.0) + amount
    return days


@pytest.mark.parametrize("block", range(10))
def test_cells_and_samples_equal_all_samples(block: int) -> None:
    """A thousand series; samples of steady cells are withheld."""
    for seed in range(100 * block, 100 * block + 100):
        samples = samples_of(hostile(seed))
        rows = cells(samples, Random(seed).choice((HOUR_MS, HOUR_MS, HOUR_MS // 2)))
        near = np.repeat(unsteady(rows), rows.rows.counts)
        expected = by_day(walk(7, samples.times, samples.values, holds(samples.times)))
        result = by_day(steps(rows, samples[near], {}))
        assert result.keys() >= expected.keys()
        for day, amount in result.items():
            assert amount == pytest.approx(expected.get(day, 0.0), rel=1e-9, abs=1e-6), (seed, day)


@pytest.mark.parametrize("block", range(3))
def test_cells_have_the_events_of_all_samples(block: int) -> None:
    """Of series that are partly below 0; samples of steady cells are withheld."""
    for seed in range(2_000 + 60 * block, 2_060 + 60 * block):
        shifted = samples_of(hostile(seed))
        samples = replace(shifted, values=shifted.values - np.quantile(shifted.values, 0.3))
        rows = cells(samples, HOUR_MS)
        near = np.repeat(unsteady(rows), rows.rows.counts)
        expected = walk(7, samples.times, samples.values, holds(samples.times)).events
        events = steps(rows, samples[near], {}).events
        for is_negative in (False, True):
            times = [
                {event.time_ms for event in some if (event.kind == "negative") == is_negative}
                for some in (events, expected)
            ]
            # A steady cell has one event for all of its negative steps.
            assert times[0] == times[1] or (is_negative and all(times)), seed


def test_a_rise_from_below_zero_is_an_event() -> None:
    count = 10 * 24
    samples = samples_of([(DAY + number * HOUR_MS // 4, number / 24 - 5) for number in range(count)])
    rows = cells(samples, HOUR_MS)
    result = steps(rows, samples[np.repeat(unsteady(rows), rows.rows.counts)], {})
    assert {event.kind for event in result.events} == {"negative"}
    assert len(result.events) == 5 * 24 // 4 + 1
    assert result.amounts.sum() == pytest.approx((count - 1) / 24)
    assert not unsteady(rows).any()


@pytest.mark.parametrize("block", range(3))
def test_any_partition_has_the_whole_increase(block: int) -> None:
    """A part that is read with the cells before it, until it is anchored, counts what the whole does."""
    for seed in range(1_000 + 60 * block, 1_060 + 60 * block):
        samples, random = samples_of(hostile(seed)), Random(seed)
        rows = cells(samples, HOUR_MS)
        whole = by_day(steps(rows, samples, {}))
        day = random.choice(sorted(whole))
        first, back = int(np.searchsorted(rows.rows.times, day * DAY_MS)), 1
        while first > back and unanchored(rows[first - back :], day * DAY_MS):
            back *= 2
        first = max(0, first - back)
        later = samples[samples.times >= rows.rows.times[first]]
        days = by_day(steps(rows[first:], later, {}), day * DAY_MS)
        for number, amount in days.items():
            assert amount == pytest.approx(whole[number], rel=1e-9, abs=1e-6), (seed, number)


def test_rows_have_the_increase_of_their_bucket() -> None:
    samples = samples_of(hostile(5))
    rows = cells(samples, HOUR_MS)
    result = steps(rows, samples, {})
    span = Span(int(samples.times[0]), int(samples.times[-1]) + 1)
    for text in ("1h", "6h", "1d", "1w", "1mo"):
        edges = Calendar(Interval.parse(text), "America/Chicago").edges(span)
        split = cells_of(samples, np.union1d(edges, edges_of(samples, HOUR_MS)), holds(samples.times))
        table = bucket_rows(Measure.parse("increase"), split, edges, steps=counters.steps(split, samples, {}))
        assert table.values[table.has_value].sum() == pytest.approx(result.amounts.sum(), rel=1e-12)
