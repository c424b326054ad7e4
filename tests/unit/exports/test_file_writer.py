"""The files of exports: whatever the points are called and the values are, they read back to the bit."""

import csv
import io
import json
import struct
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.file_writer import FileWriter
from exports.rows import parquet_rows, text_rows
from tests.support.day_files import DAY, SITE, START, bits, build, footer
from tests.support.day_files import groups as groups_of
from tests.support.strategies import AWKWARD_NAMES, awkward_names
from vitals.codec import day_file
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.reading.bulk import record_batches

WHOLE = Span(START, START + DAY_MS)
AWKWARD = [-0.0, 0.0, 100.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, 1e22, 1 / 3, -1e-7, 2.0**53 + 2]
NAMES = [
    "ses/ses_falls_city/8000:33-8033/analogValue/102",
    "Zähler · 温度 #1 %",
    'it\'s "quoted", \\ and ; -- commented',
    "line\nbreak\r\n",
    "NaN",
    "",
]

type Series = Mapping[str, Mapping[int, float]]


def exported(
    folder: Path,
    series: Series,
    format: str,
    *,
    names: list[str] | None = None,
    span: Span = WHOLE,
    max_bytes: int = 10**9,
    zone: str = "UTC",
) -> list[bytes]:
    """The files that the series becomes by way of a day file."""
    source = folder / "day.parquet"
    day_file.write(source, SITE, DAY, groups_of(series))
    files: list[bytes] = []
    with FileWriter(format, folder, lambda file: files.append(file.read_bytes()), max_bytes, zone) as writer:
        for batch in record_batches.record_batches(source, names, span):
            writer.add(batch)
    source.unlink()
    assert list(folder.iterdir()) == []
    return files


def from_csv(text: bytes) -> dict[tuple[str, int], bytes]:
    header, *rows = csv.reader(io.StringIO(text.decode(), newline=""))
    assert header == ["point_name", "timestamp", "value"]
    samples = {}
    for name, time, value in rows:
        assert len(time) == 24
        assert time.endswith("Z")
        assert (name, time) not in samples
        samples[name, time] = struct.pack("<d", float(value))
    return samples


def by_text(series: Series) -> dict[tuple[str, str], bytes]:
    def text(time_ms: int) -> str:
        whole = iso(time_ms)
        return whole if "." in whole else whole.replace("Z", ".000Z")

    return {(name, text(time_ms)): value for (name, time_ms), value in bits(series).items()}


def from_parquet(data: bytes) -> dict[tuple[str, int], bytes]:
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.equals(day_file.schema())
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    rows = zip(table["point_name"].to_pylist(), times, table["value"].to_pylist(), strict=True)
    return {(name, time_ms): struct.pack("<d", value) for name, time_ms, value in rows}


names = awkward_names | st.just("")
values = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(AWKWARD)
series_of_a_day = st.dictionaries(
    names, st.dictionaries(st.integers(START, START + DAY_MS - 1), values, min_size=1, max_size=5), max_size=5
)


@given(series_of_a_day)
def test_every_sample_is_exact_in_csv(tmp_path_factory: pytest.TempPathFactory, series: Series) -> None:
    files = exported(tmp_path_factory.mktemp("csv"), series, "csv")
    assert len(files) == bool(series)
    assert {k: v for file in files for k, v in from_csv(file).items()} == by_text(series)


def test_times_in_csv_have_the_zones_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the clock is turned back, and with an offset of half an hour."""
    monkeypatch.setattr(text_rows, "_MAX_LINES_BYTES", 1_000)
    for zone in ("America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe"):
        sink = io.BytesIO()
        names = pa.array(["a"] * 30).dictionary_encode()
        schema = pa.schema({"name": names.type, "time": pa.timestamp("ms", "UTC"), "value": pa.float64()})
        rows = text_rows.TextRows(sink, schema, "csv", zone)
        for start_ms in (1_793_509_200_000, 1_775_310_300_000, START):
            times = [start_ms + 599_999 * n for n in range(30)]
            stamps = pa.array(times, pa.timestamp("ms", "UTC"))
            rows.add(pa.record_batch({"name": names, "time": stamps, "value": [float(t) for t in times]}))
        _, *lines = sink.getvalue().decode().splitlines()
        assert len(lines) == 90
        for line in lines:
            _, text, value = line.split(",")
            local = datetime.fromtimestamp(float(value) / 1000, ZoneInfo(zone))
            assert text == local.isoformat(timespec="milliseconds")


@given(series_of_a_day)
def test_every_sample_is_exact_in_parquet(tmp_path_factory: pytest.TempPathFactory, series: Series) -> None:
    files = exported(tmp_path_factory.mktemp("parquet"), series, "parquet")
    assert {k: v for file in files for k, v in from_parquet(file).items()} == bits(series)


def from_json(text: bytes) -> dict[tuple[str, str], bytes]:
    rows = [json.loads(line) for line in text.splitlines()]
    assert all(list(row) == ["point_name", "timestamp", "value"] for row in rows)
    return {(row["point_name"], row["timestamp"]): struct.pack("<d", row["value"]) for row in rows}


@given(series_of_a_day)
def test_every_sample_is_exact_in_json(tmp_path_factory: pytest.TempPathFactory, series: Series) -> None:
    files = exported(tmp_path_factory.mktemp("json"), series, "json")
    assert {k: v for file in files for k, v in from_json(file).items()} == by_text(series)


@given(series_of_a_day)
def test_every_sample_is_exact_in_arrow(tmp_path_factory: pytest.TempPathFactory, series: Series) -> None:
    files = exported(tmp_path_factory.mktemp("arrow"), series, "arrow")
    tables = [pa.ipc.open_stream(file).read_all() for file in files]
    rows = [row for table in tables for row in table.to_pylist()]
    samples = {
        (row["point_name"], round(row["timestamp"].timestamp() * 1000)): struct.pack("<d", row["value"])
        for row in rows
    }
    assert samples == bits(series)
    assert len(rows) == len(samples)


NUMBERS = st.lists(
    st.tuples(st.none() | values, values, st.integers(-(2**53), 2**53)), min_size=1, max_size=9
)


@given(NUMBERS, st.sampled_from(["UTC", "America/Chicago"]))
def test_tables_read_back_in_every_format(rows: list[tuple[float | None, float, int]], zone: str) -> None:
    """A missing number is empty in CSV and null elsewhere; headers may have any character."""
    headers = ["timestamp", 'a, "b" [°F]', "", "count"]
    times = pa.array([START + 3_600_000 * hour for hour in range(len(rows))], pa.timestamp("ms", "UTC"))
    columns = [pa.array([row[index] for row in rows]) for index in range(3)]
    columns[0] = columns[0].cast(pa.float64())
    batch = pa.RecordBatch.from_arrays([times, *columns], headers)
    texts = {}
    for format in ("csv", "json"):
        sink = io.BytesIO()
        writer = text_rows.TextRows(sink, batch.schema, format, zone)
        writer.add(batch)
        writer.finish()
        texts[format] = sink.getvalue().decode()
    isos = [
        datetime.fromtimestamp(time.timestamp(), ZoneInfo(zone)).isoformat(timespec="milliseconds")
        for time in times.to_pylist()
    ]
    isos = [text.replace("+00:00", "Z") for text in isos]
    head, *lines = csv.reader(io.StringIO(texts["csv"], newline=""))
    assert head == headers
    assert [line[0] for line in lines] == isos
    objects = [json.loads(line) for line in texts["json"].splitlines()]
    assert [list(row) for row in objects] == [headers] * len(rows)
    for (first, second, count), line, row in zip(rows, lines, objects, strict=True):
        assert line[1] == ("" if first is None else repr(first)) or float(line[1]) == first
        assert struct.pack("<d", float(line[2])) == struct.pack("<d", row[""]) == struct.pack("<d", second)
        assert (int(line[3]), row["count"], row[headers[1]]) == (count, count, first)


def awkward() -> dict[str, dict[int, float]]:
    return {
        name: {START + 7 * i + 60_000 * n: value for n, value in enumerate(AWKWARD)}
        for i, name in enumerate(NAMES)
    }


def test_the_csv_is_plain(tmp_path: Path) -> None:
    series = {"a": {START: 100.0, START + 1: -0.0}, 'b,"c"': {START + DAY_MS - 1: 0.1 + 0.2}}
    [text] = exported(tmp_path, series, "csv")
    assert text.decode() == (
        "point_name,timestamp,value\n"
        "a,2026-01-01T00:00:00.000Z,100.0\n"
        "a,2026-01-01T00:00:00.001Z,-0.0\n"
        '"b,""c""",2026-01-01T23:59:59.999Z,0.30000000000000004\n'
    )


def test_other_programs_read_the_csv_to_the_bit(tmp_path: Path) -> None:
    series = {"whole numbers": {START + n: value for n, value in enumerate([1.0, -0.0, 3.0, 1e22])}}
    [text] = exported(tmp_path, series, "csv")
    table = pcsv.read_csv(io.BytesIO(text))
    assert table.schema.field("value").type == pa.float64()
    stored = struct.pack("<4d", *table["value"].to_pylist())
    assert stored == struct.pack("<4d", 1.0, -0.0, 3.0, 1e22)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_points_and_range_are_what_was_asked_for(tmp_path: Path, format: str) -> None:
    wanted, span = [NAMES[1], NAMES[4], "no such point"], Span(START + 60_000, START + 300_000)
    files = exported(tmp_path, awkward(), format, names=wanted, span=span)
    expected = {
        name: {
            time_ms: value
            for time_ms, value in awkward()[name].items()
            if span.start_ms <= time_ms < span.end_ms
        }
        for name in wanted[:2]
    }
    samples = [from_csv(file) if format == "csv" else from_parquet(file) for file in files]
    assert samples == [by_text(expected) if format == "csv" else bits(expected)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_full_file_is_followed_by_another(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_batches, "_BATCH_ROWS", 10)
    monkeypatch.setattr(parquet_rows, "_ROW_GROUP_ROWS", 10)
    files = exported(tmp_path, awkward(), format, max_bytes=1)
    assert len(files) == -(-len(NAMES) * len(AWKWARD) // 10)
    samples: dict[tuple[str, int], bytes] = {}
    for file in files:
        file_samples = from_csv(file) if format == "csv" else from_parquet(file)
        assert not samples.keys() & file_samples.keys()
        samples |= file_samples
    assert samples == (by_text(awkward()) if format == "csv" else bits(awkward()))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_is_broken_off_is_not_passed_on(tmp_path: Path, format: str) -> None:
    source = tmp_path / "day.parquet"
    day_file.write(source, SITE, DAY, groups_of(awkward()))
    stored: list[Path] = []
    with pytest.raises(KeyError), FileWriter(format, tmp_path, stored.append, 10**9) as writer:
        for batch in record_batches.record_batches(source, None, WHOLE):
            writer.add(batch)
        raise KeyError
    assert stored == []


def with_duckdb(file: Path, *options: str) -> list[tuple[str, bytes]]:
    """Names and values as DuckDB reads them, told that nothing is NULL in quotes."""
    options_text = ", ".join(
        ["allow_quoted_nulls = false", "types = {'point_name': 'VARCHAR', 'value': 'DOUBLE'}", *options]
    )
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT point_name, value FROM read_csv('{file}', {options_text})"
        ).fetchall()
    return [(name, struct.pack("<d", value)) for name, value in rows]


def test_other_programs_read_every_name(tmp_path: Path) -> None:
    """Whether or not they are told what quotes and separators are."""
    series = {name: {START + i: AWKWARD[i % len(AWKWARD)]} for i, name in enumerate(["", *AWKWARD_NAMES])}
    [text] = exported(tmp_path, series, "csv")
    file = tmp_path / "rows.csv"
    file.write_bytes(text)
    truth = sorted((name, value) for (name, _), value in bits(series).items())
    assert sorted(with_duckdb(file)) == truth
    options = ("header = true", "delim = ','", "quote = '\"'", "escape = '\"'")
    assert sorted(with_duckdb(file, *options)) == truth


@settings(max_examples=20)
@given(st.sets(awkward_names, min_size=1, max_size=20))
def test_duckdb_reads_any_name(tmp_path_factory: pytest.TempPathFactory, point_names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("csv")
    series = {name: {START: 1.5} for name in point_names}
    [text] = exported(folder, series, "csv")
    file = folder / "rows.csv"
    file.write_bytes(text)
    options = ("header = true", "delim = ','", "quote = '\"'", "escape = '\"'")
    assert {name for name, _ in with_duckdb(file, *options)} == point_names


def test_lines_of_long_names_bound_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rows, "_MAX_LINES_BYTES", 5_000)
    slices: list[int] = []
    real = text_rows.TextRows._lines

    def counting(self: text_rows.TextRows, batch: Any) -> Any:
        slices.append(len(batch))
        return real(self, batch)

    monkeypatch.setattr(text_rows.TextRows, "_lines", counting)
    series = {"😀" * 512 + "x": {START + n: float(n) for n in range(7)}}
    [text] = exported(tmp_path, series, "csv")
    assert from_csv(text) == by_text(series)
    assert slices == [2, 2, 2, 1]


def long_names() -> list[str]:
    """Names of 512 characters of four bytes each that differ in the last few only."""
    return ["😀" * 509 + "".join(chr(0x1F600 + n // 8**i % 8) for i in (2, 1, 0)) for n in range(200)]


def test_statistics_of_long_names_are_whole() -> None:
    """Statistics that a writer cuts short would hide points."""
    series = {name: {START: float(n)} for n, name in enumerate(long_names())}
    opened = footer(build(series)[0])
    assert len(opened.row_groups) == 7
    assert (opened.row_groups[0].first, opened.row_groups[-1].last) == (min(series), max(series))
    assert all(len(opened.row_groups_of([name])) == 1 for name in series)
