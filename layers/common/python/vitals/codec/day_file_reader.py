"""Reads day files (day_file.py) a row group at a time, from bytes that the caller fetches."""

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
"""Returns the bytes of the file from start to end, (start, end)."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group: its bytes in the file, [start, end), and the names of its first and last point."""

    index: int
    rows: int
    start: int
    end: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, eq=False)
class Footer:
    """The contents and row groups of a file, from its footer."""

    contents: Contents
    row_groups: tuple[RowGroup, ...]
    parquet: Any
    """The footer as pyarrow's FileMetaData."""

    def row_groups_of(self, names: Collection[str]) -> list[RowGroup]:
        """Returns the row groups that may hold any of the points."""
        return [
            group for group in self.row_groups if any(group.first <= name <= group.last for name in names)
        ]


def read_footer(tail: bytes, size: int, read_range: ReadRange, site: str, day: str) -> Footer:
    """Returns the footer of a file of `size` bytes that ends with `tail`.

    Reads the rest of a longer footer by `read_range`. DayFileError when the file is not the day's file.
    """
    if len(tail) < _ENDING or tail[-4:] != _MAGIC:
        head = tail[:4] if len(tail) == size else read_range(0, 4)
        if _MAGIC.startswith(head):
            raise DayFileTruncatedError(f"the file of {site}, {day} ends too early, after {size} bytes")
        raise DayFileFormatError(f"the file of {site}, {day} is not Parquet")
    length = int.from_bytes(tail[-8:-4], "little") + _ENDING
    if length > size - len(_MAGIC):
        raise DayFileFormatError(f"the footer of {site}, {day} is longer than the file")
    if length > len(tail):
        tail = read_range(size - length, size - len(tail)) + tail
    with _naming_damage(site, day):
        return _parse(tail[-length:], size, site, day)


def runs(row_groups: Sequence[RowGroup], most_bytes: int) -> Iterator[list[RowGroup]]:
    """Yields runs of adjacent row groups of at most `most_bytes`; a larger row group is a run alone."""
    run: list[RowGroup] = []
    for group in row_groups:
        if run and (group.start != run[-1].end or group.end - run[0].start > most_bytes):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def decode(footer: Footer, group: RowGroup, data: bytes) -> Group:
    """Returns the points of a row group, from the bytes between its start and its end."""
    with _naming_damage(footer.contents.site, footer.contents.day):
        table = _columns(footer, group, _FileRange(data, group.start, group.end))
        names, times, values = (column.chunk(0) for column in table.columns)
        return Group(
            names.dictionary.to_pylist(),
            Samples(
                names.indices.to_numpy(),
                times.cast("int64").to_numpy(),
                values.to_numpy(),
            ),
        )


def names_range(footer: Footer, group: RowGroup) -> tuple[int, int]:
    """Returns the bytes of the file, (start, end), with the names of a row group's points."""
    return _range(footer.parquet.row_group(group.index).column(0))


def decode_names(footer: Footer, group: RowGroup, data: bytes) -> list[str]:
    """Returns the names of a row group's points, from the bytes of `names_range`."""
    start, end = names_range(footer, group)
    with _naming_damage(footer.contents.site, footer.contents.day):
        table = _columns(footer, group, _FileRange(data, start, end), ["point_name"])
        names: list[str] = table.column(0).chunk(0).dictionary.to_pylist()
        return names


def select(group: Group, ids: Mapping[str, int], span: Span) -> Samples:
    """Returns the samples in the span of the points that have an id in `ids`, in the group's order."""
    id_of_name = np.array([ids.get(name, -1) for name in group.names], np.int32)
    point_ids, times = id_of_name[group.samples.ids], group.samples.times
    is_selected = (point_ids >= 0) & (times >= span.start_ms) & (times < span.end_ms)
    return Samples(point_ids[is_selected], times[is_selected], group.samples.values[is_selected])


def _parse(footer: bytes, size: int, site: str, day: str) -> Footer:
    import pyarrow as pa
    from pyarrow import parquet

    metadata = parquet.read_metadata(pa.BufferReader(footer))
    contents = _contents(metadata, site, day)
    row_groups = tuple(_row_group(metadata.row_group(i), i) for i in range(metadata.num_row_groups))
    if metadata.num_rows != contents.rows or any(not 0 < g.start < g.end < size for g in row_groups):
        raise DayFileFormatError(f"the footer of {site}, {day} is inconsistent")
    return Footer(contents, row_groups, metadata)


def _contents(metadata: Any, site: str, day: str) -> Contents:
    entries = {key.decode(): value.decode() for key, value in (metadata.metadata or {}).items()}
    version = entries.get("schema_version")
    if version != day_file.SCHEMA_VERSION:
        raise DayFileVersionError(
            f"the file of {site}, {day} has schema version {version}; expected {day_file.SCHEMA_VERSION}"
        )
    if not metadata.schema.to_arrow_schema().equals(day_file.schema()):
        raise DayFileVersionError(
            f"the file of {site}, {day} does not have the columns of its schema version"
        )
    if (entries["site"], entries["day"]) != (site, day):
        raise DayFileMismatchError(
            f"the file of {site}, {day} belongs to {entries['site']}, {entries['day']}"
        )
    return Contents(site, day, int(entries["rows"]), int(entries["points"]), entries["checksum"])


def _row_group(metadata: Any, index: int) -> RowGroup:
    columns = [metadata.column(i) for i in range(metadata.num_columns)]
    starts, ends = zip(*map(_range, columns), strict=True)
    names = columns[0].statistics
    return RowGroup(index, metadata.num_rows, min(starts), max(ends), names.min, names.max)


def _range(column: Any) -> tuple[int, int]:
    """Returns the bytes of a column of a row group, (start, end)."""
    # A dictionary comes before the pages that use it.
    start = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
    return start, start + column.total_compressed_size


def _columns(footer: Footer, group: RowGroup, file: "_FileRange", columns: list[str] | None = None) -> Any:
    """Returns these columns of a row group, all by default, as a table with one chunk."""
    from pyarrow import parquet

    reader = parquet.ParquetFile(
        file, metadata=footer.parquet, read_dictionary=["point_name"], page_checksum_verification=True
    )
    table = reader.read_row_group(group.index, columns=columns, use_threads=False).combine_chunks()
    # Page headers have no checksum, so that a dictionary that is too short is only noticed here.
    table.validate(full=True)
    return table


@contextmanager
def _naming_damage(site: str, day: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DayFileFormatError(f"the file of {site}, {day} is damaged: {error}") from error


class _FileRange(io.RawIOBase):
    """A file that can only be read from `start` to `end`."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = memoryview(data)
        self._start, self._end = start, end
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + (0, self._position, self._end)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        begin = self._position - self._start
        if begin < 0:
            raise OSError(f"byte {self._position} was not fetched")
        data = self._data[begin : begin + size if size >= 0 else None].tobytes()
        self._position += len(data)
        return data
