"""Plans a summary: one bucket, which is the whole range. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitals.errors import InvalidRequestError
from vitals.model import zones
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.measure import MEAN, Measure
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import Units
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, Span
from vitals.reading import page_token
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest


@dataclass(frozen=True, slots=True)
class RangeCalendar(Calendar):
    """A calendar whose only bucket is a range."""

    range: Span = field(default_factory=lambda: Span(0, 0))

    def edges(self, span: Span) -> Times:
        """Returns the edges of the span, and those of the range within it."""
        edges = [span.start_ms, self.range.start_ms, self.range.end_ms, span.end_ms]
        return np.unique(np.clip(edges, span.start_ms, span.end_ms))


def plan_summary(
    request: QueryRequest,
    catalog: Catalog,
    now_ms: int,
    max_range_days: int,
    zone: str = zones.UTC,
    units: Units = "source",
    holidays: Sequence[str] = (),
) -> QueryPlan:
    """Returns the plan of a summary; errors are those of plan_query.

    Its measure is the one of its points for which samples furthest from the range count.
    """
    days = replace(request, form="table", resolution="1d")
    plan = plan_query(days, catalog, now_ms, max_range_days, zone, units, holidays)
    assert plan.calendar
    span = Span(plan.requested.start_ms, min(plan.requested.end_ms, now_ms))
    if not span:
        raise InvalidRequestError("the range has no time before now")
    interval = Interval(-(-span.length_ms // DAY_MS), "d")
    calendar = RangeCalendar(interval, plan.zone, hours=plan.hours, range=span)
    fingerprint = page_token.fingerprint("summary", plan.fingerprint)
    return replace(
        plan,
        form="summary",
        span=span,
        calendar=calendar,
        measure=_widest(plan.existing),
        start_ms=span.start_ms,
        fingerprint=fingerprint,
    )


def _widest(points: Iterable[Point]) -> Measure:
    """Returns the measure whose context is that of everything which the summaries of these points have."""
    looks_at_steps = any(point.kind in ("binary", "counter") for point in points)
    return Measure.parse("increase") if looks_at_steps else MEAN
