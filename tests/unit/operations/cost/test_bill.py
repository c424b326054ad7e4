"""Sums of a bill, and what the free tier takes off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.cost import bill
from operations.cost.bill import FREE, Line
from vitals.aws import prices

NAMES = [name for name in vars(prices) if name.isupper() and name != "AS_OF"]
LINES = st.lists(
    st.builds(Line, st.sampled_from(NAMES), st.sampled_from(["a", "b"]), st.floats(0, 1e9)), max_size=20
)


def test_a_line_is_its_quantity_at_the_price() -> None:
    line = Line("DYNAMODB_WRITE_UNIT", "blocks", 2_000_000)
    assert (line.service, line.dollars) == ("DynamoDB", pytest.approx(1.25))
    assert line.times(3).dollars == pytest.approx(3.75)


@given(LINES)
def test_services_and_causes_add_up(lines: list[Line]) -> None:
    whole = pytest.approx(bill.total(lines))
    assert sum(bill.by_service(lines).values()) == whole
    assert sum(bill.by_cause(lines).values()) == whole


@given(LINES)
def test_the_free_tier_is_used_once(lines: list[Line]) -> None:
    billed = bill.after_free_tier(lines)
    for name in NAMES:
        used = sum(line.quantity for line in lines if line.price == name)
        remaining = sum(line.quantity for line in billed if line.price == name)
        assert remaining == pytest.approx(max(0, used - FREE.get(name, 0)), abs=1e-3)
