"""The day file: every sample of one site-day in one Parquet file, written in bounded memory.

Version 1 is a published contract (docs/storage.md):
    point_name  string, dictionary
    timestamp   timestamp[ms, UTC]
    value       double
No column has nulls. Rows are sorted by point_name, as UTF-8 bytes, then by timestamp; there is one row per
point and timestamp. A row group has at most 32 points, in older files 64, each of them whole, unless a point
alone exceeds MAX_ROW_GROUP_ROWS. All columns have statistics. The file's key-value metadata is
schema_version, site, day, rows, points and checksum.

pyarrow is imported where it is used: a handler that only reads the hot tier need not load it.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, day_start

SCHEMA_VERSION = "1"
# A reader decodes a whole row group for one of its points (docs/decisions/0035).
_ROW_GROUP_POINTS = 32
# 32 points with a sample every ten seconds are 277,000 rows; a row takes some 50 bytes of memory.
MAX_ROW_GROUP_ROWS = 1_000_000
# How many groups the encodings are compared on; in name order they are the points of some 20 devices.
_TRIED_GROUPS = 4
# The zstd level of that comparison; ranks the encodings as _LEVELS do, in a tenth of the time
# (docs/decisions/0005).
_TRIED_LEVEL = 9
# The encodings of doubles that Parquet readers support, each with the zstd level that time allows
# (docs/decisions/0005).
_LEVELS = {"BYTE_STREAM_SPLIT": 19, "PLAIN": 17, "RLE_DICTIONARY": 19}
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Points in name order, and their samples: ids are indexes of `names`; sorted by id, then time."""

    names: Sequence[str]
    samples: Samples


class PointCheck(NamedTuple):
    """The number of a point's samples, and their checksum (BLAKE2b-128 as hex)."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file, from its metadata."""

    site: str
    day: str
    rows: int
    points: int
    checksum: str

    def metadata(self) -> dict[str, str]:
        """Returns the file's key-value metadata."""
        return {
            "schema_version": SCHEMA_VERSION,
            "site": self.site,
            "day": self.day,
            "rows": str(self.rows),
            "points": str(self.points),
            "checksum": self.checksum,
        }


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A written file: its contents, the expected checks of its points, and its encoding."""

    contents: Contents
    checks: Mapping[str, PointCheck]
    value_encoding: str


def write(sink: Path | IO[bytes], site: str, day: str, groups: Iterable[Group]) -> WrittenFile:
    """Writes groups, which come in name order with all samples of each point; a few are in memory at a time.

    Raises ValueError when the groups violate the contract; then the sink is not a day file.
    """
    checked = _checked(groups, day_start(day))
    first = list(islice(checked, _TRIED_GROUPS))
    encoding = _smallest_encoding(first)
    sums = _Sums()
    with _writer(str(sink) if isinstance(sink, Path) else sink, encoding, _LEVELS[encoding]) as writer:
        for group in chain(first, checked):
            sums.add(group)
            _write_group(writer, group)
        checks = sums.checks()
        contents = Contents(site, day, sums.rows, len(checks), file_checksum(checks))
        # Last, so that a file that was only half written is not taken for a day file.
        writer.add_key_value_metadata(contents.metadata())
    return WrittenFile(contents, checks, encoding)


def checksums(groups: Iterable[Group]) -> dict[str, PointCheck]:
    """Returns the check of each point that has samples; a point may span consecutive groups."""
    sums = _Sums()
    for group in groups:
        sums.add(group)
    return sums.checks()


def file_checksum(checks: Mapping[str, PointCheck]) -> str:
    """Returns the sum of the points' checksums, which does not depend on their order."""
    total = sum(int(check.checksum, 16) for check in checks.values())
    return f"{total % 2 ** (8 * _DIGEST_BYTES):0{2 * _DIGEST_BYTES}x}"


def schema() -> Any:
    """Returns the columns as pyarrow reads them."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("point_name", pa.string(), nullable=False),
            pa.field("timestamp", pa.timestamp("ms", "UTC"), nullable=False),
            pa.field("value", pa.float64(), nullable=False),
        ]
    )


class _Sums:
    """BLAKE2b-128 of each point's name and rows; a row is time and value, 8 bytes each, little-endian."""

    def __init__(self) -> None:
        self._hashes: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    @property
    def rows(self) -> int:
        return sum(self._counts.values())

    def add(self, group: Group) -> None:
        samples = group.samples
        rows = np.empty((len(samples), 2), "<u8")
        rows[:, 0], rows[:, 1] = samples.times.view(np.uint64), samples.values.view(np.uint64)
        for point, begin, end in _points(samples):
            name = group.names[point]
            if name not in self._hashes:
                # With its length, so that a name followed by rows cannot be another name followed by others.
                text = name.encode()
                sized = len(text).to_bytes(4, "little") + text
                self._hashes[name], self._counts[name] = hashlib.blake2b(sized, digest_size=_DIGEST_BYTES), 0
            self._hashes[name].update(rows[begin:end])
            self._counts[name] += end - begin

    def checks(self) -> dict[str, PointCheck]:
        return {
            name: PointCheck(self._counts[name], digest.hexdigest()) for name, digest in self._hashes.items()
        }


def _points(samples: Samples) -> Iterator[tuple[int, int, int]]:
    """Yields (id, begin, end) of each run of rows of one point."""
    starts = np.flatnonzero(np.diff(samples.ids, prepend=np.int32(-1))).tolist()
    for begin, end in zip(starts, [*starts[1:], len(samples)], strict=False):
        yield int(samples.ids[begin]), begin, end


def _checked(groups: Iterable[Group], start_ms: int) -> Iterator[Group]:
    """Yields the groups that have samples; ValueError when one breaks the order or is of another day."""
    last: str | None = None
    for group in groups:
        names = group.names if last is None else [last, *group.names]
        if any(after <= before for before, after in pairwise(names)):
            raise ValueError("point names must ascend, within a group and from one to the next")
        last = group.names[-1] if group.names else last
        if len(group.samples):
            _check_samples(group.samples, len(group.names), start_ms)
            yield group


def _check_samples(samples: Samples, names: int, start_ms: int) -> None:
    ids, times = samples.ids, samples.times
    if ids[0] < 0 or ids[-1] >= names or (ids[1:] < ids[:-1]).any():
        raise ValueError("ids must ascend and be indexes of the group's names")
    if ((ids[1:] == ids[:-1]) & (times[1:] <= times[:-1])).any():
        raise ValueError("the times of a point must ascend")
    if times.min() < start_ms or times.max() >= start_ms + DAY_MS:
        raise ValueError("every sample must be of the file's day")
    if not np.isfinite(samples.values).all():
        raise ValueError("values must be finite")


def _row_groups(samples: Samples) -> Iterator[Samples]:
    """Yields the samples in row groups, split between points, and within a point that exceeds one alone."""
    begin = end = count = 0
    for _, start, stop in _points(samples):
        is_full = count == _ROW_GROUP_POINTS or stop - begin > MAX_ROW_GROUP_ROWS
        if is_full and start > begin:
            yield samples[begin:start]
            begin, count = start, 0
        count += 1
        while stop - begin > MAX_ROW_GROUP_ROWS:
            yield samples[begin : begin + MAX_ROW_GROUP_ROWS]
            begin += MAX_ROW_GROUP_ROWS
        end = stop
    if end > begin:
        yield samples[begin:end]


def _write_group(writer: Any, group: Group) -> None:
    import pyarrow as pa

    for samples in _row_groups(group.samples):
        used, ids = np.unique(samples.ids, return_inverse=True)
        names = pa.array([group.names[point] for point in used.tolist()], pa.string())
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(ids, pa.int32()), names),
            pa.array(samples.times, pa.timestamp("ms", "UTC")),
            pa.array(samples.values),
        ]
        table = pa.Table.from_arrays(columns, schema=writer.schema)
        writer.write_table(table, row_group_size=len(samples))


def _smallest_encoding(sample: Sequence[Group]) -> str:
    """Returns the encoding of the values with which these groups take the fewest bytes."""
    sizes: dict[str, int] = {}
    for encoding in _LEVELS:
        sink = io.BytesIO()
        with _writer(sink, encoding, _TRIED_LEVEL) as writer:
            for group in sample:
                _write_group(writer, group)
        sizes[encoding] = len(sink.getvalue())
    return min(sizes, key=sizes.__getitem__)


def _writer(sink: str | IO[bytes], value_encoding: str, level: int) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    columns = schema()
    name = columns.field("point_name").with_type(pa.dictionary(pa.int32(), pa.string()))
    dictionary, encodings = ["point_name"], {"timestamp": "DELTA_BINARY_PACKED"}
    if value_encoding == "RLE_DICTIONARY":
        dictionary.append("value")
    else:
        encodings["value"] = value_encoding
    return parquet.ParquetWriter(
        sink,
        columns.set(0, name),
        compression="zstd",
        compression_level=level,
        use_dictionary=dictionary,
        column_encoding=encodings,
        sorting_columns=[parquet.SortingColumn(0), parquet.SortingColumn(1)],
        # Pages of version 2 are not smaller here, and not every reader supports them.
        data_page_version="1.0",
        write_page_checksum=True,
        # Without pyarrow's own schema, pandas reads plain strings instead of categories.
        store_schema=False,
    )
