"""Reduction of rows to the pixel columns of a chart, by methods that keep the shape of the line.

m4 and minmax do not change samples. To reduce a range, its parts may be reduced separately and then together;
the result is the same. The columns are those of the chart, not of the samples.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.samples import Samples, Times, concat
from vitals.model.timespan import Span

METHODS = ("m4", "minmax", "lttb", "mean")
# The most rows that a method keeps of one column.
ROWS = {"m4": 4, "minmax": 2, "lttb": 1, "mean": 1}
# The number of samples per kept row that LTTB chooses from: its authors' ratio for the minmax before it.
_LTTB_CANDIDATES = 4

type Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Columns:
    """A span cut into `count` columns of one width, which may be a fraction of milliseconds."""

    span: Span
    count: int

    def indexes(self, times: Times) -> npt.NDArray[np.int64]:
        """Returns the column, from 0, of each time."""
        return (times - self.span.start_ms) * self.count // self.span.length_ms

    def index_at(self, time_ms: int) -> int:
        """Returns the column, from 0, of one time."""
        return (time_ms - self.span.start_ms) * self.count // self.span.length_ms

    def start_of(self, column: int) -> int:
        """Returns the first millisecond of one column."""
        return self.span.start_ms - (-column * self.span.length_ms) // self.count

    def starts(self, columns: npt.NDArray[np.int64]) -> Times:
        """Returns the first millisecond of each column."""
        return self.span.start_ms - (-columns * self.span.length_ms) // self.count


@dataclass(frozen=True, slots=True, eq=False)
class LocalColumns:
    """Columns between edges, which are not equally far apart where clocks change."""

    edges: Times

    @property
    def span(self) -> Span:
        """From the first edge to the last."""
        return Span(int(self.edges[0]), int(self.edges[-1]))

    @property
    def count(self) -> int:
        """The number of columns."""
        return len(self.edges) - 1

    def indexes(self, times: Times) -> npt.NDArray[np.int64]:
        """Returns the column, from 0, of each time."""
        return np.searchsorted(self.edges, times, side="right") - 1

    def index_at(self, time_ms: int) -> int:
        """Returns the column, from 0, of one time."""
        return int(np.searchsorted(self.edges, time_ms, side="right")) - 1

    def start_of(self, column: int) -> int:
        """Returns the first millisecond of one column."""
        return int(self.edges[min(column, self.count)])

    def starts(self, columns: npt.NDArray[np.int64]) -> Times:
        """Returns the first millisecond of each column."""
        return self.edges[columns]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a query are reduced to the columns of a chart, by one of METHODS."""

    method: str
    columns: Columns | LocalColumns
    interval_ms: int | None = None
    """The length of a column, if the request has it; None if it has their number."""
    is_aligned: bool = True
    """Whether columns of an interval are aligned (`are_aligned`) with the buckets they are drawn from."""

    def reduce_part(self, rows: Samples | Aggregates) -> Samples | Aggregates:
        """Returns the rows of one part of a range that may be in the result."""
        if isinstance(rows, Aggregates):
            return reduce_rows(rows, self.columns)
        if self.method == "mean":
            return reduce_rows(as_rows(rows), self.columns)
        return reduce_part(rows, self.method, self.columns)

    def reduce(self, rows: Samples | Aggregates, page: Span) -> Samples | Aggregates:
        """Returns the rows to draw, from all reduced parts of a page together (sorted)."""
        if isinstance(rows, Aggregates):
            return reduce_rows(rows, self.columns)
        return reduce(rows, self.method, self.columns, page)


def interval_columns(span: Span, interval_ms: int) -> Columns:
    """Returns the columns that cover the span, between multiples of the interval since 1970 UTC."""
    start_ms = span.start_ms - span.start_ms % interval_ms
    end_ms = span.end_ms + -span.end_ms % interval_ms
    return Columns(Span(start_ms, end_ms), (end_ms - start_ms) // interval_ms)


def count_in(columns: Columns | LocalColumns, span: Span) -> int:
    """Returns how many columns the span overlaps."""
    return columns.index_at(span.end_ms - 1) - columns.index_at(span.start_ms) + 1


def are_aligned(columns: Columns | LocalColumns, buckets: Times) -> bool:
    """Returns whether no bucket overlaps two columns, or else each consists of whole columns.

    `buckets` are the edges of all buckets, in ascending order, at least two.
    """
    edges = columns.starts(np.arange(columns.count + 1))
    inner = edges[(edges > buckets[0]) & (edges < buckets[-1])]
    return _contains(buckets, inner) or _contains(edges, buckets)


def _contains(edges: Times, times: Times) -> bool:
    """Returns whether each of the times is an edge; the edges are in ascending order."""
    index = np.minimum(np.searchsorted(edges, times), len(edges) - 1)
    return bool((edges[index] == times).all())


def reduce_part(samples: Samples, method: str, columns: Columns | LocalColumns) -> Samples:
    """Returns the samples of a part (sorted) from which `reduce` makes the result of the whole."""
    if method == "m4":
        return m4(samples, columns)
    if method == "minmax":
        return minmax(samples, columns)
    return minmax(samples, Columns(columns.span, columns.count * _LTTB_CANDIDATES))


def reduce(samples: Samples, method: str, columns: Columns | LocalColumns, page: Span) -> Samples:
    """Returns the samples of a page that draw the same line: by m4, minmax or lttb, ROWS[method] a column."""
    if method == "lttb":
        return lttb(samples, count_in(columns, page))
    return reduce_part(samples, method, columns)


def m4(samples: Samples, columns: Columns | LocalColumns) -> Samples:
    """Returns the first, last, least and greatest sample of each point and column; `samples` are sorted."""
    starts, ends = _runs(samples, columns)
    keep = _extremes(samples, starts, ends)
    keep[starts] = True
    keep[ends - 1] = True
    return samples[keep]


def minmax(samples: Samples, columns: Columns | LocalColumns) -> Samples:
    """Returns the least and the greatest sample of each point and column; `samples` are sorted."""
    return samples[_extremes(samples, *_runs(samples, columns))]


def lttb(samples: Samples, rows: int) -> Samples:
    """Returns at most `rows` samples per point by largest triangle, three buckets; `samples` are sorted.

    Two rows are the first and the last sample; one row is the corner of the largest triangle with them.
    """
    edges = np.flatnonzero(np.diff(samples.ids, prepend=-1, append=-1))
    series = (samples[begin:end] for begin, end in itertools.pairwise(edges.tolist()))
    return concat(points[_corners(points, rows)] if len(points) > rows else points for points in series)


def _corners(samples: Samples, rows: int) -> Index:
    """Returns the indexes of the corners of largest triangles in one point's samples, more than `rows`."""
    # Loaded where it is used: no other method needs it.
    from tsdownsample import LTTBDownsampler

    if rows == 2:
        return np.array([0, len(samples) - 1])
    # Scaled to -1…1 by a power of two, because areas of the largest doubles would overflow.
    values = np.ldexp(samples.values, -np.frexp(np.abs(samples.values).max())[1])
    if rows == 1:
        times = samples.times - samples.times[0]
        return np.array(
            [np.argmax(np.abs(times * (values[-1] - values[0]) - times[-1] * (values - values[0])))]
        )
    chosen = LTTBDownsampler().downsample(samples.times, values, n_out=rows)  # type: ignore[no-untyped-call]
    return np.asarray(chosen, np.intp)


def as_rows(samples: Samples) -> Aggregates:
    """Returns one row per sample, for `reduce_rows`."""
    values = samples.values
    ones = np.ones(len(samples), np.int64)
    return Aggregates(
        ids=samples.ids,
        times=samples.times,
        values=values,
        mins=values,
        maxs=values,
        firsts=values,
        lasts=values,
        counts=ones,
    )


def reduce_rows(rows: Aggregates, columns: Columns | LocalColumns) -> Aggregates:
    """Returns one row per point and column of the rows (sorted) that begin in it; means weighted by count.

    `times` become the columns' starts, so rows may be reduced part by part and then together.
    """
    return aggregates.combine(rows, columns.starts(columns.indexes(rows.times)))


def _runs(samples: Samples | Aggregates, columns: Columns | LocalColumns) -> tuple[Index, Index]:
    """Returns the starts and ends of the runs of one point in one column."""
    column = columns.indexes(samples.times)
    changed = np.ones(len(samples), np.bool_)
    changed[1:] = (samples.ids[1:] != samples.ids[:-1]) | (column[1:] != column[:-1])
    starts = np.flatnonzero(changed)
    return starts, np.append(starts[1:], len(samples))[: len(starts)]


def _extremes(samples: Samples, starts: Index, ends: Index) -> npt.NDArray[np.bool_]:
    """Returns which samples are the first least or the first greatest of their run."""
    keep = np.zeros(len(samples), np.bool_)
    if not len(samples):
        return keep
    lengths = ends - starts
    for extreme in (np.minimum, np.maximum):
        values = np.repeat(extreme.reduceat(samples.values, starts), lengths)
        matches = np.flatnonzero(samples.values == values)
        keep[matches[np.searchsorted(matches, starts)]] = True
    return keep
