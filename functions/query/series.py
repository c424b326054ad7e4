"""The series of an answer: the rows of each point, with its gaps and its coverage."""

import numpy as np

from query.schemas import ColumnSeries, Coverage
from query.schemas import Gap as GapAnswer
from vitals.model.aggregates import Aggregates
from vitals.model.points import Point
from vitals.model.timespan import Span, iso
from vitals.reading.gaps import Gap, GapReport
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page
from vitals.reading.reads import Rows


def series_of(plan: QueryPlan, page: Page, report: GapReport) -> list[ColumnSeries]:
    """Returns one series per point in the order requested, empty for names that no point has."""
    covered = Span(plan.start_ms, max(plan.start_ms, page.until_ms))
    return [
        _series(name, page.rows[:0]) if point is None else _point_series(point, page, report, covered)
        for name, point in zip(plan.names, plan.points, strict=True)
    ]


def _point_series(point: Point, page: Page, report: GapReport, covered: Span) -> ColumnSeries:
    low, high = np.searchsorted(page.rows.ids, [point.id, point.id + 1]).tolist()
    continued_ms = page.continued.get(point.id)
    interval_s = point.listed.interval_s
    return _series(
        point.name,
        page.rows[low:high],
        gaps=[
            _gap(gap, continues=gap.span.start_ms == continued_ms) for gap in report.gaps.get(point.id, ())
        ],
        expected=interval_s and covered.length_ms // (1000 * interval_s),
        received=page.received.get(point.id, 0),
    )


def _series(
    name: str,
    rows: Rows,
    *,
    gaps: list[GapAnswer] | None = None,
    expected: int | None = None,
    received: int = 0,
) -> ColumnSeries:
    coverage: Coverage = {"expected": expected, "received": received}
    series: ColumnSeries = {
        "point_name": name,
        "timestamps": rows.times,
        "values": rows.values,
        "gaps": gaps or [],
        "coverage": coverage,
    }
    if isinstance(rows, Aggregates):
        series |= {"min": rows.mins, "max": rows.maxs, "count": rows.counts}
        series |= {"first": rows.firsts, "last": rows.lasts}
    return series


def _gap(gap: Gap, *, continues: bool) -> GapAnswer:
    answer: GapAnswer = {
        "start": iso(gap.span.start_ms),
        "end": iso(gap.span.end_ms),
        "reason": gap.reason,
    }
    if continues:
        answer["continues"] = True
    return answer
