"""What was fetched: the readings that the upstream delivered, and which of them the product acknowledged.

A fetch is acknowledged when the invocation that made it has succeeded. From then on its samples must be in
every answer, each with its value or with that of a fetch that may have been written later.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.readings import Batch
from tests.simulation.oracle.fetch import NEVER, Fetch, Value, Window
from tests.simulation.process import LONGEST_SKEW_MS
from vitals.model.timespan import DAY_MS, MINUTE_MS, WINDOW_MS, Span, floor_window

_LONGEST_QUESTION_MS = 60 * MINUTE_MS
"""An answer, or an export, may have been read this long ago."""
_LONGEST_WAIT_MS = 30 * MINUTE_MS
"""A fetch waits at most this long for its first request, with a pause on the way."""


@dataclass(slots=True)
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

    def inside(self, span: Span, whole: Span) -> "Expected":
        """Returns what is expected in a span; `whole` is the span of this."""
        if span.start_ms <= whole.start_ms and whole.end_ms <= span.end_ms:
            return self
        return Expected(
            {time_ms for time_ms in self.required if span.start_ms <= time_ms < span.end_ms},
            {time: values for time, values in self.possible.items() if span.start_ms <= time < span.end_ms},
        )


@dataclass(slots=True)
class _Day:
    """What is expected of the points of a site on one day since `changed_ms`, by name."""

    changed_ms: float = -NEVER
    expected: dict[str, Expected] = field(default_factory=dict)

    def change(self, now_ms: float) -> None:
        self.changed_ms = max(self.changed_ms, now_ms)
        self.expected.clear()


class Fetches:
    """The fetches of a run, as far as they decide what an answer must have."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, int], Window] = {}
        self._open: dict[Hashable, list[Fetch]] = {}
        self._replaced: deque[tuple[float, tuple[str, int], Fetch]] = deque()
        """Fetches that no answer can have any more, when they became that, and their windows."""
        self._read: dict[str, set[int]] = defaultdict(set)
        """By site, the windows that a fetch has read to its end."""
        self._days: dict[tuple[str, int], _Day] = defaultdict(_Day)
        self.acknowledged = 0
        """Samples that were acknowledged for the first time."""

    def served(
        self, job: Hashable, delivery: Delivery, names: frozenset[str], began_ms: float | None = None
    ) -> None:
        """Takes note of a page of readings; `names` has the points of the site's catalog.

        `began_ms` is when the request was sent, which can be long before it was served.
        """
        sent_ms = delivery.served_ms if began_ms is None else began_ms
        if delivery.is_weather:
            for batch in delivery.batches:
                self._window(delivery.site, batch.window_ms).weather_ms.append(sent_ms)
            return
        fetches = self._open.setdefault(job, [])
        if delivery.page == 1 or not fetches:
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
                self._window(delivery.site, batch.window_ms).fetches.append(fetch)
            batches.append(batch)
        self._change(fetch, delivery.served_ms)

    def _window(self, site: str, start_ms: int) -> Window:
        return self._windows.setdefault((site, start_ms), Window(start_ms))

    def was_read(self, site: str, window_ms: int) -> bool:
        """Returns whether a fetch has read the window to its end."""
        return window_ms in self._read[site]

    def ended(self, job: Hashable, now_ms: float, names: Mapping[str, frozenset[str]]) -> None:
        """Acknowledges the fetches of a job that succeeded; `names` are those of each site's catalog."""
        self._forget_replaced(now_ms)
        for fetch in self._ended(job, now_ms, names):
            if not fetch.complete:
                continue
            fetch.acked_ms = now_ms
            for window_ms in fetch.windows:
                self._acknowledge(fetch, window_ms)

    def jobs(self) -> list[Hashable]:
        """Returns the jobs that have fetched and not ended."""
        return list(self._open)

    def failed(self, job: Hashable, now_ms: float, names: Mapping[str, frozenset[str]]) -> None:
        """Ends the fetches of a job that failed: they may be stored, and nothing more of them comes."""
        self._ended(job, now_ms, names)

    def _ended(self, job: Hashable, now_ms: float, names: Mapping[str, frozenset[str]]) -> list[Fetch]:
        fetches = self._open.pop(job, [])
        for fetch in fetches:
            fetch.ended_ms = now_ms
            fetch.listed = fetch.names | names[fetch.site]
            fetch.names &= names[fetch.site]
            self._change(fetch, now_ms)
        return fetches

    def _change(self, fetch: Fetch, now_ms: float) -> None:
        """Forgets what was expected of the windows and days of a fetch."""
        for window_ms in fetch.windows:
            self._windows[fetch.site, window_ms].change(now_ms)
            self._days[fetch.site, window_ms - window_ms % DAY_MS].change(now_ms)

    def expected(self, site: str, name: str, span: Span, requested_ms: float) -> Expected:
        """Returns what an answer to a question asked at this time must, and may, have of a point."""
        required: set[int] = set()
        possible: dict[int, set[Value]] = {}
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            day, piece = self._days[site, day_ms], Span(day_ms, day_ms + DAY_MS)
            if requested_ms >= day.changed_ms:
                if name not in day.expected:
                    day.expected[name] = self._computed(site, name, piece, requested_ms)
                expected = day.expected[name].inside(span, piece)
            else:
                clipped = Span(max(day_ms, span.start_ms), min(piece.end_ms, span.end_ms))
                expected = self._computed(site, name, clipped, requested_ms)
            required |= expected.required
            possible |= expected.possible
        return Expected(required, possible)

    def _computed(self, site: str, name: str, span: Span, requested_ms: float) -> Expected:
        expected = Expected(set(), {})
        for window_ms in range(floor_window(span.start_ms), span.end_ms, WINDOW_MS):
            window = self._windows.get((site, window_ms))
            for time_ms, values, is_required in window.readings(name, requested_ms) if window else ():
                if span.start_ms <= time_ms < span.end_ms:
                    expected.possible[time_ms] = values
                    if is_required:
                        expected.required.add(time_ms)
        return expected

    def began_near(self, site: str, window_ms: int, fetched_ms: int) -> bool:
        """Returns whether a fetch of the window may say of itself that it began at this time."""
        window = self._windows.get((site, window_ms))
        return window is not None and any(
            began_ms - _LONGEST_WAIT_MS <= fetched_ms <= began_ms + LONGEST_SKEW_MS
            for began_ms in [*window.weather_ms, *(fetch.began_ms for fetch in window.fetches)]
        )

    def had_since(self, site: str, name: str, time_ms: int, value: Value, since_ms: float) -> bool:
        """Returns whether a value was ever delivered, and its window was read after a time or still is."""
        window = self._windows.get((site, floor_window(time_ms)))
        return (
            window is not None
            and any(fetch.ended_ms > since_ms for fetch in window.fetches)
            and window.ever_had(name, time_ms, value)
        )

    def _acknowledge(self, fetch: Fetch, window_ms: int) -> None:
        key = (fetch.site, window_ms)
        fetches = self._windows[key].fetches
        if not any(other.acked_ms < NEVER for other in fetches if other is not fetch):
            self.acknowledged += fetch.count(window_ms)
        for other in fetches:
            if other is not fetch and fetch.replaces(other, window_ms):
                self._replaced.append((fetch.acked_ms, key, other))

    def _forget_replaced(self, now_ms: float) -> None:
        """Forgets fetches that were replaced before any question that is not answered yet was asked."""
        while self._replaced and self._replaced[0][0] < now_ms - _LONGEST_QUESTION_MS:
            _, key, fetch = self._replaced.popleft()
            self._windows[key].forget(fetch, now_ms)
            self._days[key[0], key[1] - key[1] % DAY_MS].change(now_ms)


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
