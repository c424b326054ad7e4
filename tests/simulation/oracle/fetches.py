"""What was fetched: the readings that the upstream delivered, and which of them the product acknowledged.

A fetch is acknowledged when the invocation that made it has succeeded. From then on its samples must be in
every answer, each with its value or with that of a fetch that may have been written later.
"""

import math
from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.readings import Batch
from vitals.model.timespan import MINUTE_MS, WINDOW_MS, Span, floor_window

SLACK_MS = 4 * MINUTE_MS
"""A fetch may have begun this long before its first request that was answered: two clocks differ by up to two
minutes, and a request waits for its slot, and repeats, for up to another two."""
_LONGEST_QUESTION_MS = 60 * MINUTE_MS
"""An answer, or an export, may have been read this long ago."""
NEVER = float("inf")
_NOTHING: Mapping[int, "Value"] = {}

type Value = float | str
"""A number; "-0.0" for the zero that Python takes for equal to 0.0."""
type Samples = Mapping[str, Mapping[int, Value]]
"""Values by time, by name."""


@dataclass(slots=True, eq=False)
class Fetch:
    """One read of a span by one job; `names` are the points that its catalog had."""

    site: str
    job: Hashable
    began_ms: float
    names: frozenset[str]
    ended_ms: float = NEVER
    acked_ms: float = NEVER
    complete: bool = False
    lacks: bool = False
    """Whether readings were delivered that could not be read."""
    windows: dict[int, list[Batch]] = field(default_factory=dict)

    _merged: dict[int, tuple[int, Samples]] = field(default_factory=dict)

    def samples(self, window_ms: int) -> Samples:
        """Returns what the fetch delivered of a window."""
        batches = self.windows[window_ms]
        if len(batches) == 1:
            return _by_name(batches[0])
        count, known = self._merged.get(window_ms, (0, {}))
        if count == len(batches):
            return known
        merged: dict[str, dict[int, Value]] = defaultdict(dict)
        for batch in batches:
            for name, rows in _by_name(batch).items():
                merged[name].update(rows)
        self._merged[window_ms] = len(batches), merged
        return merged

    def replaces(self, other: "Fetch", window_ms: int) -> bool:
        """Returns whether nothing of the other fetch can be in the window any more, or come into it."""
        if other.ended_ms >= self.began_ms - SLACK_MS or self.acked_ms == NEVER:
            return False
        if not other.names <= self.names:
            return False
        own, others = self.windows[window_ms], other.windows[window_ms]
        if len(own) == len(others) == 1 and own[0] is others[0]:
            return True
        own_samples = self.samples(window_ms)
        return all(
            rows.keys() <= own_samples.get(name, {}).keys() for name, rows in other.samples(window_ms).items()
        )


def exact(value: float) -> Value:
    """Returns the value so that two are equal only if all their bits are."""
    return value if value or math.copysign(1.0, value) > 0 else "-0.0"


class _Batches:
    """The samples of batches by name; a batch is shared by many answers."""

    def __init__(self) -> None:
        self._cached: dict[int, tuple[Batch, Samples]] = {}

    def __call__(self, batch: Batch) -> Samples:
        cached = self._cached.get(id(batch))
        if cached is not None:
            return cached[1]
        rows: dict[str, dict[int, Value]] = defaultdict(dict)
        for name, time_ms, value in batch.samples:
            rows[name][time_ms] = value or exact(value)
        if len(self._cached) > 20_000:
            self._cached.clear()
        self._cached[id(batch)] = (batch, rows)
        return rows


_by_name = _Batches()


class Fetches:
    """The fetches of a run, as far as they decide what an answer must have."""

    def __init__(self) -> None:
        self._of_window: dict[tuple[str, int], list[Fetch]] = {}
        self._open: dict[Hashable, list[Fetch]] = {}
        self._replaced: deque[tuple[float, tuple[str, int], Fetch]] = deque()
        """Fetches that no answer can have any more, when they became that, and their windows."""
        self._read: dict[str, set[int]] = defaultdict(set)
        """By site, the windows that a fetch has read to its end."""
        self._expected: dict[tuple[str, str, Span], Expected] = {}
        """What was expected since something last changed, at `_changed_ms`."""
        self._changed_ms = -NEVER
        self.acknowledged = 0
        """Samples that were acknowledged for the first time."""

    def served(
        self, job: Hashable, delivery: Delivery, names: frozenset[str], began_ms: float | None = None
    ) -> None:
        """Takes note of a page of readings; `names` has the points of the site's catalog.

        `began_ms` is when the request was sent, which can be long before it was served.
        """
        if delivery.is_weather:
            return
        self._change(delivery.served_ms)
        fetches = self._open.setdefault(job, [])
        if delivery.page == 1 or not fetches:
            sent_ms = delivery.served_ms if began_ms is None else began_ms
            fetches.append(Fetch(delivery.site, job, sent_ms, names))
        fetch = fetches[-1]
        fetch.complete = fetch.complete or delivery.is_last
        fetch.lacks = fetch.lacks or bool(delivery.malformed)
        if delivery.is_last:
            span = delivery.span
            self._read[delivery.site].update(range(floor_window(span.start_ms), span.end_ms, WINDOW_MS))
        for batch in _by_window(delivery.batches):
            batches = fetch.windows.setdefault(batch.window_ms, [])
            if not batches:
                self._of_window.setdefault((delivery.site, batch.window_ms), []).append(fetch)
            batches.append(batch)

    def was_read(self, site: str, window_ms: int) -> bool:
        """Returns whether a fetch has read the window to its end."""
        return window_ms in self._read[site]

    def ended(self, job: Hashable, now_ms: float, names: Mapping[str, frozenset[str]]) -> None:
        """Acknowledges the fetches of a job that succeeded; `names` are those of each site's catalog."""
        self._change(now_ms)
        self._forget_replaced(now_ms)
        for fetch in self._open.pop(job, []):
            fetch.ended_ms = now_ms
            if not fetch.complete:
                continue
            fetch.acked_ms = now_ms
            fetch.names &= names[fetch.site]
            for window_ms in fetch.windows:
                self._acknowledge(fetch, window_ms)

    def jobs(self) -> list[Hashable]:
        """Returns the jobs that have fetched and not ended."""
        return list(self._open)

    def failed(self, job: Hashable, now_ms: float) -> None:
        """Ends the fetches of a job that failed: they may be stored, and nothing more of them comes."""
        self._change(now_ms)
        for fetch in self._open.pop(job, []):
            fetch.ended_ms = now_ms

    def _change(self, now_ms: float) -> None:
        self._expected.clear()
        self._changed_ms = max(self._changed_ms, now_ms)

    def expected(self, site: str, name: str, span: Span, asked_ms: float) -> "Expected":
        """Returns what an answer to a question asked at this time must, and may, have of a point."""
        is_current = asked_ms >= self._changed_ms
        if is_current and (site, name, span) in self._expected:
            return self._expected[site, name, span]
        required: set[int] = set()
        possible: dict[int, set[Value]] = {}
        for window_ms in range(floor_window(span.start_ms), span.end_ms, WINDOW_MS):
            for time_ms, values, is_required in self._of_point(site, name, window_ms, asked_ms):
                if span.start_ms <= time_ms < span.end_ms:
                    possible[time_ms] = values
                    if is_required:
                        required.add(time_ms)
        expected = Expected(required, possible)
        if is_current:
            self._expected[site, name, span] = expected
        return expected

    def changed_since(self, site: str, time_ms: int, since_ms: float) -> bool:
        """Returns whether a fetch of the window of a sample ended after a time, or is still running."""
        fetches = self._of_window.get((site, floor_window(time_ms)), ())
        return any(fetch.ended_ms > since_ms for fetch in fetches)

    def _of_point(
        self, site: str, name: str, window_ms: int, asked_ms: float
    ) -> Iterator[tuple[int, set[Value], bool]]:
        """Yields the time, the possible values and whether one is required, of each reading of a window."""
        fetches = self._of_window.get((site, window_ms))
        if not fetches:
            return
        rows = [(fetch, fetch.samples(window_ms).get(name, _NOTHING)) for fetch in fetches]
        same = rows[0][1]
        if all(row == same for _, row in rows[1:]):
            is_acked = any(fetch.acked_ms <= asked_ms and name in fetch.names for fetch in fetches)
            yield from ((time_ms, {value}, is_acked) for time_ms, value in same.items())
            return
        for time_ms in sorted({time_ms for _, row in rows for time_ms in row}):
            having = [(fetch, row[time_ms]) for fetch, row in rows if time_ms in row]
            acked = [fetch for fetch, _ in having if fetch.acked_ms <= asked_ms and name in fetch.names]
            yield time_ms, _possible(having, acked, fetches), bool(acked)

    def _acknowledge(self, fetch: Fetch, window_ms: int) -> None:
        key = (fetch.site, window_ms)
        fetches = self._of_window[key]
        if not any(other.acked_ms < NEVER for other in fetches if other is not fetch):
            self.acknowledged += sum(map(len, fetch.samples(window_ms).values()))
        for other in fetches:
            if other is not fetch and fetch.replaces(other, window_ms):
                self._replaced.append((fetch.acked_ms, key, other))

    def _forget_replaced(self, now_ms: float) -> None:
        """Forgets fetches that were replaced before any question that is not answered yet was asked."""
        while self._replaced and self._replaced[0][0] < now_ms - _LONGEST_QUESTION_MS:
            _, key, fetch = self._replaced.popleft()
            self._of_window[key] = [other for other in self._of_window[key] if other is not fetch]


def _by_window(batches: Sequence[Batch]) -> Iterator[Batch]:
    """Yields the batches, those of a page with malformed entries cut into windows."""
    for batch in batches:
        if batch.window_ms:
            yield batch
            continue
        rows: dict[int, list[tuple[str, int, float]]] = defaultdict(list)
        for sample in batch.samples:
            rows[floor_window(sample[1])].append(sample)
        yield from (Batch(window_ms, (), tuple(samples), "") for window_ms, samples in rows.items())


def _possible(
    having: Sequence[tuple[Fetch, Value]], acked: Sequence[Fetch], fetches: Sequence[Fetch]
) -> set[Value]:
    """Returns the values that can be stored: none of a fetch that ended before an acknowledged one began.

    An acknowledged fetch that raced with one that lacks readings decides nothing: the block is of the other.
    """
    began_ms = max(
        (fetch.began_ms for fetch in acked if not _raced_with_lack(fetch, fetches)), default=-NEVER
    )
    return {value for fetch, value in having if fetch.ended_ms >= began_ms - SLACK_MS}


def _raced_with_lack(fetch: Fetch, fetches: Sequence[Fetch]) -> bool:
    return any(
        other.lacks
        and other.ended_ms >= fetch.began_ms - SLACK_MS
        and other.began_ms - SLACK_MS <= fetch.ended_ms
        for other in fetches
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must have of a point: `required` times, and for each time the `possible` values."""

    required: set[int]
    possible: dict[int, set[Value]]

    @property
    def certain(self) -> bool:
        """Whether there is exactly one right answer."""
        return self.required == self.possible.keys() and all(
            len(values) == 1 for values in self.possible.values()
        )
