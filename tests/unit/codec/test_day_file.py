import io
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import parquet

from tests.support.day_files import DAY, SITE, START, Series, bits, bits_of, build, decoded, footer, groups
from tests.support.strategies import finite
from vitals.codec import day_file, day_file_reader
from vitals.codec.day_file import Group
from vitals.codec.day_file_reader import Footer
from vitals.errors import (
    DayFileError,
    DayFileFormatError,
    DayFileMismatchError,
    DayFileTruncatedError,
    DayFileVersionError,
)
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import DAY_MS, HOUR_MS, Span

ODD_NAMES = [
    "a/b:c 1",
    "VAV#7",
    "Valve 100%",
    "Außenluft °C",
    "quote'\"\\",
    "\n\x00",
    "𐀀",
    "\uffff",
    "é",
    "z",
]
WHOLE_DAY = Span(START, START + DAY_MS)

names = st.one_of(
    st.sampled_from(ODD_NAMES), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
)
days = st.dictionaries(
    names, st.dictionaries(st.integers(START, START + DAY_MS - 1), finite, max_size=8), max_size=12
)
EDGES: Series = {"a": {START: 0.0, START + 1: -0.0, START + DAY_MS - 1: 5e-324}, "b": {START: -1.7e308}}


def noise(points: int, rows: int, values: Callable[[np.random.Generator, int], Any]) -> Series:
    random = np.random.default_rng(1)
    times = range(START, START + rows * 60_000, 60_000)
    return {f"p{i:04d}": dict(zip(times, values(random, rows).tolist(), strict=True)) for i in range(points)}


def steady(points: int, rows: int = 3) -> Series:
    return noise(points, rows, lambda random, count: random.normal(size=count))


def rewritten(data: bytes, change: Callable[[pa.Table], pa.Table]) -> bytes:
    """The same file, changed and written by someone else."""
    sink = io.BytesIO()
    parquet.write_table(change(parquet.read_table(io.BytesIO(data))), sink)
    return sink.getvalue()


def described(data: bytes, **changes: str) -> bytes:
    entries = build({})[1].contents.metadata() | {"rows": "3", "points": "1"} | changes
    return rewritten(data, lambda table: table.cast(day_file.schema()).replace_schema_metadata(entries))


@given(days, st.integers(1, 5))
@example({}, 1)
@example({"empty": {}}, 1)
@example(EDGES, 1)
@example({name: {START: 1.0} for name in ODD_NAMES}, 3)
def test_what_goes_in_comes_out_to_the_bit(series: Series, size: int) -> None:
    data, written = build(series, size)
    result = decoded(data)
    assert bits_of(result) == bits(series)
    assert day_file.checksums(result) == written.checks
    assert footer(data).contents == written.contents
    assert written.contents.rows == sum(map(len, series.values()))
    assert written.contents.points == sum(map(bool, series.values()))
    assert [name for group in result for name in group.names] == sorted(n for n in series if series[n])


@given(days, st.sets(names), st.integers(0, DAY_MS), st.integers(0, DAY_MS))
@example(EDGES, {"a"}, 1, DAY_MS)
def test_points_and_spans_are_selected_like_a_filter(
    series: Series, others: set[str], start: int, end: int
) -> None:
    data, _ = build(series, 3)
    wanted = sorted(others | set(list(series)[::2]))
    span, parsed, index_of = Span(START + start, START + end), footer(data), wanted.index
    picked = [
        day_file_reader.select(
            day_file_reader.decode(parsed, group, data[group.start : group.end]),
            {name: index_of(name) for name in wanted},
            span,
        )
        for group in parsed.row_groups_of(wanted)
    ]
    expected = {
        name: {
            time_ms: value
            for time_ms, value in series[name].items()
            if span.start_ms <= time_ms < span.end_ms
        }
        for name in wanted
        if name in series
    }
    assert bits_of([Group(wanted, samples) for samples in picked]) == bits(expected)


def test_one_point_needs_its_own_row_group_only() -> None:
    data, _ = build(steady(200, rows=30), size=10)
    parsed = footer(data)
    [group] = parsed.row_groups_of(["p0042"])
    assert (group.first, group.last, group.rows) == ("p0040", "p0049", 300)
    assert parsed.row_groups_of(["p0042x", "zz", ""]) == [group]
    assert parsed.row_groups_of([]) == parsed.row_groups_of(["p0049x"]) == []
    blank = data[: group.start].translate(bytes(256)) + data[group.start : group.end]
    assert day_file_reader.decode(parsed, group, blank[group.start :]).names == [
        f"p{i:04d}" for i in range(40, 50)
    ]


@given(days, st.integers(1, 5))
@example(EDGES, 1)
@example({name: {START: 1.0} for name in ODD_NAMES}, 3)
def test_names_are_decoded_from_their_own_bytes(series: Series, size: int) -> None:
    data, _ = build(series, size)
    parsed = footer(data)
    read: list[str] = []
    for group in parsed.row_groups:
        start, end = day_file_reader.names_range(parsed, group)
        assert group.start <= start < end < group.end
        read += day_file_reader.decode_names(parsed, group, data[start:end])
    assert read == sorted(name for name in series if series[name])


def test_row_groups_are_read_in_the_callers_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    read, threads = day_file_reader._FileRange.read, []

    def recorded(file: Any, size: int = -1) -> bytes:
        threads.append(threading.get_ident())
        return read(file, size)

    monkeypatch.setattr(day_file_reader._FileRange, "read", recorded)
    data, _ = build(steady(3))
    decoded(data)
    assert set(threads) == {threading.get_ident()}


def test_a_footer_beyond_the_tail_costs_one_request() -> None:
    data, written = build({f"{'long name ' * 50}{i:04d}": {START: 1.0} for i in range(60)}, size=1)
    requested: list[tuple[int, int]] = []

    def read_range(start: int, end: int) -> bytes:
        requested.append((start, end))
        return data[start:end]

    parsed = day_file_reader.read_footer(
        data[-day_file_reader.TAIL_BYTES :], len(data), read_range, SITE, DAY
    )
    assert parsed.contents == written.contents
    assert len(requested) == 1
    assert requested[0][1] == len(data) - day_file_reader.TAIL_BYTES


def test_neighbouring_row_groups_are_one_run() -> None:
    parsed = footer(build(steady(50), size=10)[0])
    a, b, c, d, e = parsed.row_groups
    assert list(day_file_reader.runs([a, b, d, e], 2**20)) == [[a, b], [d, e]]
    assert list(day_file_reader.runs([a, b, c], b.end - a.start)) == [[a, b], [c]]
    assert list(day_file_reader.runs([a, b], 1)) == [[a], [b]]
    assert list(day_file_reader.runs([], 1)) == []


def test_a_row_group_without_names_is_damage() -> None:
    whole = footer(build(steady(20), size=10)[0])
    # As pyarrow gives statistics of which some bytes are wrong.
    nameless = SimpleNamespace(
        column=lambda _: SimpleNamespace(statistics=SimpleNamespace(min=None, max="p"))
    )
    damaged: Any = SimpleNamespace(num_row_groups=1, row_group=lambda _: nameless)
    with pytest.raises(DayFileFormatError, match="names"):
        Footer(whole.contents, damaged, whole.size).row_groups_of(["p0001"])


def test_row_groups_near_each_other_are_one_run() -> None:
    a, _, c, d, _ = footer(build(steady(50), size=10)[0]).row_groups
    gap = c.start - a.end
    assert list(day_file_reader.runs([a, c, d], 2**20, gap)) == [[a, c, d]]
    assert list(day_file_reader.runs([a, c, d], 2**20, gap - 1)) == [[a], [c, d]]
    assert list(day_file_reader.runs([a, c, d], c.end - a.start - 1, gap)) == [[a], [c, d]]
    assert list(day_file_reader.runs([c, a, a], 2**20, gap)) == [[c], [a], [a]]


def test_only_an_oversized_point_is_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(day_file, "MAX_ROW_GROUP_ROWS", 10)
    lengths = {"a": 4, "b": 6, "c": 1, "d": 25, "e": 2}
    series = {name: {START + i: float(i) for i in range(n)} for name, n in lengths.items()}
    data, written = build(series)
    parts = [(g.first, g.last, g.rows) for g in footer(data).row_groups]
    assert parts == [("a", "b", 10), ("c", "c", 1), ("d", "d", 10), ("d", "d", 10), ("d", "e", 7)]
    assert bits_of(decoded(data)) == bits(series)
    assert day_file.checksums(decoded(data)) == written.checks


@given(days, st.integers(1, 4), st.integers(1, 4))
def test_checksums_do_not_depend_on_the_layout(series: Series, size: int, other: int) -> None:
    checks = day_file.checksums(groups(series, size))
    assert checks == day_file.checksums(groups(series, other))
    assert checks == {
        name: check for group in groups(series, 1) for name, check in day_file.checksums([group]).items()
    }
    backwards = dict(reversed(checks.items()))
    assert day_file.file_checksum(backwards) == day_file.file_checksum(checks)


@pytest.mark.parametrize(
    "other",
    [
        {"a": {START: -0.0, START + 1: 1.0}},
        {"a": {START: 0.0, START + 2: 1.0}},
        {"a": {START: 0.0}},
        {"b": {START: 0.0, START + 1: 1.0}},
    ],
)
def test_checksums_depend_on_name_time_and_every_bit(other: Series) -> None:
    [expected_check] = day_file.checksums(groups({"a": {START: 0.0, START + 1: 1.0}})).values()
    [theirs] = day_file.checksums(groups(other)).values()
    assert expected_check.checksum != theirs.checksum


def test_checksums_stay_what_they_were() -> None:
    checks = day_file.checksums(groups(EDGES))
    assert checks["a"] == (3, "32367726a2570cd3a0ca7d18842db993")
    assert day_file.file_checksum(checks) == "40bb76121ada7215caf1bbec29a5995f"


@pytest.mark.parametrize(
    ("encoding", "values"),
    [
        ("BYTE_STREAM_SPLIT", lambda random, n: random.normal(50, 1, n).astype(np.float32)),
        ("PLAIN", lambda random, n: np.repeat(random.integers(0, 9_999, n // 8 + 1) / 12, 8)[:n]),
        ("RLE_DICTIONARY", lambda random, n: random.integers(0, 500, n) / 7),
    ],
)
def test_values_take_the_encoding_that_makes_them_smallest(encoding: str, values: Any) -> None:
    data, written = build(noise(16, 400, values))
    assert written.value_encoding == encoding
    column = parquet.read_metadata(io.BytesIO(data)).row_group(0).column(2)
    assert encoding in column.encodings
    assert column.has_dictionary_page == (encoding == "RLE_DICTIONARY")


def test_the_file_is_as_published() -> None:
    data, written = build(steady(130))
    metadata = parquet.read_metadata(io.BytesIO(data))
    assert metadata.schema.to_arrow_schema().equals(day_file.schema())
    assert [metadata.row_group(i).num_rows for i in range(5)] == [96, 96, 96, 96, 6]
    for i in range(5):
        for column in (metadata.row_group(i).column(j) for j in range(3)):
            assert column.statistics.has_min_max
            assert column.statistics.null_count == 0
            assert column.compression == "ZSTD"
        assert metadata.row_group(i).column(0).has_dictionary_page
        assert "DELTA_BINARY_PACKED" in metadata.row_group(i).column(1).encodings
    assert metadata.metadata == {
        b"schema_version": b"1",
        b"site": SITE.encode(),
        b"day": DAY.encode(),
        b"rows": b"390",
        b"points": b"130",
        b"checksum": day_file.file_checksum(written.checks).encode(),
    }


@pytest.mark.parametrize("series", [{}, EDGES, {name: {START + 7: 1.5} for name in ODD_NAMES[:4]}])
def test_duckdb_and_pandas_read_it_as_it_is(series: Series, tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    written = day_file.write(path, SITE, DAY, groups(series))
    rows = duckdb.sql(f"select point_name, epoch_ms(timestamp), value from '{path}'").fetchall()
    frame = pd.read_parquet(path)
    of_pandas = zip(
        frame["point_name"],
        frame["timestamp"].astype("datetime64[ms, UTC]").astype("int64"),
        frame["value"],
        strict=True,
    )
    for result in (rows, list(of_pandas)):
        assert {(name, time_ms): np.float64(value).tobytes() for name, time_ms, value in result} == bits(
            series
        )
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert len(rows) == written.contents.rows


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([Group(["b", "a"], from_columns([], [], []))], "names"),
        (
            [
                Group(["a"], from_columns([0], [START], [1])),
                Group(["a"], from_columns([0], [START + 1], [1])),
            ],
            "names",
        ),
        ([Group(["a", "b"], from_columns([1, 0], [START, START], [1, 1]))], "ids"),
        ([Group(["a"], from_columns([1], [START], [1]))], "ids"),
        ([Group(["a"], from_columns([-1], [START], [1]))], "ids"),
        ([Group(["a"], from_columns([0, 0], [START, START], [1, 1]))], "times"),
        ([Group(["a"], from_columns([0], [START - 1], [1]))], "day"),
        ([Group(["a"], from_columns([0], [START + DAY_MS], [1]))], "day"),
        ([Group(["a"], from_columns([0], [START], [float("nan")]))], "finite"),
        ([Group(["a"], from_columns([0], [START], [float("inf")]))], "finite"),
    ],
)
def test_invalid_rows_are_refused_without_a_day_file(parts: list[Group], text: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(ValueError, match=text):
        day_file.write(sink, SITE, DAY, parts)
    with pytest.raises(DayFileError):
        footer(sink.getvalue())


@given(st.integers(0))
@example(0)
@example(1)
@example(4)
@example(11)
def test_a_truncated_file_is_named(length: int) -> None:
    data, _ = build(EDGES)
    with pytest.raises(DayFileTruncatedError):
        footer(data[: length % len(data)])


ONE: Series = {"a": {START: 1.0, START + 1: 2.0, START + HOUR_MS: 3.0}}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<html>not found</html>", DayFileFormatError),
        (b"x" * 100_000, DayFileFormatError),
        (b"PAR1" + b"\xff\xff\xff\x7fPAR1", DayFileFormatError),
        (b"PAR1" + b"\x07\x00\x00\x00" * 6 + b"\x10\x00\x00\x00PAR1", DayFileFormatError),
        (rewritten(build(ONE)[0], lambda table: table.replace_schema_metadata()), DayFileVersionError),
        (described(build(ONE)[0], schema_version="2"), DayFileVersionError),
        (
            rewritten(described(build(ONE)[0]), lambda table: table.rename_columns(["n", "t", "v"])),
            DayFileVersionError,
        ),
        (described(build(ONE)[0], site="other"), DayFileMismatchError),
        (described(build(ONE)[0], day="2026-01-02"), DayFileMismatchError),
        (described(build(ONE)[0], rows="4"), DayFileFormatError),
        (described(build(ONE)[0], rows="many"), DayFileFormatError),
    ],
)
def test_a_file_of_another_day_is_named(data: bytes, error: type[DayFileError]) -> None:
    with pytest.raises(error):
        footer(data)


def test_a_file_of_another_conforming_writer_is_read() -> None:
    assert bits_of(decoded(described(build(ONE)[0]))) == bits(ONE)


@given(st.integers(0), st.integers(1, 255))
def test_a_page_with_a_flipped_bit_is_detected(position: int, flip: int) -> None:
    data, _ = build(ONE)
    [group] = footer(data).row_groups
    broken = bytearray(data)
    broken[group.start + position % (group.end - group.start)] ^= flip
    try:
        result = decoded(bytes(broken))
    except DayFileFormatError:
        return
    assert bits_of(result) == bits(ONE)


def test_samples_keep_their_types() -> None:
    [group] = decoded(build(ONE)[0])
    result = day_file_reader.select(group, {"a": 5}, WHOLE_DAY)
    assert result.equals(Samples(np.full(3, 5, np.int32), group.samples.times, group.samples.values))
    assert (result.ids.dtype, result.times.dtype, result.values.dtype) == (np.int32, np.int64, np.float64)
