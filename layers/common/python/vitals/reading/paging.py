"""Where a page of a plan may end, and how much of the plan one read takes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vitals.model.aggregates import Aggregates
from vitals.model.measures.measure import BucketRows
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, Times
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span, ceil_window
from vitals.reading import page_token, request
from vitals.reading.plan import QueryPlan
from vitals.reading.resolution import interval_s

# A day's file is one or two requests. For more than two months Athena takes less time.
MAX_FILES = 62
_FASTEST_INTERVAL_S = 10
# Points may be read more often than their intervals say, but probably not six times as often.
_TRUSTED_INTERVAL_S = 60


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a plan. Each ends between two buckets, or between two columns of a chart."""

    plan: QueryPlan

    def token(self, start_ms: int) -> str:
        """Returns the opaque `next_token` of the page that starts at `start_ms`."""
        ids = self.plan.ids if self.plan.is_tagged else ()
        return page_token.encode(start_ms, self.plan.fingerprint, ids)

    def end_ms(self, start_ms: int, end_ms: int) -> int:
        """Returns the latest end of a page from `start_ms`.

        A column with one row is never split between pages. A page of a table has only whole rows.
        """
        plan = self.plan
        if plan.is_table and start_ms < end_ms:
            assert plan.calendar
            # The last bucket of the range may end after `end_ms`.
            starts = plan.calendar.edges(Span(start_ms, end_ms))[:-1]
            rows = max(1, plan.row_limit // len(plan.columns))
            return end_ms if rows >= len(starts) else int(starts[rows])
        if not plan.one_row_per_column or not plan.span:
            return end_ms
        assert plan.shape
        columns = plan.shape.columns
        column = columns.index_at(start_ms) + max(1, plan.row_limit // len(plan.ids))
        return end_ms if column >= columns.count else min(end_ms, self._column_start_ms(column))

    def column_end_ms(self, span: Span) -> int:
        """Returns the last end of a chart's column in the span, or the span's end when there is none."""
        shape = self.plan.shape
        if not shape or span.end_ms >= self.plan.span.end_ms:
            return span.end_ms
        edge_ms = self._column_start_ms(shape.columns.index_at(span.end_ms))
        return edge_ms if span.start_ms < edge_ms <= span.end_ms else span.end_ms

    def may_end_at(self, time_ms: int) -> bool:
        """Returns whether a page may end at this time: between two columns where each of them has one row."""
        if not self.plan.one_row_per_column:
            return True
        assert self.plan.shape
        return self._column_start_ms(self.plan.shape.columns.index_at(time_ms)) == time_ms

    def end_of_rows(self, rows: Samples | BucketRows | Aggregates, limit: int) -> int | None:
        """Returns where a page must end to have at most `limit` of the rows; None when all fit.

        One bucket or window always fits, so that no page is empty because of its limit.
        """
        if self.plan.one_row_per_column:
            return None
        if self.plan.shape:
            columns = self.plan.shape.columns
            last = _last_that_fits(columns.indexes(rows.times), limit)
            return None if last is None else columns.start_of(last + 1)
        if isinstance(rows, BucketRows):
            last = _last_that_fits(rows.times, limit)
            return None if last is None else int(rows.ends[rows.times == last][0])
        return end_of_rows(rows.times, limit)

    def next_span(self, span: Span, records: Iterable[ArchiveRecord]) -> Span:
        """Returns the first part of the span, of whole buckets, as long as one read takes.

        Memory and time limit the samples of one read, and with them the days that have no rollups.
        """
        plan, longest_ms = self.plan, self.longest_step_ms()
        if not plan.from_rollups:
            return self.part(span, longest_ms)
        settled = {record.day_ms for record in records if record.settled}
        read_ms = 0
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            read_ms += 0 if day_ms in settled else DAY_MS
            if read_ms > longest_ms + DAY_MS:
                return self.part(span, day_ms - span.start_ms)
        return span

    def part(self, span: Span, length_ms: int) -> Span:
        """Returns the whole buckets of at most this length from the start of the span, at least one."""
        end_ms = span.start_ms + length_ms
        if end_ms >= span.end_ms:
            # It may be after the year 9999, which has no buckets.
            return span
        end_ms = max(self.plan.floor(end_ms), self.plan.bucket_end(span.start_ms))
        return Span(span.start_ms, min(end_ms, span.end_ms))

    def first_step_ms(self) -> int:
        """Returns the length of a span of whole buckets that has about as many rows as a page."""
        plan = self.plan
        if plan.calendar:
            return max(1, request.MAX_ROWS // len(plan.ids)) * plan.bucket_ms
        if plan.shape:
            return self.longest_step_ms()
        per_second = sum(1 / interval_s(point) for point in plan.existing)
        return min(self.longest_step_ms(), _ceil_windows(request.MAX_SAMPLES / per_second))

    def longest_step_ms(self) -> int:
        """Returns the length of a span that bounds the samples in memory, about ten pages of them.

        It has a sample per point and 10 s; or, in as many days as are read from files, one in each interval.
        """
        points, samples = self.plan.existing, 10 * request.MAX_SAMPLES
        fastest_ms = _ceil_windows(samples * _FASTEST_INTERVAL_S / len(points))
        per_second = sum(1 / min(interval_s(point), _TRUSTED_INTERVAL_S) for point in points)
        # It touches a day more than it is long.
        return max(fastest_ms, min(_ceil_windows(samples / per_second), (MAX_FILES - 1) * DAY_MS))

    def _column_start_ms(self, column: int) -> int:
        """Returns the time of the first bucket that begins in this column; for raw, the column's start."""
        assert self.plan.shape
        start_ms = self.plan.shape.columns.start_of(column)
        if self.plan.calendar is None:
            return start_ms
        floor_ms, end_ms = self.plan.calendar.edges(Span(start_ms, start_ms + 1)).tolist()
        return int(start_ms if floor_ms == start_ms else end_ms)


def end_of_rows(times: Times, limit: int) -> int | None:
    """Returns where a page must end, between two windows, to have at most `limit` rows; None when all fit.

    One window always fits.
    """
    last = _last_that_fits(times - times % WINDOW_MS, limit)
    return None if last is None else last + WINDOW_MS


def _last_that_fits(buckets: npt.NDArray[np.int64], limit: int) -> int | None:
    """Returns the last of the first buckets that have at most `limit` rows, given each row's bucket."""
    if len(buckets) <= limit:
        return None
    buckets, counts = np.unique(buckets, return_counts=True)
    fitting = int(np.searchsorted(np.cumsum(counts), limit, side="right"))
    return int(buckets[max(fitting, 1) - 1])


def _ceil_windows(seconds: float) -> int:
    return max(WINDOW_MS, ceil_window(int(seconds * 1000)))
