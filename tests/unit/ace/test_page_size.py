"""The sizes of pages only shrink, by the steps that ACE accepts, and that ends."""

from hypothesis import given
from hypothesis import strategies as st

from local.ace_simulator.requests import PAGE_SIZES
from vitals.ace.page_size import ACCEPTED, LARGEST, is_slow, may_be_too_large, smaller

sizes = st.sampled_from(ACCEPTED)


def test_the_simulator_accepts_the_same_sizes() -> None:
    assert ACCEPTED == PAGE_SIZES


@given(sizes)
def test_failures_shrink_to_an_end(size: int) -> None:
    seen = [size]
    while (size := smaller(size)) != seen[-1]:
        assert size == max(accepted for accepted in ACCEPTED if accepted < seen[-1])
        seen.append(size)
    assert size <= 10_000


def test_the_first_steps_reach_the_live_size() -> None:
    assert smaller(LARGEST) == 300_000
    assert smaller(smaller(LARGEST)) == 100_000


def test_half_of_the_timeout_is_slow() -> None:
    assert is_slow(30.1, 60)
    assert not is_slow(30, 60)


def test_a_quick_failure_says_nothing_of_sizes() -> None:
    """A timeout or a gateway's does, and whatever fails late; an upstream that is down or busy fails soon."""
    assert may_be_too_large(504, 0.1) and may_be_too_large(0, 60.0) and may_be_too_large(500, 20.0)
    assert not any(may_be_too_large(status, 0.1) for status in (0, 429, 500, 502, 503))
    assert not may_be_too_large(429, 20.0)
