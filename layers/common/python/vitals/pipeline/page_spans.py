"""The parts of a span whose readings fit a page of the upstream each, so that they can be read at once."""

from itertools import pairwise

from vitals.model.points import Catalog
from vitals.model.timespan import Span, floor_window

# A point without a known interval is expected to be read so often.
_UNKNOWN_INTERVAL_S = 900
# Pages that are read at once are in memory together: 3 of names of 512 characters take 180 MB more than one.
_LONGEST_MEAN_NAME = 128


def page_spans(span: Span, catalog: Catalog, page_size: int) -> list[Span]:
    """Returns consecutive spans that together are this one, as many as the pages that it probably has.

    They begin and end with windows, as every request does. The number is estimated from the intervals of the
    active points. A span that has more readings after all takes more than one page. Catalogs with long names
    are read a page at a time, as one span.
    """
    listed = [point.listed for point in catalog.points if point.active and not point.is_weather]
    if sum(len(point.name) for point in listed) > _LONGEST_MEAN_NAME * len(listed):
        return [span]
    per_second = sum(1 / (point.interval_s or _UNKNOWN_INTERVAL_S) for point in listed)
    readings = per_second * span.length_ms / 1000
    pages = max(1, -int(-readings // page_size))
    inner = (floor_window(span.start_ms + span.length_ms * page // pages) for page in range(1, pages))
    edges = sorted({span.start_ms, span.end_ms, *(edge_ms for edge_ms in inner if edge_ms > span.start_ms)})
    return [Span(start_ms, end_ms) for start_ms, end_ms in pairwise(edges)]
