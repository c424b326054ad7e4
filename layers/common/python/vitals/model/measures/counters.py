"""The increase of counters: meters that rise, and now and then jitter, dip, spike, roll over or begin again.

The increase is a sum of steps between consecutive samples p and c. A step counts c - p, but
    dip, spike   what lies between p and a sample that continues from it soon is left out
    rollover     M - p + c, where the point has a rollover M and p is near it
    reset        c: the counter began again at 0
    long gap     0: what happened in more than a month is not known
Hours that are not near a fall need no samples: their steps are those between the last samples of the hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vitals.model.measures.cells import LONGEST_MS, Cells, Flags, Integers
from vitals.model.samples import Ids, Samples, Times, Values
from vitals.model.timespan import DAY_MS, MINUTE_MS

# A dip or spike ends within this time after the sample before it, or with the second sample after that.
SKIP_MS = 15 * MINUTE_MS
# Of a slow meter: half of what reads look back, so that a page has the samples before one that is left out.
_LONGEST_SKIP_MS = 15 * DAY_MS
# A fall by less than this fraction is jitter; a spike falls by at least as much.
_JITTER = 8
_NEAR_ROLLOVER = 0.9

Kind = Literal["dip", "spike", "reset", "rollover", "gap", "negative"]


@dataclass(frozen=True, slots=True)
class Event:
    """A step that does not count c - p, or an unusual one: its time (UTC ms) and its two values.

    A steady cell has at most one event, at its first sample; "negative" means some value of it or before it.
    """

    point: int
    kind: Kind
    time_ms: int
    before: float
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Columns of one length, sorted by point and time: what each step counts, and whether it spans a gap."""

    ids: Ids
    times: Times
    amounts: Values
    bridged: Values
    events: tuple[Event, ...] = ()


def unsteady(cells: Cells) -> Flags:
    """Returns the cells whose steps are computed from samples: those near a fall or a negative value.

    A dip or spike has a fall, and takes at most three samples or SKIP_MS. So it is within the cells that are
    adjacent to the fall's or near it, and the last sample of the cell before these is never left out.
    """
    rows = cells.rows
    is_same = np.append(False, rows.ids[1:] == rows.ids[:-1])
    falls = cells.falls > 0
    is_step = is_same[1:] & (cells.first_ms[1:] - cells.last_ms[:-1] <= LONGEST_MS)
    falls[1:] |= is_step & (rows.firsts[1:] < rows.lasts[:-1])
    result = falls.copy()
    for distance in range(1, 1 + reach(cells)):
        if distance >= len(rows):
            break
        near = rows.ids[distance:] == rows.ids[:-distance]
        longest_ms = SKIP_MS if distance > 1 else LONGEST_MS
        near &= cells.first_ms[distance:] - cells.last_ms[:-distance] <= longest_ms
        result[:-distance] |= falls[distance:] & near
        result[distance:] |= falls[:-distance] & near
    return result


def reach(cells: Cells) -> int:
    """Returns how many cells before or after that of a fall are unsteady at most."""
    shortest_ms = int((cells.ends - cells.rows.times).min(initial=SKIP_MS))
    return 1 + -(-SKIP_MS // max(1, shortest_ms))


def steps(cells: Cells, samples: Samples, rollovers: Mapping[int, float]) -> Steps:
    """Returns the steps of cells (all complete); `samples` are those of the unsteady ones, sorted."""
    rows = cells.rows
    uneven = unsteady(cells)
    has_before = np.append(False, rows.ids[1:] == rows.ids[:-1])[: len(rows)]
    last_before, last_ms_before, hold_before = (
        np.append(column[:1], column[:-1]) for column in (rows.lasts, cells.last_ms, cells.hold_ms)
    )
    distance_ms = cells.first_ms - last_ms_before
    has_step = has_before & (distance_ms <= LONGEST_MS)
    is_bridge = has_step & (distance_ms > hold_before)
    with np.errstate(over="ignore", invalid="ignore"):
        amounts = rows.lasts - np.where(has_step, last_before, rows.firsts)
        bridged = cells.bridged + np.where(is_bridge, rows.firsts - last_before, 0.0)
    even = ~uneven
    is_gap = has_before & ~has_step
    is_negative = (rows.mins < 0) | (has_step & (last_before < 0))
    kinds: list[tuple[Kind, Flags]] = [("gap", is_gap), ("negative", is_negative & ~is_gap)]
    events = [
        Event(int(rows.ids[i]), kind, int(cells.first_ms[i]), float(last_before[i]), float(rows.firsts[i]))
        for kind, is_event in kinds
        for i in np.flatnonzero(even & is_event).tolist()
    ]
    walks = [_walk_run(cells, samples, run, rollovers) for run in _runs(cells, uneven)]
    parts = [Steps(rows.ids[even], rows.times[even], amounts[even], bridged[even], tuple(events)), *walks]
    ids, times, amounts, bridged = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("ids", "times", "amounts", "bridged")
    )
    order = np.lexsort((times, ids))
    all_events = (event for part in parts for event in part.events)
    in_order = tuple(sorted(all_events, key=lambda event: (event.point, event.time_ms)))
    return Steps(ids[order], times[order], amounts[order], bridged[order], in_order)


def unanchored(cells: Cells, start_ms: int) -> set[int]:
    """Returns the points whose steps from `start_ms` on may depend on samples before those of the cells."""
    uneven = unsteady(cells)
    points, firsts = np.unique(cells.rows.ids, return_index=True)
    result = set()
    for point, low, high in zip(points.tolist(), firsts, np.append(firsts[1:], len(cells)), strict=False):
        start = low + int(np.searchsorted(cells.rows.times[low:high], start_ms))
        while start > low and start < high and uneven[start]:
            start -= 1
        # The row before the steps must be accepted, which only the row before that can tell.
        if start < low + 2:
            result.add(point)
    return result


def _runs(cells: Cells, uneven: Flags) -> list[slice]:
    """Returns the runs of consecutive unsteady cells of one point, each with a step to the next."""
    indexes = np.flatnonzero(uneven)
    ids, first_ms, last_ms = (column[indexes] for column in (cells.rows.ids, cells.first_ms, cells.last_ms))
    is_break = (np.diff(indexes) > 1) | (ids[1:] != ids[:-1]) | (first_ms[1:] - last_ms[:-1] > LONGEST_MS)
    breaks = np.flatnonzero(is_break) + 1
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(indexes, breaks) if len(run)]


def _walk_run(cells: Cells, samples: Samples, run: slice, rollovers: Mapping[int, float]) -> Steps:
    rows = cells.rows
    point = int(rows.ids[run.start])
    low, high = np.searchsorted(samples.ids, [point, point + 1])
    bounds = [rows.times[run.start], cells.ends[run.stop - 1]]
    first, last = low + np.searchsorted(samples.times[low:high], bounds)
    times, values = samples.times[first:last], samples.values[first:last]
    holds = cells.hold_ms[run][np.searchsorted(rows.times[run], times, side="right") - 1]
    before = run.start - 1
    if before >= 0 and rows.ids[before] == point:
        times = np.append(cells.last_ms[before], times)
        values = np.append(rows.lasts[before], values)
        holds = np.append(cells.hold_ms[before], holds)
    return walk(point, times, values, holds, rollovers.get(point))


def walk(point: int, times: Times, values: Values, holds: Integers, rollover: float | None = None) -> Steps:
    """Returns the steps between the samples of one point, from the first, which is never left out.

    `holds` is the hold (ms) of each sample.
    """
    walked = _Walk(point, times.tolist(), values.tolist(), holds.tolist(), rollover)
    walked.run()
    ends = np.array(walked.ends, np.int64)
    return Steps(
        ids=np.full(len(ends), point, np.int32),
        times=ends,
        amounts=np.array(walked.amounts, np.float64),
        bridged=np.array(walked.bridged, np.float64),
        events=tuple(walked.events),
    )


def _next_lower(values: Sequence[float]) -> list[int]:
    """Returns, for each value, the index of the next one that is lower; their number where there is none."""
    result, waiting = [len(values)] * len(values), list[int]()
    for index, value in enumerate(values):
        while waiting and values[waiting[-1]] > value:
            result[waiting.pop()] = index
        waiting.append(index)
    return result


class _Walk:
    """Goes from sample to sample; what is slow here is only done in unsteady cells."""

    def __init__(
        self,
        point: int,
        times: list[int],
        values: list[float],
        holds: list[int],
        rollover: float | None,
    ) -> None:
        self._point, self._times, self._values = point, times, values
        self._holds, self._rollover = holds, rollover
        self._next_lower = _next_lower(values)
        self.ends: list[int] = []
        self.amounts: list[float] = []
        self.bridged: list[float] = []
        self.events: list[Event] = []

    def run(self) -> None:
        before, count = 0, len(self._times)
        while before + 1 < count:
            after = before + 1
            while (continuation := self._continuation(before, after)) is not None:
                self._note("dip" if self._values[after] < self._values[before] else "spike", before, after)
                after = continuation
            self._step(before, after)
            before = after

    def _continuation(self, before: int, after: int) -> int | None:
        """Returns the sample that continues from `before` when a dip or a spike begins at `after`."""
        times, values = self._times, self._values
        start, value = values[before], values[after]
        if value == start:
            return None
        first = after + 1 if value < start else self._next_lower[after]
        for index in range(first, len(times)):
            length_ms = times[index] - times[before]
            if length_ms > _LONGEST_SKIP_MS or (index > after + 1 and length_ms > SKIP_MS):
                return None
            later = values[index]
            if value < start:
                if later >= start:
                    return index
            elif start <= later < value and (value - later) * _JITTER >= value:
                return index
        return None

    def _step(self, before: int, after: int) -> None:
        start, value = self._values[before], self._values[after]
        length_ms = self._times[after] - self._times[before]
        amount = value - start
        if length_ms > LONGEST_MS:
            self._note("gap", before, after)
            amount = 0.0
        elif start < 0 or value < 0:
            self._note("negative", before, after)
        elif value < start and (start - value) * _JITTER >= start:
            if self._rollover is not None and start > _NEAR_ROLLOVER * self._rollover:
                self._note("rollover", before, after)
                amount = self._rollover - start + value
            else:
                self._note("reset", before, after)
                amount = value
        self.ends.append(self._times[after])
        self.amounts.append(amount)
        self.bridged.append(amount if length_ms > self._holds[before] else 0.0)

    def _note(self, kind: Kind, before: int, after: int) -> None:
        values = self._values
        self.events.append(Event(self._point, kind, self._times[after], values[before], values[after]))
