"""Points and readings of a simulated building, and the forms in which times are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from local.ace_simulator.chance import Ints

type Value = str | float | bool | None

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_S = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Quantity(NamedTuple):
    """What a point measures, as its BACnet object describes it."""

    text: str
    unit: str
    object_type: str
    tags: tuple[str, ...] = ()
    example: str = "0.0"


class TimeFormat(NamedTuple):
    """How a point writes its times; `jitter_us` is the step of their jitter, 0 for none."""

    suffix: str = "Z"
    offset_us: int = 0
    unit: Literal["s", "ms", "us"] = "s"
    jitter_us: int = 0


UTC_SECONDS = TimeFormat()


@dataclass(frozen=True, slots=True)
class Point:
    """A series of a site; one that is not configured has readings all the same."""

    name: str
    device: str
    instance: int
    quantity: Quantity
    interval_s: int
    configured: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Columns of readings without values: `series` indexes the points, `tick` counts within a series."""

    series: Ints
    tick: Ints
    time_us: Ints

    def __len__(self) -> int:
        return len(self.time_us)

    def __getitem__(self, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Readings":
        return Readings(self.series[rows], self.tick[rows], self.time_us[rows])


class Building(Protocol):
    """The readings of a site, for any time range in any order."""

    key: int

    @property
    def points(self) -> Sequence[Point]:
        """The site's points, configured or not, as `Readings.series` indexes them."""

    def readings(self, start_us: int, end_us: int) -> Readings:
        """Returns the readings of [start, end), in no particular order."""

    def values(self, readings: Readings) -> list[Value]:
        """Returns the values of the readings as ACE would serve them."""

    def times(self, readings: Readings) -> list[str]:
        """Returns the times of the readings as ACE would serve them."""


def concat(parts: Sequence[Readings]) -> Readings:
    """Returns the readings one after the other."""
    empty = np.empty(0, np.int64)
    return Readings(
        np.concatenate([empty, *(p.series for p in parts)]),
        np.concatenate([empty, *(p.tick for p in parts)]),
        np.concatenate([empty, *(p.time_us for p in parts)]),
    )


def microseconds(text: str) -> int:
    """Returns an ISO 8601 time in UTC µs; a time without an offset is UTC. ValueError for other text."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def iso_texts(time_us: Ints, time_format: TimeFormat = UTC_SECONDS) -> list[str]:
    """Returns the times as ISO 8601 text."""
    moments: npt.NDArray[np.datetime64] = (time_us + time_format.offset_us).astype("datetime64[us]")
    texts = np.datetime_as_string(moments, unit=time_format.unit).tolist()
    return [text + time_format.suffix for text in texts]


def client_of(site: str) -> str:
    """Returns the client of a site, which is the first word of its name."""
    return site.split("_")[0]
