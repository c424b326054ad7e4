"""Pictures of characters: lines of bars and the heat map of days."""

import pytest

from vitals_client.cli.drawing import heat_map, in_columns, sparkline
from vitals_client.shapes import CoverageDay


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
