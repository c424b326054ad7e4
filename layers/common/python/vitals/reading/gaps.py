"""Finds the gaps of series, and explains them from the ledger."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import TierTimeoutError
from vitals.model.measures.buckets import Buckets
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.measure import BucketRows
from vitals.model.records.flags import FlaggedSpans
from vitals.model.records.ledger import Coverage
from vitals.model.samples import Samples, Times
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span
from vitals.reading.plan import QueryPlan
from vitals.store.state.ledger import Ledger

# A series of more is noise on a chart, so the shorter ones are omitted.
MAX_GAPS = 100
# 75 bytes of JSON each.
_MAX_GAPS_OF_ANSWER = 5_000
# Hours of rejected values are looked up for spans up to this: 24 small items a day.
_MAX_REJECTED_SPAN_MS = 62 * DAY_MS

NOT_POLLED: Final = "not_polled"
NO_DATA: Final = "no_data"
REJECTED: Final = "rejected"
FLAGGED: Final = "flagged"
Reason = Literal["not_polled", "no_data", "rejected", "flagged"]


@dataclass(frozen=True, slots=True)
class Gap:
    """The time from the last sample before it to the first one after it, or to the edges of the range."""

    span: Span
    reason: Reason


@dataclass(frozen=True, slots=True)
class GapReport:
    """Gaps with their reasons, by point id; `in_time` is false when the ledger did not answer in time.

    `omitted` are the ids of points whose shorter gaps are missing.
    """

    gaps: Mapping[int, Sequence[Gap]]
    omitted: frozenset[int] = frozenset()
    in_time: bool = True

    @property
    def has_all_gaps(self) -> bool:
        """Whether no gap of any point is missing."""
        return self.in_time and not self.omitted

    @property
    def all_polled(self) -> bool:
        """Whether the upstream was polled for every gap."""
        return all(gap.reason != NOT_POLLED for gaps in self.gaps.values() for gap in gaps)


@dataclass(slots=True)
class GapFinder:
    """Finds the gaps of points from `start_ms` on; rows are added in parts, in order of time.

    `steps`: by point id, the longest time (ms) between two rows that is not a gap. Gaps are those within the
    `hours`, if there are any: the parts that are longer than a step.
    """

    start_ms: int
    steps: Mapping[int, float]
    hours: OperatingHours | None = None
    gaps: dict[int, list[Span]] = field(default_factory=dict)
    continued: dict[int, int] = field(default_factory=dict)
    """By point id, the start of a gap whose first part is in the report of the previous page."""
    _ends: dict[int, int] = field(default_factory=dict)
    """By point id, the end of the last row."""
    _open: set[int] = field(default_factory=set)
    """Points with a gap that was open at the end of the previous page."""

    def resume(self, before: "GapFinder", reported_ms: int) -> None:
        """Continues after a page that reported gaps up to `reported_ms`; `before` has its last rows.

        `before` must start more than a step earlier. A gap that the other page did not report, because
        it was at most a step long there, is reported here from its start.
        """
        opened_ms = before._opened_ms(self.hours, reported_ms)
        for point, step in before.steps.items():
            end_ms = max(before._ends.get(point, before.start_ms), opened_ms)
            if reported_ms - end_ms > step:
                self._open.add(point)
                end_ms = reported_ms
            self._ends[point] = end_ms

    def add(self, rows: Samples | BucketRows) -> None:
        """Adds the next part (sorted by id, then time); a bucket without samples lies in a gap."""
        if isinstance(rows, BucketRows):
            rows = rows[rows.counts > 0]
        ends = rows.ends if isinstance(rows, BucketRows) else rows.times
        edges = np.flatnonzero(np.diff(rows.ids, prepend=-1, append=-1)).tolist()
        for begin, end in itertools.pairwise(edges):
            self._add_series(int(rows.ids[begin]), rows.times[begin:end], ends[begin:end])

    def finish(self, end_ms: int) -> dict[int, list[Span]]:
        """Returns the gaps by point id, in order, up to `end_ms`, the end of the read.

        These are all gaps longer than the point's step, and the gaps that continue one of the previous page.
        """
        for point in self.steps:
            self._note(point, self._ends.get(point, self.start_ms), end_ms)
        if self.hours and self.gaps:
            self.gaps = self._within(self.hours)
        return self.gaps

    def _add_series(self, point: int, times: Times, ends: Times) -> None:
        self._note(point, self._ends.get(point, self.start_ms), int(times[0]))
        self._open.discard(point)
        for row in np.flatnonzero(times[1:] - ends[:-1] > self.steps[point]).tolist():
            self._note(point, int(ends[row]), int(times[row + 1]))
        self._ends[point] = int(ends[-1])

    def _note(self, point: int, start_ms: int, end_ms: int) -> None:
        if point in self._open and start_ms < end_ms:
            self.continued[point] = start_ms
        elif end_ms - start_ms <= self.steps[point]:
            return
        self.gaps.setdefault(point, []).append(Span(start_ms, end_ms))

    def _opened_ms(self, hours: OperatingHours | None, time_ms: int) -> int:
        """Returns since when the hours have been open at a time: that time where they are closed."""
        if hours is None:
            return self.start_ms
        opens, closes = hours.windows(Span(self.start_ms, time_ms + 1))
        return int(opens[-1]) if len(closes) and closes[-1] > time_ms else time_ms

    def _within(self, hours: OperatingHours) -> dict[int, list[Span]]:
        """Returns the parts of the gaps within the hours; what continues a gap is one whatever its length."""
        points = [point for point, spans in self.gaps.items() for _ in spans]
        gaps = np.array([(span.start_ms, span.end_ms) for spans in self.gaps.values() for span in spans])
        starts, ends = gaps.T
        parts = Buckets.of(np.array([starts.min(), ends.max()]), hours).overlaps(starts, ends)
        result: dict[int, list[Span]] = {}
        for index, *edges in zip(*(c.tolist() for c in (parts.index, parts.starts, parts.ends)), strict=True):
            point, part = points[index], Span(*edges)
            if part.length_ms > self.steps[point] or part.start_ms == self.continued.get(point):
                result.setdefault(point, []).append(part)
        return result


def explain_gaps(
    ledger: Ledger, plan: QueryPlan, gaps: Mapping[int, Sequence[Span]], cost: Cost
) -> GapReport:
    """Returns the longest gaps of each point of the plan with their reasons, in order of time.

    The ledger is read only if there are gaps. When it does not answer in time, the report has no gaps.
    """
    if not gaps:
        return GapReport({})
    limit = max(1, min(MAX_GAPS, _MAX_GAPS_OF_ANSWER // len(gaps)))
    longest = {point: _longest(spans, limit) for point, spans in gaps.items()}
    spans = [span for point_spans in longest.values() for span in point_spans]
    period = Span(min(span.start_ms for span in spans), max(span.end_ms for span in spans))
    try:
        coverage = ledger.coverage(plan.site, period.whole_windows(), cost)
        rejected = (
            ledger.rejected(plan.site, period, cost) if period.length_ms <= _MAX_REJECTED_SPAN_MS else {}
        )
    except TierTimeoutError:
        return GapReport({}, in_time=False)
    flagged, steps = plan.flagged or FlaggedSpans(), plan.longest_steps_ms
    explained = {
        point: [
            gap
            for span in spans
            for piece, is_flagged in _split_by_flags(flagged.within(point, span), span, steps[point])
            for gap in (
                [Gap(piece, FLAGGED)] if is_flagged else explain(piece, coverage, rejected.get(point, ()))
            )
        ]
        for point, spans in longest.items()
    }
    omitted = frozenset(
        point for point, pieces in explained.items() if max(len(gaps[point]), len(pieces)) > limit
    )
    return GapReport({point: pieces[:limit] for point, pieces in explained.items()}, omitted)


def _split_by_flags(flagged: Sequence[Span], gap: Span, step_ms: float) -> Iterator[tuple[Span, bool]]:
    """Yields the gap in pieces: the flagged ones, and those between them that are gaps by themselves.

    A piece beside a flag that is at most `step_ms` long belongs to it.
    """
    start_ms = gap.start_ms
    for index, piece in enumerate(flagged):
        if piece.start_ms - start_ms > step_ms:
            yield Span(start_ms, piece.start_ms), False
            start_ms = piece.start_ms
        end_ms = flagged[index + 1].start_ms if index + 1 < len(flagged) else gap.end_ms
        if end_ms - piece.end_ms > step_ms:
            end_ms = piece.end_ms
        yield Span(start_ms, end_ms), True
        start_ms = end_ms
    if start_ms < gap.end_ms:
        yield Span(start_ms, gap.end_ms), False


def _longest(spans: Sequence[Span], limit: int) -> list[Span]:
    """Returns the longest spans in order of time; of spans of equal length the earlier."""
    return sorted(sorted(spans, key=lambda span: -span.length_ms)[:limit])


def explain(gap: Span, coverage: Coverage, rejected_hours: Iterable[int]) -> Iterator[Gap]:
    """Yields the gap in pieces, cut where polling of the upstream started or stopped, with their reasons.

    `rejected_hours` are the starts of hours in which values of the point were rejected.
    """
    hours = set(rejected_hours)
    for piece, polled in _pieces(gap, coverage):
        if not polled:
            yield Gap(piece, NOT_POLLED)
        else:
            first = piece.start_ms - piece.start_ms % HOUR_MS
            rejected = any(hour in hours for hour in range(first, piece.end_ms, HOUR_MS))
            yield Gap(piece, REJECTED if rejected else NO_DATA)


def _pieces(gap: Span, coverage: Coverage) -> Iterator[tuple[Span, bool]]:
    """Yields the runs of windows within the gap that were all polled, or all not."""
    whole = gap.whole_windows()
    first, last = ((edge - coverage.start_ms) // WINDOW_MS for edge in (whole.start_ms, whole.end_ms))
    polled = coverage.polled[first:last]
    if len(polled) > 1:
        # A window that the gap covers only in part counts as its neighbour does.
        polled = polled.copy()
        polled[0] = polled[1 if gap.start_ms % WINDOW_MS else 0]
        polled[-1] = polled[-2 if gap.end_ms % WINDOW_MS else -1]
    edges = [0, *(np.flatnonzero(np.diff(polled)) + 1).tolist(), len(polled)]
    for begin, end in itertools.pairwise(edges):
        piece = Span(
            max(gap.start_ms, whole.start_ms + begin * WINDOW_MS),
            min(gap.end_ms, whole.start_ms + end * WINDOW_MS),
        )
        if piece:
            yield piece, bool(polled[begin])
