"""The examples of docs/storage.md, run on a file that is made for them."""

import re
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.template import ROOT
from vitals import dayfile
from vitals.dayfile import Group
from vitals.samples import Samples
from vitals.timespan import day_start

BLOCKS = [
    textwrap.dedent(block)
    for block in re.findall(r"(?:^ {4}.*\n|^\n)+", (ROOT / "docs/storage.md").read_text(), re.M)
]


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "timeseries/ses_falls_city/2026/01/01"
    folder.mkdir(parents=True)
    times = day_start("2026-01-01") + 60_000 * np.arange(10)
    ids = np.repeat(np.arange(2, dtype=np.int32), 10)
    values = np.arange(20, dtype=np.float64)
    group = Group(["ahu/sat", "zone/co2"], Samples(ids, np.tile(times, 2), values))
    dayfile.write(folder / "samples.parquet", "ses_falls_city", "2026-01-01", [group])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(word: str) -> str:
    [found] = [block for block in BLOCKS if word in block]
    return found


def test_the_duckdb_example(bucket: Path) -> None:
    rows = duckdb.sql(example("read_parquet('timeseries")).fetchall()
    assert [(name, mean) for name, _, mean in rows] == [("ahu/sat", 4.5), ("zone/co2", 14.5)]


def test_the_pandas_example(bucket: Path) -> None:
    scope: dict[str, Any] = {}
    exec(example("import pandas"), scope)
    assert scope["day"]["value"].tolist() == [float(i) for i in range(10)]
