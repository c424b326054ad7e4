"""Runs the examples of docs/data.md on the files of a simulated day, and compares them with the source."""

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
from tests.support import athena_archive
from tests.support.archiving import DAY, WHOLE, Archive, archive, simulator
from tests.support.sites import SITE
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


def example(fragment: str) -> str:
    """Returns the one example that contains the fragment."""
    [block] = [block for block in BLOCKS if fragment in block]
    return block


@dataclass(frozen=True)
class Day:
    """The bucket's files by key, and the source's samples of the day, without the weather."""

    files: dict[str, bytes]
    truth: Bits


@pytest.fixture(scope="module")
def made() -> list[Day]:
    """Holds the day after the first test made it; all tests share it, and none changes it."""
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
    """Returns the bucket as a folder."""
    for key, body in day.files.items():
        (tmp_path / key).parent.mkdir(parents=True)
        (tmp_path / key).write_bytes(body)
    return tmp_path


def here(text: str, folder: Path) -> str:
    assert BUCKET in text
    return text.replace(BUCKET, str(folder))


def sql(fragment: str, folder: Path) -> list[dict[str, Any]]:
    """Returns the rows of an example, in a session whose time zone is Chicago's."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/Chicago'")
        return connection.sql(here(example(fragment), folder)).to_arrow_table().to_pylist()


def python(fragment: str, folder: Path) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    exec(here(example(fragment), folder), scope)
    return scope


def bits(rows: Iterable[tuple[int, float]]) -> Bits:
    """Returns the point's samples by name and time, values to the bit; none twice."""
    samples = list(rows)
    by_key = {(POINT, time_ms): struct.pack("<d", value) for time_ms, value in samples}
    assert len(by_key) == len(samples)
    return by_key


def of_point(truth: Bits) -> Bits:
    samples = {key: value for key, value in truth.items() if key[0] == POINT}
    assert len(samples) >= 20
    return samples


def milliseconds(times: pd.Series) -> list[int]:
    return times.astype("datetime64[ms, UTC]").astype("int64").tolist()


def by_point(truth: Bits) -> dict[str, dict[int, float]]:
    """Returns the source's values by time, by point."""
    values: dict[str, dict[int, float]] = {}
    for (name, time_ms), value in truth.items():
        values.setdefault(name, {})[time_ms] = struct.unpack("<d", value)[0]
    return values


def test_duckdb_reads_every_sample_of_a_point_exactly(folder: Path, truth: Bits) -> None:
    rows = sql("AS time_ms", folder)
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
    assert hours == {
        time_ms - time_ms % HOUR_MS: value for time_ms, value in by_point(of_point(truth))[POINT].items()
    }


def test_the_row_count_of_a_file_is_right(folder: Path) -> None:
    [row] = sql("parquet_kv_metadata", folder)
    assert row["rows"] == len(pd.read_parquet(row["file_name"])) > 0
    empty = folder / keys.day_file(SiteDay(SITE, EMPTY))
    assert len(pd.read_parquet(empty)) == 0


def test_pandas_reads_every_sample_of_a_point_exactly(folder: Path, truth: Bits) -> None:
    day = python("day = pd.read_parquet", folder)["day"]
    assert bits(zip(milliseconds(day["timestamp"]), day["value"], strict=True)) == of_point(truth)


def test_pandas_has_a_column_per_point(folder: Path, truth: Bits) -> None:
    variables = python("month = pd.read_parquet", folder)
    expected = by_point(truth)
    assert len(variables["points"]) == variables["wide"].shape[1] == 2
    for name in variables["points"]:
        column = variables["wide"][name].dropna()
        shown = zip(milliseconds(column.index.to_series()), column, strict=True)
        assert dict(shown) == expected[name]


def test_athena_reads_every_sample_of_a_point_exactly(day: Day) -> None:
    s3, athena = boto3.client("s3"), boto3.client("athena")
    names = create_archive(s3, boto3.client("glue"), athena)
    for key, body in day.files.items():
        s3.put_object(Bucket=names["ColdBucket"], Key=key, Body=body)
    with executing():
        rows = athena_archive.Archive(names, s3, athena).rows(example("FROM samples"))
    times = milliseconds(pd.to_datetime(pd.Series([row["timestamp"] for row in rows]), utc=True))
    assert bits(zip(times, (float(row["value"]) for row in rows), strict=True)) == of_point(day.truth)


def test_the_named_queries_are_those_of_the_template() -> None:
    resources = template()["Resources"].values()
    names = {r["Properties"]["Name"] for r in resources if r["Type"] == "AWS::Athena::NamedQuery"}
    assert names == set(re.findall(r'"([A-Z][^"]* of a site)"', " ".join(PAGE.split())))


def test_every_example_on_the_page_is_run() -> None:
    assert set(re.findall(r"s3://[^/]*", PAGE)) == {BUCKET}
    assert sum(BUCKET in block for block in BLOCKS) == 8
