"""The sync's handler as Lambda calls it, with its queue and its secret."""

import json
import sys
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from etl import app
from local.ace_simulator.faults import Faults
from local.ace_simulator.simulator import Simulator
from tests.support.clock import Clock
from tests.support.lambda_context import lambda_context
from tests.support.sites import SITE
from tests.support.sync_queue import queue
from tests.support.template import ACE_SECRET, template
from vitals.aws.runtime import Runtime
from vitals.errors import InvalidRequestError, NotFoundError, UpstreamRefusedError
from vitals.model.records.planning import MAX_AGE_MS, ArchivePlanning
from vitals.model.records.sites import ENABLED, PAUSED, REMOVED, RecordedStatus, SiteRecord
from vitals.model.timespan import HOUR_MS, MINUTE_MS, floor_window, iso
from vitals.pipeline.ingest import Ingest
from vitals.store import keys
from vitals.store.state.planning import PlanningTable
from vitals.store.state.sites import SiteTable

__all__ = ["queue"]

CONTEXT = lambda_context("etl")


def sent(queue: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for _ in range(20):
        messages = (
            boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        )
        if not messages:
            return lines
        lines += [json.loads(message["Body"]) for message in messages]
    raise AssertionError("the queue does not end")


def records(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(i), "body": json.dumps(body), "eventSource": "aws:sqs"}
            for i, body in enumerate(bodies)
        ]
    }


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The values of the only line of metrics, by name, without its dimension."""
    [line] = [line for line in printed(capsys) if "_aws" in line]
    [description] = line["_aws"]["CloudWatchMetrics"]
    assert description["Dimensions"] == [["service"]]
    return {metric["Name"]: line[metric["Name"]] for metric in description["Metrics"]}


def checkpoint(dynamodb: Any) -> int | None:
    record = SiteTable(dynamodb, "StateTable").load(SITE)
    return record.checkpoint_ms if record else None


def test_the_schedule_sends_every_site_a_message(queue: str) -> None:
    assert app.handler({}, CONTEXT) == {"sites": [SITE, "second_site"]}
    assert sent(queue) == [{"site": SITE}, {"site": "second_site"}]


def test_the_schedule_follows_the_records(queue: str, dynamodb: Any) -> None:
    sites = SiteTable(dynamodb, "StateTable")
    for site, status in (("added", ENABLED), ("gone", REMOVED), ("second_site", PAUSED)):
        sites.set_status(site, status)
    assert app.handler({}, CONTEXT) == {"sites": [SITE, "added"]}
    assert sent(queue) == [{"site": SITE}, {"site": "added"}]


def test_a_queued_schedule_does_the_same(queue: str) -> None:
    assert app.handler(records({}), CONTEXT) == {"batchItemFailures": []}
    assert len(sent(queue)) == 2


def test_a_direct_invoke_syncs_until_caught_up(queue: str, dynamodb: Any, clock: Clock) -> None:
    receipt = app.handler({"site": SITE}, CONTEXT)
    assert receipt["caught_up"]
    assert receipt["checkpoint"] == iso(floor_window(clock()))
    assert checkpoint(dynamodb) == floor_window(clock())
    assert all(set(message) == {"site", "start", "end"} for message in sent(queue))


@pytest.mark.parametrize("status", [PAUSED, REMOVED])
def test_a_sync_ends_when_its_site_pauses(
    queue: str, dynamodb: Any, simulator: Simulator, clock: Clock, status: RecordedStatus
) -> None:
    """The step is stored, its next message does nothing, and `add` continues from the checkpoint."""
    sites = SiteTable(dynamodb, "StateTable")
    fetch = Ingest.fetch

    def pausing(ingest: Ingest, *arguments: Any, **named: Any) -> Any:
        sites.set_status(SITE, status)
        return fetch(ingest, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ingest, "fetch", pausing)
        assert app.handler(records({"site": SITE}), CONTEXT) == {"batchItemFailures": []}
    assert checkpoint(dynamodb) == floor_window(clock() - 2 * HOUR_MS)
    [message] = sent(queue)
    requests = simulator.stats()
    assert app.handler(records(message), CONTEXT) == {"batchItemFailures": []}
    with pytest.raises(NotFoundError, match=f"site '{SITE}' is {status}; add it with"):
        app.handler(message, CONTEXT)
    assert (simulator.stats(), sent(queue)) == (requests, [])
    assert checkpoint(dynamodb) == floor_window(clock() - 2 * HOUR_MS)
    sites.set_status(SITE, ENABLED)
    assert app.handler(message, CONTEXT)["caught_up"]


@pytest.mark.parametrize("status", [PAUSED, REMOVED])
def test_a_stopped_sites_queued_span_is_read(
    queue: str, dynamodb: Any, clock: Clock, status: RecordedStatus
) -> None:
    """Nothing else would read all of it again, also when the site is added again."""
    span = {"site": SITE, "start": iso(clock() - 2 * HOUR_MS), "end": iso(clock() - HOUR_MS)}
    SiteTable(dynamodb, "StateTable").set_status(SITE, status)
    assert app.handler(records(span), CONTEXT) == {"batchItemFailures": []}
    assert dynamodb.scan(TableName="HotTable", Select="COUNT")["Count"] > 0
    with pytest.raises(NotFoundError):
        app.handler(span, CONTEXT)


@pytest.mark.parametrize(
    ("status", "answer", "failures"),
    [(REMOVED, 404, 0), (REMOVED, 401, 1), (PAUSED, 404, 1), (ENABLED, 404, 1)],
)
def test_a_span_that_ace_lost_is_skipped(
    queue: str,
    dynamodb: Any,
    simulator: Simulator,
    clock: Clock,
    status: RecordedStatus,
    answer: int,
    failures: int,
) -> None:
    """Of a removed site only: otherwise it is a failure that somebody has to look at."""
    span = {"site": SITE, "start": iso(clock() - 2 * HOUR_MS), "end": iso(clock() - HOUR_MS)}
    SiteTable(dynamodb, "StateTable").set_status(SITE, status)
    simulator.faults = Faults(status=answer)
    assert len(app.handler(records(span), CONTEXT)["batchItemFailures"]) == failures


def test_syncs_and_backfills_share_the_pace(
    queue: str, dynamodb: Any, simulator: Simulator, clock: Clock
) -> None:
    app.handler({"site": SITE}, CONTEXT)
    item = dynamodb.get_item(TableName="StateTable", Key=keys.pace(simulator.url))["Item"]
    requests = sum(sum(statuses.values()) for statuses in simulator.stats().values())
    assert int(item["at_ms"]["N"]) == clock() + requests


def test_a_message_syncs_one_hour(queue: str, dynamodb: Any, clock: Clock) -> None:
    assert app.handler(records({"site": SITE}), CONTEXT) == {"batchItemFailures": []}
    assert checkpoint(dynamodb) == floor_window(clock() - 2 * HOUR_MS)
    assert sent(queue) == [{"site": SITE}]


def test_a_direct_invoke_short_of_time_hands_on(queue: str, dynamodb: Any, clock: Clock) -> None:
    hurried = SimpleNamespace(**CONTEXT.__dict__ | {"get_remaining_time_in_millis": lambda: 100_000})
    assert not app.handler({"site": SITE}, hurried)["caught_up"]
    assert sent(queue) == [{"site": SITE}]


def test_a_span_moves_no_checkpoint(queue: str, dynamodb: Any, clock: Clock) -> None:
    event = {"site": SITE, "start": iso(clock() - 2 * HOUR_MS), "end": iso(clock() - HOUR_MS)}
    receipt = app.handler(event, CONTEXT)
    assert receipt["written"] > 0
    assert checkpoint(dynamodb) is None


@pytest.mark.parametrize("broken", ["event", "site", "table", "secret"])
def test_whatever_fails_is_logged(
    queue: str,
    dynamodb: Any,
    broken: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body: dict[str, Any] = {"event": {"nonsense": 1}, "site": {"site": "unknown"}}.get(broken, {"site": SITE})
    if broken == "table":
        dynamodb.delete_table(TableName="HotTable")
    if broken == "secret":
        boto3.client("secretsmanager").delete_secret(SecretId=ACE_SECRET, ForceDeleteWithoutRecovery=True)
    monkeypatch.setattr(app.function.logger.registered_handler, "stream", sys.stdout)
    assert app.handler(records(body), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    lines = printed(capsys)
    assert [line["level"] for line in lines if line.get("message") == "sync failed"] == ["ERROR"]
    assert not any("_aws" in line for line in lines)


def test_workers_share_the_rate_of_each_key(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACE_REQUESTS_PER_MINUTE", "60")
    monkeypatch.setenv("SYNC_CONCURRENCY", "5")
    now_s, waits = [0.0], list[float]()
    _, _, paces = app.connect(Runtime(monotonic=lambda: now_s[0], sleep=waits.append))
    for group in ("default", "north"):
        pace = paces.select(group)
        for _ in range(6):
            pace.wait()
        assert paces.select(group) is pace
    # A burst of five, then twelve a minute.
    assert waits == [5, 5]


def test_as_many_syncs_run_as_share_the_rate() -> None:
    resources = template()["Resources"]
    variables = resources["EtlFunction"]["Properties"]["Environment"]["Variables"]
    scaling = resources["EtlFunctionSync"]["Properties"]["ScalingConfig"]
    assert scaling["MaximumConcurrency"] == variables["SYNC_CONCURRENCY"] == {"Ref": "SyncConcurrency"}


def test_only_a_failing_message_returns(queue: str) -> None:
    answer = app.handler(records({"site": SITE}, {"site": "unknown"}, {"nonsense": 1}), CONTEXT)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["1", "2"]


@pytest.mark.parametrize(
    "event", [{"site": "unknown"}, {"site": "../x"}, {"site": SITE, "start": "soon", "end": "x"}]
)
def test_bad_events_are_refused(queue: str, event: dict[str, str]) -> None:
    with pytest.raises((NotFoundError, InvalidRequestError)):
        app.handler(event, CONTEXT)


def test_the_log_has_what_a_sync_did(
    queue: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.function.logger.registered_handler, "stream", sys.stdout)
    receipt = app.handler({"site": SITE}, CONTEXT)
    lines = printed(capsys)
    [line] = [line for line in lines if line.get("message") == "sync receipt"]
    assert receipt.items() <= line.items()
    assert line["rejected"]
    assert line["duration_ms"] == 0
    assert not any("_aws" in line for line in lines)


def test_the_schedule_reports_the_largest_lag(
    queue: str,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app.handler({"site": SITE}, CONTEXT)
    capsys.readouterr()
    app.handler({}, CONTEXT)
    assert metrics(capsys) == {"SyncLagSeconds": [61.0]}
    clock.forward(minutes=5)
    monkeypatch.setattr(app.function.logger.registered_handler, "stream", sys.stdout)
    app.handler({}, CONTEXT)
    [line] = [line for line in printed(capsys) if line.get("message") == "stack report"]
    assert (line["slowest_site"], line["lag_seconds"], line["archive_problems"]) == (SITE, 361.0, 0)


def test_a_new_site_has_no_lag(queue: str, capsys: pytest.CaptureFixture[str]) -> None:
    app.handler({}, CONTEXT)
    assert metrics(capsys) == {"SyncLagSeconds": [0.0]}


def test_a_site_that_never_syncs_lags(
    queue: str, dynamodb: Any, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    sites, first_ms = SiteTable(dynamodb, "StateTable"), clock()
    app.handler({"site": SITE}, CONTEXT)
    app.handler({}, CONTEXT)
    capsys.readouterr()
    clock.forward(minutes=5)
    app.handler({}, CONTEXT)
    assert sites.load("second_site") == SiteRecord("second_site", status_ms=first_ms)
    assert metrics(capsys) == {"SyncLagSeconds": [361.0]}
    clock.forward(minutes=175)
    app.handler({"site": SITE}, CONTEXT)
    capsys.readouterr()
    app.handler({}, CONTEXT)
    assert metrics(capsys) == {"SyncLagSeconds": [2 * 3_600.0]}


def test_the_time_of_a_status_stays(queue: str, dynamodb: Any, clock: Clock) -> None:
    """Also when `vitals site` sets it after the schedule has read the records."""
    sites = SiteTable(dynamodb, "StateTable")
    sites.set_status("second_site", PAUSED)
    before = sites.load("second_site")
    clock.forward(minutes=5)
    sites.record_first_message("second_site")
    assert sites.load("second_site") == before


def test_the_schedule_reports_problems_of_the_archive(
    queue: str, dynamodb: Any, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    table = PlanningTable(dynamodb, "StateTable")
    table.record(ArchivePlanning(clock(), overdue=2, mismatches=1))
    app.handler({}, CONTEXT)
    assert metrics(capsys)["ArchiveProblems"] == [3.0]
    table.record(ArchivePlanning(clock()))
    app.handler({}, CONTEXT)
    assert "ArchiveProblems" not in metrics(capsys)


def test_the_schedule_reports_an_archival_that_is_silent(
    queue: str, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    app.handler({}, CONTEXT)
    clock.forward(MAX_AGE_MS / MINUTE_MS)
    app.handler({}, CONTEXT)
    clock.now_ms += 1
    capsys.readouterr()
    app.handler({}, CONTEXT)
    assert metrics(capsys)["ArchiveProblems"] == [1.0]


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_refused_sync_is_logged(
    queue: str,
    simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
    status: int,
    dynamodb: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app.function.logger.registered_handler, "stream", sys.stdout)
    simulator.faults = Faults(status=status)
    with pytest.raises(UpstreamRefusedError):
        app.handler({"site": SITE}, CONTEXT)
    lines = printed(capsys)
    [failed] = [line for line in lines if line.get("message") == "sync failed"]
    assert (failed["level"], failed["event"], failed["error"]) == (
        "ERROR",
        {"site": SITE},
        "UpstreamRefusedError",
    )
    assert str(status) in failed["reason"]
    assert simulator.settings.api_key not in json.dumps(lines)
    assert checkpoint(dynamodb) is None
    simulator.faults = Faults()
    assert app.handler({"site": SITE}, CONTEXT)["caught_up"]


def test_an_open_circuit_skips_sites_not_spans(
    queue: str, dynamodb: Any, simulator: Simulator, clock: Clock
) -> None:
    from vitals.store.control.circuit import Circuit, CircuitTable

    CircuitTable(dynamodb, "StateTable", simulator.url).store(Circuit(9, clock() + HOUR_MS))
    span = {"site": SITE, "start": iso(clock() - HOUR_MS), "end": iso(clock())}
    answer = app.handler(records({"site": SITE}, span), CONTEXT)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["1"]
    assert simulator.stats() == {} or not any("timeseries" in endpoint for endpoint in simulator.stats())


def test_each_missing_setting_is_named(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitals.errors import ConfigError

    monkeypatch.delenv("HOT_TABLE")
    monkeypatch.setenv("SITES", "a b")
    with pytest.raises(ConfigError, match=r"HOT_TABLE is missing; SITES"):
        app.handler({"site": SITE}, CONTEXT)
