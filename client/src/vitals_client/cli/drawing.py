"""Pictures made of characters."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import isinf

from vitals_client.shapes import CoverageDay

_DIGITS, _ALL_DIGITS = 6, 17
_LONGEST_LABEL = 12
_LEVELS = "▁▂▃▄▅▆▇█"
_SHADES = ((1.0, "█"), (0.9, "▓"), (0.5, "▒"))
_SOME, _NONE, _NOT_YET = "░", "·", " "
LEGEND = "█ every window has data   ▓ nine of ten   ▒ half of them   ░ some   · none"


def sparkline(values: Sequence[float | None]) -> str:
    """A bar for each value between the least and the greatest; a blank where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    return "".join(" " if value is None else _LEVELS[_level(value, low, high)] for value in values)


def _level(value: float, low: float, high: float) -> int:
    """Of values that are all the same, the middle."""
    if low == high:
        return len(_LEVELS) // 2
    if isinf(high - low):
        # Halves of the largest doubles are as exact, and what lies between them is a double.
        value, low, high = value / 2, low / 2, high / 2
    return round((value - low) / (high - low) * (len(_LEVELS) - 1))


def labels(*values: float) -> list[str]:
    """Numbers for people, of at most 12 characters: six digits, more where different ones look the same."""
    for digits in range(_DIGITS, _LONGEST_LABEL):
        texts = [_label(value, digits) for value in values]
        if len(set(texts)) == len({value + 0.0 for value in values}):
            break
    return texts


def number(value: float) -> str:
    """A number of a table: as it reads back the same, or of the digits that 12 characters hold."""
    # Of the two zeros one has no sign; adding a whole zero leaves a count whole.
    text = repr(value + 0)
    return text if len(text) <= _LONGEST_LABEL else _label(value, _ALL_DIGITS)


def _label(value: float, digits: int) -> str:
    # Of the two zeros one has no sign.
    texts = (f"{value + 0.0:.{fewer}g}" for fewer in range(digits, 0, -1))
    return next(text for text in texts if len(text) <= _LONGEST_LABEL)


def in_columns(
    times: Iterable[int], values: Iterable[float], start_ms: int, end_ms: int, columns: int
) -> list[float | None]:
    """The last value of each of so many equal parts of [start, end), None where there is none."""
    found: list[float | None] = [None] * columns
    length_ms = max(1, end_ms - start_ms)
    for at, value in zip(times, values, strict=True):
        # Buckets begin before the range that they touch, and the range's end may be rounded.
        found[min(max(0, (at - start_ms) * columns // length_ms), columns - 1)] = value
    return found


def heat_map(days: Sequence[CoverageDay]) -> list[str]:
    """A line for each month, a character for each day: how many of its windows have data."""
    lines = []
    for month, found in groupby(days, lambda day: day["date"][:7]):
        shades = [" "] * 31
        for day in found:
            shades[int(day["date"][8:]) - 1] = _shade(day)
        lines.append(f"{month}  {''.join(shades)}".rstrip())
    return lines


def _shade(day: CoverageDay) -> str:
    if not day["windows_expected"]:
        return _NOT_YET
    share = day["windows_with_data"] / day["windows_expected"]
    for least, shade in _SHADES:
        if share >= least:
            return shade
    return _SOME if share else _NONE
