"""Day files that the ledger does not name: copied in parts, so with another ETag, or of a lost stack."""

from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from archival.audit import Audit
from operations.restored_catalog import RestoredCatalog, restore_catalog
from query.answers import Api
from tests.support.archiving import (
    DAY,
    GRANT,
    WHOLE,
    Archive,
    api,
    archive,
    expire,
    names_of,
    settle,
    simulator,
)
from tests.support.lost_state import lose_tables, without
from tests.support.moto_aws import saved_tables
from tests.support.sites import SITE
from vitals.errors import DayFileMismatchError, NotFoundError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, iso
from vitals.reading.request import QueryRequest
from vitals.store import keys

__all__ = ["api", "archive", "simulator"]

KEY = keys.day_file(SiteDay(SITE, DAY))


def copy_in_parts(s3: Any) -> None:
    """Copies the file onto itself as `aws s3 cp` does with files of more than 8 MB."""
    head = s3.head_object(Bucket="cold-bucket", Key=KEY)
    file = {"Bucket": "cold-bucket", "Key": KEY}
    upload = file | {"UploadId": s3.create_multipart_upload(**file, Metadata=head["Metadata"])["UploadId"]}
    result = s3.upload_part_copy(**upload, PartNumber=1, CopySource=file)["CopyPartResult"]
    parts = [{"PartNumber": 1, "ETag": result["ETag"]}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


@pytest.fixture
def copied(archive: Archive) -> Archive:
    """An archived day whose blocks have expired, and whose file was copied in parts."""
    settle(archive)
    archive.world.clock.forward(30 * 24 * 60)
    expire(archive)
    s3 = boto3.client("s3")
    copy_in_parts(s3)
    record = archive.archiver.ledger.archive_record(SiteDay(SITE, DAY))
    assert s3.head_object(Bucket="cold-bucket", Key=KEY)["ETag"] != record.etag
    return archive


def mismatches(archive: Archive) -> int:
    records = archive.archiver.ledger.archive_records(SITE, WHOLE)
    return Audit(archive.archiver.cold, Logger()).mismatches(SITE, records)


def test_every_sample_is_answered(copied: Archive, api: Api) -> None:
    request = QueryRequest(SITE, names_of(copied), DAY, DAY + DAY_MS, resolution="raw")
    answer = api.query(GRANT, request).answer
    assert answer is not None
    assert answer["metadata"]["sources"] == ["archive"]
    assert answer["warnings"] == []
    samples = {
        (series["point_name"], iso(time_ms)): value
        for series in answer["series"]
        for time_ms, value in zip(series["timestamps"].tolist(), series["values"].tolist(), strict=True)
    }
    stored = {(name, iso(time_ms)) for name, time_ms in copied.held() if name in names_of(copied)}
    assert stored
    assert {key for key in samples if not key[0].startswith("weather.")} == stored


def test_audit_reports_them_until_they_are_archived(copied: Archive) -> None:
    assert mismatches(copied) == 1
    copied.archive()
    assert mismatches(copied) == 0
    copied.assert_exact()


def test_no_day_is_read_before_any_listing(archive: Archive) -> None:
    """A restored catalog has no point that the upstream lists, so that no reading would be accepted."""
    settle(archive)
    lose_tables(archive)
    restored(archive)
    with pytest.raises(NotFoundError, match=r"no point of site .* is listed yet"):
        archive.archive()
    archive.world.sync()
    archive.archive()
    archive.assert_exact()


def test_a_file_with_unknown_points_is_archived(archive: Archive, api: Api) -> None:
    """New tables whose catalog lacks a point of the file, because the upstream no longer lists it."""
    settle(archive)
    ledger, day, name = archive.archiver.ledger, SiteDay(SITE, DAY), names_of(archive)[0]
    checksum = ledger.archive_record(day).checksum
    archive.world.clock.forward(30 * 24 * 60)
    lose_tables(archive)
    without(archive, {name}).sync()
    with pytest.raises(DayFileMismatchError, match=f"vitals restore catalog --site {SITE}$"):
        archive.archive()
    assert name in restored(archive).added
    archive.archive()
    archive.assert_exact()
    assert ledger.archive_record(day).checksum == checksum
    request = QueryRequest(SITE, [name], DAY, DAY + DAY_MS, resolution="1d")
    answer = api.query(GRANT, request).answer
    assert answer is not None
    assert answer["metadata"]["sources"] == ["rollup"]
    assert answer["series"][0]["count"].sum() == sum(held == name for held, _ in archive.held())
    before = saved_tables()
    assert restored(archive).added == ()
    assert saved_tables() == before


def restored(archive: Archive) -> RestoredCatalog:
    return restore_catalog(archive.archiver.cold, archive.archiver.catalogs, SITE, archive.world.clock())
