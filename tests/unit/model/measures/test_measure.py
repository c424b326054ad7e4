"""Rows of the held signal: what a person would compute from every millisecond of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.measures.cells import cells_of
from vitals.model.measures.measure import MEAN, BucketRows, Measure, bucket_rows, join, switched
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, MINUTE_MS

HOLD_MS = 150_000
EDGES = np.arange(0, 7 * HOUR_MS, HOUR_MS)
signals = st.dictionaries(
    st.integers(0, 6 * HOUR_MS - 1), st.sampled_from([0.0, 1.0, 0.4, 0.6, 72.5]), min_size=1, max_size=60
)
switches = st.dictionaries(
    st.integers(0, 6 * HOUR_MS - 1), st.sampled_from([0.0, 1.0]), min_size=1, max_size=60
)
cuts = st.sets(st.integers(1, 6 * HOUR_MS - 1), max_size=5).map(
    lambda inner: np.array([0, *sorted(inner), 6 * HOUR_MS])
)


def samples_of(signal: dict[int, float]) -> Samples:
    times = sorted(signal)
    return Samples(
        np.full(len(times), 3, np.int32), np.array(times), np.array([signal[time_ms] for time_ms in times])
    )


def rows(name: str, signal: dict[int, float], edges: np.ndarray, hold_ms: int = HOLD_MS) -> BucketRows:
    """Returns the rows of a measure, from cells of hours and parts of hours."""
    samples = samples_of(signal)
    if name in ("runtime", "starts"):
        samples = switched(samples)
    cells = cells_of(samples, np.union1d(EDGES, edges), np.full(len(samples), hold_ms))
    return bucket_rows(Measure.parse(name), cells, edges)


def pieces(signal: dict[int, float], hold_ms: int) -> list[tuple[int, int, float]]:
    """Returns what each sample holds: from, to, value."""
    times = sorted(signal)
    nexts = [*times[1:], times[-1] + hold_ms]
    return [
        (time_ms, min(after, time_ms + hold_ms), signal[time_ms])
        for time_ms, after in zip(times, nexts, strict=True)
    ]


@given(signals, cuts, st.sampled_from([60_000, HOLD_MS, 3 * HOUR_MS]))
def test_the_held_signal_is_cut_at_edges(signal: dict[int, float], edges: np.ndarray, hold_ms: int) -> None:
    expected: dict[int, list[float]] = {}
    for start_ms, end_ms in pairwise(edges.tolist()):
        for begin, end, value in pieces(signal, hold_ms):
            length = min(end, end_ms) - max(begin, start_ms)
            if length > 0:
                bucket = expected.setdefault(start_ms, [0, 0.0, 0])
                bucket[0] += length
                bucket[1] += value * length
                bucket[2] += length if value > 0.5 else 0
    for name, index, unit in (("held", 0, 1000), ("integral", 1, HOUR_MS), ("runtime", 2, 1000)):
        table = rows(name, signal, edges, hold_ms)
        assert table.times.tolist() == sorted(expected)
        assert table.values.tolist() == pytest.approx([expected[t][index] / unit for t in sorted(expected)])
    means = rows("time_weighted_mean", signal, edges, hold_ms)
    assert means.values.tolist() == pytest.approx([expected[t][1] / expected[t][0] for t in sorted(expected)])


@given(switches, cuts)
def test_runtime_adds_up_within_bounds(signal: dict[int, float], edges: np.ndarray) -> None:
    """Over any partition, to the millisecond."""
    whole = rows("runtime", signal, np.array([0, 6 * HOUR_MS]))
    parts = rows("runtime", signal, edges)
    assert round(parts.values.sum() * 1000) == round(whole.values.sum() * 1000)
    held = rows("held", signal, edges)
    assert held.times.tolist() == parts.times.tolist()
    assert ((parts.values >= 0) & (parts.values <= held.values)).all()
    assert (np.rint(held.values * 1000) <= held.ends - held.times).all()


@given(switches, cuts)
def test_starts_belong_to_one_bucket(signal: dict[int, float], edges: np.ndarray) -> None:
    values = [signal[time_ms] for time_ms in sorted(signal)]
    assert rows("starts", signal, edges).values.sum() == sum(a <= 0.5 < b for a, b in pairwise(values))


def test_a_fan_over_midnight_starts_once() -> None:
    minutes = {minute * 60_000: float(minute >= 170) for minute in range(360)}
    midnight = np.array([0, 3 * HOUR_MS, 6 * HOUR_MS])
    assert rows("starts", minutes, midnight).values.tolist() == [1, 0]
    assert rows("runtime", minutes, midnight).values.tolist() == [600, 10_800]


def test_a_start_after_a_month_is_not_known() -> None:
    month = 31 * 24 * HOUR_MS
    for distance_ms, count in ((month, 1), (month + 1, 0)):
        samples = samples_of({0: 0.0, distance_ms: 1.0})
        hours = np.array([0, HOUR_MS, distance_ms, distance_ms + HOUR_MS])
        cells = cells_of(samples, hours, np.full(2, HOLD_MS))
        table = bucket_rows(Measure.parse("starts"), cells, np.array([distance_ms, distance_ms + HOUR_MS]))
        assert table.values.tolist() == [count]


def test_a_bucket_without_knowledge_has_no_row() -> None:
    table = rows("runtime", {0: 1.0, 5 * HOUR_MS: 0.0}, EDGES)
    assert table.times.tolist() == [0, 5 * HOUR_MS]
    assert table.values.tolist() == [150, 0]


@given(
    st.sets(st.integers(0, 35), min_size=1, max_size=4),
    st.sets(st.integers(0, 5), min_size=1),
    st.sets(st.integers(1, 5)),
    st.sampled_from([60_000, 2 * HOUR_MS, 3 * HOUR_MS]),
)
@example({0, 13}, {0}, {1, 2, 3}, 3 * HOUR_MS)
def test_known_time_is_right_or_unknown(
    tens: set[int], old_hours: set[int], inner: set[int], hold_ms: int
) -> None:
    """Hours of version 1 make unknown what their last samples may hold, and nothing else."""
    edges = HOUR_MS * np.array([0, *sorted(inner), 6])
    samples = samples_of({10 * MINUTE_MS * number: 1.0 for number in tens})
    cells = cells_of(samples, EDGES, np.full(len(samples), hold_ms))
    is_old = np.isin(cells.rows.times // HOUR_MS, list(old_hours))
    old = replace(
        cells,
        held_ms=np.where(is_old, 0, cells.held_ms),
        first_ms=np.where(is_old, cells.rows.times, cells.first_ms),
        last_ms=np.where(is_old, cells.rows.times, cells.last_ms),
        is_complete=~is_old,
    )
    exact, mixed = (bucket_rows(MEAN, table, edges) for table in (cells, old))
    firsts = old.first_ms.tolist()
    ranges = [
        (start_ms, min(start_ms + HOUR_MS - 1 + hold_ms, next_ms))
        for start_ms, next_ms, flag in zip(old.rows.times, [*firsts[1:], 6 * HOUR_MS], is_old, strict=True)
        if flag
    ]
    expected = [
        -1 if any(start_ms < end and begin < end_ms for begin, end in ranges) else held_ms
        for start_ms, end_ms, held_ms in zip(exact.times, exact.ends, exact.held_ms, strict=True)
    ]
    assert mixed.held_ms.tolist() == expected


def test_parts_of_a_page_join_in_order() -> None:
    table = rows("mean", {0: 1.0, 2 * HOUR_MS: 3.0, 5 * HOUR_MS: 5.0}, EDGES)
    joined = join([table[2:], table[:2]])
    assert joined.times.tolist() == table.times.tolist()
    assert joined.stats is not None and table.stats is not None
    assert joined.stats.equals(table.stats)


@pytest.mark.parametrize("name", ["p0", "p100", "p5.5", "median", "Mean", "", "p"])
def test_unknown_measures_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="measure must be one of"):
        Measure.parse(name)
