"""The rows of day files, read without the product's reader, and compared from version to version."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from tests.simulation.aws.s3_bucket import Version
from vitals.codec import day_file
from vitals.codec.day_file import Group
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, iso

type Keys = npt.NDArray[np.int64]
"""Samples by point id times DAY_MS plus the time of the day (ms)."""


@dataclass(frozen=True, eq=False)
class DayRows:
    """A version of a day's file; `faults` says how it breaks the contract of its format."""

    version: Version
    keys: Keys
    values: npt.NDArray[np.float64]
    facts: Mapping[str, str]
    faults: tuple[str, ...] = ()

    @cached_property
    def windows(self) -> int:
        """The number of windows with samples."""
        return len(np.unique(self.keys % DAY_MS // 300_000))

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Returns the rows at which these samples are, and whether they are there at all."""
        if not len(self.keys):
            return np.zeros(len(keys), np.intp), np.zeros(len(keys), np.bool_)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return rows, self.keys[rows] == keys

    def missing(self, keys: Keys) -> Keys:
        """Returns those of the samples that the file lacks."""
        return keys[~self.find(keys)[1]]


def read(day: SiteDay, version: Version, ids: Mapping[str, int]) -> DayRows:
    """Returns the rows of a version; a name without an id is a fault, and its rows are left out."""
    table = parquet.ParquetFile(pa.BufferReader(version.body)).read(use_threads=False)
    names = table.column("point_name").combine_chunks().dictionary_encode()
    of_name = np.array([ids.get(name, -1) for name in names.dictionary.to_pylist()], np.int64)
    times = table.column("timestamp").combine_chunks().cast("int64").to_numpy()
    values = table.column("value").combine_chunks().to_numpy()
    facts = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    if not facts:
        facts = _metadata(version)
    indexes = names.indices.to_numpy()
    faults = _faults(day, facts, names.dictionary.to_pylist(), Samples(indexes, times, values))
    point_ids = of_name[indexes]
    if (point_ids < 0).any():
        faults = (*faults, "a point is not in the catalog")
    order = np.argsort(point_ids * DAY_MS + (times - day.day_ms), kind="stable")
    order = order[point_ids[order] >= 0]
    return DayRows(version, (point_ids * DAY_MS + (times - day.day_ms))[order], values[order], facts, faults)


def describe(keys: Keys, day: SiteDay, names: list[str]) -> str:
    """Returns the number of samples and the first of them in words."""
    point, offset = divmod(int(keys[0]), DAY_MS)
    name = names[point] if point < len(names) else f"id {point}"
    return f"{len(keys)} samples, first {name!r} at {iso(day.day_ms + offset)}"


def _metadata(version: Version) -> dict[str, str]:
    metadata = parquet.read_metadata(pa.BufferReader(version.body)).metadata or {}
    return {key.decode(): text.decode() for key, text in metadata.items()}


def _faults(day: SiteDay, facts: Mapping[str, str], names: list[str], samples: Samples) -> tuple[str, ...]:
    """Returns how the rows break the contract; ids are indexes of names in the order of their first rows."""
    faults: list[str] = []
    ids, times = samples.ids.astype(np.int64), samples.times
    if [name.encode() for name in names] != sorted({name.encode() for name in names}):
        faults.append("the names are not in order")
    if (np.diff(ids * DAY_MS + (times - day.day_ms)) <= 0).any():
        faults.append("the rows are not in order, or one is there twice")
    if len(times) and not day.day_ms <= int(times.min()) <= int(times.max()) < day.day_ms + DAY_MS:
        faults.append("a row is not of the day")
    if not np.isfinite(samples.values).all():
        faults.append("a value is not finite")
    if not faults:
        faults += _wrong_facts(day, facts, Group(names, samples))
    return tuple(faults)


def _wrong_facts(day: SiteDay, facts: Mapping[str, Any], group: Group) -> list[str]:
    checks = day_file.checksums([group])
    right = {
        "site": day.site,
        "day": day.date,
        "rows": str(len(group.samples)),
        "points": str(len(checks)),
        "checksum": day_file.file_checksum(checks),
    }
    return [
        f"its {name} is {facts.get(name)}, not {text}"
        for name, text in right.items()
        if facts.get(name) != text
    ]
