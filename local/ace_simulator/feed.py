"""The samples of one site at a given moment, in an order that pages can be cut from."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from local.ace_simulator.buildings.anomalies import Anomaly, SiteAnomalies
from local.ace_simulator.buildings.readings import (
    MINUTE_US,
    Building,
    Readings,
    TimeFormat,
    Value,
    concat,
    iso_texts,
    microseconds,
)
from local.ace_simulator.chance import Ints, uniform
from operations import oracle

type Sample = dict[str, Any]
type Series = dict[str, tuple[Ints, list[Value]]]

# Pages are cut from chunks of this length, so that the cost of a page does not grow with the range.
_CHUNK_US = 15 * MINUTE_US
_AVERAGED_US = 5 * MINUTE_US
# Salts for `uniform`; the generated building uses those below 300.
_LATE, _DELAY, _CHUNK_SHUFFLED, _ORDER = 301, 302, 303, 304


class View(NamedTuple):
    """The subject of a run of pages: its first page fixes the range, the moment and the faults."""

    start_us: int
    end_us: int
    now_us: int
    put_count: int
    """How many put samples existed."""
    raw: bool = True
    late: float = 0.0
    late_minutes: float = 0.0
    shuffle: float = 0.0

    def begin(self) -> "Position":
        """Returns the position of the first page."""
        return Position(self.start_us // _CHUNK_US * _CHUNK_US, 0)


class Position(NamedTuple):
    """The chunk of a view, and the offset there, at which a page begins."""

    chunk_us: int
    offset: int


class Batch(NamedTuple):
    """Samples of a view, whether more follow, and how many come from which chunk."""

    samples: list[Sample]
    has_more: bool
    slices: Sequence[tuple[Position, int]]

    def position_after(self, count: int) -> Position:
        """Returns the position behind the first `count` samples."""
        position = Position(0, 0)
        for begin, length in self.slices:
            position = Position(begin.chunk_us, begin.offset + min(count, length))
            if count < length:
                break
            count -= length
        return position


class _PutSample(NamedTuple):
    name: str
    value: Value
    time_us: int
    text: str


class SiteFeed:
    """The readings of a building, and the samples that tests put in their place."""

    def __init__(self, building: Building, opened_us: int = -(2**62)) -> None:
        self.building = building
        self._opened_us = opened_us
        self._put_samples: list[_PutSample] = []
        self._series = {point.name: number for number, point in enumerate(building.points)}
        self._anomalies = SiteAnomalies((), self._series)

    @property
    def put_count(self) -> int:
        """How many samples have been put."""
        return len(self._put_samples)

    def set_anomalies(self, anomalies: Iterable[Anomaly]) -> None:
        """Replaces the anomalies of the building."""
        self._anomalies = SiteAnomalies(tuple(anomalies), self._series)

    def put(self, samples: Iterable[tuple[str, Value, str | int]]) -> None:
        """Adds (name, value, ISO time or ms); each replaces whatever has the same name and millisecond."""
        self._put_samples += [_PutSample(name, value, *_put_time(time)) for name, value, time in samples]

    def read(self, view: View, position: Position, count: int) -> Batch:
        """Returns up to `count` samples of the view from the position."""
        pieces: list[Readings | list[Sample]] = []
        slices: list[tuple[Position, int]] = []
        remaining, has_more = count, False
        for chunk_us, chunk in self._chunks(view, position.chunk_us):
            begin = Position(chunk_us, position.offset if chunk_us == position.chunk_us else 0)
            piece = chunk[begin.offset : begin.offset + remaining]
            pieces.append(piece)
            slices.append((begin, len(piece)))
            remaining -= len(piece)
            if len(chunk) > begin.offset + len(piece):
                has_more = True
                break
        # Rendering all chunks at once is faster: those of a small building are short.
        averages = [sample for piece in pieces if isinstance(piece, list) for sample in piece]
        readings = [piece for piece in pieces if not isinstance(piece, list)]
        samples = averages + self._render(concat(readings)) if readings else averages
        return Batch(samples, has_more, slices)

    def series(self, view: View) -> Series:
        """Returns times (ms, rounded down) and values of every series of the view, by name, in order."""
        readings = concat(
            [self._readings(view, *span) for _, *span in self._spans(view, view.begin().chunk_us)]
        )
        readings = readings[np.lexsort((readings.time_us, readings.series))]
        if not len(readings):
            return {}
        values, times_ms = self._values(readings), readings.time_us // 1_000
        starts = np.flatnonzero(np.diff(readings.series, prepend=np.iinfo(np.int64).min)).tolist()
        by_name: Series = {}
        for start, end in zip(starts, [*starts[1:], len(readings)], strict=True):
            name = self._names(readings[start : start + 1])[0]
            times_before, values_before = by_name.get(name, (times_ms[:0], []))
            by_name[name] = (np.append(times_before, times_ms[start:end]), values_before + values[start:end])
        return {name: _ordered(*columns) for name, columns in by_name.items()}

    def _spans(self, view: View, chunk_us: int) -> Iterator[tuple[int, int, int]]:
        """Yields (chunk, start, end) of each chunk from `chunk_us` on that can have readings."""
        latest_us = max([view.now_us, *(put.time_us for put in self._put_samples[: view.put_count])])
        end_us = min(view.end_us, latest_us + 1)
        for begin_us in range(chunk_us, end_us, _CHUNK_US):
            yield begin_us, max(begin_us, view.start_us), min(begin_us + _CHUNK_US, end_us)

    def _chunks(self, view: View, chunk_us: int) -> Iterator[tuple[int, Readings | list[Sample]]]:
        for begin_us, start_us, end_us in self._spans(view, chunk_us):
            if view.raw:
                yield begin_us, self._in_order(view, begin_us, self._readings(view, start_us, end_us))
            else:
                yield begin_us, self._averages(view, start_us, end_us)

    def _readings(self, view: View, start_us: int, end_us: int) -> Readings:
        """Returns the readings of [start, end) that have arrived at the moment of the view."""
        readings = self.building.readings(max(start_us, self._opened_us), min(end_us, view.now_us + 1))
        readings = self._anomalies.present(readings)
        if view.late:
            key, max_delay_us = self.building.key, view.late_minutes * MINUTE_US
            is_late = uniform(key, _LATE, readings.series, readings.tick) < view.late
            delay_us = is_late * uniform(key, _DELAY, readings.series, readings.tick) * max_delay_us
            readings = readings[readings.time_us + delay_us <= view.now_us]
        return self._with_put_samples(readings, view, start_us, end_us)

    def _with_put_samples(self, readings: Readings, view: View, start_us: int, end_us: int) -> Readings:
        """Returns the readings with put samples, as negative series, in place of those that they replace."""
        numbers = {
            (put.name, put.time_us // 1_000): number
            for number, put in enumerate(self._put_samples[: view.put_count])
            if start_us - 1_000 <= put.time_us < end_us + 1_000
        }
        if not numbers:
            return readings
        keep = np.ones(len(readings), np.bool_)
        for name, time_ms in numbers:
            keep &= (readings.series != self._series.get(name, -1)) | (readings.time_us // 1_000 != time_ms)
        in_range = [n for n in numbers.values() if start_us <= self._put_samples[n].time_us < end_us]
        series = np.array([-1 - number for number in in_range], np.int64)
        times = np.array([self._put_samples[number].time_us for number in in_range], np.int64)
        return concat([readings[keep], Readings(series, np.zeros_like(series), times)])

    def _in_order(self, view: View, chunk_us: int, readings: Readings) -> Readings:
        key = self.building.key
        chunk = np.array([chunk_us])
        if uniform(key, _CHUNK_SHUFFLED, np.zeros_like(chunk), chunk)[0] < view.shuffle:
            return readings[np.argsort(uniform(key, _ORDER, readings.series, readings.tick))]
        return readings[np.lexsort((readings.series, readings.time_us))]

    def _averages(self, view: View, start_us: int, end_us: int) -> list[Sample]:
        """Returns the mean of each point over each five minutes that begin in [start, end)."""
        start_us, end_us = (-(-edge // _AVERAGED_US) * _AVERAGED_US for edge in (start_us, end_us))
        readings = self._readings(view, start_us, end_us)
        windows = (readings.time_us // _AVERAGED_US * _AVERAGED_US).tolist()
        numbers: dict[tuple[int, str], list[float]] = {}
        for window_us, name, value in zip(
            windows, self._names(readings), self._values(readings), strict=True
        ):
            number = oracle.number(value)
            if number is not None:
                numbers.setdefault((window_us, name), []).append(number)
        texts = iso_texts(np.array([window_us for window_us, _ in numbers], np.int64))
        return [
            {"name": name, "value": repr(sum(values) / len(values)), "time": text}
            for ((_, name), values), text in zip(numbers.items(), texts, strict=True)
        ]

    def _render(self, readings: Readings) -> list[Sample]:
        times = self.building.times(_without_put_samples(readings))
        for row in np.flatnonzero(readings.series < 0).tolist():
            times[row] = self._put_sample(readings, row).text
        rows = zip(self._names(readings), self._values(readings), times, strict=True)
        return [{"name": name, "value": value, "time": time} for name, value, time in rows]

    def _names(self, readings: Readings) -> list[str]:
        points, put = self.building.points, self._put_samples
        return [points[s].name if s >= 0 else put[-1 - s].name for s in readings.series.tolist()]

    def _values(self, readings: Readings) -> list[Value]:
        values = self.building.values(_without_put_samples(readings))
        values = self._anomalies.changed(readings, values)
        for row in np.flatnonzero(readings.series < 0).tolist():
            values[row] = self._put_sample(readings, row).value
        return values

    def _put_sample(self, readings: Readings, row: int) -> _PutSample:
        return self._put_samples[-1 - int(readings.series[row])]


def _without_put_samples(readings: Readings) -> Readings:
    """Returns the same rows with series 0 in place of put samples, which the building does not have."""
    return Readings(np.maximum(readings.series, 0), readings.tick, readings.time_us)


def _put_time(time: str | int) -> tuple[int, str]:
    """Returns a time in µs and as text."""
    if isinstance(time, str):
        return microseconds(time), time
    time_us = time * 1_000
    return time_us, iso_texts(np.array([time_us]), TimeFormat(unit="ms"))[0]


def _ordered(times_ms: Ints, values: list[Value]) -> tuple[Ints, list[Value]]:
    order = np.argsort(times_ms, kind="stable")
    return times_ms[order], [values[row] for row in order.tolist()]
