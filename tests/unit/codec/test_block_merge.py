from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import few_offsets, samples, slots
from vitals.codec import blocks
from vitals.codec.block_merge import Block, first_blocks, merged_block, unchanged
from vitals.model.samples import Samples, from_columns, merge

nonempty = samples(slots, few_offsets).filter(len).map(lambda drawn: merge([drawn]))


def written(*fetches: tuple[Samples, int]) -> Block:
    block = None
    for fetched, fetched_ms in fetches:
        block = merged_block(block, fetched, 0, fetched_ms) or block
    assert block is not None
    return block


@given(nonempty, nonempty)
def test_the_later_fetch_wins_in_either_order(old: Samples, new: Samples) -> None:
    expected = merge([old, new])
    for block in (written((old, 1), (new, 2)), written((new, 2), (old, 1))):
        assert blocks.decode(block.payload, 0).equals(expected)
        assert block.count == len(expected)


@given(nonempty, nonempty)
def test_writing_again_changes_nothing(old: Samples, new: Samples) -> None:
    block = written((old, 1), (new, 2))
    assert merged_block(block, new, 0, 2) is None
    assert merged_block(block, new, 0, 3) is None


@given(nonempty, nonempty)
def test_each_change_is_one_revision(old: Samples, new: Samples) -> None:
    before = written((old, 1))
    after = merged_block(before, new, 0, 2)
    assert before.revision == 1
    assert after is None or after.revision == 2


@given(st.lists(st.tuples(nonempty, nonempty, st.booleans()), max_size=5))
def test_unchanged_blocks_are_those_of_equal_samples(drawn: list[tuple[Samples, Samples, bool]]) -> None:
    fetched = {(group, 0): old if same else new for group, (old, new, same) in enumerate(drawn)}
    stored = {(group, 0): written((old, 1)) for group, (old, _, _) in enumerate(drawn)}
    equal = {key for key in stored if blocks.decode(stored[key].payload, 0).equals(fetched[key])}
    assert set(unchanged(stored, fetched, 2)) == equal
    assert all(merged_block(stored[key], fetched[key], 0, 2) is None for key in equal)


def test_an_expired_block_changes() -> None:
    fetched = from_columns([1], [0], [2.0])
    stored = replace(written((fetched, 1)), expires_at=1)
    assert list(unchanged({(0, 0): stored}, {(0, 0): fetched}, 999)) == [(0, 0)]
    assert list(unchanged({(0, 0): stored}, {(0, 0): fetched}, 1_000)) == []


def test_a_block_that_was_not_fetched_is_ignored() -> None:
    stored = written((from_columns([1], [0], [2.0]), 1))
    assert list(unchanged({(0, 0): stored}, {}, 2)) == []


def test_a_wrong_count_does_not_hide_a_change() -> None:
    stored = written((from_columns([1, 2], [0, 0], [2.0, 2.0]), 1))
    fetched = from_columns([1], [0], [3.0])
    assert list(unchanged({(0, 0): replace(stored, count=1)}, {(0, 0): fetched}, 2)) == []


@given(st.lists(nonempty, max_size=5))
def test_first_blocks_are_merged_into_nothing(drawn: list[Samples]) -> None:
    fetched = {(group, 0): block for group, block in enumerate(drawn)}
    expected = {key: merged_block(None, block, 0, 7) for key, block in fetched.items()}
    assert dict(first_blocks(fetched, 7)) == expected
