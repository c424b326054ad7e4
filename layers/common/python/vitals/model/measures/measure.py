"""Measures: what a row of an answer says of the samples, or of the held signal, in its bucket."""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vitals.errors import InvalidRequestError
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.measures.bucket_table import BucketTable
from vitals.model.measures.buckets import Buckets
from vitals.model.measures.cells import LONGEST_MS, Cells, Flags, Integers, finite_sums
from vitals.model.measures.counters import Steps
from vitals.model.measures.hours import OperatingHours
from vitals.model.samples import Ids, Samples, Times, Values
from vitals.model.timespan import HOUR_MS

# A sample above this is on.
ON = 0.5
_QUANTILE = re.compile(r"p([1-9]\d?)", re.ASCII)


class Source(Enum):
    """What a measure is computed from."""

    ROWS = auto()
    """Rollups of any version."""
    HELD = auto()
    """Rollups of version 2."""
    SWITCHED = auto()
    """Rollups of version 2 whose samples are all 0 or 1."""
    STEPS = auto()
    """Rollups of version 2, and samples near falls and negative values."""
    SAMPLES = auto()


_SOURCES = {
    **dict.fromkeys(("mean", "min", "max", "first", "last", "count"), Source.ROWS),
    **dict.fromkeys(("time_weighted_mean", "integral", "held", "at"), Source.HELD),
    **dict.fromkeys(("runtime", "starts"), Source.SWITCHED),
    **dict.fromkeys(("increase", "rate"), Source.STEPS),
    "sd": Source.SAMPLES,
}
NAMES = (*_SOURCES, "pN")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by its name; `quantile` is N of a pN."""

    name: str
    source: Source
    quantile: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the measure of this name; InvalidRequestError when there is none."""
        match = _QUANTILE.fullmatch(text)
        if match:
            return cls(text, Source.SAMPLES, int(match[1]))
        if text not in _SOURCES:
            raise InvalidRequestError(
                f"measure must be one of {', '.join(_SOURCES)} or a percentile from p1 to p99; not {text!r}"
            )
        return cls(text, _SOURCES[text])

    @property
    def looks_at_steps(self) -> bool:
        """Whether the sample before a bucket counts however old it is, up to a month."""
        return self.name in ("increase", "rate", "starts")

    @property
    def has_proof(self) -> bool:
        """Whether an answer says what the total rests on."""
        return self.name in ("increase", "runtime", "integral")


MEAN = Measure("mean", Source.ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class BucketRows:
    """Columns of one length, sorted by point and bucket: the start and the end (UTC ms) of each bucket.

    `values` is NaN in a row that only says what is held and how many samples there are. `held_ms` is -1 where
    it is not known. `bridged` is the part of an increase that spans gaps. `is_filled`: whether the value is
    one from around the bucket (filling.py). `stats` has the same rows for a mean, and is None for other
    measures.
    """

    ids: Ids
    times: Times
    ends: Times
    values: Values
    counts: Integers
    held_ms: Integers
    bridged: Values
    is_filled: Flags
    stats: Aggregates | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def has_value(self) -> Flags:
        """Whether the row belongs in an answer."""
        return ~np.isnan(self.values)

    def __getitem__(self, index: Flags | npt.NDArray[np.intp] | slice) -> "BucketRows":
        columns: dict[str, Any] = {name: getattr(self, name)[index] for name in _DTYPES}
        return BucketRows(**columns, stats=None if self.stats is None else self.stats[index])


_DTYPES: dict[str, Any] = {
    "ids": np.int32,
    "times": np.int64,
    "ends": np.int64,
    "values": np.float64,
    "counts": np.int64,
    "held_ms": np.int64,
    "bridged": np.float64,
    "is_filled": np.bool_,
}


def rows_of(ids: Ids, edges: Times, buckets: npt.NDArray[np.intp] | Integers, values: Values) -> BucketRows:
    """Returns rows of these buckets, by their numbers from 0, in which nothing is counted or held."""
    zeros = np.zeros(len(ids), np.int64)
    return BucketRows(
        ids=ids,
        times=edges[buckets],
        ends=edges[buckets + 1],
        values=values,
        counts=zeros,
        held_ms=zeros,
        bridged=np.zeros(len(ids)),
        is_filled=np.zeros(len(ids), np.bool_),
    )


def join(parts: list[BucketRows]) -> BucketRows:
    """Returns the parts as one, sorted by point, then bucket."""
    columns: dict[str, Any] = {
        name: np.concatenate([np.empty(0, dtype), *(getattr(part, name) for part in parts)])
        for name, dtype in _DTYPES.items()
    }
    stats = [part.stats for part in parts if part.stats is not None]
    rows = BucketRows(**columns, stats=aggregates.join(stats) if stats else None)
    return rows[np.lexsort((rows.times, rows.ids))]


def switched(samples: Samples) -> Samples:
    """Returns the samples as 0 and 1: off and on."""
    return replace(samples, values=(samples.values > ON).astype(np.float64))


def bucket_rows(
    measure: Measure,
    cells: Cells,
    edges: Times,
    hours: OperatingHours | None = None,
    *,
    samples: Samples | None = None,
    steps: Steps | None = None,
) -> BucketRows:
    """Returns a row per point and bucket about which something is known.

    `cells` may begin before the first edge, so that what the samples there hold counts; for SWITCHED measures
    they are of switched samples. Only what is within the hours, if any, counts; a cell lies within them or
    not. `samples`: for SAMPLES, all of the cells'. `steps`: for STEPS.
    """
    table = BucketTable.of(cells, Buckets.of(edges, hours))
    held_ms, integrals = table.held_signal(cells)
    rows = replace(
        rows_of(table.ids, edges, table.buckets, np.zeros(len(table.keys))),
        counts=table.counts,
        held_ms=np.where(table.is_known, held_ms, -1),
    )
    match measure.source:
        case Source.ROWS:
            return _of_rows(measure, rows, table)
        case Source.STEPS:
            assert steps is not None
            return _of_steps(rows, table, steps)
        case Source.SAMPLES:
            assert samples is not None
            return _of_samples(measure, rows[rows.counts > 0], table, samples)
    if measure.name == "at":
        # filling.py has the values.
        return replace(rows, values=np.full(len(rows), np.nan))
    if measure.name == "starts":
        values = table.sums(*_starts(cells))
    else:
        values = _of_held(measure, held_ms, integrals)
    return replace(rows, values=values)[held_ms > 0]


def _of_rows(measure: Measure, rows: BucketRows, table: BucketTable) -> BucketRows:
    column: Any = getattr(table.stats, _COLUMNS[measure.name])
    rows = replace(rows[rows.counts > 0], values=column.astype(np.float64))
    return replace(rows, stats=table.stats) if measure.name == "mean" else rows


def _of_steps(rows: BucketRows, table: BucketTable, steps: Steps) -> BucketRows:
    amounts = table.sums(steps.ids, steps.times, steps.amounts)
    return replace(
        rows,
        values=np.where(rows.counts > 0, amounts, np.nan),
        bridged=table.sums(steps.ids, steps.times, steps.bridged),
    )


def _of_held(measure: Measure, held_ms: Integers, integrals: Values) -> Values:
    match measure.name:
        case "held":
            return held_ms / 1000
        case "runtime":
            return integrals / 1000
        case "integral":
            return integrals / HOUR_MS
    return integrals / np.maximum(1, held_ms)


_COLUMNS = {
    "mean": "values",
    "min": "mins",
    "max": "maxs",
    "first": "firsts",
    "last": "lasts",
    "count": "counts",
}


def _starts(cells: Cells) -> tuple[Ids, Times, Values]:
    """Returns how often the samples of each cell rise from 0 to 1, with the rise at its first sample."""
    rows = cells.rows
    starts = cells.falls + rows.lasts - rows.firsts
    is_next = rows.ids[1:] == rows.ids[:-1]
    # Reads look back no further.
    is_next &= cells.first_ms[1:] - cells.last_ms[:-1] <= LONGEST_MS
    starts[1:] += is_next & (rows.lasts[:-1] == 0) & (rows.firsts[1:] == 1)
    return rows.ids, rows.times, starts


def _of_samples(measure: Measure, rows: BucketRows, table: BucketTable, samples: Samples) -> BucketRows:
    keys = table.keys_of(samples.ids, samples.times)
    inside = keys >= 0
    keys, values = keys[inside], samples.values[inside]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    counts = np.diff(starts, append=len(keys))
    if measure.quantile is not None:
        return replace(rows, values=_quantiles(measure.quantile, keys, values, starts, counts))
    if not len(starts):
        return rows
    assert table.stats is not None
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.add.reduceat(values / np.repeat(counts, counts), starts)
        squares = finite_sums((values - np.repeat(means, counts)) ** 2, starts)
        deviations = np.sqrt(squares / np.maximum(1, counts - 1))
    return replace(rows, values=np.where(counts > 1, deviations, np.nan))


def _quantiles(
    percent: int, keys: Integers, values: Values, starts: npt.NDArray[np.intp], counts: Integers
) -> Values:
    """Returns the percentile of each run of keys, interpolated between the nearest two values."""
    ordered = values[np.lexsort((values, keys))]
    positions = (counts - 1) * percent / 100
    low = np.floor(positions).astype(np.int64)
    fractions = positions - low
    lower, upper = ordered[starts + low], ordered[starts + np.minimum(low + 1, counts - 1)]
    result: Values = np.where(lower == upper, lower, lower * (1 - fractions) + upper * fractions)
    return result
