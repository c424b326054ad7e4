"""The archiving through its handler, with the permissions of its function."""

import json
from typing import Any

import boto3
import pytest

from archival import app
from tests.support.backfill_handlers import deployed
from tests.support.clock import Clock
from tests.support.lambda_context import lambda_context
from tests.support.races import lose_one_block
from tests.support.sites import SITE
from tests.support.template import BUCKET
from tests.support.world import World
from vitals.codec import day_file
from vitals.errors import ArchiveVerificationError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store import keys
from vitals.store.state.ledger import Ledger
from vitals.store.state.planning import PlanningTable

__all__ = ["deployed"]

CONTEXT = lambda_context("archival", remaining_s=900)
DAY = SiteDay(SITE, 1_767_225_600_000)
EVENT = {"site": SITE, "date": DAY.date}


@pytest.fixture
def queue(deployed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> str:
    """The queue of days; the synced day is over."""
    url: str = boto3.client("sqs").create_queue(QueueName="ArchiveQueue")["QueueUrl"]
    monkeypatch.setenv("ARCHIVE_QUEUE_URL", url)
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    app.connect.cache_clear()
    clock.now_ms = DAY.day_ms + DAY_MS + 2 * 3_600_000
    return url


def versions() -> list[dict[str, Any]]:
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=keys.day_file(DAY))
    return list(listed.get("Versions", []))


def test_the_schedule_sends_due_days(queue: str, deployed: World) -> None:
    deployed.sync()
    assert app.handler({}, CONTEXT)["due"] == {SITE: 1, "second_site": 0}
    [message] = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == EVENT


def test_a_day_is_read_again_and_archived(
    queue: str, deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = lose_one_block(monkeypatch)
    receipt = app.handler(EVENT, CONTEXT)
    assert receipt["rows"] > 1_000
    assert lost
    assert len(versions()) == 1


def test_a_settled_day_is_audited(queue: str, deployed: World, clock: Clock) -> None:
    deployed.sync()
    app.handler(EVENT, CONTEXT)
    clock.forward(31)
    app.handler(EVENT, CONTEXT)
    assert Ledger(deployed.client, "StateTable").archive_record(DAY).settled
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=keys.day_file(DAY))
    app.handler({}, CONTEXT)
    assert PlanningTable(deployed.client, "StateTable").load(clock()).mismatches == 1


def test_a_file_that_fails_its_verification_is_deleted(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(day_file, "checksums", lambda groups: {})
        with pytest.raises(ArchiveVerificationError):
            app.handler(EVENT, CONTEXT)
    assert versions() == []
    assert app.handler(EVENT, CONTEXT)["rows"] > 1_000
