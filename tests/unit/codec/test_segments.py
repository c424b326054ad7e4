"""Blocks in several items: however they are read, a block is whole and of one write, or it is none."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.codec import blocks, segments
from vitals.codec.block_merge import Block, fitting_block, merged_block
from vitals.model.samples import Samples, merge
from vitals.model.timespan import WINDOW_MS
from vitals.store.tiers import hot_items

W = 6_000 * WINDOW_MS


def stored(payload: bytes, revision: int, before: int = 1) -> list[Any]:
    return hot_items.encode("s", (3, W), Block(payload, 1, revision, 5), before)


def payload_of(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Segments of 100 bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SEGMENT_BYTES", 100)
        yield


sizes = st.sampled_from([0, 1, 99, 100, 101, 200, 201, 800])


@given(sizes, st.integers(0, 3))
def test_a_payload_is_put_together_as_it_was(size: int, seed: int) -> None:
    payload = payload_of(size, seed)
    items = stored(payload, 1)
    whole = segments.join(W, items)
    assert whole is not None
    assert hot_items.decode(whole) == Block(payload, 1, 1, 5, None, len(items))
    assert len(items) == max(1, -(-size // 100)) == segments.count(items[0])
    assert [int(item["w"]["N"]) for item in items] == list(range(W, W + len(items)))


def test_items_and_transactions_return_what_they_store() -> None:
    """DynamoDB's limits are 400 KB and 4 MB, names and other attributes included."""
    assert segments.MAX_BYTES == 350_000 * segments.MAX_SEGMENTS
    assert segments.MAX_SEGMENTS * (350_000 + 1_000) * 4 / 3 <= 4 * 2**20
    assert segments.MAX_SEGMENTS < WINDOW_MS


def test_what_fits_one_item_is_stored_as_ever() -> None:
    [item] = stored(b"x" * 100, 2)
    assert set(item) == {"pk", "w", "b", "n", "r", "f"}


@given(sizes.filter(lambda size: size > 100), sizes, st.data())
def test_a_mixture_of_two_writes_is_never_read(old: int, new: int, data: Any) -> None:
    """A query may meet some items before and others after another write, also of a block begun anew."""
    revisions = data.draw(st.sampled_from([(1, 2), (1, 1), (7, 1)]))
    payloads = payload_of(old, 1), payload_of(new, 2)
    before = stored(payloads[0], revisions[0])
    after = stored(payloads[1], revisions[1], len(before))
    seen = []
    for number in range(max(len(before), len(after))):
        choices = [write[number] for write in (before, after) if number < len(write)]
        choice = data.draw(st.sampled_from([*choices, None]))
        seen += [choice] if choice else []
    whole, item = hot_items.assemble(W, seen, 10_000)
    assert item is None or item["b"]["B"] in payloads
    if whole and seen:
        assert item is not None or "b" not in seen[0]
    whole, item = hot_items.assemble(W, after, 10_000)
    assert whole
    assert item is not None
    assert hot_items.decode(item) == Block(payloads[1], 1, revisions[1], 5, None, segments.count(after[0]))


windows = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8)), unique_by=lambda window: window[0])


@given(windows, st.booleans())
def test_items_are_separated_by_window_in_any_order(
    drawn: Sequence[tuple[int, int]], newest_first: bool
) -> None:
    keys = [window * WINDOW_MS + number for window, count in sorted(drawn) for number in range(count)]
    items = [{"w": {"N": str(key)}} for key in keys]
    result = list(segments.by_window(items[::-1] if newest_first else items))
    expected = [(window * WINDOW_MS, count) for window, count in sorted(drawn, reverse=newest_first)]
    assert [(window, len(group)) for window, group in result] == expected
    assert all(segments.first(window, group) == group[0] for window, group in result)


def test_any_item_of_an_expired_block_may_vanish() -> None:
    items = [item | {"expires_at": {"N": "50"}} for item in stored(payload_of(290, 1), 4)]
    for gone in range(3):
        remaining = items[:gone] + items[gone + 1 :]
        whole, item = hot_items.assemble(W, remaining, 50_000)
        assert whole
        assert (item is None) == (gone == 0)
        assert item is None or hot_items.decode(item).expired(50_000)
        assert not hot_items.assemble(W, remaining, 49_999)[0]


def noisy(slots: dict[int, int], seed: int = 1) -> Samples:
    """So many random doubles of each slot at times spread over the window."""
    random = np.random.default_rng(seed)
    ids = np.repeat(list(slots), list(slots.values())).astype(np.int32)
    times = np.concatenate([W + np.arange(count) * (WINDOW_MS // count) for count in slots.values()])
    return Samples(ids, times.astype(np.int64), random.random(len(ids)))


def test_full_blocks_drop_their_densest_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segments, "MAX_BYTES", 60_000)
    fetched = noisy({1: 500, 2: 4_000, 3: 500, 4: 9_000, 5: 700})
    block, dropped = fitting_block(None, fetched, W, 1)
    assert dropped == {4: 9_000}
    assert block is not None
    assert blocks.decode(block.payload, W).equals(fetched[fetched.ids != 4])
    again, dropped = fitting_block(block, fetched, W, 2)
    assert (again, dropped) == (None, {4: 9_000})


@pytest.mark.parametrize(("room", "dropped"), [(100, {1: 500, 2: 300}), (4_000, {1: 500})])
def test_what_is_stored_stays_when_no_more_fits(
    room: int, dropped: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = noisy({1: 6_000})
    block = merged_block(None, first, W, 1)
    assert block is not None
    late = noisy({1: 500, 2: 300}, 2)
    late = Samples(late.ids, late.times + 1, late.values)
    monkeypatch.setattr(segments, "MAX_BYTES", len(block.payload) + room)
    after, left_out = fitting_block(block, late, W, 2)
    assert left_out == dropped
    if after is None:
        assert 2 in dropped
    else:
        assert blocks.decode(after.payload, W).equals(merge([first, late[late.ids == 2]]))


def test_points_too_large_for_blocks_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_BYTES", 1_000)
    assert fitting_block(None, noisy({9: 5_000}), W, 1) == (None, {9: 5_000})
