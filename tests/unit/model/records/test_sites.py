"""Settings of a site: which texts are valid."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.records.sites import MAX_HOLIDAYS, check_holidays

FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)


@given(st.lists(st.dates(FIRST, LAST), max_size=60))
def test_holidays_are_dates_in_order(dates: list[date]) -> None:
    holidays = check_holidays(day.isoformat() for day in dates)
    assert [date.fromisoformat(text) for text in holidays] == sorted(set(dates))
    assert check_holidays(holidays) == holidays


@given(st.dates() | st.text() | st.from_regex(r"[12]\d{3}-[01]\d-[0-3]\d", fullmatch=True))
def test_only_real_dates_are_holidays(value: date | str) -> None:
    text = value if isinstance(value, str) else value.isoformat()
    try:
        day = date.fromisoformat(text)
        is_valid = FIRST <= day <= LAST and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)
    except ValueError:
        is_valid = None
    if is_valid:
        assert check_holidays([text]) == (text,)
    else:
        with pytest.raises(InvalidRequestError, match="holidays must be dates from 1990-01-01"):
            check_holidays([text])


@pytest.mark.parametrize(
    "text", ["20261225", "2026-W52-5", "2026-12-25T00", " 2026-12-25", "\uff12026-12-25"]
)
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(f"{text!r} is not one")):
        check_holidays([text])


def test_a_long_text_is_shortened() -> None:
    with pytest.raises(InvalidRequestError, match=r"'x{20}' is not one$"):
        check_holidays(["x" * 100_000])


def test_the_number_of_holidays_is_limited() -> None:
    """A date that is listed twice counts once."""
    dates = [date.fromordinal(FIRST.toordinal() + number).isoformat() for number in range(MAX_HOLIDAYS + 1)]
    assert len(check_holidays(dates[1:] * 2)) == MAX_HOLIDAYS
    with pytest.raises(InvalidRequestError, match="at most 400 dates, not 401"):
        check_holidays(dates)
