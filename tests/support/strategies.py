"""Hypothesis strategies for samples."""

from hypothesis import strategies as st

from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import WINDOW_MS

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
window_starts = st.integers(-100_000, 6_000_000).map(lambda index: index * WINDOW_MS)


def samples(
    ids: st.SearchStrategy[int], times: st.SearchStrategy[int], max_size: int = 60
) -> st.SearchStrategy[Samples]:
    rows = st.lists(st.tuples(ids, times, finite), max_size=max_size)
    return rows.map(
        lambda listed: from_columns(*zip(*listed, strict=True)) if listed else from_columns([], [], [])
    )


slots = st.integers(0, 63)
offsets = st.integers(0, WINDOW_MS - 1)
few_offsets = st.sampled_from([0, 1, 60_000, 299_999])

AWKWARD_NAMES = (
    "\0",
    "a\0b",
    "a\0",
    " leading",
    "trailing ",
    "\tTab",
    "comma, 'single' and \"double\" quotes",
    "line\nbreak\r\n",
    "\r",
    "back\\slash\\",
    "\u2028\u2029\x85",
    "\ufeffbyte order mark",
    "😀 👩\u200d🔧",
    "e\u0301 and é",
    "'; DROP TABLE samples; --",
    "NaN",
    "NULL",
    "?",
    "# no comment",
    "'" * 512,
    '"' * 512,
    "😀" * 512,
    "😀" * 511 + "\0",
)
"""Names that SQL, CSV, Parquet or what lies between have trouble with; ACE's have 512 characters at most."""

awkward_names = st.sampled_from(AWKWARD_NAMES) | st.text(
    st.characters(codec="utf-8"), min_size=1, max_size=24
)
