import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.quality.findings import Outage
from vitals.model.quality.outages import outages, time_in


def spans(*edges: tuple[int, int]) -> np.ndarray:
    return np.array(edges, np.int64).reshape(-1, 2)


@pytest.mark.parametrize(
    ("silent", "points", "is_out"), [(4, 5, True), (7, 9, False), (8, 10, True), (79, 100, False)]
)
def test_both_sides_of_four_fifths(silent: int, points: int, is_out: bool) -> None:
    silences = [spans((number, 1_000 - number)) for number in range(silent)]
    expected = [Outage(silent - 1, 1_001 - silent, silent)] if is_out else []
    assert outages(silences, points) == expected


def test_there_may_be_several() -> None:
    silences = [spans((0, 10), (20, 30)), spans((5, 10), (20, 25))]
    assert outages(silences, 2) == [Outage(5, 10, 2), Outage(20, 25, 2)]


def test_a_lone_sample_does_not_end_it() -> None:
    assert outages([spans((0, 10), (10, 20))], 1) == [Outage(0, 20, 1)]
    assert outages([], 0) == outages([spans()], 1) == []


@given(st.lists(st.lists(st.integers(0, 12), max_size=6, unique=True), min_size=1, max_size=6))
def test_every_millisecond_is_judged(edges: list[list[int]]) -> None:
    silences = [spans(*zip(sorted(e)[::2], sorted(e)[1::2], strict=False)) for e in edges]
    silent = [
        sum(any(start <= time < end for start, end in point.tolist()) for point in silences)
        for time in range(13)
    ]
    is_out = [5 * number >= 4 * len(edges) for number in silent]
    actual = outages(silences, len(edges))
    assert [any(o.first_ms <= time < o.last_ms for o in actual) for time in range(13)] == is_out
    assert all(o.points == max(silent[o.first_ms : o.last_ms]) for o in actual)
    assert all(before.last_ms < after.first_ms for before, after in itertools.pairwise(actual))
    assert time_in(actual, 3, 9) == sum(is_out[3:9])
