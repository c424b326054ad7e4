"""Day files are read to the bit by other readers, each in a process of its own: `make readers`."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.day_files import DAY, SITE, START, Series, bits, groups
from tests.support.template import ROOT
from vitals.codec import day_file
from vitals.model.timespan import DAY_MS

PROGRAM = Path(__file__).with_name("program.py")
PYTHON = ROOT / ".venv-readers/bin/python"
ENCODINGS = dict(day_file._LEVELS)
POINTS_PER_GROUP = 4

# Statistics are in the order of UTF-8 bytes. A reader with another order would skip row groups.
SELECTED = ("Außenluft °C", "𐀀", "\uffff", "z")
NAMES = (
    *SELECTED,
    "a/b:c 1",
    "Valve 100%",
    "quote'\"\\",
    "\n\x00",
    "é",
    "e\u0301",
    "x" * 512,
    "ses/8000:33/1",
)
EDGES = (
    *(0.0, -0.0, 5e-324, -5e-324, 2.225073858507201e-308, 2.2250738585072014e-308),
    *(1.7976931348623157e308, -1.7976931348623157e308, 0.1, 1 / 3, 2.0**53 + 2, -1e-300),
)


def hostile() -> Series:
    """Edges of doubles and of the day, and random bits, for each name."""
    random = np.random.default_rng(1).integers(0, 2**64, 1_000, np.uint64).view(np.float64)
    values = [*EDGES, *random[np.isfinite(random)].tolist()]
    times = [START, *range(START + 1, START + len(values) - 1), START + DAY_MS - 1]
    return {name: dict(zip(times, values, strict=True)) for name in NAMES}


SERIES = hostile()


def expected(point: str | None) -> dict[tuple[str, int], str]:
    selected = SERIES if point is None else {point: SERIES[point]}
    return {row: value.hex() for row, value in bits(selected).items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The same day in each encoding of the values."""
    folder = tmp_path_factory.mktemp("days")
    paths = {encoding: folder / f"{encoding.lower()}.parquet" for encoding in ENCODINGS}
    with pytest.MonkeyPatch.context() as patch:
        for encoding, path in paths.items():
            patch.setattr(day_file, "_LEVELS", {encoding: ENCODINGS[encoding]})
            written = day_file.write(path, SITE, DAY, groups(SERIES, POINTS_PER_GROUP))
            assert written.value_encoding == encoding
    return paths


def read(reader: str, reads: list[tuple[Path, str | None]]) -> list[dict[str, Any]]:
    """The results of the reader for files, whole or one point of them."""
    request = json.dumps([(str(path), point) for path, point in reads])
    done = subprocess.run(
        [str(PYTHON), str(PROGRAM), reader, request], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def check(result: dict[str, Any], point: str | None) -> None:
    rows = {(name, time_ms): value for name, time_ms, value in result["rows"]}
    assert rows == expected(point)
    assert len(result["rows"]) == len(rows)


@pytest.mark.parametrize("reader", ["pyarrow", "pandas", "duckdb", "polars", "chdb", "pyspark"])
def test_rows_are_exact_in_each_encoding(files: Mapping[str, Path], reader: str) -> None:
    reads = [(path, point) for path in files.values() for point in (None, *SELECTED)]
    results = read(reader, reads)
    for (_, point), result in zip(reads, results, strict=True):
        check(result, point)


def test_fastparquet_refuses_byte_stream_split(files: Mapping[str, Path]) -> None:
    split, *others = read("fastparquet", [(path, None) for path in files.values()])
    assert split == {"error": "NotImplementedError: Encoding 9"}
    for result in others:
        check(result, None)
