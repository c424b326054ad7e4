"""Shape-true reduction of samples to the pixel columns of a chart.

m4 and minmax keep samples as they are, and what they keep of two parts, reduced together, is what they keep
of the whole; so a range may be reduced part by part. Columns are those of the chart, not of the samples.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vitals.model.aggregates import Aggregates, bucket_means
from vitals.model.samples import Samples, Times, concat
from vitals.model.timespan import Span

METHODS = ("m4", "minmax", "lttb", "mean")
# Rows that a method keeps of one column at most.
ROWS = {"m4": 4, "minmax": 2, "lttb": 1, "mean": 1}
# What LTTB chooses from, per row that it keeps: its authors' ratio for the minmax before it.
_LTTB_CANDIDATES = 4

type Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Columns:
    """A span cut into `count` columns of one width, which need be no whole milliseconds."""

    span: Span
    count: int

    def of(self, times: Times) -> npt.NDArray[np.int64]:
        """The column, from 0, that each time lies in."""
        return (times - self.span.start_ms) * self.count // self.span.length_ms

    def start_of(self, column: int) -> int:
        """The first millisecond of one column."""
        return self.span.start_ms - (-column * self.span.length_ms) // self.count

    def start(self, columns: npt.NDArray[np.int64]) -> Times:
        """The first millisecond of each column."""
        return self.span.start_ms - (-columns * self.span.length_ms) // self.count

    def touched(self, span: Span) -> int:
        """How many columns the span has a part of."""
        first, last = self.of(np.array([span.start_ms, span.end_ms - 1])).tolist()
        return int(last - first + 1)


def columns_of(span: Span, interval_ms: int) -> Columns:
    """Columns as long as the interval, cut at its multiples since 1970 UTC, that together hold the span."""
    start_ms = span.start_ms - span.start_ms % interval_ms
    end_ms = span.end_ms + -span.end_ms % interval_ms
    return Columns(Span(start_ms, end_ms), (end_ms - start_ms) // interval_ms)


def reduce_part(samples: Samples, method: str, columns: Columns) -> Samples:
    """What must be kept of a part (sorted) so that `reduce` gives of all parts what it gives of the whole."""
    if method == "m4":
        return m4(samples, columns)
    if method == "minmax":
        return minmax(samples, columns)
    return minmax(samples, Columns(columns.span, columns.count * _LTTB_CANDIDATES))


def reduce(samples: Samples, method: str, columns: Columns, page: Span) -> Samples:
    """The samples of a page that draw the same line, at most ROWS[method] a column; of m4, minmax or lttb."""
    if method == "lttb":
        return lttb(samples, columns.touched(page))
    return reduce_part(samples, method, columns)


def m4(samples: Samples, columns: Columns) -> Samples:
    """Of each point and column the first, last, least and greatest sample; `samples` are sorted."""
    starts, ends = _runs(samples, columns)
    keep = _extremes(samples, starts, ends)
    keep[starts] = True
    keep[ends - 1] = True
    return samples[keep]


def minmax(samples: Samples, columns: Columns) -> Samples:
    """Of each point and column the least and the greatest sample; `samples` are sorted."""
    return samples[_extremes(samples, *_runs(samples, columns))]


def lttb(samples: Samples, rows: int) -> Samples:
    """At most `rows` samples a point by largest triangle, three buckets; `samples` are sorted.

    Of two the first and the last; of one the corner of the largest triangle with these.
    """
    edges = np.flatnonzero(np.diff(samples.ids, prepend=-1, append=-1))
    series = (samples[begin:end] for begin, end in itertools.pairwise(edges.tolist()))
    return concat(points[_corners(points, rows)] if len(points) > rows else points for points in series)


def _corners(samples: Samples, rows: int) -> Index:
    """Which samples of one point, of more than `rows`, are the corners of largest triangles."""
    # Loaded where it is used: no other method needs it.
    from tsdownsample import LTTBDownsampler

    if rows == 2:
        return np.array([0, len(samples) - 1])
    # Between -1 and 1, by a power of two: areas of the largest doubles would overflow.
    values = np.ldexp(samples.values, -np.frexp(np.abs(samples.values).max())[1])
    if rows == 1:
        times = samples.times - samples.times[0]
        return np.array(
            [np.argmax(np.abs(times * (values[-1] - values[0]) - times[-1] * (values - values[0])))]
        )
    chosen = LTTBDownsampler().downsample(samples.times, values, n_out=rows)  # type: ignore[no-untyped-call]
    return np.asarray(chosen, np.intp)


def as_rows(samples: Samples) -> Aggregates:
    """Each sample as a row of its own, for `squeeze`."""
    values = samples.values
    ones = np.ones(len(samples), np.int64)
    return Aggregates(samples.ids, samples.times, values, values, values, values, values, ones)


def squeeze(rows: Aggregates, columns: Columns) -> Aggregates:
    """One row per point and column of the rows (sorted) that begin in it; means weigh by count.

    `times` become the columns' starts, so rows may be squeezed part by part and then together.
    """
    starts, ends = _runs(rows, columns)
    if not len(starts):
        return rows
    total = np.add.reduceat(rows.counts, starts)
    weights = rows.counts / np.repeat(total, ends - starts)
    mins, maxs = np.minimum.reduceat(rows.mins, starts), np.maximum.reduceat(rows.maxs, starts)
    return Aggregates(
        rows.ids[starts],
        columns.start(columns.of(rows.times[starts])),
        bucket_means(rows.values * weights, starts, mins, maxs),
        mins,
        maxs,
        rows.firsts[starts],
        rows.lasts[ends - 1],
        total,
    )


def _runs(samples: Samples | Aggregates, columns: Columns) -> tuple[Index, Index]:
    """Begins and ends of the runs of one point in one column."""
    column = columns.of(samples.times)
    changed = np.ones(len(samples), np.bool_)
    changed[1:] = (samples.ids[1:] != samples.ids[:-1]) | (column[1:] != column[:-1])
    starts = np.flatnonzero(changed)
    return starts, np.append(starts[1:], len(samples))[: len(starts)]


def _extremes(samples: Samples, starts: Index, ends: Index) -> npt.NDArray[np.bool_]:
    """Which samples are the first least or the first greatest of their run."""
    keep = np.zeros(len(samples), np.bool_)
    if not len(samples):
        return keep
    lengths = ends - starts
    for extreme in (np.minimum, np.maximum):
        found = np.flatnonzero(samples.values == np.repeat(extreme.reduceat(samples.values, starts), lengths))
        keep[found[np.searchsorted(found, starts)]] = True
    return keep
