"""Reads day files (day_file.py) a row group at a time, from the bytes that someone else fetches."""

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitals.codec import day_file
from vitals.codec.day_file import Contents, Group
from vitals.errors import (
    DayFileFormatError,
    DayFileMismatchError,
    DayFileTruncatedError,
    DayFileVersionError,
)
from vitals.model.samples import Samples
from vitals.model.timespan import Span

# The footer of 4,583 points in 72 row groups is 29 KB; a longer one costs one more request.
TAIL_BYTES = 32 * 1024
_MAGIC = b"PAR1"
_ENDING = 8

type ReadRange = Callable[[int, int], bytes]
"""(start, end) to the bytes between"""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Where a row group lies in the file, and the first and last point in it."""

    index: int
    rows: int
    start: int
    end: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, eq=False)
class Footer:
    """What a file says of itself and of its row groups."""

    contents: Contents
    row_groups: tuple[RowGroup, ...]
    parquet: Any
    """pyarrow's own form of it"""

    def row_groups_of(self, names: Collection[str]) -> list[RowGroup]:
        """The row groups that can hold any of the points."""
        return [
            group for group in self.row_groups if any(group.first <= name <= group.last for name in names)
        ]


def read_footer(tail: bytes, size: int, read_range: ReadRange, site: str, day: str) -> Footer:
    """The footer of the file that ends with `tail`; asks `read_range` for what is missing of it."""
    if len(tail) < _ENDING or tail[-4:] != _MAGIC:
        head = tail[:4] if len(tail) == size else read_range(0, 4)
        if _MAGIC.startswith(head):
            raise DayFileTruncatedError(f"the file of {site}, {day} ends too early, after {size} bytes")
        raise DayFileFormatError(f"the file of {site}, {day} is not Parquet")
    length = int.from_bytes(tail[-8:-4], "little") + _ENDING
    if length > size - len(_MAGIC):
        raise DayFileFormatError(f"the footer of {site}, {day} is said to be longer than the file")
    if length > len(tail):
        tail = read_range(size - length, size - len(tail)) + tail
    with _damage_named(site, day):
        return _parse(tail[-length:], size, site, day)


def runs(row_groups: Sequence[RowGroup], most_bytes: int) -> Iterator[list[RowGroup]]:
    """The row groups in runs that lie one behind the other in at most so many bytes, or of one alone."""
    run: list[RowGroup] = []
    for group in row_groups:
        if run and (group.start != run[-1].end or group.end - run[0].start > most_bytes):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def decode(footer: Footer, group: RowGroup, data: bytes) -> Group:
    """The points of a row group, from the bytes between its start and its end."""
    from pyarrow import parquet

    with _damage_named(footer.contents.site, footer.contents.day):
        file = parquet.ParquetFile(
            _Part(data, group.start, group.end),
            metadata=footer.parquet,
            read_dictionary=["point_name"],
            page_checksum_verification=True,
        )
        table = file.read_row_group(group.index, use_threads=False).combine_chunks()
        # Headers of pages have no checksum, and a dictionary that came out too short is not noticed before.
        table.validate(full=True)
        names, times, values = (column.chunk(0) for column in table.columns)
        return Group(
            names.dictionary.to_pylist(),
            Samples(
                names.indices.to_numpy(),
                times.cast("int64").to_numpy(),
                values.to_numpy(),
            ),
        )


def select(group: Group, ids: Mapping[str, int], span: Span) -> Samples:
    """The samples of the span of the points that have an id, with it, in the group's order."""
    id_of_place = np.array([ids.get(name, -1) for name in group.names], np.int32)
    found = id_of_place[group.samples.ids]
    times = group.samples.times
    keep = (found >= 0) & (times >= span.start_ms) & (times < span.end_ms)
    return Samples(found[keep], times[keep], group.samples.values[keep])


def _parse(footer: bytes, size: int, site: str, day: str) -> Footer:
    import pyarrow as pa
    from pyarrow import parquet

    metadata = parquet.read_metadata(pa.BufferReader(footer))
    contents = _contents(metadata, site, day)
    row_groups = tuple(_row_group(metadata.row_group(i), i) for i in range(metadata.num_row_groups))
    if metadata.num_rows != contents.rows or any(not 0 < g.start < g.end < size for g in row_groups):
        raise DayFileFormatError(f"the footer of {site}, {day} contradicts itself")
    return Footer(contents, row_groups, metadata)


def _contents(metadata: Any, site: str, day: str) -> Contents:
    said = {key.decode(): value.decode() for key, value in (metadata.metadata or {}).items()}
    version = said.get("schema_version")
    if version != day_file.SCHEMA_VERSION:
        raise DayFileVersionError(
            f"the file of {site}, {day} is of schema version {version}; "
            f"this version reads {day_file.SCHEMA_VERSION}"
        )
    if not metadata.schema.to_arrow_schema().equals(day_file.schema()):
        raise DayFileVersionError(f"the file of {site}, {day} has other columns than its schema version")
    if (said["site"], said["day"]) != (site, day):
        raise DayFileMismatchError(f"the file of {site}, {day} is of {said['site']}, {said['day']}")
    return Contents(site, day, int(said["rows"]), int(said["points"]), said["checksum"])


def _row_group(found: Any, index: int) -> RowGroup:
    columns = [found.column(i) for i in range(found.num_columns)]
    # A dictionary lies before the pages that use it.
    starts = [
        column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
        for column in columns
    ]
    ends = [start + column.total_compressed_size for start, column in zip(starts, columns, strict=True)]
    names = columns[0].statistics
    return RowGroup(index, found.num_rows, min(starts), max(ends), names.min, names.max)


@contextmanager
def _damage_named(site: str, day: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DayFileFormatError(f"the file of {site}, {day} is damaged: {error}") from error


class _Part(io.RawIOBase):
    """A file of which only the bytes from `start` to `end` are here."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = memoryview(data)
        self._start, self._end = start, end
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        begin = self._at - self._start
        if begin < 0:
            raise OSError(f"byte {self._at} was not fetched")
        data = self._data[begin : begin + size if size >= 0 else None].tobytes()
        self._at += len(data)
        return data
