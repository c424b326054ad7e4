"""Reduction to pixel columns: what a chart draws of the few is what it would draw of all."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.equal_buckets import aggregate
from vitals.model import aggregates
from vitals.model.samples import Samples, concat, from_columns, merge
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading import shape
from vitals.reading.shape import Columns

START = 1_767_225_600_000
LARGEST = 1.7976931348623157e308


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Samples, Columns]:
    """Some series in a span that need not divide into whole milliseconds."""
    length = draw(st.integers(1, 5_000))
    count = draw(st.integers(1, min(length, 60)))
    drawn_rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 3),
                st.integers(START, START + length - 1),
                st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0]),
            ),
            max_size=200,
        )
    )
    samples = (
        merge([from_columns(*zip(*drawn_rows, strict=True))]) if drawn_rows else from_columns([], [], [])
    )
    return samples, Columns(Span(START, START + length), count)


def rows(samples: Samples) -> list[tuple[int, int, float]]:
    return list(zip(samples.ids.tolist(), samples.times.tolist(), samples.values.tolist(), strict=True))


def corners(samples: Samples, chart: Columns) -> dict[tuple[int, int], tuple[tuple[float, ...], ...]]:
    """Per series and pixel column: first, last, least and greatest value, and the first two's times."""
    result: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for point, time_ms, value in rows(samples):
        column = (time_ms - chart.span.start_ms) * chart.count // chart.span.length_ms
        result.setdefault((point, column), []).append((time_ms, value))
    return {
        key: (
            points[0],
            points[-1],
            (min(v for _, v in points), max(v for _, v in points)),
        )
        for key, points in result.items()
    }


@given(drawn())
def test_m4_keeps_first_last_least_and_greatest(
    drawing: tuple[Samples, Columns],
) -> None:
    samples, chart = drawing
    reduced = shape.m4(samples, chart)
    assert corners(reduced, chart) == corners(samples, chart)
    assert len(reduced) <= 4 * len(corners(samples, chart))
    assert set(rows(reduced)) <= set(rows(samples))


@given(drawn())
def test_minmax_keeps_each_columns_least_and_greatest(drawing: tuple[Samples, Columns]) -> None:
    samples, chart = drawing
    reduced = corners(shape.minmax(samples, chart), chart)
    whole = corners(samples, chart)
    assert {key: result[2] for key, result in reduced.items()} == {
        key: result[2] for key, result in whole.items()
    }


@given(drawn(), st.integers(0, 5_000), st.sampled_from(["m4", "minmax"]))
def test_parts_reduced_together_are_the_whole_reduced(
    drawing: tuple[Samples, Columns], split: int, method: str
) -> None:
    samples, chart = drawing
    early = samples.times < START + split
    parts = [shape.reduce_part(samples[selection], method, chart) for selection in (early, ~early)]
    joined = concat(parts)
    joined = joined[np.lexsort((joined.times, joined.ids))]
    result, whole = (shape.reduce(rows, method, chart, chart.span) for rows in (joined, samples))
    assert result.equals(whole)


@given(drawn(), st.integers(0, 5_000))
def test_means_of_parts_are_means_of_the_whole(drawing: tuple[Samples, Columns], split: int) -> None:
    samples, chart = drawing
    early = samples.times < START + split
    parts = [shape.reduce_rows(shape.as_rows(samples[selection]), chart) for selection in (early, ~early)]
    result = shape.reduce_rows(aggregates.concat(parts), chart)
    whole = shape.reduce_rows(shape.as_rows(samples), chart)
    for name in ("ids", "times", "mins", "maxs", "firsts", "lasts", "counts"):
        assert getattr(result, name).tolist() == getattr(whole, name).tolist()
    scale = np.maximum(1e-300, np.maximum(abs(whole.mins), abs(whole.maxs)))
    assert np.all(abs(result.values / scale - whole.values / scale) < 1e-9)


def test_columns_of_one_hour_reduce_to_hourly_aggregates() -> None:
    random = np.random.default_rng(1)
    times = START + np.sort(random.choice(6 * HOUR_MS, 2_000, replace=False))
    samples = Samples(np.zeros(2_000, np.int32), times, random.normal(70, 5, 2_000))
    chart = Columns(Span(START, START + 6 * HOUR_MS), 6)
    result = shape.reduce_rows(shape.as_rows(samples), chart)
    hours = aggregate(samples, HOUR_MS)
    assert result.times.tolist() == hours.times.tolist()
    assert result.values == pytest.approx(hours.values)
    assert result.counts.tolist() == hours.counts.tolist()


def test_lttb_keeps_the_ends_and_the_number() -> None:
    times = START + 1_000 * np.arange(5_000)
    values = np.sin(np.arange(5_000) / 50)
    ids = np.repeat(np.array([3, 9], np.int32), 5_000)
    samples = Samples(ids, np.tile(times, 2), np.tile(values, 2))
    chart = Columns(Span(START, START + 5_000_000), 200)
    reduced = shape.reduce(samples, "lttb", chart, chart.span)
    assert [int((reduced.ids == point).sum()) for point in (3, 9)] == [200, 200]
    series = reduced[reduced.ids == 3]
    assert (series.times[0], series.times[-1]) == (times[0], times[-1])
    few = samples[:50]
    assert shape.reduce(few, "lttb", chart, chart.span).equals(few)
    half = Span(START, START + 2_500_000)
    reduced = shape.reduce(samples[samples.times < half.end_ms], "lttb", chart, half)
    assert [int((reduced.ids == point).sum()) for point in (3, 9)] == [100, 100]


@given(drawn(), st.integers(1, 12))
def test_lttb_keeps_at_most_the_requested_rows(drawing: tuple[Samples, Columns], limit: int) -> None:
    samples, _ = drawing
    reduced = shape.lttb(samples, limit)
    whole, result = rows(samples), rows(reduced)
    assert result == sorted(set(result)) and set(result) <= set(whole)
    for point in set(samples.ids.tolist()):
        series, few = ([row for row in points if row[0] == point] for points in (whole, result))
        assert len(few) == min(limit, len(series))
        assert limit == 1 or [few[0], few[-1]] == [series[0], series[-1]]


@pytest.mark.parametrize("scale", [1.0, -1.0, 5e-324, LARGEST, 2.0**-1000])
def test_of_one_column_lttb_keeps_the_corner(scale: float) -> None:
    values = scale * np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    samples = Samples(np.zeros(6, np.int32), START + 1_000 * np.arange(6), values)
    assert shape.lttb(samples, 1).values.tolist() == [scale]


@given(st.integers(20, 60), st.integers(3, 9), st.randoms(use_true_random=False))
def test_lttb_ignores_the_scale_of_values(length: int, limit: int, random: Any) -> None:
    steps = np.array([random.randint(-(2**20), 2**20) for _ in range(length)], np.float64)
    times_kept = [
        shape.lttb(Samples(np.zeros(length, np.int32), START + np.arange(length), values), limit).times
        for values in (steps, np.ldexp(steps, 1003), np.ldexp(steps, -1074))
    ]
    assert times_kept[0].tolist() == times_kept[1].tolist() == times_kept[2].tolist()


EDGES = st.sampled_from([LARGEST, -LARGEST, LARGEST / 3, 5e-324, -5e-324, 0.0, -0.0])
FLAT = EDGES.flatmap(lambda value: st.lists(st.just(value), min_size=1, max_size=60))


@given(FLAT | st.lists(EDGES, min_size=1, max_size=60), st.integers(0, 60))
def test_means_of_any_doubles_are_doubles_between_them(values: list[float], split: int) -> None:
    samples = Samples(np.zeros(len(values), np.int32), START + np.arange(len(values)), np.array(values))
    chart = Columns(Span(START, START + 60), 1)
    parts = [
        shape.reduce_rows(shape.as_rows(selection), chart) for selection in (samples[:split], samples[split:])
    ]
    for result in (
        aggregate(samples, HOUR_MS),
        shape.reduce_rows(shape.as_rows(samples), chart),
        shape.reduce_rows(aggregates.concat(parts), chart),
    ):
        assert (result.mins.tolist(), result.maxs.tolist()) == ([min(values)], [max(values)])
        assert min(values) <= result.values[0] <= max(values)
        exact = float(sum(map(Fraction, values)) / len(values))
        assert result.values[0] == pytest.approx(exact, rel=1e-9, abs=LARGEST * 1e-13)


# Columns of an interval


SPANS = st.builds(
    lambda start, length: Span(start, start + length),
    st.integers(-70 * 365 * DAY_MS, 70 * 365 * DAY_MS)
    | st.sampled_from([0, -1, 1, START - 1, START, START + 7]),
    st.integers(1, 400 * DAY_MS),
)
INTERVALS = st.sampled_from([HOUR_MS, DAY_MS, 7 * DAY_MS, 90 * MINUTE_MS, 3_652_500 * DAY_MS]) | st.integers(
    MINUTE_MS, 800 * DAY_MS
)


@given(SPANS, INTERVALS)
def test_interval_columns_start_at_multiples(span: Span, interval: int) -> None:
    chart = shape.interval_columns(span, interval)
    assert chart.start_of(0) <= span.start_ms < chart.start_of(1)
    assert chart.start_of(chart.count - 1) < span.end_ms <= chart.start_of(chart.count)
    three = np.array([0, chart.count // 2, chart.count - 1])
    assert (chart.starts(three) % interval).tolist() == [0, 0, 0]
    assert chart.indexes(chart.starts(three)).tolist() == three.tolist()
    assert chart.indexes(chart.starts(three) + interval - 1).tolist() == three.tolist()
    assert shape.count_in(chart, span) == chart.count


@pytest.mark.parametrize(
    ("start", "length", "interval", "starts"),
    [
        (START + 7 * MINUTE_MS, 10 * HOUR_MS, HOUR_MS, [HOUR_MS * hour for hour in range(11)]),
        (START, 10 * HOUR_MS + 7 * MINUTE_MS, HOUR_MS, [HOUR_MS * hour for hour in range(11)]),
        (START, 25 * HOUR_MS, DAY_MS, [0, DAY_MS]),
        (START + HOUR_MS, HOUR_MS, DAY_MS, [0]),
    ],
)
def test_columns_are_as_long_as_the_interval(
    start: int, length: int, interval: int, starts: list[int]
) -> None:
    chart = shape.interval_columns(Span(start, start + length), interval)
    assert [chart.start_of(column) - START for column in range(chart.count)] == starts


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9_999), st.floats(-1e9, 1e9)), min_size=1),
    st.integers(-5_000, 5_000),
    st.integers(1, 12_000),
    st.integers(0, 10_000),
)
def test_means_of_an_interval_are_a_group_by(
    drawn_rows: list[tuple[int, int, float]], start: int, interval: int, split: int
) -> None:
    samples = merge(
        [from_columns(*zip(*((point, start + time_ms, v) for point, time_ms, v in drawn_rows), strict=True))]
    )
    chart = shape.interval_columns(Span(start, start + 10_000), interval)
    parts = [
        shape.reduce_rows(shape.as_rows(samples[which]), chart)
        for which in (samples.times < start + split, samples.times >= start + split)
    ]
    result = shape.reduce_rows(aggregates.concat(parts), chart)
    groups: dict[tuple[int, int], list[float]] = {}
    for point, time_ms, value in rows(samples):
        groups.setdefault((point, time_ms - time_ms % interval), []).append(value)
    assert list(zip(result.ids.tolist(), result.times.tolist(), strict=True)) == sorted(groups)
    for row, key in enumerate(sorted(groups)):
        values = groups[key]
        assert result.counts[row] == len(values)
        assert (result.mins[row], result.maxs[row]) == (min(values), max(values))
        assert (result.firsts[row], result.lasts[row]) == (values[0], values[-1])
        assert result.values[row] == pytest.approx(sum(values) / len(values), abs=1e-3)


def test_the_librarys_own_columns_are_not_the_charts() -> None:
    """Why m4 is ours: tsdownsample's bins go from the first to the last sample."""
    from tsdownsample import M4Downsampler

    chart = Columns(Span(START, START + 1_000), 10)
    times = START + np.arange(300, 1_000)
    samples = Samples(np.zeros(700, np.int32), times, np.sin(np.arange(700.0)))
    theirs = samples[M4Downsampler().downsample(times, samples.values, n_out=40).astype(np.intp)]
    assert corners(theirs, chart) != corners(samples, chart)
    assert corners(shape.m4(samples, chart), chart) == corners(samples, chart)
