"""Outages of a site: times in which at least four fifths of its points are silent together."""

from collections.abc import Sequence

import numpy as np

from vitals.model.quality.findings import Outage
from vitals.model.quality.silence import NO_SPANS, Spans


def outages(silences: Sequence[Spans], points: int) -> list[Outage]:
    """Returns the longest spans in which 5 x (silent points) >= 4 x `points`, in order.

    `silences` has the silences of each of the points; those of one point do not overlap.
    """
    spans = np.concatenate([NO_SPANS, *silences])
    if not points or not len(spans):
        return []
    times, index = np.unique(spans, return_inverse=True)
    index = index.reshape(spans.shape)
    steps = np.bincount(index[:, 0], minlength=len(times)) - np.bincount(index[:, 1], minlength=len(times))
    silent = np.cumsum(steps)
    edges = np.flatnonzero(np.diff(5 * silent >= 4 * points, prepend=False, append=False)).tolist()
    return [
        Outage(int(times[begin]), int(times[end]), int(silent[begin:end].max()))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def time_in(outages: Sequence[Outage], start_ms: int, end_ms: int) -> int:
    """Returns the milliseconds of [start_ms, end_ms) that lie in outages."""
    return sum(max(0, min(outage.last_ms, end_ms) - max(outage.first_ms, start_ms)) for outage in outages)
