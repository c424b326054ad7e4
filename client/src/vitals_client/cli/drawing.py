"""Pictures made of characters."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from vitals_client.shapes import CoverageDay

_LEVELS = "▁▂▃▄▅▆▇█"
_SHADES = ((1.0, "█"), (0.9, "▓"), (0.5, "▒"))
_SOME, _NONE, _NOT_YET = "░", "·", " "
LEGEND = "█ every window has data   ▓ nine of ten   ▒ half of them   ░ some   · none"


def sparkline(values: Sequence[float | None]) -> str:
    """A bar for each value between the least and the greatest; a blank where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, reach = min(known), max(known) - min(known)
    return "".join(" " if value is None else _LEVELS[_level(value - low, reach)] for value in values)


def _level(above: float, reach: float) -> int:
    """Of values that are all the same, the middle."""
    return round(above / reach * (len(_LEVELS) - 1)) if reach else len(_LEVELS) // 2


def in_columns(
    times: Iterable[int], values: Iterable[float], start_ms: int, end_ms: int, columns: int
) -> list[float | None]:
    """The last value of each of so many equal parts of [start, end), None where there is none."""
    found: list[float | None] = [None] * columns
    for at, value in zip(times, values, strict=True):
        # Buckets begin before the range that they touch.
        found[max(0, (at - start_ms) * columns // (end_ms - start_ms))] = value
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
