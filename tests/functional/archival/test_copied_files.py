"""Day files that the ledger does not name: copied in parts, so with another ETag, or without an entry."""

from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from archival.audit import Audit
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
from tests.support.sites import SITE
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


def test_a_file_without_an_entry_is_archived(copied: Archive, api: Api) -> None:
    """A new StateTable, after the first sync, and a file of the stack before."""
    ledger, day = copied.archiver.ledger, SiteDay(SITE, DAY)
    before = ledger.archive_record(day)
    copied.world.client.delete_item(TableName="StateTable", Key=keys.archive_day(day))
    ledger.forget_windows(day)
    copied.archive()
    assert ledger.archive_record(day).checksum == before.checksum
    request = QueryRequest(SITE, names_of(copied), DAY, DAY + DAY_MS, resolution="1d")
    answer = api.query(GRANT, request).answer
    assert answer is not None
    assert answer["metadata"]["sources"] == ["rollup"]
    assert answer["metadata"]["total_samples"] > 0
