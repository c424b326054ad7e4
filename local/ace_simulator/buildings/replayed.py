"""A building whose readings come from CSV files, moved to the present and repeated for all time."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from local.ace_simulator.buildings.readings import (
    MINUTE_US,
    SECOND_US,
    Point,
    Quantity,
    Readings,
    TimeFormat,
    Value,
    concat,
    iso_texts,
    microseconds,
)
from local.ace_simulator.chance import Ints, site_key


class _Column(NamedTuple):
    """A sensor of a CSV file: times as recorded, ascending, and the text of each cell."""

    time_us: Ints
    texts: list[str]


class ReplayedBuilding:
    """The CSV files of a folder as points, shifted by whole minutes and repeated for all time.

    The last reading falls into the minute of `anchor_ms`. The period is the length of the data plus one step,
    rounded up to whole minutes, so that repeated readings keep their seconds.
    """

    def __init__(self, site: str, folder: Path, seed: int, anchor_ms: int) -> None:
        self.key = site_key(seed, site)
        columns = _read_folder(folder)
        self._columns = [column for _, _, column in columns]
        first_us = int(min(column.time_us[0] for column in self._columns))
        last_us = int(max(column.time_us[-1] for column in self._columns))
        step_us = _step_us(self._columns)
        self.period_us = -(-(last_us - first_us + step_us) // MINUTE_US) * MINUTE_US
        self._shift_us = (anchor_ms * 1_000 - last_us) // MINUTE_US * MINUTE_US
        client = path_word(folder)
        self.points = [
            Point(
                name=f"{client}/{site}/{file_name}/{sensor}",
                device=file_name,
                instance=number,
                quantity=_quantity(sensor, column.texts[0]),
                interval_s=max(1, step_us // SECOND_US),
            )
            for number, (file_name, sensor, column) in enumerate(columns)
        ]

    def readings(self, start_us: int, end_us: int) -> Readings:
        parts = []
        for series, column in enumerate(self._columns):
            low, high = start_us - self._shift_us, end_us - self._shift_us
            first, last = (int(column.time_us[i]) for i in (0, -1))
            for turn in range((low - last) // self.period_us, (high - first) // self.period_us + 1):
                offset = turn * self.period_us
                begin, end = np.searchsorted(column.time_us, [low - offset, high - offset]).tolist()
                rows = np.arange(begin, end)
                parts.append(
                    Readings(
                        np.full(len(rows), series),
                        rows + turn * len(column.texts),
                        column.time_us[begin:end] + offset + self._shift_us,
                    )
                )
        return concat(parts)

    def values(self, readings: Readings) -> list[Value]:
        texts = [column.texts for column in self._columns]
        return [
            texts[series][tick % len(texts[series])]
            for series, tick in zip(readings.series.tolist(), readings.tick.tolist(), strict=True)
        ]

    def times(self, readings: Readings) -> list[str]:
        is_whole = not np.any(readings.time_us % SECOND_US)
        return iso_texts(readings.time_us, TimeFormat(unit="s" if is_whole else "us"))


def path_word(folder: Path) -> str:
    """Returns the folder's name in the characters that names of sites and points may have."""
    return re.sub(r"[^\w.-]", "_", folder.resolve().name, flags=re.ASCII)


def _read_folder(folder: Path) -> list[tuple[str, str, _Column]]:
    """Returns (file name without suffix, sensor, column) of each sensor that has readings."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise ValueError(f"{folder} must contain a CSV file")
    columns = [(file.stem, sensor, column) for file in files for sensor, column in _read_columns(file)]
    columns = [(file_name, sensor, column) for file_name, sensor, column in columns if column.texts]
    if not columns:
        raise ValueError(f"the CSV files of {folder} must contain at least one reading")
    return columns


def _read_columns(path: Path) -> Iterator[tuple[str, _Column]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        sensors = _sensors(path, next(rows, []))
        cells: list[list[tuple[int, str]]] = [[] for _ in sensors]
        for row in filter(None, rows):
            try:
                time_us = microseconds(row[0].strip())
            except ValueError:
                location = f"{path.name}:{rows.line_num}"
                raise ValueError(f"{location}: {row[0]!r} must be an ISO 8601 time") from None
            for column, text in zip(cells, row[1:], strict=False):
                if text.strip():
                    column.append((time_us, text.strip()))
    for sensor, column in zip(sensors, cells, strict=True):
        # Of several rows with one time, the last counts.
        ordered = sorted(dict(column).items())
        times = np.array([time_us for time_us, _ in ordered], np.int64)
        yield sensor, _Column(times, [text for _, text in ordered])


def _sensors(path: Path, header: Sequence[str]) -> list[str]:
    names = [name.strip() for name in header]
    if len(names) < 2 or names[0].lower() != "timestamp":
        raise ValueError(f"{path.name}: the header must be timestamp,<sensor>,…")
    if len(set(names)) < len(names):
        raise ValueError(f"{path.name}: column names must be unique")
    return names[1:]


def _step_us(columns: Sequence[_Column]) -> int:
    """Returns the most frequent distance of two readings, and of several the shortest."""
    steps, counts = np.unique(np.concatenate([np.diff(c.time_us) for c in columns]), return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else MINUTE_US


_UNITS = {
    "co2": "partsPerMillion",
    "humidity": "percentRelativeHumidity",
    "light": "luxes",
    "temperature": "degreesCelsius",
}


def _quantity(sensor: str, example: str) -> Quantity:
    unit = _UNITS.get(sensor.lower(), "")
    return Quantity(sensor, unit, "analogInput", ("sensor",), example)
