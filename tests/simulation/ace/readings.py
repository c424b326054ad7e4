"""The readings of one site and UTC day: versions of each, and when each of them is visible."""

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from tests.simulation.ace.points import Point
from tests.simulation.ace.values import Value, draw_garbage
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, Span, iso

BEYOND_MS = 18 * HOUR_MS
"""A version that is visible later than this after its time may come after the last regular re-read."""
_OTHER: Value = ('"17.25"', 17.25)
_ZONES = {"+02:00": 120 * MINUTE_MS, "-05:30": -330 * MINUTE_MS}

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
        """Whether it became visible more than 18 hours after its time."""
        return self.visible_ms - self.time_ms > BEYOND_MS


class Rates(NamedTuple):
    """How many of the readings are not what and when they should be."""

    missing: float = 0.005
    late: float = 0.02
    corrected: float = 0.01
    garbage: float = 0.004


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


def draw_day(
    random: Random,
    points: Iterable[Point],
    day_ms: int,
    outages: Mapping[int, Sequence[Span]],
    rates: Rates,
) -> Day:
    """Returns the readings of a day; `outages` of gateways delay those of their points to the end."""
    readings: dict[Key, tuple[Version, ...]] = {}
    day = Span(day_ms, day_ms + DAY_MS)
    for point in points:
        spans = [span for span in outages.get(point.gateway, ()) if _overlap(span, day)]
        for sent in point.sends:
            times = Span(max(sent.start_ms, day.start_ms), min(sent.end_ms, day.end_ms))
            if times:
                _Draft(random, point, spans, rates).draw(times, readings)
    return Day(readings)


def _overlap(first: Span, second: Span) -> bool:
    return first.start_ms < second.end_ms and second.start_ms < first.end_ms


class _Draft:
    """Draws the readings of one point."""

    def __init__(self, random: Random, point: Point, outages: Sequence[Span], rates: Rates) -> None:
        self._random = random
        self._point = point
        self._outages = outages
        self._missing = rates.missing
        self._late = self._missing + rates.late
        self._corrected = self._late + rates.corrected
        self._garbage = self._corrected + rates.garbage
        self._prefix = f'{{"name":{json.dumps(point.name, ensure_ascii=point.number % 2 == 0)},"value":'
        self._shift_ms, self._suffix = _ending(point.time_style, point.phase_ms)

    def draw(self, times: Span, readings: dict[Key, tuple[Version, ...]]) -> None:
        """Adds the readings of the span."""
        random, point, garbage = self._random, self._point, self._garbage
        step_ms = point.interval_s * 1000
        first = times.start_ms + (point.phase_ms - times.start_ms) % step_ms
        for time_ms in range(first, times.end_ms, step_ms):
            fate = random.random()
            if fate < self._missing:
                continue
            visible_ms = time_ms + 1000 + int(random.random() * 24_000)
            value = point.draw(random, time_ms)
            if fate < garbage:
                reading = self._unusual(time_ms, visible_ms, value, fate)
            else:
                reading = (self._version(time_ms, self._sent(time_ms, visible_ms), value),)
            readings[point.name, time_ms] = reading

    def _unusual(self, time_ms: int, visible_ms: int, value: Value, fate: float) -> tuple[Version, ...]:
        random = self._random
        if fate < self._late:
            visible_ms = time_ms + late_by(random)
        visible_ms = self._sent(time_ms, visible_ms)
        if fate >= self._corrected:
            return (self._version(time_ms, visible_ms, draw_garbage(random)),)
        values = self._corrections(time_ms, value) if fate >= self._late else [value]
        versions = []
        for changed in values:
            versions.append(self._version(time_ms, visible_ms, changed))
            visible_ms += log_uniform(random, MINUTE_MS, DAY_MS)
        return tuple(versions)

    def _corrections(self, time_ms: int, value: Value) -> list[Value]:
        """Returns the values of a corrected reading: mostly two, or the first again after another."""
        random = self._random
        other = self._point.draw(random, time_ms + HOUR_MS)
        if other[1] == value[1]:
            other = _OTHER
        chance = random.random()
        if chance < 0.6:
            return [value, other]
        if chance < 0.82:
            return [value, other, value]
        garbage = draw_garbage(random)
        if chance < 0.9:
            return [garbage, value]
        return [value, garbage, other] if chance < 0.95 else [value, garbage]

    def _sent(self, time_ms: int, visible_ms: int) -> int:
        """Returns when a reading is visible that would be at `visible_ms` if its gateway were connected."""
        for outage in self._outages:
            if outage.start_ms <= time_ms < outage.end_ms:
                return max(visible_ms, outage.end_ms + int(self._random.random() * MINUTE_MS))
        return visible_ms

    def _version(self, time_ms: int, visible_ms: int, value: Value) -> Version:
        point = self._point
        text, sample = value
        entry = f'{self._prefix}{text},"time":"{_moment_text(time_ms + self._shift_ms)}{self._suffix}"}}'
        return Version(point.name, time_ms, visible_ms, sample, entry)


def late_by(random: Random) -> int:
    """Returns how late a reading is: most less than two hours, some up to 18 hours, a few up to 3 days."""
    chance = random.random()
    if chance < 0.85:
        return log_uniform(random, MINUTE_MS, 2 * HOUR_MS)
    if chance < 0.97:
        return log_uniform(random, 2 * HOUR_MS, BEYOND_MS)
    return log_uniform(random, BEYOND_MS + 1000, 3 * DAY_MS)


def log_uniform(random: Random, lower: float, upper: float) -> int:
    """Returns a whole number between two bounds, with each order of magnitude as likely as the next."""
    return int(math.exp(random.uniform(math.log(lower), math.log(upper))))


def time_text(time_ms: int, style: str) -> str:
    """Returns a time in ISO 8601, with the fraction and the zone of the style."""
    shift_ms, suffix = _ending(style, time_ms)
    return _moment_text(time_ms + shift_ms) + suffix


def _ending(style: str, time_ms: int) -> tuple[int, str]:
    """Returns the offset of a style in ms, and its text after the seconds of a time."""
    return _ZONES.get(style, 0), style.format(ms=time_ms % 1000)


def _moment_text(shifted_ms: int) -> str:
    day, seconds = divmod(shifted_ms // 1000, DAY_MS // 1000)
    return f"{_day_text(day)}T{_clock(seconds)}"


@cache
def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@cache
def _day_text(day: int) -> str:
    return iso(day * DAY_MS)[:10]
