"""The examples of docs/data.md, run on the files of a simulated day and held against what the source said."""

import re
import struct
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pandas as pd
import pytest

from local.athena.server import executing
from tests.functional.conftest import SITE
from tests.functional.pipeline.test_archiver import DAY, WHOLE, Archive, archive, simulator
from tests.functional.reading import test_athena
from tests.support.template import ROOT, create_archive, template
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store import keys

__all__ = ["archive", "simulator"]

PAGE = (ROOT / "docs/data.md").read_text()
BUCKET = "s3://vitals-archive"
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", PAGE, re.M)]
EMPTY = DAY - 20 * DAY_MS
POINT = "ses/ses_falls_city/8000:33-8033/analogInput/100"

type Bits = dict[tuple[str, int], bytes]


def example(words: str) -> str:
    [found] = [block for block in BLOCKS if words in block]
    return found


@dataclass(frozen=True)
class Day:
    """The bucket's files by key, and what the source said of the day, the weather apart."""

    files: dict[str, bytes]
    truth: Bits


@pytest.fixture(scope="module")
def made() -> list[Day]:
    """The day once it is made: each test needs the same, and none changes it."""
    return []


@pytest.fixture
def day(made: list[Day], request: pytest.FixtureRequest) -> Day:
    if not made:
        archive: Archive = request.getfixturevalue("archive")
        archive.archive()
        archive.archiver.archive(SiteDay(SITE, EMPTY))
        s3 = boto3.client("s3")
        listed = s3.list_objects_v2(Bucket="cold-bucket", Prefix="timeseries/")["Contents"]
        bodies = {
            item["Key"]: s3.get_object(Bucket="cold-bucket", Key=item["Key"])["Body"] for item in listed
        }
        files = {key: body.read() for key, body in bodies.items()}
        made.append(Day(files, archive.world.truth(WHOLE)))
    return made[0]


@pytest.fixture
def truth(day: Day) -> Bits:
    return day.truth


@pytest.fixture
def folder(day: Day, tmp_path: Path) -> Path:
    """The bucket as a folder."""
    for key, body in day.files.items():
        (tmp_path / key).parent.mkdir(parents=True)
        (tmp_path / key).write_bytes(body)
    return tmp_path


def here(text: str, folder: Path) -> str:
    assert BUCKET in text
    return text.replace(BUCKET, str(folder))


def sql(words: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of an example, asked by somebody whose clock is Chicago's."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/Chicago'")
        return connection.sql(here(example(words), folder)).to_arrow_table().to_pylist()


def python(words: str, folder: Path) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    exec(here(example(words), folder), scope)
    return scope


def bits(rows: Iterable[tuple[int, float]]) -> Bits:
    """The point's samples by name and time, values to the bit; none twice."""
    found = list(rows)
    by_key = {(POINT, at): struct.pack("<d", value) for at, value in found}
    assert len(by_key) == len(found)
    return by_key


def of_point(truth: Bits) -> Bits:
    mine = {key: value for key, value in truth.items() if key[0] == POINT}
    assert len(mine) >= 20
    return mine


def milliseconds(times: pd.Series) -> list[int]:
    return times.astype("datetime64[ms, UTC]").astype("int64").tolist()


def by_point(truth: Bits) -> dict[str, dict[int, float]]:
    """The truth's values by time, by point."""
    found: dict[str, dict[int, float]] = {}
    for (name, at), value in truth.items():
        found.setdefault(name, {})[at] = struct.unpack("<d", value)[0]
    return found


def test_duckdb_has_every_sample_of_a_point_to_the_bit(folder: Path, truth: Bits) -> None:
    rows = sql("epoch_ms", folder)
    assert bits((row["time_ms"], row["value"]) for row in rows) == of_point(truth)


def test_duckdb_has_a_month_by_the_utc_day(folder: Path, truth: Bits) -> None:
    expected = by_point(truth)
    rows = [row for row in sql("AS day", folder) if row["point_name"] in expected]
    assert len(rows) == len(expected)
    for row in rows:
        values = expected[row["point_name"]].values()
        assert row["day"].timestamp() * 1000 == DAY
        assert (row["samples"], row["mean"]) == (len(values), pytest.approx(sum(values) / len(values)))


def test_duckdb_has_a_column_per_point(folder: Path, truth: Bits) -> None:
    rows = sql("PIVOT", folder)
    hours = {int(row["hour"].timestamp() * 1000): row[POINT] for row in rows if row[POINT] is not None}
    # A reading an hour: each is its hour's mean.
    assert hours == {at - at % HOUR_MS: value for at, value in by_point(of_point(truth))[POINT].items()}


def test_a_files_own_count_of_its_rows_is_right_and_an_empty_day_has_none(folder: Path) -> None:
    [row] = sql("parquet_kv_metadata", folder)
    assert row["rows"] == len(pd.read_parquet(row["file_name"])) > 0
    empty = folder / keys.day_file(SiteDay(SITE, EMPTY))
    assert len(pd.read_parquet(empty)) == 0


def test_pandas_has_every_sample_of_a_point_to_the_bit(folder: Path, truth: Bits) -> None:
    day = python("day = pd.read_parquet", folder)["day"]
    assert bits(zip(milliseconds(day["timestamp"]), day["value"], strict=True)) == of_point(truth)


def test_pandas_has_a_column_per_point(folder: Path, truth: Bits) -> None:
    found = python("month = pd.read_parquet", folder)
    expected = by_point(truth)
    assert len(found["points"]) == found["wide"].shape[1] == 2
    for name in found["points"]:
        column = found["wide"][name].dropna()
        shown = zip(milliseconds(column.index.to_series()), column, strict=True)
        assert dict(shown) == expected[name]


def test_athena_has_every_sample_of_a_point_to_the_bit(day: Day) -> None:
    s3, athena = boto3.client("s3"), boto3.client("athena")
    names = create_archive(s3, boto3.client("glue"), athena)
    for key, body in day.files.items():
        s3.put_object(Bucket=names["ColdBucket"], Key=key, Body=body)
    with executing():
        rows = test_athena.Archive(names, s3, athena).rows(example("FROM samples"))
    times = milliseconds(pd.to_datetime(pd.Series([row["timestamp"] for row in rows]), utc=True))
    assert bits(zip(times, (float(row["value"]) for row in rows), strict=True)) == of_point(day.truth)


def test_the_queries_by_name_are_those_of_the_template() -> None:
    resources = template()["Resources"].values()
    names = {r["Properties"]["Name"] for r in resources if r["Type"] == "AWS::Athena::NamedQuery"}
    assert names == set(re.findall(r'"([A-Z][^"]* of a site)"', " ".join(PAGE.split())))


def test_the_page_names_one_bucket_and_every_example_that_reads_it_is_run() -> None:
    assert set(re.findall(r"s3://[^/]*", PAGE)) == {BUCKET}
    assert sum(BUCKET in block for block in BLOCKS) == 6
