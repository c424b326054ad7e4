"""The readings of one site and UTC day: versions of each, and when each of them is visible."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span

# A full re-read goes back 24 hours. The next one is up to seven hours later, and a failed sync delays it.
_BEYOND_MS = 16 * HOUR_MS

type Key = tuple[str, int]
"""(name of a point, time in ms)."""


class Version(NamedTuple):
    """What the upstream says of a reading from `visible_ms` on; `value` is None when it is no sample."""

    name: str
    time_ms: int
    visible_ms: int
    value: float | None
    entry: str
    """The JSON object of the reading on a page."""

    @property
    def is_beyond_rereads(self) -> bool:
        """Whether it became visible so late after its time that no regular re-read may have followed."""
        return self.visible_ms - self.time_ms > _BEYOND_MS


class Batch(NamedTuple):
    """The readings of one window that are visible in the same state; shared by all answers that have it."""

    window_ms: int
    versions: tuple[Version, ...]
    samples: tuple[tuple[str, int, float], ...]
    """(name, time in ms, value) of the versions that are samples."""
    json: str
    """The entries, joined by commas."""


class Window:
    """The readings of five minutes, in the order of their times."""

    def __init__(self, start_ms: int, readings: Sequence[tuple[Version, ...]]) -> None:
        self.start_ms = start_ms
        self._readings = readings
        self._changes = sorted(version.visible_ms for reading in readings for version in reading)
        self._state = -1
        self._batch = Batch(start_ms, (), (), "")

    def visible_at(self, at_ms: int) -> Batch:
        """Returns what is visible at a time."""
        state = bisect_right(self._changes, at_ms)
        if state != self._state:
            self._batch = batch(self.start_ms, self._visible(at_ms))
            self._state = state
        return self._batch

    def _visible(self, at_ms: int) -> list[Version]:
        visible = []
        for reading in self._readings:
            version = latest(reading, at_ms)
            if version is not None:
                visible.append(version)
        return visible


def latest(reading: Iterable[Version], at_ms: int) -> Version | None:
    """Returns the version of a reading that is visible at a time; None before the first."""
    visible = None
    for version in reading:
        if version.visible_ms <= at_ms:
            visible = version
    return visible


def batch(window_ms: int, versions: Sequence[Version]) -> Batch:
    """Returns a batch of these versions."""
    samples = tuple([(row.name, row.time_ms, row.value) for row in versions if row.value is not None])
    return Batch(window_ms, tuple(versions), samples, ",".join([row.entry for row in versions]))


class Day:
    """The readings of a site in one UTC day."""

    def __init__(self, readings: Mapping[Key, tuple[Version, ...]]) -> None:
        self.readings = readings
        self._windows: dict[int, list[tuple[Version, ...]]] = {}
        for reading in sorted(readings.values(), key=_time_of):
            time_ms = reading[0].time_ms
            self._windows.setdefault(time_ms - time_ms % WINDOW_MS, []).append(reading)
        self._built: dict[int, Window] = {}
        self._times: dict[str, list[int]] = {}
        for name, time_ms in readings:
            self._times.setdefault(name, []).append(time_ms)

    def window(self, start_ms: int) -> Window:
        """Returns the window that starts at a time."""
        window = self._built.get(start_ms)
        if window is None:
            window = self._built[start_ms] = Window(start_ms, self._windows.get(start_ms, ()))
        return window

    def times(self, name: str, span: Span) -> list[int]:
        """Returns the times of a point's readings in the span, in order."""
        times = self._times.get(name, [])
        return times[bisect_left(times, span.start_ms) : bisect_left(times, span.end_ms)]


def _time_of(reading: tuple[Version, ...]) -> int:
    return reading[0].time_ms
