"""A fetch of the upstream, and what the fetches of a window say of each of its readings."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.ace.readings import Batch
from vitals.model.timespan import MINUTE_MS

SLACK_MS = 4 * MINUTE_MS
"""A fetch may have begun this long before its first request that was answered: two clocks differ by up to two
minutes, and a request waits for its slot, and repeats, for up to another two."""
NEVER = float("inf")
_NOTHING: Mapping[int, "Value"] = {}

type Value = float | str
"""A number; "-0.0" for the zero that Python takes for equal to 0.0."""
type Samples = Mapping[str, Mapping[int, Value]]
"""Values by time, by name."""
type Reading = tuple[int, set[Value], bool]
"""The time of a reading, the values that can be stored, and whether one of them must be."""


@dataclass(slots=True, eq=False)
class Fetch:
    """One read of a span by one job.

    `names` are the points that its catalog had at its begin and at its end, `listed` those at one of them.
    """

    site: str
    job: Hashable
    began_ms: float
    names: frozenset[str]
    listed: frozenset[str] = frozenset()
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
        count, cached = self._merged.get(window_ms, (0, {}))
        if count == len(batches):
            return cached
        merged: dict[str, dict[int, Value]] = defaultdict(dict)
        for batch in batches:
            for name, rows in _by_name(batch).items():
                merged[name].update(rows)
        self._merged[window_ms] = len(batches), merged
        return merged

    def count(self, window_ms: int) -> int:
        """Returns how many samples the fetch delivered of a window."""
        batches = self.windows[window_ms]
        if len(batches) == 1:
            return len({sample[:2] for sample in batches[0].samples})
        return sum(map(len, self.samples(window_ms).values()))

    def replaces(self, other: "Fetch", window_ms: int) -> bool:
        """Returns whether nothing of the other fetch can be in the window any more, or come into it."""
        if other.ended_ms >= self.began_ms - SLACK_MS or self.acked_ms == NEVER:
            return False
        if not other.listed <= self.names:
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


def listed(values: Iterable[Value]) -> str:
    """Returns values in words, always in the same order."""
    return " or ".join(map(str, sorted(values, key=str))) or "nothing"


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


@dataclass(slots=True)
class Window:
    """The fetches of one window of a site; `changed_ms` is when one of them last began, ended or went."""

    start_ms: int
    fetches: list[Fetch] = field(default_factory=list)
    weather_ms: list[float] = field(default_factory=list)
    """When the requests for the weather in it were sent."""
    changed_ms: float = -NEVER
    _past: set[tuple[str, int, Value]] = field(default_factory=set)
    """(name, time, value) of what only fetches had that are forgotten."""
    _cached: dict[str, list[Reading]] = field(default_factory=dict)

    def change(self, now_ms: float) -> None:
        """Takes note that something has changed."""
        self.changed_ms = max(self.changed_ms, now_ms)
        self._cached.clear()

    def forget(self, fetch: Fetch, now_ms: float) -> None:
        """Removes a fetch that decides nothing any more."""
        self.change(now_ms)
        self.fetches = [other for other in self.fetches if other is not fetch]
        if any(other.windows[self.start_ms] == fetch.windows[self.start_ms] for other in self.fetches):
            return
        remaining = [other.samples(self.start_ms) for other in self.fetches]
        for name, rows in fetch.samples(self.start_ms).items():
            for time_ms, value in rows.items():
                if not any(samples.get(name, _NOTHING).get(time_ms) == value for samples in remaining):
                    self._past.add((name, time_ms, value))

    def ever_had(self, name: str, time_ms: int, value: Value) -> bool:
        """Returns whether a fetch has ever delivered this value of a reading."""
        return (name, time_ms, value) in self._past or any(
            fetch.samples(self.start_ms).get(name, _NOTHING).get(time_ms) == value for fetch in self.fetches
        )

    def readings(self, name: str, requested_ms: float) -> list[Reading]:
        """Returns the readings of a point, as far as fetches decide them for a question of this time."""
        if requested_ms < self.changed_ms:
            return list(self._readings(name, requested_ms))
        if name not in self._cached:
            self._cached[name] = list(self._readings(name, requested_ms))
        return self._cached[name]

    def _readings(self, name: str, requested_ms: float) -> Iterator[Reading]:
        rows = [(fetch, fetch.samples(self.start_ms).get(name, _NOTHING)) for fetch in self.fetches]
        same = rows[0][1] if rows else _NOTHING
        if all([row is same or row == same for _, row in rows]):
            is_acked = any(fetch.acked_ms <= requested_ms and name in fetch.names for fetch in self.fetches)
            yield from ((time_ms, {value}, is_acked) for time_ms, value in same.items())
            return
        for time_ms in sorted({time_ms for _, row in rows for time_ms in row}):
            having = [(fetch, row[time_ms]) for fetch, row in rows if time_ms in row]
            acked = [fetch for fetch, _ in having if fetch.acked_ms <= requested_ms and name in fetch.names]
            yield time_ms, _possible(having, acked, self.fetches), bool(acked)


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
