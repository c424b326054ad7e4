"""Pieces of a body are together what orjson makes of the whole."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitals.codec import json_pieces
from vitals.codec.json_pieces import UncutError

awkward = st.text(st.sampled_from('{}[],:"\\ \n\u00e9\U0001f321n'), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | awkward | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(awkward, inner, max_size=3),
    max_leaves=6,
)
entries = st.dictionaries(st.sampled_from(["name", "value", "time", "list", "}, {"]), values, max_size=4)
others = st.dictionaries(st.sampled_from(["has_more", "next_cursor", "a", "z"]), values, max_size=3)
spaces = st.sampled_from(["", " ", "\n", " \t\r\n "])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Bodies with any white space, and with members before and after the list."""
    before, listed, after = draw(others), draw(st.lists(entries, max_size=12)), draw(others)
    space, plain = draw(spaces), draw(st.booleans())
    separators = (f"{space},{space}", f"{space}:{space}")

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=plain, separators=separators)

    members = [f"{text(name)}{separators[1]}{text(value)}" for name, value in before.items()]
    joined = separators[0].join(map(text, listed))
    members.append(f'"list"{separators[1]}[{space}{joined}{space}]')
    members += [f"{text(name)}{separators[1]}{text(value)}" for name, value in after.items()]
    return f"{space}{{{space}{separators[0].join(members)}{space}}}{space}".encode()


def together(body: bytes, length: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    listed: list[Any] = []
    for piece in json_pieces.read(body, "list", length):
        listed += piece.pop("list")
        answer |= piece
    return answer | {"list": listed}


@example(b'{"a":1,"list":[{"n":1}],"a":[{"n":2},{"n":3},{"n":4}]}', 36)
@example(b'{"z":null,"list":[],"z":null,"a":[{},{}]}', 38)
@example(b'{"list":[{"n":1},{"n":2},{"n":3}],"list":[{"n":4},{"n":5},{"n":6}]}', 20)
@example(b'{"list":[{},null],"a":[{"n":2},{"n":3},{"n":4}]}', 30)
@given(bodies(), st.integers(1, 400))
def test_pieces_are_together_the_whole(body: bytes, length: int) -> None:
    """A body that cannot be cut is refused, and never read in part."""
    try:
        answer = together(body, length)
    except UncutError:
        return
    assert answer == orjson.loads(body)


@given(bodies(), st.integers(0, 10_000), st.integers(1, 400))
def test_a_damaged_body_is_never_accepted(body: bytes, cut: int, length: int) -> None:
    whole = body.rstrip()
    broken = whole[: cut % len(whole)]
    with pytest.raises(UncutError):
        together(broken, length)


READING = {"name": 'a "}, {" \\', "value": "1.5", "time": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("indent", [None, 2])
def test_pieces_of_a_page_are_bounded(indent: int | None) -> None:
    body = {"list": [READING] * 1_000, "has_more": False, "next_cursor": None}
    text = json.dumps(body, indent=indent).encode()
    pieces = list(json_pieces.read(text, "list", 4_000))
    assert len(pieces) >= len(text) // 4_000
    assert max(len(orjson.dumps(piece)) for piece in pieces) <= 4_000 + 100
    assert together(text, 4_000) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"list": [%s], "list": []}',
        b'{"list": [%s, ]}',
        b'{"list": [%s, NaN]}',
        b'{"list": [%s, 5], "x": }',
        b'{"other": [%s]}',
        b'{"list": [{}], "other": [%s]}',
        b'{"inner": {"list": [%s]}}',
        b'[{"list": [%s]}]',
        b'{"list": [%s]} x',
        b"\xef\xbb\xbf" + b'{"list": [%s]}',
    ],
)
def test_other_bodies_are_not_cut(body: bytes) -> None:
    text = body % b", ".join([orjson.dumps(READING)] * 100)
    with pytest.raises(UncutError):
        list(json_pieces.read(text, "list", 1_000))
