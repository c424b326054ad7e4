"""Quality files (moto): the latest archiving wins, and Athena and DuckDB read them as the table says."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from local.athena.server import executing
from tests.support import athena_archive
from tests.support.archives import Archives
from tests.support.day_files import START
from tests.support.template import BUCKET, template
from vitals.codec import quality_file
from vitals.codec.quality_file import QualityHead
from vitals.errors import ConflictError, NotFoundError
from vitals.model.quality.findings import DayQuality, Finding, Outage, PointQuality
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store import keys
from vitals.store.tiers.quality_files import QualityFiles

DAY = SiteDay("mill", START)


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


def versions(s3: Any) -> int:
    return len(s3.list_object_versions(Bucket=BUCKET).get("Versions", ()))


def test_the_file_is_where_the_contract_says() -> None:
    assert keys.quality_file(DAY) == "quality/mill/2026/01/01.parquet"


def test_a_missing_file_is_not_found(s3: Any) -> None:
    with pytest.raises(NotFoundError, match="no data quality of mill, 2026-01-01"):
        QualityFiles(s3, BUCKET).read(DAY)


def test_a_later_archiving_replaces_an_earlier_one(s3: Any) -> None:
    files = QualityFiles(s3, BUCKET)
    first = files.put(DAY, b"one", QualityHead("a", 10))
    assert files.read(DAY) == (first, b"one")
    second = files.put(DAY, b"two", QualityHead("b", 11))
    with pytest.raises(ConflictError, match="written by another process"):
        files.put(DAY, b"three", QualityHead("c", 10))
    assert files.read(DAY) == (second, b"two")
    # As rollups: of two that began in the same millisecond, the ledger names one.
    assert files.put(DAY, b"four", QualityHead("d", 11)) != second


def test_a_file_without_metadata_is_replaced(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=keys.quality_file(DAY), Body=b"by hand")
    etag = QualityFiles(s3, BUCKET).put(DAY, b"one", QualityHead("a", 10))
    assert QualityFiles(s3, BUCKET).read(DAY) == (etag, b"one")


class _Racing:
    """An S3 client during whose next puts another archiving stores a file first."""

    def __init__(self, s3: Any, before_put: list[Callable[[], Any]]) -> None:
        self._s3, self._before_put = s3, before_put

    def put_object(self, **request: Any) -> Any:
        if self._before_put:
            self._before_put.pop(0)()
        return self._s3.put_object(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


def test_a_put_recognises_its_own_effect(s3: Any) -> None:
    head = QualityHead("a", 10)

    def stored() -> None:
        QualityFiles(s3, BUCKET).put(DAY, b"one", head)

    etag = QualityFiles(_Racing(s3, [stored]), BUCKET).put(DAY, b"one", head)
    assert QualityFiles(s3, BUCKET).read(DAY) == (etag, b"one")
    assert versions(s3) == 1


@pytest.mark.parametrize("began_ms", [9, 11])
def test_of_two_at_once_the_later_stays(s3: Any, began_ms: int) -> None:
    def other() -> None:
        QualityFiles(s3, BUCKET).put(DAY, b"other", QualityHead("b", began_ms))

    racing = QualityFiles(_Racing(s3, [other]), BUCKET)
    if began_ms > 10:
        with pytest.raises(ConflictError):
            racing.put(DAY, b"own", QualityHead("a", 10))
    else:
        racing.put(DAY, b"own", QualityHead("a", 10))
    assert QualityFiles(s3, BUCKET).read(DAY)[1] == (b"other" if began_ms > 10 else b"own")


def test_a_file_that_always_changes_is_a_conflict(s3: Any) -> None:
    def other(began_ms: int) -> Callable[[], Any]:
        return lambda: QualityFiles(s3, BUCKET).put(
            DAY, b"x" * began_ms, QualityHead(f"b{began_ms}", began_ms)
        )

    with pytest.raises(ConflictError):
        QualityFiles(_Racing(s3, [other(n) for n in range(1, 9)]), BUCKET).put(
            DAY, b"own", QualityHead("a", 10)
        )


def quality(day: SiteDay) -> DayQuality:
    finding = Finding(2, day.day_ms + 5, day.day_ms + 6, 7, 1.5)
    point = PointQuality("a/1", "analog", "°C", True, 60, 9, 1, 288, -60.0, 80.0, {"stuck": finding})
    return DayQuality(day, [Outage(day.day_ms, day.day_ms + 9, 4)], [point])


def test_athena_reads_the_days_of_a_month(aws: None) -> None:
    archives = Archives()
    files = QualityFiles(archives.s3, BUCKET)
    for day in (DAY, SiteDay("mill", START + DAY_MS), SiteDay("mill", START + 31 * DAY_MS)):
        files.put(day, quality_file.encode(quality(day), QualityHead("a", 1)), QualityHead("a", 1))
    console = athena_archive.Archive(archives.names, archives.s3, boto3.client("athena"))
    with executing():
        rows = console.rows(
            "SELECT day, point_name, samples, stuck_count, stuck_value, outage_points, outage_last"
            " FROM quality WHERE site = 'mill' AND month = '2026/01' ORDER BY day, point_name"
        )
    assert [tuple(row.values()) for row in rows][1:3] == [
        ("2026-01-01", "a/1", "9", "2", "1.5", "", ""),
        ("2026-01-02", "", "", "", "", "4", "2026-01-02 00:00:00.009"),
    ]
    assert len(rows) == 4


def test_the_table_has_the_columns_of_the_file() -> None:
    described = template()["Resources"]["QualityTable"]["Properties"]["TableInput"]["StorageDescriptor"]
    names = [column["Name"] for column in described["Columns"]]
    types = {"date32[day]": "date", "int32": "int", "int64": "bigint", "bool": "boolean"}
    types |= {"timestamp[ms, tz=UTC]": "timestamp"}
    assert names == quality_file.schema().names
    assert [column["Type"] for column in described["Columns"]] == [
        types.get(str(field.type), str(field.type)) for field in quality_file.schema()
    ]
