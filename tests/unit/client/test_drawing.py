"""Pictures of characters: lines of bars and the heat map of days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals_client.cli.drawing import heat_map, in_columns, labels, number, sparkline
from vitals_client.shapes import CoverageDay

LARGEST = 1.7976931348623157e308


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None, None], "  "),
        ([0.0, 7.0], "▁█"),
        ([0.0, 1.0, None, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂ ▃▄▅▆▇█"),
        ([-3.0, -1.0, -2.0], "▁█▅"),
        ([72.0, None, 72.0], "▅ ▅"),
    ],
)
def test_a_sparkline_goes_from_the_least_to_the_greatest(values: list[float | None], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_rows_lie_in_the_columns_of_their_times() -> None:
    assert in_columns([100, 149, 150, 199], [1.0, 2.0, 3.0, 4.0], 100, 200, 2) == [2.0, 4.0]
    assert in_columns([100, 190], [1.0, 4.0], 100, 200, 5) == [1.0, None, None, None, 4.0]
    assert in_columns([90], [1.0], 100, 200, 2) == [1.0, None]
    assert in_columns([], [], 100, 200, 3) == [None] * 3


FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [LARGEST, -LARGEST, 5e-324, -5e-324, 2.0**-1022, 0.0, -0.0, 1.0, 1.00000024]
)


@given(st.lists(st.none() | FINITE, max_size=20))
def test_any_finite_numbers_are_a_line_that_rises_with_them(values: list[float | None]) -> None:
    bars = sparkline(values)
    assert len(bars) == len(values)
    assert [bar == " " for bar in bars] == [value is None for value in values]
    numbers = sorted((value, bar) for value, bar in zip(values, bars, strict=True) if value is not None)
    levels = ["▁▂▃▄▅▆▇█".index(bar) for _, bar in numbers]
    assert levels == sorted(levels)
    if numbers and numbers[0][0] != numbers[-1][0]:
        assert (levels[0], levels[-1]) == (0, 7)


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_numbers_for_people_are_short_and_have_one_zero(values: list[float]) -> None:
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
def test_numbers_that_differ_look_different_where_12_characters_do(
    values: tuple[float, ...], shown: list[str]
) -> None:
    assert labels(*values) == shown


@given(FINITE | st.integers(0, 2**63))
def test_a_number_of_a_table_reads_back_the_same_or_has_12_characters(value: float) -> None:
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
def test_a_number_of_a_table_has_as_many_digits_as_fit(value: float, shown: str) -> None:
    assert number(value) == shown


@given(st.lists(st.integers(-50, 250), max_size=9), st.integers(0, 200), st.integers(1, 9))
def test_no_range_is_too_odd_for_columns(times: list[int], end: int, columns: int) -> None:
    found = in_columns(times, [1.0] * len(times), 0, end, columns)
    assert len(found) == columns
    assert (found == [None] * columns) == (not times)


def day(date: str, with_data: int, expected: int = 288) -> CoverageDay:
    return {
        "date": date,
        "windows_expected": expected,
        "windows_polled": with_data,
        "windows_with_data": with_data,
        "samples": 0,
        "archive": "",
        "archived_samples": 0,
        "settled": False,
    }


def test_a_heat_map_has_a_line_a_month_and_a_place_for_each_day() -> None:
    days = [
        day("2026-01-30", 288),
        day("2026-01-31", 287),
        *(day(f"2026-02-{n:02}", found) for n, found in enumerate([0, 1, 143, 144, 259, 260, 288], 1)),
        day("2026-02-08", 12, expected=12),
        day("2026-02-09", 0, expected=0),
    ]
    assert heat_map(days) == [
        "2026-01  " + " " * 29 + "█▓",
        "2026-02  ·░░▒▒▓██",
    ]
    assert heat_map([]) == []
