"""Small day files for tests, and their points back again."""

import io
from collections.abc import Iterator, Mapping

import numpy as np

from vitals.codec import day_file, day_file_reader
from vitals.codec.day_file import Group, WrittenFile
from vitals.codec.day_file_reader import Footer
from vitals.model.samples import from_columns

SITE, DAY = "ses_falls_city", "2026-01-01"
START = 1_767_225_600_000

type Series = Mapping[str, Mapping[int, float]]
"""value by time by name"""


def groups(series: Series, size: int = 64) -> Iterator[Group]:
    """The series in groups of so many points."""
    names = sorted(series)
    for first in range(0, len(names), size):
        group_names = names[first : first + size]
        rows = [
            (i, time_ms, series[name][time_ms])
            for i, name in enumerate(group_names)
            for time_ms in sorted(series[name])
        ]
        yield Group(group_names, from_columns(*zip(*rows, strict=True)) if rows else from_columns([], [], []))


def build(series: Series, size: int = 64, site: str = SITE, day: str = DAY) -> tuple[bytes, WrittenFile]:
    """The day file of the series."""
    sink = io.BytesIO()
    written = day_file.write(sink, site, day, groups(series, size))
    return sink.getvalue(), written


def footer(data: bytes, site: str = SITE, day: str = DAY) -> Footer:
    return day_file_reader.read_footer(
        data[-day_file_reader.TAIL_BYTES :], len(data), lambda start, end: data[start:end], site, day
    )


def decoded(data: bytes) -> list[Group]:
    """Every row group of a file."""
    parsed = footer(data)
    return [
        day_file_reader.decode(parsed, group, data[group.start : group.end]) for group in parsed.row_groups
    ]


def bits(series: Series) -> dict[tuple[str, int], bytes]:
    """Values to the bit by name and time."""
    return {
        (name, time_ms): np.float64(value).tobytes()
        for name, values in series.items()
        for time_ms, value in values.items()
    }


def bits_of(decoded_groups: list[Group]) -> dict[tuple[str, int], bytes]:
    """The same of decoded groups."""
    return {
        (group.names[point], time_ms): value.tobytes()
        for group in decoded_groups
        for point, time_ms, value in zip(
            group.samples.ids.tolist(), group.samples.times.tolist(), group.samples.values, strict=True
        )
    }
