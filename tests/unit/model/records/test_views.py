"""Saved views: which names and which queries are valid."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.records.views import MAX_NAME, MAX_VIEW, check_name, check_view

PRINTABLE = st.characters(codec="utf-8").filter(str.isprintable)
NAMES = st.text(PRINTABLE, min_size=1, max_size=MAX_NAME).filter(str.strip)
SPACES = st.text(" \t\n\u3000", max_size=3)
PARAMETERS = st.lists(st.tuples(st.text(PRINTABLE, min_size=1, max_size=9), st.text(PRINTABLE, max_size=9)))


@given(NAMES, SPACES)
def test_outer_spaces_of_a_name_are_trimmed(name: str, spaces: str) -> None:
    assert check_name(f"{spaces}{name}{spaces}") == name.strip()
    assert check_name(check_name(name)) == name.strip()


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 81, "two\nlines", "a\0b", "\ud83c", "zero\u200bwidth", "\u202eright to left"]
)
def test_other_texts_are_no_names(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="name must have 1 to 80 printable characters"):
        check_name(name)


@given(PARAMETERS.filter(bool))
def test_what_a_browser_writes_is_a_view(parameters: list[tuple[str, str]]) -> None:
    query = urlencode(parameters)
    assert parse_qsl(check_view(query), keep_blank_values=True) == parameters


@given(st.text(max_size=20) | st.text(st.characters(codec="ascii"), max_size=20))
def test_a_view_is_printable_ascii(text: str) -> None:
    is_printable = all("!" <= character <= "~" and character not in '"#<>' for character in text)
    if text and is_printable and not text.startswith("?"):
        assert check_view(text) == text
    else:
        with pytest.raises(InvalidRequestError, match="view must"):
            check_view(text)


def test_the_length_of_a_view_is_limited() -> None:
    assert check_view("x" * MAX_VIEW) == "x" * MAX_VIEW
    for text in ("", "x" * (MAX_VIEW + 1)):
        with pytest.raises(InvalidRequestError, match="view must have 1 to 4000 characters"):
            check_view(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1 2", "printable ASCII without spaces"),
        ("a=1#top", "printable ASCII without spaces"),
        ("a=1\n", "printable ASCII without spaces"),
        ("tag=é", "printable ASCII without spaces"),
        ("?range=7d", r"view must begin after the \? of the address"),
    ],
)
def test_an_error_says_what_is_right(text: str, expected: str) -> None:
    with pytest.raises(InvalidRequestError, match=expected):
        check_view(text)
