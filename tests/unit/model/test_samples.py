import numpy as np
from hypothesis import given

from tests.support.strategies import few_offsets, samples, slots
from vitals.model.samples import Samples, from_columns, merge

crowded = samples(slots, few_offsets)


def as_dict(columns: Samples) -> dict[tuple[int, int], bytes]:
    rows = zip(columns.ids.tolist(), columns.times.tolist(), columns.values, strict=True)
    return {(point, time_ms): value.tobytes() for point, time_ms, value in rows}


@given(crowded, crowded)
def test_the_last_part_wins_each_key(old: Samples, new: Samples) -> None:
    assert as_dict(merge([old, new])) == as_dict(old) | as_dict(new)


@given(crowded)
def test_merge_is_sorted_unique_and_idempotent(fetch: Samples) -> None:
    once = merge([fetch])
    keys = list(zip(once.ids.tolist(), once.times.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert merge([once, fetch]).equals(once)
    assert merge([once, once]).equals(once)


@given(crowded, crowded)
def test_merge_commutes_on_disjoint_keys(first: Samples, other: Samples) -> None:
    apart = Samples(other.ids + 64, other.times, other.values)
    assert merge([first, apart]).equals(merge([apart, first]))


@given(crowded, crowded, crowded)
def test_merge_is_associative(a: Samples, b: Samples, c: Samples) -> None:
    assert merge([merge([a, b]), c]).equals(merge([a, merge([b, c])]))


def test_same_tells_negative_zero_from_zero() -> None:
    assert not from_columns([1], [2], [0.0]).equals(from_columns([1], [2], [-0.0]))


def test_merging_nothing_is_empty() -> None:
    assert len(merge([])) == 0
    assert merge([]).times.dtype == np.int64
