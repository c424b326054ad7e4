"""Anomalies of a simulated building: readings that a broken sensor or gateway would serve.

They change what the building itself says, not samples that were put, and are the same for every reader.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from local.ace_simulator.buildings.readings import Readings, Value, microseconds
from local.ace_simulator.chance import Ints
from operations import oracle

AnomalyKind = Literal["stuck", "range", "jump", "silent", "outage"]
_KINDS: tuple[AnomalyKind, ...] = get_args(AnomalyKind)
_WITHOUT_READINGS = ("silent", "outage")

type Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What is wrong with points of a site in [start_ms, end_ms), UTC ms; without points, with all of them.

    `stuck` and `range` serve `value` in place of every reading, `jump` adds it to every number, and `silent`
    and `outage` serve no readings.
    """

    site: str
    kind: AnomalyKind
    start_ms: int
    end_ms: int
    points: tuple[str, ...] = ()
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(
                f"an anomaly must be {', '.join(_KINDS[:-1])} or {_KINDS[-1]}, not {self.kind!r}"
            )
        if self.start_ms >= self.end_ms:
            raise ValueError("an anomaly must start before it ends")


@dataclass(frozen=True, slots=True)
class SiteAnomalies:
    """The anomalies of one site; `series` are the numbers of its points by name."""

    anomalies: Sequence[Anomaly]
    series: Mapping[str, int]

    def present(self, readings: Readings) -> Readings:
        """Returns the readings that are served."""
        lost = np.zeros(len(readings), np.bool_)
        for anomaly in self.anomalies:
            if anomaly.kind in _WITHOUT_READINGS:
                lost |= self._rows(anomaly, readings)
        return readings[~lost] if lost.any() else readings

    def changed(self, readings: Readings, values: list[Value]) -> list[Value]:
        """Returns the values of the readings as they are served, in the order of the anomalies."""
        for anomaly in self.anomalies:
            if anomaly.kind in _WITHOUT_READINGS:
                continue
            for row in np.flatnonzero(self._rows(anomaly, readings)).tolist():
                number = oracle.number(values[row]) if anomaly.kind == "jump" else 0.0
                if number is not None:
                    values[row] = number + anomaly.value
        return values

    def _rows(self, anomaly: Anomaly, readings: Readings) -> Flags:
        is_inside: Flags = (readings.time_us >= anomaly.start_ms * 1_000) & (
            readings.time_us < anomaly.end_ms * 1_000
        )
        if not anomaly.points:
            return is_inside & (readings.series >= 0)
        series: Ints = np.array([self.series[name] for name in anomaly.points if name in self.series])
        return is_inside & np.isin(readings.series, series)


def from_list(items: Sequence[object]) -> tuple[Anomaly, ...]:
    """Returns the anomalies of a JSON list; ValueError names what is invalid."""
    return tuple(map(_from_json, items))


def as_list(anomalies: Iterable[Anomaly]) -> list[dict[str, Any]]:
    """Returns the anomalies as JSON, which `from_list` reads."""
    return [
        {
            "site": anomaly.site,
            "kind": anomaly.kind,
            "start": anomaly.start_ms,
            "end": anomaly.end_ms,
            "points": list(anomaly.points),
            "value": anomaly.value,
        }
        for anomaly in anomalies
    ]


def _from_json(item: object) -> Anomaly:
    if not isinstance(item, Mapping):
        raise ValueError(f"an anomaly must be an object, not {item!r}")
    unknown = sorted(item.keys() - {"site", "kind", "start", "end", "points", "value"})
    missing = sorted({"site", "kind", "start", "end"} - item.keys())
    if unknown or missing:
        raise ValueError(f"an anomaly {'has no key' if unknown else 'needs'} {(unknown or missing)[0]!r}")
    points, value = item.get("points", []), item.get("value", 0.0)
    if not isinstance(points, list) or not all(isinstance(name, str) for name in points):
        raise ValueError("points of an anomaly must be a list of names")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"value of an anomaly must be a number, not {value!r}")
    start_ms, end_ms = _milliseconds(item["start"]), _milliseconds(item["end"])
    return Anomaly(str(item["site"]), item["kind"], start_ms, end_ms, tuple(points), float(value))


def _milliseconds(time: object) -> int:
    if isinstance(time, int) and not isinstance(time, bool):
        return time
    if isinstance(time, str):
        return microseconds(time) // 1_000
    raise ValueError(f"a time must be ISO 8601 or epoch milliseconds, not {time!r}")
