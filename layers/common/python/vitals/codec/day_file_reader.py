"""Reads day files (day_file.py) a row group at a time, from bytes that the caller fetches."""

import io
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from vitals.model.samples import Samples, concat
from vitals.model.timespan import Span

# The footer of 4,583 points in 144 row groups is 56 KB; a longer one costs one more request.
TAIL_BYTES = 64 * 1024
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
    """The contents and row groups of a file of `size` bytes, from its footer.

    DayFileFormatError where a row group is not as its file.
    """

    contents: Contents
    parquet: Any
    """The footer as pyarrow's FileMetaData."""
    size: int
    _row_groups: dict[int, RowGroup] = field(default_factory=dict)
    _names: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def row_groups(self) -> list[RowGroup]:
        """All row groups, in order."""
        return [self._row_group(index) for index in range(self.parquet.num_row_groups)]

    def row_groups_of(self, names: Collection[str]) -> list[RowGroup]:
        """Returns the row groups that may hold any of the points, in order."""
        count = self.parquet.num_row_groups
        indexes: set[int] = set()
        for name in names:
            index = bisect_left(range(count), name, key=lambda index: self._first_and_last(index)[1])
            while index < count and self._first_and_last(index)[0] <= name:
                indexes.add(index)
                index += 1
        return [self._row_group(index) for index in sorted(indexes)]

    def _row_group(self, index: int) -> RowGroup:
        """Returns a row group, which takes pyarrow some time, and a file has many."""
        if index not in self._row_groups:
            with _naming_damage(self.contents.site, self.contents.day):
                group = _row_group(self.parquet.row_group(index), index, *self._first_and_last(index))
                if not 0 < group.start < group.end < self.size:
                    raise ValueError(f"row group {index} is not within it")
            self._row_groups[index] = group
        return self._row_groups[index]

    def _first_and_last(self, index: int) -> tuple[str, str]:
        """Returns the names of a row group's first and last point."""
        if index not in self._names:
            with _naming_damage(self.contents.site, self.contents.day):
                names = self.parquet.row_group(index).column(0).statistics
                first, last = names.min, names.max
                if not (isinstance(first, str) and isinstance(last, str)):
                    raise ValueError(f"row group {index} does not have the names of its points")
            self._names[index] = first, last
        return self._names[index]


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
    return parse_footer(tail[-length:], size, site, day)


def parse_footer(footer: bytes, size: int, site: str, day: str) -> Footer:
    """Returns the footer of a file of `size` bytes, given its last bytes: from the footer to the end."""
    with _naming_damage(site, day):
        return _parse(footer, size, site, day)


def footer_bytes(footer: Footer) -> bytes:
    """Returns bytes for `parse_footer`."""
    sink = io.BytesIO()
    footer.parquet.write_metadata_file(sink)
    return sink.getvalue()


def runs(row_groups: Sequence[RowGroup], most_bytes: int, most_gap: int = 0) -> Iterator[list[RowGroup]]:
    """Yields runs of row groups that span at most `most_bytes`; a larger row group is a run alone.

    Between two row groups of a run are at most `most_gap` bytes of others.
    """
    run: list[RowGroup] = []
    for group in row_groups:
        follows = run and 0 <= group.start - run[-1].end <= most_gap
        if run and not (follows and group.end - run[0].start <= most_bytes):
            yield run
            run = []
        run.append(group)
    if run:
        yield run


def decode(footer: Footer, group: RowGroup, data: bytes) -> Group:
    """Returns the points of a row group, from the bytes between its start and its end."""
    with _naming_damage(footer.contents.site, footer.contents.day):
        names, times, values = _columns(footer, group, _FileRange(data, group.start, group.end))
        ids = _numbers(names.indices, np.int32)
        samples = Samples(ids, _numbers(times, np.int64), _numbers(values, np.float64))
        points: list[str] = names.dictionary.to_pylist()
        # Page headers have no checksum, so that a dictionary that is too short is only noticed here.
        if len(ids) and not (ids[0] >= 0 and ids[-1] < len(points) and (ids[1:] >= ids[:-1]).all()):
            raise ValueError("its points are not in order")
        return Group(points, samples)


def names_range(footer: Footer, group: RowGroup) -> tuple[int, int]:
    """Returns the bytes of the file, (start, end), with the names of a row group's points."""
    return _range(footer.parquet.row_group(group.index).column(0))


def decode_names(footer: Footer, group: RowGroup, data: bytes) -> list[str]:
    """Returns the names of a row group's points, from the bytes of `names_range`."""
    start, end = names_range(footer, group)
    with _naming_damage(footer.contents.site, footer.contents.day):
        [column] = _columns(footer, group, _FileRange(data, start, end), ["point_name"])
        names: list[str] = column.dictionary.to_pylist()
        return names


def select(group: Group, ids: Mapping[str, int], span: Span) -> Samples:
    """Returns the samples in the span of the points that have an id in `ids`, in the group's order."""
    points = [point for point, name in enumerate(group.names) if name in ids]
    # With bounds of another type, numpy would convert all ids of the group.
    bounds = np.array([points, [point + 1 for point in points]], np.int32)
    edges = np.searchsorted(group.samples.ids, bounds).T.tolist()
    return concat(
        _copy(group.samples[begin:end], ids[group.names[point]], span)
        for point, (begin, end) in zip(points, edges, strict=True)
    )


def _copy(samples: Samples, point: int, span: Span) -> Samples:
    """Returns a point's samples in the span, with this id, in memory of their own: the group's is large."""
    inside = (samples.times >= span.start_ms) & (samples.times < span.end_ms)
    if inside.all():
        times, values = samples.times.copy(), samples.values.copy()
    else:
        times, values = samples.times[inside], samples.values[inside]
    return Samples(np.full(len(times), point, np.int32), times, values)


def _parse(footer: bytes, size: int, site: str, day: str) -> Footer:
    import pyarrow as pa
    from pyarrow import parquet

    metadata = parquet.read_metadata(pa.BufferReader(footer))
    contents = _contents(metadata, site, day)
    if metadata.num_rows != contents.rows:
        raise DayFileFormatError(f"the footer of {site}, {day} is inconsistent")
    return Footer(contents, metadata, size)


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


def _row_group(metadata: Any, index: int, first: str, last: str) -> RowGroup:
    columns = [metadata.column(i) for i in range(metadata.num_columns)]
    starts, ends = zip(*map(_range, columns), strict=True)
    return RowGroup(index, metadata.num_rows, min(starts), max(ends), first, last)


def _range(column: Any) -> tuple[int, int]:
    """Returns the bytes of a column of a row group, (start, end)."""
    # A dictionary comes before the pages that use it.
    start = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
    return start, start + column.total_compressed_size


def _columns(
    footer: Footer, group: RowGroup, file: "_FileRange", columns: list[str] | None = None
) -> list[Any]:
    """Returns these columns of a row group, all by default, each as one array."""
    from pyarrow import parquet

    reader = parquet.ParquetFile(
        file,
        metadata=footer.parquet,
        read_dictionary=["point_name"],
        page_checksum_verification=True,
        # pyarrow's own threads hold memory of Python; a process that ends meanwhile is aborted.
        pre_buffer=False,
    )
    table = reader.read_row_group(group.index, columns=columns, use_threads=False)
    return [
        column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns
    ]


def _numbers(array: Any, dtype: Any) -> Any:
    """Returns the numbers of an array; pyarrow's `to_numpy` imports pandas, which takes a process 0.2 s."""
    if array.null_count:
        raise ValueError("it has values that are null")
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * np.dtype(dtype).itemsize)


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
