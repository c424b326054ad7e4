"""Flags: spans of points that a person marked as bad, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class FlaggedSpans:
    """The flagged spans of each point, in order and apart, at a revision of the site's flags."""

    revision: int = 0
    by_point: Mapping[int, Sequence[Span]] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: int, flags: Iterable[Flag]) -> Self:
        """Returns the spans of these flags; those that overlap or touch are one."""
        spans: dict[int, list[Span]] = {}
        for flag in sorted(flags, key=lambda flag: flag.span):
            for point in flag.points:
                _add(spans.setdefault(point, []), flag.span)
        return cls(revision, spans)

    def overlap(self, ids: Ids, starts: Times, ends: Times) -> Booleans:
        """Returns whether a span of its point overlaps each of these ranges; the ids ascend."""
        return self._first_span(ids, starts)[0] < ends

    def cover(self, ids: Ids, starts: Times, ends: Times) -> Booleans:
        """Returns whether the spans of its point cover each of these ranges; the ids ascend."""
        begins, closes = self._first_span(ids, starts)
        return (begins <= starts) & (ends <= closes)

    def contain(self, ids: Ids, times: Times) -> Booleans:
        """Returns whether a span of its point contains each of these times; the ids ascend."""
        return self.overlap(ids, times, times + 1)

    def before(self, point: int, time_ms: int) -> int:
        """Returns the start of the point's span that contains a time, the time if there is none."""
        spans = self.by_point.get(point, ())
        return min([time_ms, *(span.start_ms for span in spans if time_ms < span.end_ms)])

    def within(self, point: int, span: Span) -> list[Span]:
        """Returns the parts of a span that are flagged for a point."""
        parts = (
            Span(max(part.start_ms, span.start_ms), min(part.end_ms, span.end_ms))
            for part in self.by_point.get(point, ())
        )
        return [part for part in parts if part]

    def _first_span(self, ids: Ids, starts: Times) -> tuple[Times, Times]:
        """Returns start and end of the first span of its point that ends after each of these times."""
        begins, closes = (np.full(len(ids), _NEVER_MS, np.int64) for _ in range(2))
        for point in np.intersect1d(ids, np.array(list(self.by_point), np.int64)).tolist():
            rows = slice(*np.searchsorted(ids, [point, point + 1]).tolist())
            edges = np.array([(span.start_ms, span.end_ms) for span in self.by_point[point]])
            edges = np.append(edges, [(_NEVER_MS, _NEVER_MS)], axis=0)
            index = np.searchsorted(edges[:-1, 1], starts[rows], side="right")
            begins[rows], closes[rows] = edges[index].T
        return begins, closes


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
