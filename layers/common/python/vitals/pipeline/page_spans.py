"""Spans whose readings fit a page of the upstream each, and the sizes of their pages: pure.

The live sync divides a fetch into pages that are read at once. Everything else reads long spans, one large
page after another.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from vitals.ace import page_size
from vitals.ace.limits import EXPECTED_BYTES, READING_BYTES
from vitals.model.points import Catalog, ListedPoint
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span, ceil_window, floor_window

# A point without an interval. The live sync expects few readings of it, so that it sends no needless
# requests; long spans begin short, because the first of them shows how many readings there are.
_RARE_S, _OFTEN_S = 900, 60
# Pages that are read at once are in memory together: 3 of names of 512 characters take 180 MB more than one.
_LONGEST_MEAN_NAME = 128
# The share of a page that is left for readings that arrive twice or whose points are not listed.
_SPARE = 0.02
# A span is at most so many times as long as the one before it: a gateway that is down may come back.
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class PagePlan:
    """Consecutive spans, each probably a page of at most `size` readings; several are requested at once."""

    spans: Sequence[Span]
    size: int

    @property
    def span(self) -> Span:
        """The whole of the spans."""
        return Span(self.spans[0].start_ms, self.spans[-1].end_ms)


@dataclass(frozen=True, slots=True)
class Density:
    """The expected readings per second, the largest page to read, and how long the next span may be."""

    per_second: float
    largest: int
    longest_ms: int = DAY_MS


def density_of(catalog: Catalog) -> Density:
    """Returns the density of a catalog's points by their intervals.

    Pages are as large as their memory allows: those of long names are smaller.
    """
    listed = _listed(catalog)
    mean_name = sum(len(point.name) for point in listed) / max(1, len(listed))
    room = EXPECTED_BYTES / (mean_name + READING_BYTES)
    largest = max(size for size in page_size.ACCEPTED if size <= max(room, page_size.LIVE))
    return Density(_per_second(listed, _OFTEN_S), largest)


def density_after(density: Density, span: Span, readings: int) -> Density:
    """Returns the density after a span was read, which had so many readings."""
    return Density(readings / (span.length_ms / 1000), density.largest, _GROWTH * span.length_ms)


def next_page(remaining: Span, density: Density, largest: int) -> PagePlan:
    """Returns the first part of a span of whole windows, whose readings probably fit one page.

    A page has at most `largest` readings. The parts of a span are about equally long.
    """
    size = min(largest, density.largest)
    fitting_ms = density.longest_ms
    if density.per_second:
        fitting_ms = min(fitting_ms, int(1000 * size * (1 - _SPARE) / density.per_second))
    parts = -(-remaining.length_ms // max(WINDOW_MS, floor_window(fitting_ms)))
    end_ms = remaining.start_ms + ceil_window(-(-remaining.length_ms // parts))
    return PagePlan((Span(remaining.start_ms, min(end_ms, remaining.end_ms)),), size)


def requests(span: Span, density: Density) -> int:
    """Returns how many requests read a span, if it has the expected readings."""
    number = 0
    while span:
        plan = next_page(span, density, page_size.LARGEST)
        readings = density.per_second * plan.span.length_ms / 1000
        number += max(1, math.ceil(readings / plan.size))
        span = Span(plan.span.end_ms, span.end_ms)
    return number


def pages_at_once(span: Span, catalog: Catalog, largest: int) -> PagePlan:
    """Returns a span of the live sync as consecutive spans, as many as the pages that it probably has.

    They begin and end with windows, as every request does. The number is estimated from the intervals of the
    active points. A span that has more readings after all takes more than one page. Catalogs with long names
    are read a page at a time, as one span.
    """
    size = min(page_size.LIVE, largest)
    listed = _listed(catalog)
    if sum(len(point.name) for point in listed) > _LONGEST_MEAN_NAME * len(listed):
        return PagePlan((span,), size)
    readings = _per_second(listed, _RARE_S) * span.length_ms / 1000
    count = max(1, -int(-readings // size))
    inner = (floor_window(span.start_ms + span.length_ms * page // count) for page in range(1, count))
    edges = sorted({span.start_ms, span.end_ms, *(edge_ms for edge_ms in inner if edge_ms > span.start_ms)})
    return PagePlan([Span(start_ms, end_ms) for start_ms, end_ms in pairwise(edges)], size)


def _listed(catalog: Catalog) -> list[ListedPoint]:
    """Returns the points that the upstream has readings of."""
    return [point.listed for point in catalog.points if point.active and not point.is_weather]


def _per_second(points: Sequence[ListedPoint], unknown_s: int) -> float:
    """Returns the readings of a second; a point without an interval has one every `unknown_s`."""
    return sum(1 / (point.interval_s or unknown_s) for point in points)
