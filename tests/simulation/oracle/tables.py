"""Whether a table is right: its rows, and the values of its columns as far as their samples are certain."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.oracle.calendars import buckets
from tests.simulation.oracle.measured import HELD, is_decided, is_right, precision, wanted
from tests.simulation.oracle.opened import Opened, OpenHours
from tests.simulation.oracle.problems import LOST, WRONG, Problems
from vitals.model.timespan import FUTURE_TOLERANCE_MS, MINUTE_MS, Span, iso

FILLS = ("null", "last", "linear")
FILLED = ("mean", "min", "max", "p50", "time_weighted_mean", "at")
"""The measures that can be filled."""
# A row of a cached answer may be missing for as long, by the slowest clock.
_LATE_MS = 5 * MINUTE_MS
_DAYS = ("1d", "1w")
_LARGEST = math.nextafter(math.inf, 0)

type _Problem = tuple[str, str, int]
type Terms = Sequence[tuple[str, int]]
"""The points of a column with their signs: one, or those of a sum."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What is asked of a table: the columns by name, the buckets, what counts in them, and the filling."""

    columns: Mapping[str, Terms]
    span: Span
    resolution: str
    measure: str
    fill: str
    hours: OpenHours


@dataclass(frozen=True, slots=True)
class Right:
    """The right value, None for none, how far another may be from it, and whether it is filled."""

    value: float | None = None
    slack: float = 0.0
    is_filled: bool = False


def check_table(
    subject: str,
    table: Mapping[str, Any],
    grid: Grid,
    point: Callable[[str], Opened],
    asked_ms: tuple[float, float],
    problems: Problems,
) -> None:
    """Compares a table; `asked_ms` is when it was asked for and when its last page was answered."""
    text = f"{subject} {grid.measure} {grid.resolution} {grid.fill} {grid.hours}"
    expected = buckets(grid.hours.zone, grid.resolution, grid.span)
    found = [*_check_rows(table, expected, grid, asked_ms)]
    for column in table["columns"]:
        found += _check_column(column, expected[: len(table["timestamps"])], grid, point)
    for kind, problem, count in found:
        problems.add(kind, f"{text}: {problem}", count)


def _check_rows(
    table: Mapping[str, Any], expected: Sequence[Span], grid: Grid, asked_ms: tuple[float, float]
) -> Iterator[_Problem]:
    """Compares the rows with the buckets that began, and which of them are over."""
    times, partial = table["timestamps"], set(table["partial"])
    if times != [bucket.start_ms for bucket in expected[: len(times)]]:
        yield WRONG, f"has rows {[iso(time_ms) for time_ms in times]}", 1
    began = sum(bucket.start_ms <= asked_ms[0] - _LATE_MS for bucket in expected)
    if len(times) < began:
        yield LOST, f"has {len(times)} rows of {began} buckets", 1
    latest_ms = asked_ms[1] + FUTURE_TOLERANCE_MS + _LATE_MS
    if times and times[-1] > latest_ms:
        yield WRONG, f"has a row at {iso(times[-1])}, which is later", 1
    for row, bucket in enumerate(expected[: len(times)]):
        if bucket.end_ms > asked_ms[1] + _LATE_MS and row not in partial:
            yield WRONG, f"the row at {iso(bucket.start_ms)} is not over, and not partial", 1
    ends = [bucket.end_ms for bucket in expected[: len(times)]] if grid.resolution in _DAYS else None
    if table.get("ends") != ends:
        yield WRONG, f"has ends {table.get('ends')} instead of {ends}", 1


def _check_column(
    column: Mapping[str, Any], rows: Sequence[Span], grid: Grid, point: Callable[[str], Opened]
) -> Iterator[_Problem]:
    name, values, filled = column["point_name"], column["values"], set(column["filled"])
    if len(values) != len(rows) or not filled <= set(range(len(rows))):
        yield (
            WRONG,
            f"{name!r} has {len(values)} values, {len(filled)} of them filled, of {len(rows)} rows",
            1,
        )
        return
    operands = [(point(term), sign) for term, sign in grid.columns[name]]
    for row, bucket in enumerate(rows):
        rights = [(right_value(operand, bucket, grid), sign) for operand, sign in operands]
        right = _total(rights)
        if right is None:
            sure = min(_implied(operand, bucket, grid) for operand, _ in operands)
            if values[row] is None and sure:
                yield LOST, f"{name!r} at {iso(bucket.start_ms)}: nothing, of {sure} samples", sure
        elif not _is_as(values[row], row in filled, right):
            text = f"{values[row]}{' filled' * (row in filled)} instead of {right}"
            yield WRONG, f"{name!r} at {iso(bucket.start_ms)}: {text}", 1


def _is_as(value: float | None, is_filled: bool, right: Right) -> bool:
    if is_filled != right.is_filled:
        return False
    return value is None if right.value is None else is_right(value, right.value, right.slack)


def _implied(point: Opened, bucket: Span, grid: Grid) -> int:
    """Returns how many samples must be there that make a value; one at the start is in force there, too."""
    return 0 if grid.measure == "at" else point.sure(bucket)


def _total(terms: Sequence[tuple[Right | None, int]]) -> Right | None:
    """Returns the sum; one term that certainly has no value is enough for none. None: it is not certain."""
    if any(right is not None and right.value is None for right, _ in terms):
        return Right()
    rights = [(right, sign) for right, sign in terms if right is not None]
    if len(rights) < len(terms):
        return None
    values = [sign * right.value for right, sign in rights if right.value is not None]
    slack = sum(right.slack for right, _ in rights)
    if len(values) > 1:
        slack += 1e-15 * len(values) * max(map(abs, values))
        slack = math.inf if sum(map(abs, values)) > _LARGEST / 2 else slack
    return Right(sum(values), slack, any(right.is_filled for right, _ in rights))


def right_value(point: Opened, bucket: Span, grid: Grid) -> Right | None:
    """Returns what a point has in a row, None where samples that decide it are not certain."""
    if not point.parts(bucket):
        return Right()
    own = _own(point, bucket, grid.measure)
    if own is None or own.value is not None or grid.fill == "null":
        return own
    return _around(point, bucket.start_ms, grid.fill)


def _own(point: Opened, bucket: Span, measure: str) -> Right | None:
    line = point.line
    if measure == "at":
        is_certain = line.is_certain(bucket.start_ms - line.hold_ms, bucket.start_ms + 1)
        return Right(point.at(bucket.start_ms)) if is_certain else None
    if not is_decided(measure, line, bucket):
        return None
    if not (point.held(bucket).length_ms if measure in HELD else point.values(bucket)):
        return Right()
    value = wanted(bucket, measure, point)["values"]
    return Right(value, precision(bucket, measure, point, value))


def _around(point: Opened, time_ms: int, fill: str) -> Right | None:
    """Returns the value by which a row that begins at a time is filled."""
    line, is_linear = point.line, fill == "linear"
    if not line.is_certain(time_ms - line.hold_ms, time_ms + 1 + (line.hold_ms if is_linear else 0)):
        return None
    value = point.between(time_ms) if is_linear else point.at(time_ms)
    if value is None:
        return Right()
    largest = line.largest(time_ms - line.hold_ms, time_ms + line.hold_ms + 1)
    return Right(value, 1e-12 * largest if is_linear else 0.0, is_filled=True)
