"""The form of the one table of prices."""

from datetime import date

import pytest

from operations.cost.bill import FREE, SERVICES
from vitals.aws import prices

NAMES = [name for name in vars(prices) if name.isupper() and name != "AS_OF"]
UNITS = (
    "_BYTE",
    "_EVENT",
    "_GB",
    "_GB_SECOND",
    "_GET",
    "_MONTH",
    "_PUT",
    "_REQUEST",
    "_TRACE",
    "_TRANSITION",
    "_UNIT",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_price_names_service_and_unit(name: str) -> None:
    assert 0 < getattr(prices, name) <= 3
    assert name.endswith(UNITS)
    assert sum(name.startswith(f"{service}_") for service in SERVICES) == 1


def test_the_table_is_dated_and_sorted() -> None:
    assert date.fromisoformat(prices.AS_OF) <= date.today()
    assert sorted(NAMES) == NAMES


def test_only_what_has_a_price_is_free() -> None:
    assert set(FREE) <= set(NAMES)
