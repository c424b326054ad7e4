"""Rare paths of a backfill's day through its handler, with the permissions of its function."""

import io
import struct
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest

from backfill import app
from backfill.stage_span import SpanStager
from tests.support.backfill_handlers import CONTEXT, deployed
from tests.support.backfills import read_by_hours
from tests.support.clock import Clock
from tests.support.races import lose_one_block
from tests.support.sites import SITE
from tests.support.template import BUCKET
from tests.support.world import World
from vitals.codec import day_file
from vitals.errors import ArchiveVerificationError, UpstreamUnavailableError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.store import keys

__all__ = ["deployed"]

RUN = "r-1"
OLD = SiteDay(SITE, 1_767_225_600_000 - 5 * DAY_MS)
SYNCED = SiteDay(SITE, 1_767_225_600_000)


def plan(day: SiteDay) -> None:
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    request = {"site": SITE, "start_date": day.date, "end_date": day.date}
    assert app.handler({"task": "plan", "run": RUN, "asked": request}, CONTEXT)["days"] == [day.date]


def read(day: SiteDay) -> dict[str, Any]:
    receipt: dict[str, Any] = app.handler({"task": "day", "run": RUN, "site": SITE, "day": day.date}, CONTEXT)
    return receipt


def values(day: SiteDay) -> list[float]:
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=keys.day_file(day))["Body"].read()
    column: list[float] = pq.read_table(io.BytesIO(body))["value"].to_pylist()
    return column


def versions(day: SiteDay) -> list[dict[str, Any]]:
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=keys.day_file(day))
    return list(listed.get("Versions", []))


def test_a_day_continues_after_its_staged_spans(deployed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_hours(monkeypatch)
    plan(OLD)
    stage, hours = SpanStager.stage, []

    def failing(stager: SpanStager, request: Any, *arguments: Any) -> Any:
        hours.append((request.plan.span.start_ms - OLD.day_ms) // HOUR_MS)
        if len(hours) == 4:
            raise UpstreamUnavailableError("down")
        return stage(stager, request, *arguments)

    monkeypatch.setattr(SpanStager, "stage", failing)
    with pytest.raises(UpstreamUnavailableError):
        read(OLD)
    assert read(OLD)["status"] == "done"
    assert hours == [0, 1, 2, 3, *range(3, 24)]


def test_a_backfill_stores_states_as_numbers(deployed: World) -> None:
    deployed.sync()
    catalogs = deployed.syncer.catalogs
    states = {point.name: {"fault text": -777.5} for point in catalogs.load(SITE).points}
    catalogs.set_points(SITE, {name: {"states": states[name]} for name in states}, "ada")
    plan(OLD)
    read(OLD)
    truth = deployed.truth(Span(OLD.day_ms, OLD.day_ms + DAY_MS), states)
    assert truth.keys() > deployed.truth(Span(OLD.day_ms, OLD.day_ms + DAY_MS)).keys()
    assert sorted(values(OLD)) == sorted(struct.unpack("<d", value)[0] for value in truth.values())


def test_a_day_with_blocks_is_merged_and_archived(
    deployed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now_ms = SYNCED.day_ms + DAY_MS + 2 * HOUR_MS
    lost = lose_one_block(monkeypatch)
    plan(SYNCED)
    assert read(SYNCED)["status"] == "done"
    assert lost
    assert len(versions(SYNCED)) == 1


def test_a_file_that_fails_its_verification_is_deleted(
    deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(day_file, "checksums", lambda groups: {})
        with pytest.raises(ArchiveVerificationError):
            read(OLD)
    assert versions(OLD) == []
    assert read(OLD)["status"] == "done"
    assert len(versions(OLD)) == 1
