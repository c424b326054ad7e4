"""Silence: a time without samples of at least max(1 h, 10 collection intervals)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vitals.model.measures.cells import SLOWEST_INTERVAL_S
from vitals.model.samples import Times
from vitals.model.timespan import HOUR_MS, Span

type Spans = npt.NDArray[np.int64]
"""Rows of (start, end) in UTC ms; the end is not part of the span."""

_INTERVALS = 10
NO_SPANS: Spans = np.empty((0, 2), np.int64)


def limit_ms(interval_s: int | None) -> int:
    """Returns the shortest silence of a point; an unknown interval counts as the slowest, 15 minutes."""
    return max(HOUR_MS, _INTERVALS * 1000 * (interval_s or SLOWEST_INTERVAL_S))


def without_hours(spans: Spans, hours: Sequence[int], limit: int) -> Spans:
    """Returns the pieces of the spans outside of these hours (UTC ms, in order), at least `limit` ms long."""
    pieces = []
    for start, end in spans.tolist():
        for hour in hours:
            if start < hour + HOUR_MS and hour < end:
                pieces.append((start, hour))
                start = hour + HOUR_MS
        pieces.append((start, end))
    long = [(start, end) for start, end in pieces if end - start >= limit]
    return np.array(long, np.int64).reshape(-1, 2)


def silences(times: Times, day: Span, limit: int) -> Spans:
    """Returns the spans of the day without samples that are at least `limit` ms long, in order.

    A silence is from a sample (or the start of the day) to the next sample (or the end of the day):
    next - previous >= limit.
    """
    edges = np.concatenate(([day.start_ms], times, [day.end_ms]))
    is_long = np.diff(edges) >= limit
    return np.stack([edges[:-1][is_long], edges[1:][is_long]], axis=1)
