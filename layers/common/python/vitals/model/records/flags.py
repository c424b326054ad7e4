"""Flags: spans of points that a person marked as bad, with the reason."""

import bisect
import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from vitals.errors import InvalidRequestError
from vitals.model.samples import Ids, Times
from vitals.model.timespan import Span

MAX_FLAGS = 500
"""Flags of a site."""
MAX_POINTS = 500
"""Points of a flag."""
MAX_REASON = 200
_NEVER_MS = np.iinfo(np.int64).max
# Until the year 2248; 20 bits remain for the id of a point.
_TIME_BITS = 43

type Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Flag:
    """A span of points (by id) that is bad, who marked it so, and when (UTC ms)."""

    id: str
    points: tuple[int, ...]
    span: Span
    reason: str
    flagged_by: str
    flagged_ms: int


@dataclass(frozen=True)
class FlaggedSpans:
    """The flagged spans of each point, in order and apart, at a revision of the site's flags.

    The digest is that of the flags: revisions may repeat after a restore.
    """

    revision: int = 0
    by_point: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    digest: str = ""

    @classmethod
    def of(cls, revision: int, flags: Iterable[Flag]) -> Self:
        """Returns the spans of these flags; those that overlap or touch are one."""
        spans: dict[int, list[Span]] = {}
        ids = []
        for flag in sorted(flags, key=lambda flag: flag.span):
            ids.append(flag.id)
            for point in flag.points:
                _add(spans.setdefault(point, []), flag.span)
        digest = hashlib.sha256(" ".join(sorted(ids)).encode()).hexdigest() if ids else ""
        return cls(revision, spans, digest)

    def overlap(self, ids: Ids, starts: Times, ends: Times) -> Booleans:
        """Returns whether a span of its point overlaps each of these ranges."""
        return self._first_span(ids, starts)[0] < ends

    def cover(self, ids: Ids, starts: Times, ends: Times) -> Booleans:
        """Returns whether the spans of its point cover each of these ranges."""
        begins, closes = self._first_span(ids, starts)
        return (begins <= starts) & (ends <= closes)

    def contain(self, ids: Ids, times: Times) -> Booleans:
        """Returns whether a span of its point contains each of these times."""
        return self.overlap(ids, times, times + 1)

    def before(self, point: int, time_ms: int) -> int:
        """Returns the start of the point's span that contains a time, the time if there is none."""
        spans = self.by_point.get(point, ())
        index = _first_after(spans, time_ms)
        return min(time_ms, spans[index].start_ms) if index < len(spans) else time_ms

    def within(self, point: int, span: Span) -> list[Span]:
        """Returns the pieces of a span that are flagged for a point."""
        spans = self.by_point.get(point, ())
        flagged = itertools.takewhile(
            lambda piece: piece.start_ms < span.end_ms, spans[_first_after(spans, span.start_ms) :]
        )
        return [Span(max(piece.start_ms, span.start_ms), min(piece.end_ms, span.end_ms)) for piece in flagged]

    def _first_span(self, ids: Ids, starts: Times) -> tuple[Times, Times]:
        """Returns start and end of the first span of its point that ends after each of these times."""
        points, begins, closes, keys = self._columns
        index = np.searchsorted(keys, _keys(ids, starts), side="right")
        is_of_point = points[index] == ids
        return np.where(is_of_point, begins[index], _NEVER_MS), np.where(
            is_of_point, closes[index], _NEVER_MS
        )

    @cached_property
    def _columns(self) -> tuple[Times, Times, Times, Times]:
        """The points, starts and ends of all spans, with a last row for none, and the keys of their ends."""
        rows = [
            (point, span.start_ms, span.end_ms)
            for point in sorted(self.by_point)
            for span in self.by_point[point]
        ]
        points, begins, closes = np.array([*rows, (-1, _NEVER_MS, _NEVER_MS)], np.int64).T
        return points, begins, closes, _keys(points[:-1], closes[:-1])


def _keys(ids: Ids | Times, times: Times) -> Times:
    """Returns numbers that order points and times as pairs; times after 2248 count as one."""
    return (ids.astype(np.int64) << _TIME_BITS) + np.clip(times, 0, (1 << _TIME_BITS) - 1)


def _first_after(spans: Sequence[Span], time_ms: int) -> int:
    """Returns the index of the first span that ends after a time."""
    return bisect.bisect_right(spans, time_ms, key=lambda span: span.end_ms)


def _add(spans: list[Span], span: Span) -> None:
    """Adds a span that does not begin before the last one."""
    if spans and span.start_ms <= spans[-1].end_ms:
        spans[-1] = Span(spans[-1].start_ms, max(spans[-1].end_ms, span.end_ms))
    else:
        spans.append(span)


def check_reason(text: str) -> str:
    """Returns the reason without outer spaces; InvalidRequestError if it is empty, long or not printable."""
    reason = text.strip()
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise InvalidRequestError(f"reason must have 1 to {MAX_REASON} printable characters")
    return reason
