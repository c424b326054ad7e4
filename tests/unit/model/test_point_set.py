"""Which points a day claims, against a model that remembers every read."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitals.model import point_set

IDS = st.frozensets(st.integers(0, 5), max_size=6)
WINDOWS = st.frozensets(st.integers(0, 4), max_size=5)
DAY = st.just(frozenset(range(5)))


def bits(windows: frozenset[int]) -> point_set.Windows:
    flags = np.zeros(5, np.bool_)
    flags[list(windows)] = True
    return flags


def truly(reads: list[tuple[frozenset[int], frozenset[int]]]) -> frozenset[int]:
    """The points that were configured in at least one read of each window that was ever read."""
    polled = frozenset().union(*(windows for windows, _ in reads))
    return frozenset(
        point
        for point in range(6)
        if all(any(window in windows and point in ids for windows, ids in reads) for window in polled)
    )


def claims(reads: list[tuple[frozenset[int], frozenset[int]]]) -> list[frozenset[int]]:
    """What the record claims after each of the reads."""
    claimed: int | None = None
    polled = bits(frozenset())
    after = []
    for windows, ids in reads:
        claimed = point_set.next_claim(claimed, polled, bits(windows), point_set.from_ids(ids))
        polled = polled | bits(windows)
        after.append(frozenset(point for point in range(6) if claimed is not None and claimed >> point & 1))
    return after


@given(st.lists(st.tuples(st.one_of(WINDOWS, DAY), IDS), min_size=1, max_size=8))
def test_a_day_claims_only_points_polled_in_full(
    reads: list[tuple[frozenset[int], frozenset[int]]],
) -> None:
    for count, claimed in enumerate(claims(reads), 1):
        if any(windows for windows, _ in reads[:count]):
            assert claimed <= truly(reads[:count])


@given(st.lists(st.tuples(WINDOWS, IDS), max_size=6), IDS)
def test_a_whole_read_claims_every_point_of_it(
    reads: list[tuple[frozenset[int], frozenset[int]]], ids: frozenset[int]
) -> None:
    assert claims([*reads, (frozenset(range(5)), ids)])[-1] >= ids


@given(st.lists(WINDOWS.filter(bool), min_size=1, max_size=8), IDS)
def test_points_that_never_change_are_claimed_throughout(
    windows: list[frozenset[int]], ids: frozenset[int]
) -> None:
    assert claims([(poll, ids) for poll in windows]) == [ids] * len(windows)


@given(WINDOWS.filter(bool), WINDOWS, IDS)
def test_a_record_without_claims_claims_every_point(
    polled: frozenset[int], read: frozenset[int], ids: frozenset[int]
) -> None:
    claimed = point_set.next_claim(None, bits(polled), bits(read), point_set.from_ids(ids))
    assert claimed == (None if read <= polled else point_set.from_ids(ids))


@given(st.frozensets(st.integers(0, 20_000), max_size=50))
def test_a_set_survives_storing(ids: frozenset[int]) -> None:
    held = point_set.from_ids(ids)
    assert point_set.decode(point_set.encode(held)) == held
    assert held.bit_count() == len(ids)
    assert all(held >> point & 1 for point in ids)
    assert point_set.contains(held, point_set.from_ids(list(ids)[:3]))
    assert not point_set.contains(held, held | 1 << 20_001)


def test_a_large_site_takes_tens_of_bytes() -> None:
    assert len(point_set.encode(point_set.from_ids(range(4_583)))) < 50
