from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.strategies import offsets, samples, slots, window_starts
from vitals.codec import blocks
from vitals.errors import BlockFormatError
from vitals.model.samples import Samples, concat, from_columns, merge
from vitals.model.timespan import WINDOW_MS

WINDOW = 1_767_225_600_000


def in_window(drawn: Samples, window_ms: int) -> Samples:
    return merge([Samples(drawn.ids, drawn.times + window_ms, drawn.values)])


@given(samples(slots, offsets), window_starts)
@example(from_columns([0, 0], [0, 1], [0.0, -0.0]), WINDOW)
@example(from_columns([63], [WINDOW_MS - 1], [5e-324]), WINDOW)
@example(from_columns([0, 1], [0, 0], [1.7976931348623157e308, -1.7976931348623157e308]), -WINDOW_MS)
def test_what_goes_in_comes_out_to_the_bit(drawn: Samples, window_ms: int) -> None:
    block = in_window(drawn, window_ms)
    assert blocks.decode(blocks.encode(block, window_ms), window_ms).equals(block)


# Two revisions of a block have the same window.
drawn_blocks = st.lists(st.tuples(samples(slots, offsets, 20), st.integers(0, 2)), max_size=4)


@given(drawn_blocks, st.sets(slots))
def test_decoding_many_blocks_is_decoding_and_filtering_each(
    drawn: list[tuple[Samples, int]], wanted: set[int]
) -> None:
    windows = [WINDOW + number * WINDOW_MS for _, number in drawn]
    in_windows = [in_window(block, window) for (block, _), window in zip(drawn, windows, strict=True)]
    payloads = [blocks.encode(block, window) for block, window in zip(in_windows, windows, strict=True)]
    picked = blocks.decode_many(payloads, windows, sorted(wanted))
    assert picked.equals(concat(block[np.isin(block.ids, list(wanted))] for block in in_windows))


@given(drawn_blocks)
def test_encoding_many_blocks_is_encoding_each(drawn: list[tuple[Samples, int]]) -> None:
    windows = [WINDOW + number * WINDOW_MS for _, number in drawn]
    in_windows = [in_window(block, window) for (block, _), window in zip(drawn, windows, strict=True)]
    payloads = blocks.encode_many(in_windows, windows)
    assert payloads == [
        blocks.encode(block, window) for block, window in zip(in_windows, windows, strict=True)
    ]


@given(samples(st.integers(0, 300), st.integers(WINDOW, WINDOW + 4 * WINDOW_MS)))
def test_split_loses_nothing_and_keeps_blocks_apart(drawn: Samples) -> None:
    parts = []
    for (group, window_ms), block in blocks.split(drawn).items():
        assert ((block.times >= window_ms) & (block.times < window_ms + WINDOW_MS)).all()
        assert ((block.ids >= 0) & (block.ids < blocks.GROUP_SIZE)).all()
        parts.append(Samples(block.ids + group * blocks.GROUP_SIZE, block.times, block.values))
    assert merge(parts).equals(merge([drawn]))


readable = st.one_of(
    st.decimals(-(10**6), 10**6, places=3).map(float),
    st.decimals(-(10**4), 10**4, places=1).map(lambda value: float(np.float32(float(value)))),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.integers(-(2**60), 2**60).map(float),
    st.just(-0.0),
)


@given(st.lists(st.tuples(st.integers(0, 3), offsets, readable), max_size=60))
def test_numbers_as_gateways_write_them_survive_too(rows: list[tuple[int, int, float]]) -> None:
    block = in_window(from_columns(*zip(*rows, strict=True)) if rows else from_columns([], [], []), WINDOW)
    assert blocks.decode(blocks.encode(block, WINDOW), WINDOW).equals(block)


def test_decimals_take_a_third_of_full_doubles() -> None:
    random = np.random.default_rng(1)
    ids, times = np.repeat(np.arange(64, dtype=np.int32), 5), WINDOW + np.tile(np.arange(5) * 60_000, 64)
    noise = random.normal(70, 0.5, 320)
    full = blocks.encode(Samples(ids, times, noise), WINDOW)
    tenths = blocks.encode(Samples(ids, times, np.round(noise, 1)), WINDOW)
    assert len(tenths) * 3 < len(full)


def test_last_of_slot() -> None:
    drawn = from_columns([1, 1, 2, 5, 5], [1, 2, 1, 3, 9], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert blocks.last_of_slot(drawn).equals(from_columns([1, 2, 5], [2, 1, 9], [2.0, 3.0, 5.0]))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x02abc",
        b"\x01",
        b"\x01not zstd",
        blocks.encode(from_columns([1], [WINDOW], [2.0]), WINDOW)[:-3],
    ],
)
def test_bytes_that_are_no_block_are_named(payload: bytes) -> None:
    with pytest.raises(BlockFormatError):
        blocks.decode(payload, WINDOW)


def test_threads_share_no_compressor() -> None:
    block = from_columns(range(64), [WINDOW] * 64, np.random.default_rng(1).normal(size=64))
    payload = blocks.encode(block, WINDOW)
    with ThreadPoolExecutor(8) as pool:
        again = pool.map(lambda _: blocks.encode(blocks.decode(payload, WINDOW), WINDOW), range(2_000))
    assert set(again) == {payload}
