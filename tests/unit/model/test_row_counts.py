"""Rows counted by day, and compared: exactly the days that differ are named, whole ones and cut ones."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rollups import rollup
from tests.support.strategies import finite
from vitals.codec.rollup import day_count
from vitals.model.row_counts import RowCounts, partial_days
from vitals.model.samples import from_columns
from vitals.model.timespan import DAY_MS, Span, day_name

DAYS = 5
FIRST = 7_305 * DAY_MS
edges = st.integers(FIRST, FIRST + DAYS * DAY_MS) | st.integers(0, DAYS).map(lambda n: FIRST + n * DAY_MS)
spans = st.tuples(edges, edges).map(sorted).map(lambda pair: Span(*pair)).filter(bool)
row_times = st.lists(st.integers(FIRST, FIRST + DAYS * DAY_MS - 1), max_size=60)


def counted(span: Span, delivered: list[int], source: list[int]) -> RowCounts:
    """What a reader notes of rows that came, of those that the source has."""
    counts = RowCounts(span)
    inside = np.array([time_ms for time_ms in delivered if span.start_ms <= time_ms < span.end_ms], np.int64)
    for batch in np.array_split(inside, 3):
        counts.add(batch)
    for day_ms in partial_days(span):
        of_day = sorted(time_ms for time_ms in source if day_ms <= time_ms < day_ms + DAY_MS)
        within = [time_ms for time_ms in of_day if span.start_ms <= time_ms < span.end_ms]
        for times in (within, [time_ms for time_ms in of_day if time_ms not in within]):
            if times:
                counts.add_source_counts(np.array(times[:1]), np.array([float(len(times))]))
    return counts


def by_day(times: list[int]) -> Counter[int]:
    return Counter(time_ms - time_ms % DAY_MS for time_ms in times)


def days_of(span: Span) -> range:
    return range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS)


@given(spans, row_times)
def test_what_is_all_there_differs_nowhere(span: Span, times: list[int]) -> None:
    expected = {day_ms: by_day(times)[day_ms] for day_ms in days_of(span)}
    assert counted(span, times, times).mismatches(expected) == {}


@given(spans, row_times, st.data())
def test_days_with_missing_or_repeated_rows_differ(span: Span, times: list[int], data: st.DataObject) -> None:
    expected = {day_ms: by_day(times)[day_ms] for day_ms in days_of(span)}
    copies = data.draw(st.lists(st.integers(0, 2), min_size=len(times), max_size=len(times)))
    delivered = [time_ms for time_ms, n in zip(times, copies, strict=True) for _ in range(n)]
    inside = [
        [time_ms for time_ms in rows if span.start_ms <= time_ms < span.end_ms] for rows in (times, delivered)
    ]
    differing = {day for day in days_of(span) if by_day(inside[0])[day] != by_day(inside[1])[day]}
    errors = counted(span, delivered, times).mismatches(expected)
    assert set(errors) == differing
    assert all(day_name(day) in str(error) for day, error in errors.items())


@given(spans, row_times, row_times)
def test_days_of_a_wrong_source_differ(span: Span, times: list[int], source: list[int]) -> None:
    """As when the source is not what was archived: also where all that it has was delivered."""
    expected = {day_ms: by_day(times)[day_ms] for day_ms in days_of(span)}
    differing = {day for day in days_of(span) if by_day(times)[day] != by_day(source)[day]}
    assert set(counted(span, source, source).mismatches(expected)) == differing


@given(st.dictionaries(st.integers(0, DAY_MS - 1), finite, min_size=1, max_size=300))
def test_a_rollup_tells_its_days_count(series: dict[int, float]) -> None:
    times = sorted(series)
    samples = from_columns([7] * len(times), times, [series[time_ms] for time_ms in times])
    assert day_count(rollup(samples)) == len(series)


def test_a_large_day_is_counted_to_the_last() -> None:
    times = np.arange(0, DAY_MS, 250)
    samples = from_columns([7] * len(times), times.tolist(), [1.0] * len(times))
    assert day_count(rollup(samples)) == 345_600
