"""Draws charts with characters: sparklines, and the heat map of days."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import isinf

from vitals_client.shapes import CoverageDay

_LEVELS = "▁▂▃▄▅▆▇█"
_SHADES = ((1.0, "█"), (0.9, "▓"), (0.5, "▒"))
_LIGHTEST, _NO_DATA, _NOT_EXPECTED = "░", "·", " "
LEGEND = "windows with data:  █ all   ▓ at least 90 %   ▒ at least 50 %   ░ fewer   · none"


def sparkline(values: Sequence[float | None]) -> str:
    """Returns a bar for each value, from the minimum to the maximum, and a blank for None."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return " " * len(values)
    low, high = min(numbers), max(numbers)
    return "".join(" " if value is None else _LEVELS[_level(value, low, high)] for value in values)


def _level(value: float, low: float, high: float) -> int:
    """Returns the index of a value's bar; the middle one where all values are equal."""
    if low == high:
        return len(_LEVELS) // 2
    if isinf(high - low):
        # Halving large doubles is exact, and the difference of the halves is finite.
        value, low, high = value / 2, low / 2, high / 2
    return round((value - low) / (high - low) * (len(_LEVELS) - 1))


def in_columns(
    times: Iterable[int], values: Iterable[float], *, start_ms: int, end_ms: int, columns: int
) -> list[float | None]:
    """Returns the last value in each of so many equal columns of [start, end), None where there is none."""
    cells: list[float | None] = [None] * columns
    length_ms = max(1, end_ms - start_ms)
    for time_ms, value in zip(times, values, strict=True):
        # An aggregate may start before the range, and the end of the range may be rounded.
        cells[min(max(0, (time_ms - start_ms) * columns // length_ms), columns - 1)] = value
    return cells


def heat_map(days: Sequence[CoverageDay]) -> list[str]:
    """Returns a line for each month, with a character for each day: its share of windows with data."""
    lines = []
    for month, days_of_month in groupby(days, lambda day: day["date"][:7]):
        shades = [" "] * 31
        for day in days_of_month:
            shades[int(day["date"][8:]) - 1] = _shade(day)
        lines.append(f"{month}  {''.join(shades)}".rstrip())
    return lines


def _shade(day: CoverageDay) -> str:
    if not day["windows_expected"]:
        return _NOT_EXPECTED
    share = day["windows_with_data"] / day["windows_expected"]
    for least, shade in _SHADES:
        if share >= least:
            return shade
    return _LIGHTEST if share else _NO_DATA
