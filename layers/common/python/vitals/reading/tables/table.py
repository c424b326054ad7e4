"""The table of a page: a row for each bucket that began, a column for each point or sum of points. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from vitals.model.measures.calendar import Calendar
from vitals.model.measures.cells import Flags
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Point
from vitals.model.samples import Times, Values
from vitals.model.timespan import Span
from vitals.reading.partial import are_partial, values_of
from vitals.reading.reads import PlannedRead
from vitals.reading.tables.planning import ColumnPlan

_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """The values of a column, NaN where there is none, and the rows whose value is filled.

    `source_unit` is the unit of its points, empty where they have several spellings of it.
    """

    name: str
    unit: str
    source_unit: str
    values: Values
    is_filled: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of one length: a row for each bucket, which begins and ends at these times (UTC ms).

    Buckets that are `partial` are not over, or the site is not synced to their end.
    """

    starts: Times
    ends: Times
    partial: Flags
    columns: tuple[TableColumn, ...]


def table_of(query: PlannedRead, rows: BucketRows, end_ms: int) -> Table:
    """Returns the table of a page's rows, which ends at `end_ms`, or with the last bucket that began."""
    plan = query.plan
    assert plan.calendar
    edges = _edges(plan.calendar, plan.start_ms, end_ms, query.now_ms, rows)
    starts, ends = edges[:-1], edges[1:]
    # What is in force now is held in later buckets too.
    rows = rows[rows.times < edges[-1]]
    points = {point.name: _point_column(point, query, rows, starts) for point in plan.existing}
    return Table(
        starts=starts,
        ends=ends,
        partial=are_partial(query, ends),
        columns=tuple(_combined(column, points, len(starts)) for column in plan.columns),
    )


def _edges(calendar: Calendar, start_ms: int, end_ms: int, now_ms: int, rows: BucketRows) -> Times:
    """Returns the edges of the buckets that began; a bucket with a sample did, whatever the clocks say."""
    last_ms = max(now_ms, int(rows.times[rows.counts > 0].max(initial=0)))
    if start_ms >= end_ms or start_ms > last_ms:
        return np.array([start_ms])
    return calendar.edges(Span(start_ms, min(end_ms, last_ms + 1)))


def _point_column(point: Point, query: PlannedRead, rows: BucketRows, starts: Times) -> TableColumn:
    measure = query.plan.measure.name
    conversion = Conversion.of_point(point.listed.unit, point.kind, query.plan.units)
    low, high = np.searchsorted(rows.ids, [point.id, point.id + 1]).tolist()
    converted = conversion.rows(rows[low:high], measure)
    assert isinstance(converted, BucketRows)
    values, is_filled = np.full(len(starts), np.nan), np.zeros(len(starts), np.bool_)
    buckets = np.searchsorted(starts, converted.times)
    values[buckets] = values_of(query, converted)
    is_filled[buckets] = converted.is_filled
    return TableColumn(point.name, conversion.unit_of(measure), conversion.source, values, is_filled)


def _combined(column: ColumnPlan, points: Mapping[str, TableColumn], rows: int) -> TableColumn:
    """Returns a column from those of its points; where one of them has no value, a sum has none."""
    terms = [(term.sign, points.get(term.name)) for term in column.terms]
    present = [operand for _, operand in terms if operand is not None]
    is_filled = np.logical_or.reduce([operand.is_filled for operand in present] or [np.zeros(rows, np.bool_)])
    values: Values = np.full(rows, np.nan)
    if len(present) == len(terms):
        values = _sum((sign, operand.values) for sign, operand in terms if operand is not None)
    source_units = {operand.source_unit for operand in present}
    return TableColumn(
        name=column.name,
        # The plan has checked that all have the same.
        unit=present[0].unit if present else "",
        source_unit=source_units.pop() if len(source_units) == 1 else "",
        values=values,
        is_filled=is_filled & ~np.isnan(values),
    )


def _sum(operands: Iterable[tuple[int, Values]]) -> Values:
    """Returns the sums, the largest double for those that overflow; in order, whatever the number of rows."""

    def added(total: Values, values: Values) -> Values:
        with np.errstate(over="ignore"):
            return np.clip(total + values, -_LARGEST, _LARGEST)

    return reduce(added, (sign * values for sign, values in operands))
