"""Where a series has nothing to draw a line across, and why, as far as it is known."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from vitals.model.aggregates import Aggregates
from vitals.model.records.ledger import Coverage
from vitals.model.samples import Samples, Times
from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span

# A series is silent when its next sample is later than two intervals, the collection's jitter on top.
TOLERANCE = 2.5

NOT_POLLED: Final = "not_polled"
NO_DATA: Final = "no_data"
REJECTED: Final = "rejected"
Reason = Literal["not_polled", "no_data", "rejected"]


@dataclass(frozen=True, slots=True)
class Gap:
    """From the last sample before it to the first one after it, or the edges of what was asked for."""

    span: Span
    reason: Reason


@dataclass(slots=True)
class GapFinder:
    """Finds the gaps of some points from `start_ms` on in what is read part by part, in order of time.

    `steps` maps point ids to what lies between the end of one row and the next at most, in ms.
    """

    start_ms: int
    steps: dict[int, float]
    found: dict[int, list[Span]] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)
    continued: dict[int, int] = field(default_factory=dict)
    """By point, where a gap goes on of which the page before told the first part."""
    _open: set[int] = field(default_factory=set)

    def resume(self, before: "GapFinder", reported_ms: int) -> None:
        """Goes on after a page that told of gaps up to `reported_ms`; `before` saw the last rows of it.

        What it saw reaches back further than a step. A gap of which the other page could not tell, for it
        was no longer than a step there, is told here from its start on.
        """
        for point, step in before.steps.items():
            end_ms = before._last.get(point, before.start_ms)
            if reported_ms - end_ms > step:
                self._open.add(point)
                end_ms = reported_ms
            self._last[point] = end_ms

    def add(self, rows: Samples | Aggregates, width_ms: int = 0) -> None:
        """Takes the next part (sorted by id, then time); each row covers `width_ms`."""
        edges = np.flatnonzero(np.diff(rows.ids, prepend=-1, append=-1)).tolist()
        for begin, end in itertools.pairwise(edges):
            point = int(rows.ids[begin])
            self._series(point, rows.times[begin:end], width_ms)

    def finish(self, end_ms: int) -> dict[int, list[Span]]:
        """The gaps by point, in order, up to the end of what was read: all that are longer than their point's
        step, and what continues one of the page before."""
        for point in self.steps:
            self._note(point, self._last.get(point, self.start_ms), end_ms)
        return self.found

    def _series(self, point: int, times: Times, width_ms: int) -> None:
        self._note(point, self._last.get(point, self.start_ms), int(times[0]))
        self._open.discard(point)
        for place in np.flatnonzero(np.diff(times) - width_ms > self.steps[point]).tolist():
            self._note(point, int(times[place]) + width_ms, int(times[place + 1]))
        self._last[point] = int(times[-1]) + width_ms

    def _note(self, point: int, start_ms: int, end_ms: int) -> None:
        if point in self._open and start_ms < end_ms:
            self.continued[point] = start_ms
        elif end_ms - start_ms <= self.steps[point]:
            return
        self.found.setdefault(point, []).append(Span(start_ms, end_ms))


def explain(gap: Span, coverage: Coverage, rejected_hours: Iterable[int]) -> Iterator[Gap]:
    """The gap, cut where the upstream began or ceased to be asked, each piece with its reason.

    `rejected_hours` are the starts of hours in which values of the point came that were no numbers.
    """
    hours = set(rejected_hours)
    for piece, polled in _pieces(gap, coverage):
        if not polled:
            yield Gap(piece, NOT_POLLED)
        else:
            first = piece.start_ms - piece.start_ms % HOUR_MS
            refused = any(hour in hours for hour in range(first, piece.end_ms, HOUR_MS))
            yield Gap(piece, REJECTED if refused else NO_DATA)


def _pieces(gap: Span, coverage: Coverage) -> Iterator[tuple[Span, bool]]:
    """Runs of windows that were asked for or not, within the gap."""
    whole = gap.whole_windows()
    first, last = ((edge - coverage.start_ms) // WINDOW_MS for edge in (whole.start_ms, whole.end_ms))
    polled = coverage.polled[first:last]
    if len(polled) > 1:
        # A window at the edge that the gap only touches goes with its neighbour.
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
