"""Sparklines, and the heat map of days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals_client.cli.charts import heat_map, in_columns, sparkline
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
def test_a_sparkline_goes_from_minimum_to_maximum(values: list[float | None], drawn: str) -> None:
    assert sparkline(values) == drawn


def columns(times: list[int], values: list[float], number: int) -> list[float | None]:
    return in_columns(times, values, start_ms=100, end_ms=200, columns=number)


def test_rows_are_in_the_columns_of_their_times() -> None:
    assert columns([100, 149, 150, 199], [1.0, 2.0, 3.0, 4.0], 2) == [2.0, 4.0]
    assert columns([100, 190], [1.0, 4.0], 5) == [1.0, None, None, None, 4.0]
    assert columns([90], [1.0], 2) == [1.0, None]
    assert columns([], [], 3) == [None] * 3


FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [LARGEST, -LARGEST, 5e-324, -5e-324, 2.0**-1022, 0.0, -0.0, 1.0, 1.00000024]
)


@given(st.lists(st.none() | FINITE, max_size=20))
def test_bars_rise_with_their_values(values: list[float | None]) -> None:
    bars = sparkline(values)
    assert len(bars) == len(values)
    assert [bar == " " for bar in bars] == [value is None for value in values]
    numbers = sorted((value, bar) for value, bar in zip(values, bars, strict=True) if value is not None)
    levels = ["▁▂▃▄▅▆▇█".index(bar) for _, bar in numbers]
    assert levels == sorted(levels)
    if numbers and numbers[0][0] != numbers[-1][0]:
        assert (levels[0], levels[-1]) == (0, 7)


@given(st.lists(st.integers(-50, 250), max_size=9), st.integers(0, 200), st.integers(1, 9))
def test_any_range_has_columns(times: list[int], end: int, number: int) -> None:
    cells = in_columns(times, [1.0] * len(times), start_ms=0, end_ms=end, columns=number)
    assert len(cells) == number
    assert (cells == [None] * number) == (not times)


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


def test_a_heat_map_has_a_line_per_month() -> None:
    days = [
        day("2026-01-30", 288),
        day("2026-01-31", 287),
        *(day(f"2026-02-{n:02}", windows) for n, windows in enumerate([0, 1, 143, 144, 259, 260, 288], 1)),
        day("2026-02-08", 12, expected=12),
        day("2026-02-09", 0, expected=0),
    ]
    assert heat_map(days) == [
        "2026-01  " + " " * 29 + "█▓",
        "2026-02  ·░░▒▒▓██",
    ]
    assert heat_map([]) == []
