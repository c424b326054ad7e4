"""Measured readings from CSV files, moved to the present and repeated for all time."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from local.ace_simulator.building import (
    MINUTE_US,
    SECOND_US,
    Form,
    Ints,
    Point,
    Quantity,
    Readings,
    Value,
    concat,
    iso_texts,
    microseconds,
    site_key,
)


class _Column(NamedTuple):
    """One sensor of a CSV file: times as recorded, ascending, and the cells' own texts."""

    time_us: Ints
    texts: list[str]


class ReplayedBuilding:
    """The CSV files of a folder as points, shifted by whole minutes and repeated for all time.

    The last reading falls into the minute of `anchor_ms`; the period is the length of the data and a step.
    """

    def __init__(self, site: str, folder: Path, seed: int, anchor_ms: int) -> None:
        self.key = site_key(seed, site)
        files = sorted(folder.glob("*.csv"))
        if not files:
            raise ValueError(f"{folder} holds no CSV file")
        client = path_word(folder)
        named = [(path.stem, sensor, col) for path in files for sensor, col in _read_columns(path)]
        named = [(stem, sensor, column) for stem, sensor, column in named if column.texts]
        if not named:
            raise ValueError(f"the CSV files of {folder} hold no reading")
        self._columns = [column for _, _, column in named]
        first, last = (int(f(c.time_us[i] for c in self._columns)) for f, i in ((min, 0), (max, -1)))
        step_us = _step_us(self._columns)
        # Whole minutes, or the second round would not stand on the minute any more.
        self.period_us = -(-(last - first + step_us) // MINUTE_US) * MINUTE_US
        self._shift_us = (anchor_ms * 1_000 - last) // MINUTE_US * MINUTE_US
        self.points = [
            Point(
                f"{client}/{site}/{stem}/{sensor}",
                stem,
                number,
                _replayed_quantity(sensor, column.texts[0]),
                max(1, step_us // SECOND_US),
            )
            for number, (stem, sensor, column) in enumerate(named)
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
        whole = not np.any(readings.time_us % SECOND_US)
        return iso_texts(readings.time_us, Form(unit="s" if whole else "us"))


def path_word(folder: Path) -> str:
    """The folder's name, fit to be a site's name and a step of a point's."""
    return re.sub(r"[^\w.-]", "_", folder.resolve().name, flags=re.ASCII)


def _read_columns(path: Path) -> Iterator[tuple[str, _Column]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = [name.strip() for name in next(rows, [])]
        if len(header) < 2 or header[0].lower() != "timestamp":
            raise ValueError(f"{path.name}: the header must be timestamp,<sensor>,…")
        if len(set(header)) < len(header):
            raise ValueError(f"{path.name}: two columns have one name")
        cells: list[list[tuple[int, str]]] = [[] for _ in header[1:]]
        for row in filter(None, rows):
            try:
                at = microseconds(row[0].strip())
            except ValueError:
                raise ValueError(f"{path.name}:{rows.line_num}: no timestamp: {row[0]!r}") from None
            for column, text in zip(cells, row[1:], strict=False):
                if text.strip():
                    column.append((at, text.strip()))
    for sensor, found in zip(header[1:], cells, strict=True):
        # The last of several rows with one time stands.
        ordered = sorted(dict(found).items())
        yield sensor, _Column(np.array([at for at, _ in ordered], np.int64), [t for _, t in ordered])


def _step_us(columns: Sequence[_Column]) -> int:
    """The commonest distance of two readings; the shortest of several."""
    steps, counts = np.unique(np.concatenate([np.diff(c.time_us) for c in columns]), return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else MINUTE_US


_REPLAYED_UNITS = {
    "co2": "partsPerMillion",
    "humidity": "percentRelativeHumidity",
    "light": "luxes",
    "temperature": "degreesCelsius",
}


def _replayed_quantity(sensor: str, example: str) -> Quantity:
    unit = _REPLAYED_UNITS.get(sensor.lower(), "")
    return Quantity(sensor, unit, "analogInput", ("sensor",), example)
