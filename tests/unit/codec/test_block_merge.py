from hypothesis import given

from tests.support.strategies import few_offsets, samples, slots
from vitals.codec import blocks
from vitals.codec.block_merge import Block, merged_block
from vitals.model.samples import Samples, merge

some = samples(slots, few_offsets).filter(len).map(lambda found: merge([found]))


def written(*fetches: tuple[Samples, int]) -> Block:
    block = None
    for fetched, at in fetches:
        block = merged_block(block, fetched, 0, at) or block
    assert block is not None
    return block


@given(some, some)
def test_the_later_fetch_wins_in_either_order_of_writing(old: Samples, new: Samples) -> None:
    expected = merge([old, new])
    for block in (written((old, 1), (new, 2)), written((new, 2), (old, 1))):
        assert blocks.decode(block.payload, 0).equals(expected)
        assert block.count == len(expected)


@given(some, some)
def test_writing_again_changes_nothing(old: Samples, new: Samples) -> None:
    block = written((old, 1), (new, 2))
    assert merged_block(block, new, 0, 2) is None
    assert merged_block(block, new, 0, 3) is None


@given(some, some)
def test_each_change_is_one_revision(old: Samples, new: Samples) -> None:
    before = written((old, 1))
    after = merged_block(before, new, 0, 2)
    assert before.revision == 1
    assert after is None or after.revision == 2
