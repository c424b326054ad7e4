"""Reduction to pixel columns: what a chart draws of the few is what it would draw of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query import downsample
from query.downsample import Columns
from vitals.aggregates import aggregate
from vitals.samples import Samples, columns, concat, merge
from vitals.timespan import HOUR_MS, Span

START = 1_767_225_600_000


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
    samples = merge([columns(*zip(*drawn_rows, strict=True))]) if drawn_rows else columns([], [], [])
    return samples, Columns(Span(START, START + length), count)


def rows(samples: Samples) -> list[tuple[int, int, float]]:
    return list(zip(samples.ids.tolist(), samples.times.tolist(), samples.values.tolist(), strict=True))


def corners(samples: Samples, chart: Columns) -> dict[tuple[int, int], tuple[tuple[float, ...], ...]]:
    """Per series and pixel column: first, last, least and greatest value, and the first two's times."""
    found: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for point, at, value in rows(samples):
        column = (at - chart.span.start_ms) * chart.count // chart.span.length_ms
        found.setdefault((point, column), []).append((at, value))
    return {
        key: (each[0], each[-1], (min(v for _, v in each), max(v for _, v in each)))
        for key, each in found.items()
    }


@given(drawn())
def test_m4_keeps_each_columns_first_last_least_and_greatest(given_: tuple[Samples, Columns]) -> None:
    samples, chart = given_
    reduced = downsample.m4(samples, chart)
    assert corners(reduced, chart) == corners(samples, chart)
    assert len(reduced) <= 4 * len(corners(samples, chart))
    assert set(rows(reduced)) <= set(rows(samples))


@given(drawn())
def test_minmax_keeps_each_columns_least_and_greatest(given_: tuple[Samples, Columns]) -> None:
    samples, chart = given_
    reduced = corners(downsample.minmax(samples, chart), chart)
    whole = corners(samples, chart)
    assert {key: found[2] for key, found in reduced.items()} == {
        key: found[2] for key, found in whole.items()
    }


@given(drawn(), st.integers(0, 5_000), st.sampled_from(["m4", "minmax"]))
def test_parts_reduced_together_are_the_whole_reduced(
    given_: tuple[Samples, Columns], cut: int, method: str
) -> None:
    samples, chart = given_
    early = samples.times < START + cut
    parts = [downsample.reduce_part(samples[part], method, chart) for part in (early, ~early)]
    joined = concat(parts)
    joined = joined[np.lexsort((joined.times, joined.ids))]
    assert downsample.reduce(joined, method, chart).same(downsample.reduce(samples, method, chart))


@given(drawn(), st.integers(0, 5_000))
def test_means_squeezed_part_by_part_are_those_of_the_whole(
    given_: tuple[Samples, Columns], cut: int
) -> None:
    samples, chart = given_
    from vitals import aggregates

    early = samples.times < START + cut
    parts = [downsample.squeeze(downsample.as_rows(samples[part]), chart) for part in (early, ~early)]
    found = downsample.squeeze(aggregates.concat(parts), chart)
    whole = downsample.squeeze(downsample.as_rows(samples), chart)
    for name in ("ids", "times", "mins", "maxs", "firsts", "lasts", "counts"):
        assert getattr(found, name).tolist() == getattr(whole, name).tolist()
    scale = np.maximum(1e-300, np.maximum(abs(whole.mins), abs(whole.maxs)))
    assert np.all(abs(found.values / scale - whole.values / scale) < 1e-9)


def test_columns_of_one_hour_squeeze_to_the_hours_aggregates() -> None:
    random = np.random.default_rng(1)
    times = START + np.sort(random.choice(6 * HOUR_MS, 2_000, replace=False))
    samples = Samples(np.zeros(2_000, np.int32), times, random.normal(70, 5, 2_000))
    chart = Columns(Span(START, START + 6 * HOUR_MS), 6)
    found = downsample.squeeze(downsample.as_rows(samples), chart)
    hours = aggregate(samples, HOUR_MS)
    assert found.times.tolist() == hours.times.tolist()
    assert found.values == pytest.approx(hours.values)
    assert found.counts.tolist() == hours.counts.tolist()


def test_lttb_keeps_the_ends_and_the_number() -> None:
    times = START + 1_000 * np.arange(5_000)
    values = np.sin(np.arange(5_000) / 50)
    ids = np.repeat(np.array([3, 9], np.int32), 5_000)
    samples = Samples(ids, np.tile(times, 2), np.tile(values, 2))
    reduced = downsample.reduce(samples, "lttb", Columns(Span(START, START + 5_000_000), 200))
    assert [int((reduced.ids == point).sum()) for point in (3, 9)] == [200, 200]
    one = reduced[reduced.ids == 3]
    assert (one.times[0], one.times[-1]) == (times[0], times[-1])
    few = samples[:50]
    assert downsample.reduce(few, "lttb", Columns(Span(START, START + 5_000_000), 200)).same(few)


def test_the_librarys_own_columns_are_not_the_charts() -> None:
    """Why m4 is ours: tsdownsample's bins go from the first to the last sample."""
    from tsdownsample import M4Downsampler

    chart = Columns(Span(START, START + 1_000), 10)
    times = START + np.arange(300, 1_000)
    samples = Samples(np.zeros(700, np.int32), times, np.sin(np.arange(700.0)))
    theirs = samples[M4Downsampler().downsample(times, samples.values, n_out=40).astype(np.intp)]
    assert corners(theirs, chart) != corners(samples, chart)
    assert corners(downsample.m4(samples, chart), chart) == corners(samples, chart)
