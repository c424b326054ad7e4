"""The names of sums."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.measures.sums import Term, names, terms

NAMES = st.text(min_size=1, max_size=20).filter(lambda name: name.encode("utf-8", "ignore").decode() == name)
SIGNS = st.sampled_from("+-\u2212")


@given(st.lists(st.tuples(SIGNS, NAMES), min_size=1, max_size=8))
def test_quoted_names_are_any(operands: list[tuple[str, str]]) -> None:
    text = "sum: " + " ".join(f"{sign} {json.dumps(name)}" for sign, name in operands)
    assert terms(text) == tuple(Term(name, 1 if sign == "+" else -1) for sign, name in operands)


@given(NAMES)
def test_another_name_is_itself(name: str) -> None:
    assert terms(f"p{name}") == (Term(f"p{name}"),)


def test_plain_names_may_have_signs_without_spaces() -> None:
    assert terms("sum:ahu-1/kW + ahu-2/kW - a b") == (Term("ahu-1/kW"), Term("ahu-2/kW"), Term("a b", -1))
    assert names(["sum: a + b", "b", "sum: c - a"]) == ("a", "b", "c")


def test_blanks_around_a_sign_do_not_count() -> None:
    blanks = " " * 4_900
    assert terms(f"sum: a{blanks}+{blanks}b") == (Term("a"), Term("b"))


@pytest.mark.parametrize(
    "text", ["sum:", "sum: + ", "sum: a + ", 'sum: "a" b', 'sum: "\\q"', "sum: " + 10_001 * "a"]
)
def test_a_malformed_sum_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="sum"):
        terms(text)
