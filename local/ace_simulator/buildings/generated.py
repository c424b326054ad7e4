"""A building whose readings are a pure function of seed, site, point and time."""

import numpy as np

from local.ace_simulator.buildings.quantities import POINTS_PER_DEVICE, QUANTITIES, Moments
from local.ace_simulator.buildings.readings import (
    SECOND_US,
    Point,
    Readings,
    TimeFormat,
    Value,
    client_of,
    concat,
    iso_texts,
)
from local.ace_simulator.chance import Floats, Ints, site_key, uniform

_UNCONFIGURED_POINTS = 3
# Jitter is shorter than the shortest interval (30 s), so that the readings of a point keep their order.
_JITTER_S = 5

_TIME_FORMATS = (
    TimeFormat(),
    TimeFormat(unit="us", jitter_us=1),
    TimeFormat("+00:00"),
    TimeFormat("+02:00", 2 * 3_600 * SECOND_US, "ms", 1_000),
)
_NOT_NUMBERS: tuple[Value, ...] = (None, "", "NaN", "Infinity", "fault text")
_ODD_NAMES = {7: "Zone Temp {}", 11: "VAV#{}", 13: "Valve 100% {}", 16: "Außenluft °C {}"}
_OTHER_INTERVALS_S = {5: 30, 9: 300, 13: 900}
# Salts for `uniform`; the quantities use those below 100, per point 200 more.
_PHASE, _ODD, _JITTER, _PER_POINT = 101, 102, 103, 200


class GeneratedBuilding:
    """A building with plausible points; an `odd_share` of the readings are not numbers."""

    def __init__(
        self,
        site: str,
        seed: int,
        points: int,
        interval_s: int,
        *,
        odd_share: float = 0.004,
        uniform_times: bool = False,
        other_intervals: bool = True,
    ) -> None:
        self.key = site_key(seed, site)
        intervals = _OTHER_INTERVALS_S if other_intervals else {}
        self.points = [
            _point(site, i, intervals.get(i % 17, interval_s), configured=i < points)
            for i in range(points + _UNCONFIGURED_POINTS)
        ]
        self._odd_share = odd_share
        numbers = np.arange(len(self.points))
        self._quantity = numbers % len(QUANTITIES)
        formats = np.select([numbers % 7 == 3, numbers % 7 == 5, numbers % 11 == 6], [1, 2, 3], 0)
        self._time_format = formats * (not uniform_times)
        self._interval_us = np.array([p.interval_s * SECOND_US for p in self.points], np.int64)
        phases = np.where(numbers % 4 == 1, self._draw_of_points(_PHASE) * self._interval_us // SECOND_US, 0)
        self._phase_us = phases.astype(np.int64) * SECOND_US
        self._jitter_us = np.array([f.jitter_us for f in _TIME_FORMATS], np.int64)[self._time_format]

    def readings(self, start_us: int, end_us: int) -> Readings:
        parts = []
        for interval_us in np.unique(self._interval_us).tolist():
            points = np.flatnonzero(self._interval_us == interval_us)
            ticks = np.arange(
                (start_us - _JITTER_S * SECOND_US) // interval_us - 1, end_us // interval_us + 1
            )
            series, tick = np.repeat(points, len(ticks)), np.tile(ticks, len(points))
            time_us = tick * interval_us + self._phase_us[series] + self._jitter(series, tick)
            parts.append(Readings(series, tick, time_us)[(time_us >= start_us) & (time_us < end_us)])
        return concat(parts)

    def values(self, readings: Readings) -> list[Value]:
        values = np.empty(len(readings), object)
        quantities = self._quantity[readings.series]
        for number, (_, formula) in enumerate(QUANTITIES):
            rows = np.flatnonzero(quantities == number)
            if len(rows):
                values[rows] = formula(self._moments(readings[rows]))
        odd = uniform(self.key, _ODD, readings.series, readings.tick) / (self._odd_share or 1e-99)
        for row in np.flatnonzero(odd < 1).tolist():
            values[row] = _NOT_NUMBERS[int(odd[row] * len(_NOT_NUMBERS))]
        return list(values.tolist())

    def times(self, readings: Readings) -> list[str]:
        texts = np.empty(len(readings), object)
        formats = self._time_format[readings.series]
        for number, time_format in enumerate(_TIME_FORMATS):
            rows = np.flatnonzero(formats == number)
            if len(rows):
                texts[rows] = iso_texts(readings.time_us[rows], time_format)
        return list(texts.tolist())

    def _jitter(self, series: Ints, tick: Ints) -> Ints:
        step_us = self._jitter_us[series]
        steps = uniform(self.key, _JITTER, series, tick) * _JITTER_S * SECOND_US // np.maximum(step_us, 1)
        jitter: Ints = steps.astype(np.int64) * step_us
        return jitter

    def _moments(self, readings: Readings) -> Moments:
        series, seconds = readings.series, readings.time_us / SECOND_US
        return Moments(
            series,
            seconds,
            draw=lambda salt: uniform(self.key, salt, series, readings.tick),
            draw_of_point=lambda salt: self._draw_of_points(salt)[series],
            draw_per_step=lambda salt, step_s: uniform(self.key, salt, series, seconds // step_s),
        )

    def _draw_of_points(self, salt: int) -> Floats:
        numbers = np.arange(len(self.points))
        return uniform(self.key, _PER_POINT + salt, numbers, np.zeros_like(numbers))


def _point(site: str, number: int, interval_s: int, *, configured: bool) -> Point:
    mac, instance = 33 + number // POINTS_PER_DEVICE, 100 + number
    device = f"8000:{mac}-{8000 + mac}"
    quantity = QUANTITIES[number % len(QUANTITIES)][0]
    object_name = _ODD_NAMES.get(number % 19, "{}").format(instance)
    name = f"{client_of(site)}/{site}/{device}/{quantity.object_type}/{object_name}"
    return Point(name, device, instance, quantity, interval_s, configured)
