"""What simulated buildings measure: a pure function of seed, site, point and time."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

type Value = str | float | bool | None
type Ints = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_S = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POINTS_PER_DEVICE = 12
_DISCOVERED_POINTS = 3
# Jitter stays under the shortest interval (30 s), so that a point's readings keep their order.
_JITTER_S = 5
_LAST_BACNET_INSTANCE = 2**22 - 1
_WORD = 2**64
_GOLDEN = 0x9E3779B97F4A7C15


class Quantity(NamedTuple):
    """What a point measures, in the words of its BACnet object."""

    text: str
    unit: str
    object_type: str
    tags: tuple[str, ...] = ()
    example: str = "0.0"


class Form(NamedTuple):
    """How a point writes its times; `jitter_us` is the grain of their jitter, 0 for none."""

    suffix: str = "Z"
    offset_us: int = 0
    unit: Literal["s", "ms", "us"] = "s"
    jitter_us: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a site; one that is not configured is in the readings all the same."""

    name: str
    device: str
    instance: int
    quantity: Quantity
    interval_s: int
    configured: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Columns of readings whose values are not worked out yet: `series` indexes the points, `tick` counts."""

    series: Ints
    tick: Ints
    time_us: Ints

    def __len__(self) -> int:
        return len(self.time_us)

    def __getitem__(self, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Readings":
        return Readings(self.series[rows], self.tick[rows], self.time_us[rows])


class Building(Protocol):
    """Readings of one site, for any span of time, in any order of asking."""

    key: int

    @property
    def points(self) -> Sequence[Point]:
        """The site's points, configured or not; `Readings.series` counts them from 0."""

    def readings(self, start_us: int, end_us: int) -> Readings:
        """The readings of [start, end), in no particular order."""

    def values(self, readings: Readings) -> list[Value]:
        """Their values as ACE would serve them."""

    def times(self, readings: Readings) -> list[str]:
        """Their times as ACE would serve them."""


def concat(parts: Sequence[Readings]) -> Readings:
    """The parts one after the other."""
    empty = np.empty(0, np.int64)
    return Readings(
        np.concatenate([empty, *(p.series for p in parts)]),
        np.concatenate([empty, *(p.tick for p in parts)]),
        np.concatenate([empty, *(p.time_us for p in parts)]),
    )


def microseconds(text: str) -> int:
    """UTC µs of an ISO 8601 time, read as UTC when it has no offset; ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def iso_texts(time_us: Ints, form: Form = Form()) -> list[str]:  # noqa: B008 (a NamedTuple is immutable)
    """The times in one ISO 8601 form."""
    moments: npt.NDArray[np.datetime64] = (time_us + form.offset_us).astype("datetime64[us]")
    return [text + form.suffix for text in np.datetime_as_string(moments, unit=form.unit).tolist()]


def site_key(seed: int, site: str) -> int:
    """Where a site's randomness starts."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{site}".encode(), digest_size=8).digest())


def uniform(key: int, salt: int, series: Ints, tick: Ints | Floats) -> Floats:
    """Numbers in [0, 1) that hang on nothing but the arguments."""
    start = np.uint64((key + salt * _GOLDEN) % _WORD)
    mixed = _mix(series.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03) + start)
    mixed = _mix(mixed ^ tick.astype(np.int64).astype(np.uint64) * np.uint64(_GOLDEN))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of splitmix64 (https://prng.di.unimi.it/splitmix64.c)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Moments(NamedTuple):
    """What a formula may look at: hashed draws by salt, per reading and per point, and the time."""

    series: Ints
    seconds: Floats
    draw: Callable[[int], Floats]
    of_point: Callable[[int], Floats]
    every: Callable[[int, int], Floats]
    """(salt, seconds): one draw per point that changes every so many seconds."""

    def daily(self, salt: int) -> Floats:
        """A daily sine whose phase is the point's own."""
        return np.sin(2 * np.pi * (self.seconds / DAY_S + self.of_point(salt)))


def _texts(numbers: Floats) -> list[Value]:
    return [repr(number) for number in numbers.tolist()]


def _widened(numbers: Floats) -> list[Value]:
    """The decimal text of a float32 read as a double, as BACnet gateways write it."""
    return _texts(numbers.astype(np.float32).astype(np.float64))


def _zone_temperature(m: Moments) -> list[Value]:
    return _widened(np.round(68 + 6 * m.of_point(1) + 3 * m.daily(2) + 0.4 * (m.draw(3) - 0.5), 1))


def _setpoint(m: Moments) -> list[Value]:
    return _texts(68 + 2 * np.floor(4 * m.every(1, 7_200)))


_STATES: tuple[tuple[Value, Value], ...] = (
    ("inactive", "active"),
    ("false", "true"),
    (False, True),
    ("off", "on"),
    ("Off", "On"),
    ("INACTIVE", "ACTIVE"),
)


def _state(m: Moments) -> list[Value]:
    words = (m.series // _POINTS_PER_DEVICE % len(_STATES)).tolist()
    return [_STATES[word][on] for word, on in zip(words, (m.every(1, 1_200) < 0.6).tolist(), strict=True)]


def _percent(m: Moments) -> Floats:
    return np.round(np.clip(50 + 55 * m.daily(1) + 8 * (m.draw(2) - 0.5), 0, 100), 1)


def _damper(m: Moments) -> list[Value]:
    return _texts(_percent(m))


def _valve(m: Moments) -> list[Value]:
    return list(_percent(m).tolist())


def _energy(m: Moments) -> list[Value]:
    hours = m.seconds / 3_600 - 400_000
    # The slope of hours + 3 sin(hours / 4) is never under 1/4: the counter never falls.
    energy = 1e5 * m.of_point(1) + (1 + 19 * m.of_point(2)) * (hours + 3 * np.sin(hours / 4))
    return _texts(np.round(energy, 2))


def _co2(m: Moments) -> list[Value]:
    return list(np.round(420 + 380 * np.maximum(0, m.daily(1)) + 20 * m.draw(2)).astype(np.int64).tolist())


def _humidity(m: Moments) -> list[Value]:
    return _widened(45 + 12 * m.daily(1) + 3 * m.draw(2))


def _pressure(m: Moments) -> list[Value]:
    return _widened(1e-3 * (m.draw(1) - 0.2))


_QUANTITIES: tuple[tuple[Quantity, Callable[[Moments], list[Value]]], ...] = (
    (
        Quantity(
            "Zone temperature", "degreesFahrenheit", "analogInput", ("air", "temp"), "72.30000305175781"
        ),
        _zone_temperature,
    ),
    (Quantity("Cooling setpoint", "degreesFahrenheit", "analogValue", ("zone", "sp"), "72.0"), _setpoint),
    (Quantity("Fan status", "", "binaryInput", ("fan", "run"), "active"), _state),
    (Quantity("Damper position", "percent", "analogOutput", ("damper", "cmd"), "41.5"), _damper),
    (Quantity("Energy", "kilowattHours", "analogValue", ("elec", "energy"), "81234.56"), _energy),
    (Quantity("CO2", "partsPerMillion", "analogInput", ("air", "co2"), "612"), _co2),
    (Quantity("Humidity", "percentRelativeHumidity", "analogInput", ("air", "humidity"), "47.25"), _humidity),
    (Quantity("Valve position", "percent", "analogOutput", ("valve", "cmd"), "12.5"), _valve),
    (
        Quantity("Static pressure", "inchesOfWater", "analogInput", ("air", "pressure"), "0.00025"),
        _pressure,
    ),
)

_FORMS = (
    Form(),
    Form(unit="us", jitter_us=1),
    Form("+00:00"),
    Form("+02:00", 2 * 3_600 * SECOND_US, "ms", 1_000),
)
_ODDITIES: tuple[Value, ...] = (None, "", "NaN", "Infinity", "fault text")
_ODD_NAMES = {7: "Zone Temp {}", 11: "VAV#{}", 13: "Valve 100% {}", 16: "Außenluft °C {}"}
_OTHER_INTERVALS_S = {5: 30, 9: 300, 13: 900}


class GeneratedBuilding:
    """A building with plausible points, `odd_share` of whose readings are no numbers."""

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
            _point(site, i, points, intervals.get(i % 17, interval_s))
            for i in range(points + _DISCOVERED_POINTS)
        ]
        self._odd_share = odd_share
        every = np.arange(len(self.points))
        self._kind = every % len(_QUANTITIES)
        forms = np.select([every % 7 == 3, every % 7 == 5, every % 11 == 6], [1, 2, 3], 0)
        self._form = forms * (not uniform_times)
        self._interval_us = np.array([p.interval_s * SECOND_US for p in self.points], np.int64)
        phases = np.where(every % 4 == 1, self._of_points(101) * self._interval_us // SECOND_US, 0)
        self._phase_us = phases.astype(np.int64) * SECOND_US
        self._grain_us = np.array([form.jitter_us for form in _FORMS], np.int64)[self._form]

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
        found = np.empty(len(readings), object)
        kinds = self._kind[readings.series]
        for kind, (_, formula) in enumerate(_QUANTITIES):
            rows = np.flatnonzero(kinds == kind)
            if len(rows):
                found[rows] = formula(self._moments(readings[rows]))
        odd = uniform(self.key, 102, readings.series, readings.tick) / (self._odd_share or 1e-99)
        for row in np.flatnonzero(odd < 1).tolist():
            found[row] = _ODDITIES[int(odd[row] * len(_ODDITIES))]
        return list(found.tolist())

    def times(self, readings: Readings) -> list[str]:
        found = np.empty(len(readings), object)
        forms = self._form[readings.series]
        for number, form in enumerate(_FORMS):
            rows = np.flatnonzero(forms == number)
            if len(rows):
                found[rows] = iso_texts(readings.time_us[rows], form)
        return list(found.tolist())

    def _jitter(self, series: Ints, tick: Ints) -> Ints:
        grain = self._grain_us[series]
        steps = uniform(self.key, 103, series, tick) * _JITTER_S * SECOND_US // np.maximum(grain, 1)
        jitter: Ints = steps.astype(np.int64) * grain
        return jitter

    def _moments(self, readings: Readings) -> Moments:
        series, seconds = readings.series, readings.time_us / SECOND_US
        return Moments(
            series,
            seconds,
            lambda salt: uniform(self.key, salt, series, readings.tick),
            lambda salt: self._of_points(salt)[series],
            lambda salt, step_s: uniform(self.key, salt, series, seconds // step_s),
        )

    def _of_points(self, salt: int) -> Floats:
        every = np.arange(len(self.points))
        return uniform(self.key, 200 + salt, every, np.zeros_like(every))


def client_of(site: str) -> str:
    """The client a site belongs to: the first word of its name."""
    return site.split("_")[0]


def _point(site: str, number: int, configured: int, interval_s: int) -> Point:
    mac, instance = 33 + number // _POINTS_PER_DEVICE, 100 + number
    device = f"8000:{mac}-{8000 + mac}"
    quantity = _QUANTITIES[number % len(_QUANTITIES)][0]
    leaf = _ODD_NAMES.get(number % 19, "{}").format(instance)
    return Point(
        f"{client_of(site)}/{site}/{device}/{quantity.object_type}/{leaf}",
        device,
        instance,
        quantity,
        interval_s,
        configured=number < configured,
    )


def describe(point: Point, site: str, site_id: int, number: int) -> dict[str, Any]:
    """The point as the API lists it."""
    quantity, client = point.quantity, point.name.split("/")[0]
    address, device_id = _bacnet_device(point.device)
    return {
        "id": site_id * 100_000 + number,
        "name": point.name,
        "client": client,
        "client_id": 1,
        "site": site,
        "site_id": site_id,
        "kv_tags": {"equip": point.device, "unit": quantity.unit}
        if quantity.unit
        else {"equip": point.device},
        "marker_tags": [*quantity.tags, "point"] if point.configured else [],
        "bacnet_data": {
            "device_address": address,
            "device_id": device_id,
            "device_name": f"Device {point.device}",
            "device_description": f"Controller {point.device}",
            "object_type": quantity.object_type,
            "object_index": point.instance,
            "object_name": f"{quantity.text} {point.instance}",
            "object_units": quantity.unit or None,
            "object_description": quantity.text,
            "scrape_interval": point.interval_s,
            "scrape_enabled": point.configured,
            "present_value": quantity.example,
        },
        "collect_config": {},
        "point_type": "bacnet",
        "collect_enabled": point.configured,
        "collect_interval": point.interval_s,
        "created": "2023-04-12T15:04:05.123456Z",
        "updated": "2024-02-29T08:00:00Z",
    }


def _bacnet_device(device: str) -> tuple[str, int]:
    """Address and instance of `8000:33-8033`; a replayed file's name is an address of instance 1."""
    address, _, instance = device.rpartition("-")
    if address and instance.isascii() and instance.isdigit() and int(instance) <= _LAST_BACNET_INSTANCE:
        return address, int(instance)
    return device, 1
