"""The readings of a day, drawn: on time, late, corrected, not numbers, or held back by a gateway."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from tests.simulation.ace.points import Point
from tests.simulation.ace.readings import Day, Key, Version
from tests.simulation.ace.values import Value, draw_garbage, log_uniform
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso

_OTHER: Value = ('"17.25"', 17.25)
_RATHER_LATE_MS = 18 * HOUR_MS
_ZONES = {"+02:00": 120 * MINUTE_MS, "-05:30": -330 * MINUTE_MS}


class Rates(NamedTuple):
    """How many of the readings are not what and when they should be."""

    missing: float = 0.005
    late: float = 0.02
    corrected: float = 0.01
    garbage: float = 0.004

    def scaled(self, activity: float) -> "Rates":
        """Returns the rates with so many times as many late and corrected readings."""
        return self._replace(late=self.late * activity, corrected=self.corrected * activity)


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
        return log_uniform(random, 2 * HOUR_MS, _RATHER_LATE_MS)
    return log_uniform(random, _RATHER_LATE_MS + 1000, 3 * DAY_MS)


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
