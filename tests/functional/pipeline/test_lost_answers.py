"""Archiving while AWS does what it is asked, and one of its answers is lost."""

from typing import Any

import boto3
import pytest

from tests.support.archiving import DAY, Archive, archive, simulator
from tests.support.lost_answers import LostAnswer, requests
from tests.support.moto_aws import restore_tables, saved_tables
from tests.support.sites import SITE
from vitals.model.site_day import SiteDay

__all__ = ["archive", "simulator"]


# Each rollup is a put, and the expiry of each block an update; some of the latter are between the steps.
@pytest.mark.parametrize(
    ("operation", "numbers"),
    [("PutObject", [0, 1]), ("PutItem", [0]), ("UpdateItem", [0, 1, 2, 8, -1])],
)
def test_a_day_is_archived_without_any_answer(archive: Archive, operation: str, numbers: list[int]) -> None:
    before, receipts = saved_tables(), []
    operations = requests(lambda: receipts.append(archive.archive(reconcile=False)), operation)
    expected = outcome(archive, receipts[0])
    for number in numbers:
        restore_tables(before)
        for version in boto3.client("s3").list_object_versions(Bucket="cold-bucket")["Versions"]:
            boto3.client("s3").delete_object(
                Bucket="cold-bucket", Key=version["Key"], VersionId=version["VersionId"]
            )
        with LostAnswer(operation, number=number % len(operations)).patched():
            receipt = archive.archive(reconcile=False)
        assert outcome(archive, receipt) == expected, number


def outcome(archive: Archive, receipt: dict[str, Any]) -> Any:
    """What an archiving said and stored; the file's version is its own."""
    archive.assert_rollups_follow()
    record = archive.archiver.ledger.archive_record(SiteDay(SITE, DAY))
    assert (record.status, record.attempts) == ("done", 1)
    assert record.version == receipt.pop("version")
    archive.assert_quality_follows()
    quality, version = boto3.client("s3").list_object_versions(Bucket="cold-bucket")["Versions"]
    assert (version["VersionId"], quality["ETag"]) == (record.version, record.quality)
    return receipt, archive.held(), sorted(archive.blocks(), key=repr)
