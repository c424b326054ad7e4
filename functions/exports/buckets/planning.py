"""The queries that an export of buckets consists of, and its parts: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import batched

import numpy as np

from vitals.errors import TooLargeError
from vitals.model.points import Catalog
from vitals.model.records.exports import BUCKETS, Export, ExportPart
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import LONGEST_INTERVAL_MS, MAX_POINTS, QueryRequest
from vitals.reading.resolution import interval_s

# A worker that is killed loses one part: a month of hours of 2,700 points, or less.
MAX_ROWS = 2_000_000
_LONGEST_MS = 31 * DAY_MS
# About a minute of reading, where rollups do not serve.
_MAX_SAMPLES = 50_000_000
# The plan of an export is one item of DynamoDB.
MAX_PARTS = 2_000
_PAGE_ROWS = 250_000


def plans(
    export: Export,
    names: Sequence[str],
    span: Span,
    catalog: Catalog,
    now_ms: int,
    holidays: Sequence[str] = (),
) -> Iterator[QueryPlan]:
    """Yields the plan of each group of points in the span, of a table as a whole.

    `holidays` (YYYY-MM-DD) are left out by an export of `days`.

    InvalidRequestError, NotFoundError or TooLargeError where a query of these parameters is refused.
    """
    groups = [tuple(names)] if export.form == "table" else batched(names, MAX_POINTS, strict=False)
    for group in groups:
        request = _request(export, group, span)
        plan = plan_query(request, catalog, now_ms, LONGEST_INTERVAL_MS // DAY_MS, holidays=holidays)
        yield replace(plan, row_limit=_PAGE_ROWS)


def parts(group_plans: Sequence[QueryPlan]) -> tuple[ExportPart, ...]:
    """Returns spans of whole buckets, in order, each with rows and samples that one worker reads in time.

    TooLargeError for more than MAX_PARTS.
    """
    calendar = group_plans[0].calendar
    assert calendar
    edges = calendar.edges(group_plans[0].span)
    points = sum(len(plan.ids) for plan in group_plans)
    # A bucket that is longer than a part is a part.
    fitting = np.searchsorted(edges, edges + _longest_ms(group_plans), side="right") - 1
    result: list[ExportPart] = []
    first, last = 0, len(edges) - 1
    while first < last:
        end = min(max(first + 1, min(int(fitting[first]), first + MAX_ROWS // points)), last)
        result.append(ExportPart(BUCKETS, int(edges[first]), int(edges[end])))
        if len(result) > MAX_PARTS:
            raise TooLargeError(
                f"the export would have more than {MAX_PARTS * MAX_ROWS:,} rows, or too many samples to read;"
                " use a longer resolution, fewer points or a shorter range"
            )
        first = end
    return tuple(result)


def _longest_ms(group_plans: Sequence[QueryPlan]) -> int:
    """Returns how long a part may be; where rollups do not serve, so long that its samples can be read."""
    if group_plans[0].from_rollups:
        return _LONGEST_MS
    per_second = sum(1 / interval_s(point) for plan in group_plans for point in plan.existing)
    return min(_LONGEST_MS, int(_MAX_SAMPLES / per_second * 1000))


def _request(export: Export, names: Sequence[str], span: Span) -> QueryRequest:
    return QueryRequest(
        site=export.site,
        point_names=names,
        start=iso(span.start_ms),
        end=iso(span.end_ms),
        resolution=export.resolution,
        timezone=export.timezone,
        week_start=export.week_start or None,
        measure=export.measure or None,
        units=export.units or None,
        hours=export.hours or None,
        days=export.days or None,
        form=export.form,
        fill=export.fill or None,
    )
