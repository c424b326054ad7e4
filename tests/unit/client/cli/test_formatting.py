"""Numbers, times and counts for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals_client.cli.formatting import count, counted, labels, lag, number, utc

LARGEST = 1.7976931348623157e308

FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [LARGEST, -LARGEST, 5e-324, -5e-324, 2.0**-1022, 0.0, -0.0, 1.0, 1.00000024]
)


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_labels_are_short_and_zero_has_no_sign(values: list[float]) -> None:
    for text, value in zip(labels(*values), values, strict=True):
        assert len(text) <= 12
        assert text != "-0"
        assert (
            float(text) == pytest.approx(value, rel=1e-4, abs=0) or abs(value) > 1e308 or abs(value) < 1e-300
        )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((69.80000305175781, 70.4000015258789, 70.0), ["69.8", "70.4", "70"]),
        ((1.0, 1.00000024, 1.0), ["1", "1.0000002", "1"]),
        ((-LARGEST, LARGEST, -0.0), ["-1.7977e+308", "1.79769e+308", "0"]),
        ((-0.0, 0.0, -1e-7), ["0", "0", "-1e-07"]),
        ((123456.7, 123456.8), ["123456.7", "123456.8"]),
        ((-5e-324, 5e-324), ["-4.9407e-324", "4.94066e-324"]),
        ((12345678901234.0,), ["1.23457e+13"]),
    ],
)
def test_labels_of_different_numbers_differ(values: tuple[float, ...], shown: list[str]) -> None:
    assert labels(*values) == shown


@given(FINITE | st.integers(0, 2**63))
def test_a_number_is_exact_or_has_12_characters(value: float) -> None:
    text = number(value)
    assert len(text) <= 12
    assert not (text.startswith("-") and float(text) == 0)
    if len(repr(value + 0)) <= 12:
        assert text == repr(value + 0)
    else:
        assert float(text) == pytest.approx(value, rel=1e-4, abs=0) or not 1e-300 < abs(value) < 1e308
        assert not any(
            len(longer) <= 12 and abs(float(longer) - value) < abs(float(text) - value)
            for longer in (f"{value:.{digits}g}" for digits in range(1, 18))
        )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-0.0, "0.0"),
        (0, "0"),
        (5, "5"),
        (72.0, "72.0"),
        (-LARGEST, "-1.7977e+308"),
        (LARGEST, "1.79769e+308"),
        (5e-324, "5e-324"),
        (-2.2250738585072014e-308, "-2.2251e-308"),
        (69.0999984741211, "69.099998474"),
        (0.00012345678901, "0.0001234568"),
        (1234567890123.0, "1.234568e+12"),
        (1234567890123, "1.234568e+12"),
        (1e16, "1e+16"),
    ],
)
def test_a_number_has_as_many_digits_as_fit(value: float, shown: str) -> None:
    assert number(value) == shown


def test_counts_lags_and_times_are_formatted() -> None:
    assert [counted(n, "day") for n in (0, 1, 2_000)] == ["0 days", "1 day", "2,000 days"]
    assert (count(4_583), count(None)) == ("4,583", "unknown")
    assert (lag(61), lag(None)) == ("0:01:01", "")
    assert utc(1_767_269_940_500) == "2026-01-01T12:19:00.500Z"
    assert utc(1_767_269_940_500, "minutes") == "2026-01-01T12:19Z"
