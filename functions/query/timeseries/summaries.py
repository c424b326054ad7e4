"""The summaries of an answer: each point as it was read, and the sums of points."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from query.schemas import SummaryOfPoint
from vitals.model.measures.conversion import NO_UNIT, Conversion
from vitals.model.points import Point
from vitals.model.samples import Times, Values
from vitals.model.timespan import iso
from vitals.reading.reads import PlannedRead
from vitals.reading.summary.reader import PointSummary, Summary, has_field
from vitals.reading.tables.planning import ColumnPlan

_ADDED = ("mean", "time_weighted_mean", "increase")
_LARGEST = np.finfo(np.float64).max

type Peak = tuple[float | None, str | None]
type Operands = Sequence[tuple[int, _Operand]]


def summaries_of(query: PlannedRead, summary: Summary) -> list[SummaryOfPoint]:
    """Returns the summary of each column of the plan."""
    points = {
        point.name: _Operand(point, summary.points[point.id], _known(query, summary.points[point.id]))
        for point in query.plan.existing
    }
    return [_of_column(column, query, points) for column in query.plan.columns]


@dataclass(frozen=True, slots=True)
class _Operand:
    """A point with its summary, and the share of the range that is known."""

    point: Point
    summary: PointSummary
    known: float | None

    def value(self, name: str) -> float | None:
        return self.summary.values.get(name) if has_field(self.point.kind, name) else None

    def peak(self, query: PlannedRead) -> Peak:
        """Returns the highest quarter of an hour, and when it begins."""
        rows = self.summary.quarters
        return (None, None) if rows is None else _highest(rows.times, self._converted(query, rows.values))

    def quarters(self, query: PlannedRead) -> Mapping[int, float]:
        """Returns the mean of each quarter of an hour by its start."""
        rows = self.summary.quarters
        if rows is None:
            return {}
        return dict(zip(rows.times.tolist(), self._converted(query, rows.values).tolist(), strict=True))

    def _converted(self, query: PlannedRead, values: Values) -> Values:
        return _conversion(self.point, query).values(values)


def _of_column(column: ColumnPlan, query: PlannedRead, points: Mapping[str, _Operand]) -> SummaryOfPoint:
    terms = [(term.sign, points.get(term.name)) for term in column.terms]
    operands = [(sign, operand) for sign, operand in terms if operand is not None]
    if len(operands) < len(terms):
        return _empty(column.name)
    if len(operands) == 1 and operands[0][1].point.name == column.name:
        return _of_point(operands[0][1], query)
    return _of_sum(column.name, query, operands)


def _of_point(operand: _Operand, query: PlannedRead) -> SummaryOfPoint:
    point, summary = operand.point, operand.summary
    conversion, values = _conversion(point, query), summary.values
    peak, peak_time = operand.peak(query)
    starts = operand.value("starts")
    first_ms, last_ms = summary.times.get("first"), summary.times.get("last")
    return {
        "point_name": point.name,
        "unit": conversion.unit_of("mean"),
        "source_unit": conversion.source,
        "kind": point.kind,
        "min": values.get("min"),
        "max": values.get("max"),
        "mean": operand.value("mean"),
        "time_weighted_mean": operand.value("time_weighted_mean"),
        "sd": operand.value("sd"),
        "p5": operand.value("p5"),
        "p50": operand.value("p50"),
        "p95": operand.value("p95"),
        "first": values.get("first"),
        "first_time": None if first_ms is None else iso(first_ms),
        "last": values.get("last"),
        "last_time": None if last_ms is None else iso(last_ms),
        "increase": operand.value("increase"),
        "runtime": operand.value("runtime"),
        "starts": None if starts is None else round(starts),
        "peak": peak,
        "peak_time": peak_time,
        "known": operand.known,
        "count": summary.count,
    }


def _of_sum(name: str, query: PlannedRead, operands: Operands) -> SummaryOfPoint:
    """Returns what adds up: a missing value of one point makes that of the sum missing."""
    first = operands[0][1].point
    kinds = {operand.point.kind for _, operand in operands}
    source_units = {operand.point.listed.unit for _, operand in operands}
    shares = [operand.known for _, operand in operands if operand.known is not None]
    peak, peak_time = _peak_of_sum(query, operands)
    sums = {key: _sum((sign, operand.value(key)) for sign, operand in operands) for key in _ADDED}
    return {
        **_empty(name),
        "unit": _conversion(first, query).unit_of("mean"),
        "source_unit": source_units.pop() if len(source_units) == 1 else "",
        "kind": kinds.pop() if len(kinds) == 1 else None,
        "mean": sums["mean"],
        "time_weighted_mean": sums["time_weighted_mean"],
        "increase": sums["increase"],
        "peak": peak,
        "peak_time": peak_time,
        "known": min(shares) if len(shares) == len(operands) else None,
    }


def _peak_of_sum(query: PlannedRead, operands: Operands) -> Peak:
    """Returns the highest sum of the means of a quarter of an hour that every point has."""
    quarters = [(sign, operand.quarters(query)) for sign, operand in operands]
    common = reduce(set.intersection, (set(means) for _, means in quarters))
    times = np.array(sorted(common), np.int64)
    totals = [_sum((sign, means[time_ms]) for sign, means in quarters) for time_ms in times.tolist()]
    return _highest(times, np.array(totals, np.float64))


def _sum(terms: Iterable[tuple[int, float | None]]) -> float | None:
    total = 0.0
    for sign, value in terms:
        if value is None:
            return None
        total = max(-_LARGEST, min(_LARGEST, total + sign * value))
    return total


def _highest(times: Times, values: Values) -> Peak:
    """Returns the highest value and its time; of equal ones the first."""
    if not len(times):
        return None, None
    row = int(np.argmax(values))
    return float(values[row]), iso(int(times[row]))


def _known(query: PlannedRead, summary: PointSummary) -> float | None:
    """Returns the known share of what is synced of the range, null if nothing is."""
    span = query.plan.span
    end_ms = min(span.end_ms, query.synced_until_ms or 0)
    if end_ms <= span.start_ms:
        return None
    length_ms = int(query.plan.open_ms(np.array([span.start_ms]), np.array([end_ms]))[0])
    held_s = summary.values.get("held", 0.0)
    return min(1.0, held_s * 1000 / length_ms) if length_ms else None


def _conversion(point: Point, query: PlannedRead) -> Conversion:
    return Conversion.of_point(point.listed.unit, point.kind, query.plan.units)


def _empty(name: str) -> SummaryOfPoint:
    return {
        "point_name": name,
        "unit": NO_UNIT.source,
        "source_unit": NO_UNIT.source,
        "kind": None,
        "min": None,
        "max": None,
        "mean": None,
        "time_weighted_mean": None,
        "sd": None,
        "p5": None,
        "p50": None,
        "p95": None,
        "first": None,
        "first_time": None,
        "last": None,
        "last_time": None,
        "increase": None,
        "runtime": None,
        "starts": None,
        "peak": None,
        "peak_time": None,
        "known": None,
        "count": None,
    }
