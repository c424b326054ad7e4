"""Which blocks are read together."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.codec.block_merge import BlockKey
from vitals.model.timespan import WINDOW_MS, Span
from vitals.store.tiers import hot_items

KEYS = st.tuples(st.integers(0, 3), st.integers(0, 20).map(lambda window: window * WINDOW_MS))


@given(st.sets(KEYS))
def test_spans_have_exactly_the_keys(wanted: set[BlockKey]) -> None:
    spans = hot_items.spans(wanted)
    covered = [(group, start) for group, span in spans for start in range(*_ends(span), WINDOW_MS)]
    assert sorted(wanted) == covered


@given(st.sets(KEYS))
def test_no_two_spans_of_a_group_touch(wanted: set[BlockKey]) -> None:
    spans = hot_items.spans(wanted)
    edges = [(group, edge) for group, span in spans for edge in _ends(span)]
    assert len(edges) == len(set(edges))


def _ends(span: Span) -> tuple[int, int]:
    return span.start_ms, span.end_ms
