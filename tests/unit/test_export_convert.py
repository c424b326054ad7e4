"""The files of exports: whatever the points are called and the values are, they read back to the bit."""

import csv
import io
import struct
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import convert
from exports.convert import FileWriter
from tests.dayfiles import DAY, SITE, START, bits
from tests.dayfiles import groups as groups_of
from vitals import dayfile
from vitals.timespan import DAY_MS, Span, iso

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
    most: int = 10**9,
) -> list[bytes]:
    """The files that the series becomes by way of a day file."""
    source = folder / "day.parquet"
    dayfile.write(source, SITE, DAY, groups_of(series))
    files: list[bytes] = []
    with FileWriter(format, folder, lambda file: files.append(file.read_bytes()), most) as writer:
        for batch in convert.rows(source, names, span):
            writer.add(batch)
    source.unlink()
    assert list(folder.iterdir()) == []
    return files


def from_csv(text: bytes) -> dict[tuple[str, int], bytes]:
    header, *rows = csv.reader(io.StringIO(text.decode(), newline=""))
    assert header == ["point_name", "timestamp", "value"]
    found = {}
    for name, at, value in rows:
        assert len(at) == 24
        assert at.endswith("Z")
        assert (name, at) not in found
        found[name, at] = struct.pack("<d", float(value))
    return found


def by_text(series: Series) -> dict[tuple[str, str], bytes]:
    def text(at: int) -> str:
        whole = iso(at)
        return whole if "." in whole else whole.replace("Z", ".000Z")

    return {(name, text(at)): value for (name, at), value in bits(series).items()}


def from_parquet(data: bytes) -> dict[tuple[str, int], bytes]:
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.equals(dayfile.schema())
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    rows = zip(table["point_name"].to_pylist(), times, table["value"].to_pylist(), strict=True)
    return {(name, at): struct.pack("<d", value) for name, at, value in rows}


names = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(AWKWARD)
series_of_a_day = st.dictionaries(
    names, st.dictionaries(st.integers(START, START + DAY_MS - 1), values, min_size=1, max_size=5), max_size=5
)


@given(series_of_a_day)
def test_every_sample_is_in_the_csv_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, given: Series
) -> None:
    files = exported(tmp_path_factory.mktemp("csv"), given, "csv")
    assert len(files) == bool(given)
    assert {k: v for file in files for k, v in from_csv(file).items()} == by_text(given)


@given(series_of_a_day)
def test_every_sample_is_in_the_parquet_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, given: Series
) -> None:
    files = exported(tmp_path_factory.mktemp("parquet"), given, "parquet")
    assert {k: v for file in files for k, v in from_parquet(file).items()} == bits(given)


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
    found = struct.pack("<4d", *table["value"].to_pylist())
    assert found == struct.pack("<4d", 1.0, -0.0, 3.0, 1e22)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_points_and_range_are_what_was_asked_for(tmp_path: Path, format: str) -> None:
    wanted, span = [NAMES[1], NAMES[4], "no such point"], Span(START + 60_000, START + 300_000)
    files = exported(tmp_path, awkward(), format, names=wanted, span=span)
    expected = {
        name: {at: value for at, value in awkward()[name].items() if span.start_ms <= at < span.end_ms}
        for name in wanted[:2]
    }
    found = [from_csv(file) if format == "csv" else from_parquet(file) for file in files]
    assert found == [by_text(expected) if format == "csv" else bits(expected)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_full_file_is_followed_by_another(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_BATCH_ROWS", 10)
    monkeypatch.setattr(convert, "_ROW_GROUP_ROWS", 10)
    files = exported(tmp_path, awkward(), format, most=1)
    assert len(files) == -(-len(NAMES) * len(AWKWARD) // 10)
    found: dict[tuple[str, int], bytes] = {}
    for file in files:
        part = from_csv(file) if format == "csv" else from_parquet(file)
        assert not found.keys() & part.keys()
        found |= part
    assert found == (by_text(awkward()) if format == "csv" else bits(awkward()))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_is_broken_off_is_not_passed_on(tmp_path: Path, format: str) -> None:
    source = tmp_path / "day.parquet"
    dayfile.write(source, SITE, DAY, groups_of(awkward()))
    kept: list[Path] = []
    with pytest.raises(KeyError), FileWriter(format, tmp_path, kept.append, 10**9) as writer:
        for batch in convert.rows(source, None, WHOLE):
            writer.add(batch)
        raise KeyError
    assert kept == []
