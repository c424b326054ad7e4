"""Hypothesis strategies for samples."""

from hypothesis import strategies as st

from vitals.samples import Samples, columns
from vitals.timespan import WINDOW_MS

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
window_starts = st.integers(-100_000, 6_000_000).map(lambda index: index * WINDOW_MS)


def samples(
    ids: st.SearchStrategy[int], times: st.SearchStrategy[int], max_size: int = 60
) -> st.SearchStrategy[Samples]:
    rows = st.lists(st.tuples(ids, times, finite), max_size=max_size)
    return rows.map(lambda found: columns(*zip(*found, strict=True)) if found else columns([], [], []))


slots = st.integers(0, 63)
offsets = st.integers(0, WINDOW_MS - 1)
few_offsets = st.sampled_from([0, 1, 60_000, 299_999])
