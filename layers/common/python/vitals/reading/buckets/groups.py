"""Groups of a read: how many points, and which spans, are read at once. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from vitals.model.timespan import HOUR_MS, Span
from vitals.reading.paging import MAX_FILES
from vitals.reading.plan import QueryPlan
from vitals.reading.reads import PlannedRead

# Cells of the span that are in memory at once: 150 MB.
_MOST_CELLS = 1_000_000
# An hour of a local day may be in two days of UTC.
_MOST_SPANS = MAX_FILES // 2


def point_groups(query: PlannedRead, span: Span) -> Iterator[PlannedRead]:
    """Yields the query for as many points at a time as have cells that fit the memory."""
    ids = query.plan.ids
    cells_of_point = span.length_ms // min(HOUR_MS, query.plan.bucket_ms) + 1
    count = max(1, _MOST_CELLS // cells_of_point)
    if len(ids) <= count:
        yield query
        return
    for first in range(0, len(ids), count):
        yield of_points(query, ids[first : first + count])


def of_points(query: PlannedRead, ids: Iterable[int]) -> PlannedRead:
    """Returns the query for these of its points."""
    wanted = set(ids)
    points = [point for point in query.plan.existing if point.id in wanted]
    return replace(query, plan=query.plan.of_points(points))


def whole_cells(span: Span, plan: QueryPlan) -> Span:
    """Returns the span widened to whole hours, or to whole buckets if they are shorter."""
    if plan.bucket_ms < HOUR_MS:
        assert plan.calendar
        return plan.calendar.widened(span)
    return Span(span.start_ms - span.start_ms % HOUR_MS, span.end_ms + -span.end_ms % HOUR_MS)


def span_groups(spans: Sequence[Span], longest_ms: int) -> Iterator[list[Span]]:
    """Yields consecutive spans that together last about as long as fits the memory.

    Short spans, such as an hour of each day, are so few at a time that their files are read one by one.
    """
    group: list[Span] = []
    for span in _joined(spans):
        for piece in span.pieces(longest_ms - longest_ms % HOUR_MS or HOUR_MS):
            length_ms = sum(span.length_ms for span in group) + piece.length_ms
            if group and (length_ms > longest_ms or len(group) >= _MOST_SPANS):
                yield group
                group = []
            group.append(piece)
    if group:
        yield group


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Returns the spans, in order, with those that touch as one."""
    result: list[Span] = []
    for span in spans:
        if result and result[-1].end_ms == span.start_ms:
            result[-1] = Span(result[-1].start_ms, span.end_ms)
        else:
            result.append(span)
    return result
