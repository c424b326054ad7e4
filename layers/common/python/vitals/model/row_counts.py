"""Counts the rows of a bulk read by day, and compares them with the expected rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vitals.errors import RowCountError
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, Span, day_name


def partial_days(span: Span) -> list[int]:
    """Returns the days (start ms, at most two) that the span covers only partly."""
    edges = [edge_ms - edge_ms % DAY_MS for edge_ms in (span.start_ms, span.end_ms) if edge_ms % DAY_MS]
    return list(dict.fromkeys(edges)) if span else []


class RowCounts:
    """Counts the rows of one read of `span`.

    The rows of a partial day do not show whether the day is whole, so the reader has the source count these
    days: the rows inside the span, which must all have been received, and those outside.
    """

    def __init__(self, span: Span, source: str = "Athena") -> None:
        self.span = span
        self.rows_read = 0
        """The number of rows read, including rows that were not requested and not added."""
        self._source = source
        self._first = span.start_ms // DAY_MS
        days = max(0, -(-span.end_ms // DAY_MS) - self._first)
        self._received: npt.NDArray[np.int64] = np.zeros(days, np.int64)
        self._inside = dict.fromkeys(partial_days(span), 0)
        self._outside = dict.fromkeys(self._inside, 0)

    def add(self, times: Times) -> None:
        """Counts rows that were received; their times lie within the span."""
        self._received += np.bincount(times // DAY_MS - self._first, minlength=len(self._received))

    def add_source_counts(self, first_times: npt.NDArray[Any], counts: npt.NDArray[Any]) -> None:
        """Records the source's counts of partial days, inside or outside the span, each by its first row."""
        for time_ms, count in zip(first_times.tolist(), counts.tolist(), strict=True):
            inside = self.span.start_ms <= time_ms < self.span.end_ms
            days = self._inside if inside else self._outside
            day_ms = time_ms - time_ms % DAY_MS
            days[day_ms] = days.get(day_ms, 0) + int(count)

    def mismatches(self, expected: Mapping[int, int]) -> dict[int, RowCountError]:
        """Returns the errors of the days of `expected` (rows by day start) whose rows differ."""
        errors = {day_ms: self._mismatch(day_ms, rows) for day_ms, rows in expected.items()}
        return {day_ms: error for day_ms, error in errors.items() if error}

    def mismatch_of_all(self, rows: int, period: str) -> RowCountError | None:
        """Returns the error when `rows_read` differs from `rows`, the total of the source."""
        return self._error(self.rows_read, rows, period) if self.rows_read != rows else None

    def _mismatch(self, day_ms: int, rows: int) -> RowCountError | None:
        received = int(self._received[day_ms // DAY_MS - self._first])
        inside = self._inside.get(day_ms, received)
        if received != inside:
            return self._error(received, inside, f"the requested hours of {day_name(day_ms)}")
        whole = inside + self._outside.get(day_ms, 0)
        return self._error(whole, rows, day_name(day_ms)) if whole != rows else None

    def _error(self, received: int, rows: int, period: str) -> RowCountError:
        return RowCountError(f"{self._source} returned {received} of {rows} rows for {period}")
