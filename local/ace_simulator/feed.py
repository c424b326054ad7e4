"""What one site has to tell at a given moment, in an order that pages can be cut from."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from local.ace_simulator.building import (
    MINUTE_US,
    Building,
    Form,
    Ints,
    Readings,
    Value,
    concat,
    iso_texts,
    microseconds,
    uniform,
)
from operations import oracle

type Sample = dict[str, Any]
type Series = dict[str, tuple[Ints, list[Value]]]

# Pages are cut from stretches of this length, so the cost of one does not grow with the range asked.
_CHUNK_US = 15 * MINUTE_US
_AVERAGED_US = 5 * MINUTE_US
# Salts for `uniform`; those under 300 are the building's.
_LATE, _LATE_BY, _CHUNK_SHUFFLED, _ORDER = 301, 302, 303, 304


class View(NamedTuple):
    """What a run of pages is about, fixed by its first page so that the clock and the faults may move on."""

    start_us: int
    end_us: int
    at_us: int
    puts: int
    """How many of the samples put by hand had arrived."""
    raw: bool = True
    late: float = 0.0
    late_minutes: float = 0.0
    shuffle: float = 0.0

    def begin(self) -> "Place":
        """Where its first page begins."""
        return Place(self.start_us // _CHUNK_US * _CHUNK_US, 0)


class Place(NamedTuple):
    """Where in a view a page begins."""

    chunk_us: int
    offset: int


class Taken(NamedTuple):
    """The samples of a page, whether there are more behind them, and the stretches they were cut from."""

    samples: list[Sample]
    more: bool
    cuts: Sequence[tuple[Place, int]]

    def place_after(self, count: int) -> Place:
        """The place behind the first `count` samples."""
        after = Place(0, 0)
        for begin, length in self.cuts:
            after = Place(begin.chunk_us, begin.offset + min(count, length))
            if count < length:
                break
            count -= length
        return after


class _Put(NamedTuple):
    name: str
    value: Value
    time_us: int
    text: str


class SiteFeed:
    """A building's readings and what was put on top of them by hand."""

    def __init__(self, building: Building, opened_us: int = -(2**62)) -> None:
        self.building = building
        self._opened_us = opened_us
        self._puts: list[_Put] = []
        self._series = {point.name: number for number, point in enumerate(building.points)}

    @property
    def puts(self) -> int:
        """How many samples have been put by hand."""
        return len(self._puts)

    def put(self, samples: Iterable[tuple[str, Value, str | int]]) -> None:
        """Adds (name, value, ISO time or ms); the last with one name and millisecond stands alone."""
        self._puts += [_Put(name, value, *_put_time(time)) for name, value, time in samples]

    def take(self, view: View, place: Place, count: int) -> Taken:
        """Up to `count` samples of the view from `place` on."""
        parts: list[Readings | list[Sample]] = []
        cuts: list[tuple[Place, int]] = []
        left, more = count, False
        for chunk_us, chunk in self._chunks(view, place.chunk_us):
            begin = Place(chunk_us, place.offset if chunk_us == place.chunk_us else 0)
            part = chunk[begin.offset : begin.offset + left]
            parts.append(part)
            cuts.append((begin, len(part)))
            left -= len(part)
            if len(chunk) > begin.offset + len(part):
                more = True
                break
        # All at once, for a stretch of a small building is less work than the calls for it.
        rows = [sample for part in parts if isinstance(part, list) for sample in part]
        found = [part for part in parts if not isinstance(part, list)]
        return Taken(rows + self._render(concat(found)) if found else rows, more, cuts)

    def series(self, view: View) -> Series:
        """Times in ms (floor) and values of every series of the view by name, in order of time."""
        found = concat([self._readings(view, *span) for _, *span in self._spans(view, view.begin().chunk_us)])
        found = found[np.lexsort((found.time_us, found.series))]
        if not len(found):
            return {}
        values, times_ms = self._values(found), found.time_us // 1_000
        starts = np.flatnonzero(np.diff(found.series, prepend=np.iinfo(np.int64).min)).tolist()
        parts: Series = {}
        for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
            name = self._names(found[start : start + 1])[0]
            before = parts.get(name, (times_ms[:0], []))
            parts[name] = (np.append(before[0], times_ms[start:end]), before[1] + values[start:end])
        return {name: _ordered(*part) for name, part in parts.items()}

    def _spans(self, view: View, chunk_us: int) -> Iterator[tuple[int, int, int]]:
        """(chunk, start, end) of each stretch from `chunk_us` on that can hold anything."""
        latest_us = max([view.at_us, *(put.time_us for put in self._puts[: view.puts])])
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
        """What of [start, end) could be seen at the moment of the view."""
        found = self.building.readings(max(start_us, self._opened_us), min(end_us, view.at_us + 1))
        if view.late:
            key, late_us = self.building.key, view.late_minutes * MINUTE_US
            late = uniform(key, _LATE, found.series, found.tick) < view.late
            delay_us = late * uniform(key, _LATE_BY, found.series, found.tick) * late_us
            found = found[found.time_us + delay_us <= view.at_us]
        return self._with_puts(found, view, start_us, end_us)

    def _with_puts(self, found: Readings, view: View, start_us: int, end_us: int) -> Readings:
        near = {
            (put.name, put.time_us // 1_000): number
            for number, put in enumerate(self._puts[: view.puts])
            if start_us - 1_000 <= put.time_us < end_us + 1_000
        }
        if not near:
            return found
        keep = np.ones(len(found), np.bool_)
        for name, time_ms in near:
            keep &= (found.series != self._series.get(name, -1)) | (found.time_us // 1_000 != time_ms)
        numbers = [number for number in near.values() if start_us <= self._puts[number].time_us < end_us]
        series = np.array([-1 - number for number in numbers], np.int64)
        times = np.array([self._puts[number].time_us for number in numbers], np.int64)
        return concat([found[keep], Readings(series, np.zeros_like(series), times)])

    def _in_order(self, view: View, chunk_us: int, found: Readings) -> Readings:
        key = self.building.key
        here = np.array([chunk_us])
        if uniform(key, _CHUNK_SHUFFLED, np.zeros_like(here), here)[0] < view.shuffle:
            return found[np.argsort(uniform(key, _ORDER, found.series, found.tick))]
        return found[np.lexsort((found.series, found.time_us))]

    def _averages(self, view: View, start_us: int, end_us: int) -> list[Sample]:
        """The mean of each point over each five minutes that begin in [start, end)."""
        start_us, end_us = (-(-edge // _AVERAGED_US) * _AVERAGED_US for edge in (start_us, end_us))
        found = self._readings(view, start_us, end_us)
        windows = (found.time_us // _AVERAGED_US * _AVERAGED_US).tolist()
        numbers: dict[tuple[int, str], list[float]] = {}
        for window_us, name, value in zip(windows, self._names(found), self._values(found), strict=True):
            number = oracle.number(value)
            if number is not None:
                numbers.setdefault((window_us, name), []).append(number)
        texts = iso_texts(np.array([window_us for window_us, _ in numbers], np.int64))
        return [
            {"name": name, "value": repr(sum(several) / len(several)), "time": text}
            for ((_, name), several), text in zip(numbers.items(), texts, strict=True)
        ]

    def _render(self, found: Readings) -> list[Sample]:
        by_hand = np.flatnonzero(found.series < 0)
        times = self.building.times(_without_hand(found))
        for row in by_hand.tolist():
            times[row] = self._puts[-1 - int(found.series[row])].text
        rows = zip(self._names(found), self._values(found), times, strict=True)
        return [{"name": name, "value": value, "time": time} for name, value, time in rows]

    def _names(self, found: Readings) -> list[str]:
        points, puts = self.building.points, self._puts
        return [points[s].name if s >= 0 else puts[-1 - s].name for s in found.series.tolist()]

    def _values(self, found: Readings) -> list[Value]:
        values = self.building.values(_without_hand(found))
        for row in np.flatnonzero(found.series < 0).tolist():
            values[row] = self._puts[-1 - int(found.series[row])].value
        return values


def _without_hand(found: Readings) -> Readings:
    """The same rows with a stand-in series where a sample was put by hand."""
    return Readings(np.maximum(found.series, 0), found.tick, found.time_us)


def _put_time(time: str | int) -> tuple[int, str]:
    if isinstance(time, str):
        return microseconds(time), time
    whole = np.array([time * 1_000])
    return time * 1_000, iso_texts(whole, Form(unit="ms"))[0]


def _ordered(times_ms: Ints, values: list[Value]) -> tuple[Ints, list[Value]]:
    order = np.argsort(times_ms, kind="stable")
    return times_ms[order], [values[row] for row in order.tolist()]
