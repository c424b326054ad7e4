"""Tokens of pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.reading import page_token
from vitals.reading.request import MAX_POINTS


@given(st.integers(), st.sets(st.integers(0, 20_000), max_size=MAX_POINTS))
def test_a_token_has_its_position_and_points(position: int, ids: set[int]) -> None:
    position %= 2**53
    token = page_token.encode(position, "digest", ids)
    assert page_token.decode(token, "digest") == position
    assert len(token) <= 2_000
    if ids:
        assert page_token.ids_of(token) == ids


@given(st.text(max_size=40))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        page_token.ids_of(f"{text}.x{text}")
