"""The samples of a point in order, how far they are certain, and what measures are made of: plain, slow."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from tests.simulation.oracle.fetches import Expected
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span

_ON = 0.5
_SKIP_MS = 15 * MINUTE_MS
_LONGEST_MS = 31 * DAY_MS
_NEVER = 1 << 62
# Around a sample that no dip or spike contains.
_CALM_MS, _CALM_SAMPLES = 30 * MINUTE_MS, 2


class Held(NamedTuple):
    """The pieces of the held signal in a span: their length and value."""

    pieces: list[tuple[int, float]]

    @property
    def length_ms(self) -> int:
        """How long a value is held."""
        return sum(length for length, _ in self.pieces)

    @property
    def on_ms(self) -> int:
        """How long a value above one half is held."""
        return sum(length for length, value in self.pieces if value > _ON)

    @property
    def integral(self) -> float:
        """The sum of value × ms."""
        return _sum([value * length for length, value in self.pieces])


def _sum(values: Sequence[float]) -> float:
    """Returns the sum; infinity when it, or what it is made of, is too large for a double."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.inf


class Line:
    """What may be stored of a point; a sample is held for at most `hold_ms`."""

    def __init__(self, expected: Expected, hold_ms: int) -> None:
        self.times = sorted(expected.possible)
        self.values = [float(min(expected.possible[time_ms], key=str)) for time_ms in self.times]
        self.hold_ms = hold_ms
        self._unsure = [
            time_ms
            for time_ms in self.times
            if time_ms not in expected.required or len(expected.possible[time_ms]) > 1
        ]

    def is_certain(self, start_ms: int, end_ms: int) -> bool:
        """Returns whether it is certain which samples there are in a time, and their values."""
        return bisect_left(self._unsure, start_ms) == bisect_left(self._unsure, end_ms)

    def rows(self, span: Span) -> slice:
        """Returns the samples of a span."""
        return slice(bisect_left(self.times, span.start_ms), bisect_left(self.times, span.end_ms))

    def sure(self, span: Span) -> int:
        """Returns how many samples of a span must be there."""
        rows = self.rows(span)
        unsure = bisect_left(self._unsure, span.end_ms) - bisect_left(self._unsure, span.start_ms)
        return rows.stop - rows.start - unsure

    def largest(self, start_ms: int, end_ms: int) -> float:
        """Returns the largest absolute value in a time."""
        return max(map(abs, self.values[self.rows(Span(start_ms, end_ms))]), default=0.0)

    def held(self, span: Span) -> Held:
        """Returns the held signal in a span."""
        pieces = []
        for row in range(bisect_left(self.times, span.start_ms - self.hold_ms), len(self.times)):
            time_ms = self.times[row]
            if time_ms >= span.end_ms:
                break
            next_ms = self.times[row + 1] if row + 1 < len(self.times) else _NEVER
            end_ms = min(next_ms, time_ms + self.hold_ms, span.end_ms)
            length_ms = end_ms - max(time_ms, span.start_ms)
            if length_ms > 0:
                pieces.append((length_ms, self.values[row]))
        return Held(pieces)

    def starts(self, span: Span) -> int:
        """Returns how many samples in a span are on after one that is off."""
        rows = self.rows(span)
        return sum(
            self.values[row - 1] <= _ON < self.values[row]
            for row in range(max(1, rows.start), rows.stop)
            if self.times[row] - self.times[row - 1] <= _LONGEST_MS
        )

    def before(self, time_ms: int) -> int:
        """Returns the time of the last sample before a time, or else this time."""
        row = bisect_left(self.times, time_ms)
        return self.times[row - 1] if row else time_ms

    def after(self, time_ms: int) -> int:
        """Returns the time at which a step that ends before this time is certain: a dip may end later."""
        row = bisect_left(self.times, time_ms)
        next_ms = self.times[row] + 1 if row < len(self.times) else _NEVER
        return max(next_ms, time_ms + _SKIP_MS)

    def anchor(self, time_ms: int) -> int | None:
        """Returns a time before this one from which on steps do not depend on what was before.

        That is a sample far from any fall, which no dip or spike contains, or else the first of all; None
        when the product may not read back to that.
        """
        row = bisect_left(self._calm, time_ms - _CALM_MS)
        if row:
            return self._calm[row - 1]
        first_ms = self.times[0] if self.times else time_ms
        return first_ms if time_ms - first_ms < _LONGEST_MS - DAY_MS else None

    @cached_property
    def _calm(self) -> list[int]:
        """The times of samples that are far from any fall, and from the first and the last sample."""
        rows = range(_CALM_SAMPLES, len(self.times) - _CALM_SAMPLES)
        return [self.times[row] for row in rows if self._is_calm(row)]

    def _is_calm(self, row: int) -> bool:
        time_ms = self.times[row]
        around = self.rows(Span(time_ms - _CALM_MS, time_ms + _CALM_MS + 1))
        low, high = min(around.start, row - _CALM_SAMPLES), max(around.stop, row + _CALM_SAMPLES + 1)
        return self._falls[high - 1] <= low

    @cached_property
    def _falls(self) -> list[int]:
        """For each sample, the last one up to it that is below the one before, 0 for none."""
        result, last = [], 0
        for row, value in enumerate(self.values):
            if row and value < self.values[row - 1]:
                last = row
            result.append(last)
        return result

    def increase(self, span: Span) -> float:
        """Returns the sum of the steps to samples in a span."""
        times, amounts = self._steps
        return _sum(amounts[bisect_left(times, span.start_ms) : bisect_left(times, span.end_ms)])

    @cached_property
    def _steps(self) -> tuple[list[int], list[float]]:
        """The steps from the first sample on: when each ends, and what it counts."""
        times, amounts = [], []
        before, count = 0, len(self.times)
        while before + 1 < count:
            after = before + 1
            while (end := self._end(before, after)) is not None:
                after = end
            times.append(self.times[after])
            amounts.append(self._amount(before, after))
            before = after
        return times, amounts

    def _end(self, before: int, after: int) -> int | None:
        """Returns the sample that ends the dip or the spike that begins at `after`, None if none does."""
        p, c = self.values[before], self.values[after]
        for row in range(after + 1, len(self.times)):
            if row > after + 1 and self.times[row] > self.times[before] + _SKIP_MS:
                return None
            d = self.values[row]
            # The difference is exact where it decides; c - c / 8 would be rounded.
            if c < p <= d or (p <= d < c and (c - d) * 8 >= c):
                return row
        return None

    def _amount(self, before: int, after: int) -> float:
        p, c = self.values[before], self.values[after]
        if self.times[after] - self.times[before] > _LONGEST_MS:
            return 0.0
        is_reset = 0 <= c < p and (p - c) * 8 >= p
        return c if is_reset else c - p
