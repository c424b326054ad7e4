"""The drill of docs/restore.md: another stack on copies of both tables and of the bucket."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from operations.verification.store import Store
from tests.support import restoring
from tests.support.restoring import RestoredStack
from tests.support.stack import archive_new_days, aws_client, invoke_archival, let_time_pass
from tests.support.upstream_faults import other_faults
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, day_name
from vitals.store import keys
from vitals.store.state.ledger import Ledger
from vitals.store.state.planning import PlanningTable

pytestmark = pytest.mark.integration


def stores(stack: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The names of all tables and buckets."""
    tables = aws_client(stack, "dynamodb").list_tables()["TableNames"]
    buckets = aws_client(stack, "s3").list_buckets()["Buckets"]
    return set(tables), {bucket["Name"] for bucket in buckets}


def days_before_today(stack: dict[str, Any]) -> tuple[str, list[int]]:
    [(site, (first_ms, _))] = Store(stack).synced().items()
    today = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    return site, list(range(first_ms // DAY_MS * DAY_MS, today, DAY_MS))


def rollups(stack: dict[str, Any]) -> tuple[list[str], Any]:
    """The sources and the series of the archived days before yesterday, by the day."""
    site, days = days_before_today(stack)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {stack['token']}"
        points = session.get(f"{stack['api']}/sites/{site}/points?limit=8", timeout=60).json()["points"]
        body = {
            "site_name": site,
            "point_names": [point["point_name"] for point in points],
            "start_time": days[0],
            "end_time": days[-1],
            "resolution": "1d",
        }
        answer = session.post(f"{stack['api']}/timeseries/query", json=body, timeout=60).json()
    return answer["metadata"]["sources"], answer["series"]


@pytest.fixture(scope="module")
def lost(stack: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stack that is lost, with every whole day archived, and an upstream without faults."""
    with other_faults():
        site, days = days_before_today(stack)
        for day_ms in days:
            invoke_archival(stack, {"site": site, "date": day_name(day_ms)})
        archive_new_days(stack, site, days[-1])
        yield stack


@pytest.fixture(scope="module")
def restored(lost: dict[str, Any]) -> Iterator[RestoredStack]:
    try:
        restoring.copy_tables(lost)
        restoring.copy_bucket(lost)
        yield restoring.deploy(lost, schedules="off")
    finally:
        restoring.delete(lost)


@pytest.fixture(scope="module")
def started(restored: RestoredStack, lost: dict[str, Any]) -> RestoredStack:
    """The restored stack after its schedules were turned on."""
    return restoring.deploy(lost, schedules="on")


def receiving(stack: dict[str, Any]) -> dict[str, set[str]]:
    """The states in which the functions with queues receive messages."""
    mappings = aws_client(stack, "lambda").list_event_source_mappings()["EventSourceMappings"]
    return {
        name: {m["State"] for m in mappings if stack["outputs"][name] in m["FunctionArn"].split(":")}
        for name in ("EtlFunction", "ArchivalFunction", "ExportFunction")
    }


def status(stack: dict[str, Any]) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {stack['token']}"}
    answer = requests.get(f"{stack['api']}/sites", headers=headers, timeout=60)
    return answer.status_code, answer.json().get("error_code")


@pytest.fixture(scope="module")
def usable(started: RestoredStack) -> dict[str, Any]:
    """The started stack after its tokens got keys; its archived days are settled, and some are cold."""
    stack = started.description
    # The keys of the tokens are in the usage plan of the lost stack.
    assert status(stack) == (403, "FORBIDDEN")
    done = started.vitals("restore", "keys")
    assert done.returncode == 0, done.stderr
    assert "local has a new key in the usage plan" in done.stderr
    site, days = days_before_today(stack)
    ledger = Ledger(aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"])
    for day_ms in days:
        ledger.update_archive(SiteDay(site, day_ms), changed_ms=day_ms)
    let_time_pass(stack, site, days[-1])
    return stack


def test_restored_stack_has_no_stores_of_its_own(restored: RestoredStack, lost: dict[str, Any]) -> None:
    outputs = restored.description["outputs"]
    assert {name: outputs[name] for name in restoring.TABLES} == restoring.TABLES
    assert outputs["ColdBucket"] == restoring.BUCKET
    tables, buckets = stores(lost)
    assert not [name for name in tables | buckets if name.startswith(restoring.NAME)]


def test_nothing_is_received_until_the_start(restored: RestoredStack) -> None:
    assert receiving(restored.description) == {
        "EtlFunction": {"Disabled"},
        "ArchivalFunction": {"Disabled"},
        "ExportFunction": {"Enabled"},
    }


def test_everything_is_received_after_the_start(started: RestoredStack) -> None:
    assert set().union(*receiving(started.description).values()) == {"Enabled"}


def test_copied_files_are_those_of_the_ledger(usable: dict[str, Any], lost: dict[str, Any]) -> None:
    copies = restoring.day_files(usable, restoring.BUCKET)
    assert copies == restoring.day_files(lost, lost["outputs"]["ColdBucket"])
    receipt = invoke_archival(usable, {})
    assert receipt["due"]
    table = PlanningTable(aws_client(usable, "dynamodb"), usable["outputs"]["StateTable"])
    assert table.load(0).mismatches == 0


def test_the_catalog_has_every_point_of_the_files(usable: dict[str, Any], restored: RestoredStack) -> None:
    site, days = days_before_today(usable)
    files = {
        item["Key"]
        for page in aws_client(usable, "s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=usable["outputs"]["ColdBucket"], Prefix=f"timeseries/{site}/")
        for item in page.get("Contents", [])
    }
    assert {keys.day_file(SiteDay(site, day_ms)) for day_ms in days} <= files
    done = restored.vitals("restore", "catalog")
    assert done.returncode == 0, done.stderr
    # Other tests may have backfilled earlier days.
    assert f"nothing has changed; day files: {len(files)}\n" in done.stderr


def test_rollups_answer_as_before(usable: dict[str, Any], lost: dict[str, Any]) -> None:
    sources, series = rollups(usable)
    assert sources == ["rollup"]
    assert any(points["values"] for points in series)
    assert series == rollups(lost)[1]


def test_every_sample_is_verified(usable: dict[str, Any], restored: RestoredStack) -> None:
    done = restored.vitals("verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_restored_stack_passes_the_smoke_test(usable: dict[str, Any], restored: RestoredStack) -> None:
    done = restored.vitals("smoke")
    assert done.returncode == 0, done.stdout + done.stderr


def test_archiving_continues_on_the_copies(usable: dict[str, Any], lost: dict[str, Any]) -> None:
    files = restoring.day_files(lost, lost["outputs"]["ColdBucket"])
    site, days = days_before_today(usable)
    receipt = invoke_archival(usable, {"site": site, "date": day_name(days[-1])})
    assert receipt["rows"] > 0
    assert restoring.day_files(lost, lost["outputs"]["ColdBucket"]) == files
    assert status(lost) == (200, None)
