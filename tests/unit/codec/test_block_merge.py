from hypothesis import given

from tests.support.strategies import few_offsets, samples, slots
from vitals.codec import blocks
from vitals.codec.block_merge import Block, merged_block
from vitals.model.samples import Samples, merge

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
