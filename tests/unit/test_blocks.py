from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.strategies import offsets, samples, slots, window_starts
from vitals import blocks
from vitals.errors import BlockFormatError
from vitals.samples import Samples, columns, merge
from vitals.timespan import WINDOW_MS

WINDOW = 1_767_225_600_000


def in_window(found: Samples, window_ms: int) -> Samples:
    return merge([Samples(found.ids, found.times + window_ms, found.values)])


@given(samples(slots, offsets), window_starts)
@example(columns([0, 0], [0, 1], [0.0, -0.0]), WINDOW)
@example(columns([63], [WINDOW_MS - 1], [5e-324]), WINDOW)
@example(columns([0, 1], [0, 0], [1.7976931348623157e308, -1.7976931348623157e308]), -WINDOW_MS)
def test_what_goes_in_comes_out_to_the_bit(found: Samples, window_ms: int) -> None:
    block = in_window(found, window_ms)
    assert blocks.decode(blocks.encode(block, window_ms), window_ms).same(block)


@given(samples(slots, offsets), st.sets(slots))
def test_pick_is_decode_filtered(found: Samples, wanted: set[int]) -> None:
    block = in_window(found, WINDOW)
    picked = blocks.pick(blocks.encode(block, WINDOW), WINDOW, wanted)
    assert picked.same(block[np.isin(block.ids, list(wanted))])


@given(samples(st.integers(0, 300), st.integers(WINDOW, WINDOW + 4 * WINDOW_MS)))
def test_split_loses_nothing_and_keeps_blocks_apart(found: Samples) -> None:
    parts = []
    for (group, window_ms), block in blocks.split(found).items():
        assert ((block.times >= window_ms) & (block.times < window_ms + WINDOW_MS)).all()
        assert ((block.ids >= 0) & (block.ids < blocks.GROUP_SIZE)).all()
        parts.append(Samples(block.ids + group * blocks.GROUP_SIZE, block.times, block.values))
    assert merge(parts).same(merge([found]))


def test_last_of_slot() -> None:
    found = columns([1, 1, 2, 5, 5], [1, 2, 1, 3, 9], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert blocks.last_of_slot(found).same(columns([1, 2, 5], [2, 1, 9], [2.0, 3.0, 5.0]))


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x02abc", b"\x01", b"\x01not zstd", blocks.encode(columns([1], [WINDOW], [2.0]), WINDOW)[:-3]],
)
def test_bytes_that_are_no_block_are_named(payload: bytes) -> None:
    with pytest.raises(BlockFormatError):
        blocks.decode(payload, WINDOW)


def test_threads_share_no_compressor() -> None:
    block = columns(range(64), [WINDOW] * 64, np.random.default_rng(1).normal(size=64))
    payload = blocks.encode(block, WINDOW)
    with ThreadPoolExecutor(8) as pool:
        again = pool.map(lambda _: blocks.encode(blocks.decode(payload, WINDOW), WINDOW), range(2_000))
    assert set(again) == {payload}
