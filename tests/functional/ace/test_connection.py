"""The key and the pace of each key group, as the handlers use them."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from archival import app as archival
from etl import app as etl
from local.ace_simulator.responses import Response, error_response
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.clock import Clock
from tests.support.lambda_context import lambda_context
from tests.support.sites import SITE
from tests.support.sync_queue import queue
from tests.support.template import ACE_SECRET
from vitals.errors import ConfigError, UpstreamUnavailableError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.records.sites import ENABLED, REMOVED
from vitals.model.timespan import MINUTE_MS
from vitals.store import keys
from vitals.store.control.circuit import THRESHOLD, Circuit, CircuitTable
from vitals.store.state.sites import SiteTable

__all__ = ["queue"]

GROUPED, GROUP, KEY = "second_site", "north", "key-of-north"
CONTEXT = lambda_context("etl", remaining_s=900)


class Upstream(Simulator):
    """Accepts the simulator's key for one site only, and the key of the group for the other."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(SimulatorSettings(points=4, sites=(SITE, GROUPED)), clock=clock)
        self.used: dict[str, set[str]] = defaultdict(set)
        """The keys that were sent, by site."""
        self.limited = ""
        """The key that is answered 429."""

    def respond(self, method: str, target: str, authorization: str = "", body: bytes = b"") -> Response:
        site = target.split("/")[3].partition("?")[0]
        key = authorization.removeprefix("Bearer ")
        self.used[site].add(key)
        if key == self.limited:
            return error_response(429, "too many requests")._replace(headers=(("Retry-After", "60"),))
        if key == (KEY if site == GROUPED else self.settings.api_key):
            authorization = f"Bearer {self.settings.api_key}"
        else:
            authorization = ""
        return super().respond(method, target, authorization, body)


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Upstream]:
    with Upstream(clock) as running:
        yield running


@pytest.fixture
def sites(queue: str, dynamodb: Any) -> SiteTable:
    """The second site is in the group, which has no secret yet."""
    table = SiteTable(dynamodb, "StateTable")
    table.set_status(GROUPED, ENABLED, GROUP)
    return table


@pytest.fixture
def archiving(sites: SiteTable, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The event of a day of the second site that is synced and over."""
    create_secret()
    etl.handler({"site": GROUPED}, CONTEXT)
    clock.forward(24 * 60)
    boto3.client("s3").create_bucket(Bucket="cold-bucket")
    monkeypatch.setenv("COLD_BUCKET", "cold-bucket")
    monkeypatch.setenv("ARCHIVE_QUEUE_URL", "unused")
    archival.connect.cache_clear()
    yield {"site": GROUPED, "date": "2026-01-01"}
    archival.connect.cache_clear()


def create_secret(key: str = KEY) -> None:
    boto3.client("secretsmanager").create_secret(Name=f"{ACE_SECRET}-{GROUP}", SecretString=key)


def batch(*sites: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": site, "body": f'{{"site": "{site}"}}', "eventSource": "aws:sqs"} for site in sites
        ]
    }


def reserved(dynamodb: Any, url: str, group: str, user: keys.PaceUser = "backfill") -> int:
    """The time up to which request slots of a group are reserved, 0 when none are."""
    item = dynamodb.get_item(TableName="StateTable", Key=keys.pace(url, group, user)).get("Item")
    return int(item["at_ms"]["N"]) if item else 0


def test_each_group_has_its_key(sites: SiteTable, simulator: Upstream) -> None:
    create_secret()
    assert etl.handler(batch(SITE, GROUPED, SITE), CONTEXT) == {"batchItemFailures": []}
    assert simulator.used == {SITE: {simulator.settings.api_key}, GROUPED: {KEY}}


def test_each_group_has_its_pace(
    sites: SiteTable, simulator: Upstream, dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACE_REQUESTS_PER_MINUTE", "60")
    create_secret()
    etl.handler(batch(SITE), CONTEXT)
    alone = reserved(dynamodb, simulator.url, DEFAULT_GROUP)
    assert alone > clock()
    assert reserved(dynamodb, simulator.url, GROUP) == 0
    etl.handler(batch(GROUPED), CONTEXT)
    assert reserved(dynamodb, simulator.url, DEFAULT_GROUP) == alone
    assert reserved(dynamodb, simulator.url, GROUP) > clock()
    assert reserved(dynamodb, simulator.url, GROUP, "archive") > clock()


def test_a_limited_key_pauses_its_group_only(sites: SiteTable, simulator: Upstream) -> None:
    create_secret()
    simulator.limited = KEY
    failed = {"batchItemFailures": [{"itemIdentifier": GROUPED}]}
    assert [etl.handler(batch(GROUPED), CONTEXT) for _ in range(THRESHOLD)] == [failed] * THRESHOLD
    simulator.used.clear()
    assert etl.handler(batch(GROUPED, SITE), CONTEXT) == {"batchItemFailures": []}
    assert simulator.used == {SITE: {simulator.settings.api_key}}
    checkpoints = {record.site: record.checkpoint_ms for record in sites.list()}
    assert checkpoints.get(GROUPED) is None
    assert checkpoints[SITE]


def test_a_typed_key_has_no_line_ending(sites: SiteTable, simulator: Upstream) -> None:
    create_secret(f"{KEY}\n")
    etl.handler({"site": GROUPED}, CONTEXT)
    assert simulator.used == {GROUPED: {KEY}}


def test_a_changed_group_counts_from_the_next_sync(sites: SiteTable, simulator: Upstream) -> None:
    create_secret()
    etl.handler({"site": GROUPED}, CONTEXT)
    sites.set_status(GROUPED, ENABLED, DEFAULT_GROUP)
    assert etl.handler(batch(GROUPED), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": GROUPED}]}
    assert simulator.used == {GROUPED: {KEY, simulator.settings.api_key}}


def test_a_missing_secret_fails_its_sites_only(
    sites: SiteTable, simulator: Upstream, dynamodb: Any, logged: list[logging.LogRecord]
) -> None:
    assert etl.handler({}, CONTEXT) == {"sites": [SITE, GROUPED]}
    assert etl.handler(batch(GROUPED, SITE), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": GROUPED}]}
    [failed] = [record for record in logged if record.getMessage() == "sync failed"]
    assert failed.__dict__["error"] == "ConfigError"
    assert GROUPED in failed.__dict__["event"]
    command = (
        f"aws secretsmanager create-secret --name {ACE_SECRET}-{GROUP} --secret-string file:///dev/stdin"
    )
    assert failed.__dict__["reason"].endswith(f"create it: {command}")
    assert CircuitTable(dynamodb, "StateTable", simulator.url, GROUP).load() == Circuit()
    create_secret()
    assert etl.handler(batch(GROUPED), CONTEXT) == {"batchItemFailures": []}


def test_a_deleted_secret_can_be_restored(sites: SiteTable) -> None:
    create_secret()
    secrets = boto3.client("secretsmanager")
    secrets.delete_secret(SecretId=f"{ACE_SECRET}-{GROUP}")
    with pytest.raises(ConfigError, match=f"restore-secret --secret-id {ACE_SECRET}-{GROUP}"):
        etl.handler({"site": GROUPED}, CONTEXT)
    secrets.restore_secret(SecretId=f"{ACE_SECRET}-{GROUP}")
    assert etl.handler({"site": GROUPED}, CONTEXT)["caught_up"]


def test_archiving_reads_with_the_groups_key(archiving: dict[str, str], simulator: Upstream) -> None:
    simulator.used.clear()
    assert archival.handler(archiving, CONTEXT)["source"] == "hot+upstream"
    assert simulator.used == {GROUPED: {KEY}}


def test_archiving_waits_behind_syncs_only(
    archiving: dict[str, str], simulator: Upstream, dynamodb: Any, clock: Clock
) -> None:
    """With five seconds to read, a slot after half a minute is too late."""
    brief = lambda_context("archival", remaining_s=305)

    def reserve(user: keys.PaceUser) -> int:
        at_ms = clock() + MINUTE_MS // 2
        item = keys.pace(simulator.url, GROUP, user) | {"at_ms": {"N": str(at_ms)}}
        dynamodb.put_item(TableName="StateTable", Item=item)
        return at_ms

    backfills = reserve("backfill")
    assert archival.handler(archiving, brief)["source"] == "hot+upstream"
    assert reserved(dynamodb, simulator.url, GROUP) > backfills
    reserve("archive")
    with pytest.raises(UpstreamUnavailableError, match="next request slot"):
        archival.handler(archiving, brief)


def test_archiving_a_removed_site_needs_no_secret(
    archiving: dict[str, str], sites: SiteTable, simulator: Upstream
) -> None:
    sites.set_status(GROUPED, REMOVED, "no-secret")
    simulator.used.clear()
    assert archival.handler(archiving, CONTEXT)["source"] == "hot"
    assert simulator.used == {}
