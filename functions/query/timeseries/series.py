"""The series of an answer: the rows of each point, with its gaps and its coverage."""

from math import isnan

import numpy as np

from query.schemas import ColumnSeries, Coverage
from query.schemas import Gap as GapAnswer
from query.timeseries import proofs
from vitals.model.aggregates import Aggregates
from vitals.model.measures.conversion import NO_UNIT, Conversion
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Point
from vitals.model.timespan import HOUR_MS, Span, iso
from vitals.reading import partial
from vitals.reading.gaps import Gap, GapReport
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page
from vitals.reading.reads import PlannedRead, Rows


def series_of(query: PlannedRead, page: Page, report: GapReport) -> list[ColumnSeries]:
    """Returns one series per point in the order requested, empty for names that no point has."""
    plan = query.plan
    return [
        _series(name, page.rows[:0], NO_UNIT, plan.measure.name)
        if point is None
        else _point_series(point, query, page, report)
        for name, point in zip(plan.names, plan.points, strict=True)
    ]


def _point_series(point: Point, query: PlannedRead, page: Page, report: GapReport) -> ColumnSeries:
    low, high = np.searchsorted(page.rows.ids, [point.id, point.id + 1]).tolist()
    covered = Span(query.plan.start_ms, max(query.plan.start_ms, page.until_ms))
    continued_ms = page.continued.get(point.id)
    interval_s = point.listed.interval_s
    measure = query.plan.measure
    conversion = Conversion.of_point(point.listed.unit, point.kind, query.plan.units)
    rows = conversion.rows(page.rows[low:high], measure.name)
    series = _series(
        point.name,
        rows,
        conversion,
        measure.name,
        gaps=[
            _gap(gap, continues=gap.span.start_ms == continued_ms) for gap in report.gaps.get(point.id, ())
        ],
        expected=interval_s and _open_ms(query.plan, covered) // (1000 * interval_s),
        received=page.received.get(point.id, 0),
    )
    if isinstance(rows, BucketRows):
        _describe_buckets(series, rows, query, point)
        if measure.has_proof:
            series["proof"] = proofs.proof(point, rows, query, page, conversion)
    return series


def _series(
    name: str,
    rows: Rows | Aggregates,
    conversion: Conversion,
    measure: str,
    *,
    gaps: list[GapAnswer] | None = None,
    expected: int | None = None,
    received: int = 0,
) -> ColumnSeries:
    coverage: Coverage = {"expected": expected, "received": received}
    series: ColumnSeries = {
        "point_name": name,
        "unit": conversion.unit_of(measure),
        "source_unit": conversion.source,
        "timestamps": rows.times,
        "values": rows.values,
        "gaps": gaps or [],
        "coverage": coverage,
    }
    stats = rows.stats if isinstance(rows, BucketRows) else rows
    if isinstance(stats, Aggregates):
        series |= {"min": stats.mins, "max": stats.maxs, "count": stats.counts}
        series |= {"first": stats.firsts, "last": stats.lasts}
    elif isinstance(rows, BucketRows):
        series |= {"count": rows.counts}
    return series


def _describe_buckets(series: ColumnSeries, rows: BucketRows, query: PlannedRead, point: Point) -> None:
    """Adds how much of each bucket is known, which buckets are not over, and when they end."""
    plan = query.plan
    series["values"] = partial.values_of(query, rows)
    shares: list[float] = partial.known_shares(query, rows).tolist()
    series["known"] = [None if isnan(share) else share for share in shares]
    series["partial"] = np.flatnonzero(partial.are_partial(query, rows.ends)).tolist()
    if plan.calendar and plan.calendar.interval.is_of_days:
        series["ends"] = rows.ends
    most_per_hour, unknown_ms = partial.most_per_hour(query, point), partial.unknown_ms(query, rows)
    if most_per_hour is not None and unknown_ms.any():
        series["at_least"] = rows.values
        series["at_most"] = rows.values + unknown_ms / HOUR_MS * most_per_hour


def _open_ms(plan: QueryPlan, span: Span) -> int:
    """Returns how much of the span is within the operating hours; all of it where there are none."""
    return int(plan.open_ms(np.array([span.start_ms]), np.array([span.end_ms]))[0])


def _gap(gap: Gap, *, continues: bool) -> GapAnswer:
    answer: GapAnswer = {
        "start": iso(gap.span.start_ms),
        "end": iso(gap.span.end_ms),
        "reason": gap.reason,
    }
    if continues:
        answer["continues"] = True
    return answer
