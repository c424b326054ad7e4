"""The backfill's two handlers as Lambda calls them: the machine's tasks, and routes behind API Gateway."""

import json
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters

from backfill import app as tasks_app
from backfill.api import app as api_app
from backfill.events import DayTask, parse_task
from tests.support import openapi
from tests.support.backfill_handlers import CONTEXT, deployed, executions, run_tasks
from tests.support.sites import SITE
from tests.support.template import ACE_SECRET
from tests.support.world import World
from vitals.errors import InvalidRequestError, NotFoundError, RunningError
from vitals.model.records.sites import ENABLED, PAUSED, REMOVED
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, day_name
from vitals.store.state.ledger import Ledger

__all__ = ["deployed"]

TODAY = 1_767_225_600_000
DAY = day_name(TODAY - 5 * DAY_MS)
RANGE = {"start_date": DAY, "end_date": DAY}
type Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(deployed: World) -> Call:
    def send(
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        scopes: str = "backfill",
        sites: str = SITE,
    ) -> tuple[int, dict[str, Any]]:
        event = {
            "resource": "/backfill/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()},
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"principalId": "ops", "scopes": scopes, "sites": sites},
            },
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = api_app.handler(event, CONTEXT)
        assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
        status, content = answer["statusCode"], json.loads(answer["body"])
        openapi.check_answer(method, path, status, content)
        return status, content

    return send


def test_a_run_from_start_to_end(call: Call, deployed: World) -> None:
    status, started = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    assert (status, started["status"], started["days_total"]) == (202, "running", 1)
    assert call("GET", f"/backfill/{started['id']}")[1]["status"] == "running"
    assert run_tasks(started["id"])["status"] == "succeeded"
    status, run = call("GET", f"/backfill/{started['id']}", scopes="read")
    assert (status, run["status"], run["requested_by"]) == (200, "succeeded", "ops")
    assert [(day["date"], day["status"]) for day in run["days"]] == [(DAY, "done")]
    assert run["samples"] == run["days"][0]["samples"] > 1000
    _, listed = call("GET", "/backfill", {"site_name": SITE})
    assert [run["id"] for run in listed["backfills"]] == [started["id"]]
    assert Ledger(deployed.client, "StateTable").archive_record(SiteDay(SITE, TODAY - 5 * DAY_MS)).settled


def test_a_run_reads_with_its_groups_key(call: Call, deployed: World) -> None:
    secrets = boto3.client("secretsmanager")
    secrets.put_secret_value(SecretId=ACE_SECRET, SecretString="wrong")
    secrets.create_secret(Name=f"{ACE_SECRET}-north", SecretString=deployed.simulator.settings.api_key)
    deployed.syncer.sites.set_status(SITE, ENABLED, "north")
    _, started = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    assert run_tasks(started["id"])["status"] == "succeeded"


def test_a_rebuild_needs_no_key_of_ace(call: Call, deployed: World) -> None:
    day = {"run": "old", "site": SITE, "day": DAY}
    tasks_app.handler({"task": "plan", "run": "old", "asked": {"site": SITE, **RANGE}}, CONTEXT)
    archived = tasks_app.handler({"task": "day", **day}, CONTEXT)
    tasks_app.handler({"task": "summarise", "run": "old", "days": [archived]}, CONTEXT)
    ledger = Ledger(deployed.client, "StateTable")
    ledger.update_archive(SiteDay.parse(SITE, DAY), rollups=1)
    boto3.client("secretsmanager").delete_secret(SecretId=ACE_SECRET, ForceDeleteWithoutRecovery=True)
    parameters.clear_caches()
    status, started = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE, "rebuild": True})
    assert (status, started["rebuild"], started["days_total"]) == (202, True, 1)
    assert run_tasks(started["id"])["status"] == "succeeded"
    _, run = call("GET", f"/backfill/{started['id']}")
    assert (run["rebuild"], run["requests"], run["samples"]) == (True, 0, archived["samples"])
    assert not ledger.archive_record(SiteDay.parse(SITE, DAY)).has_old_rollups


def test_a_day_without_group_has_the_default() -> None:
    assert parse_task({"task": "day", "run": "r", "site": SITE, "day": DAY}, TODAY) == DayTask("r", DAY)


def test_a_run_is_cancelled_over_http(call: Call) -> None:
    _, started = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    status, answer = call("POST", f"/backfill/{started['id']}/cancel", body={})
    assert (status, answer) == (202, {"id": started["id"], "status": "running", "cancel_requested": True})
    assert run_tasks(started["id"])["status"] == "cancelled"
    assert call("POST", f"/backfill/{started['id']}/cancel")[0] == 200


def test_a_second_start_names_the_running_backfill(call: Call) -> None:
    _, first = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    status, refused = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    assert (status, refused["error_code"], refused["running_id"]) == (409, "CONFLICT", first["id"])
    assert first["id"] in refused["error"]
    assert len(executions()) == 1


def test_a_dry_run_starts_nothing(call: Call) -> None:
    status, answer = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE, "dry_run": True})
    assert (status, answer["dry_run"], answer["days_total"], answer["estimate"]["requests"]) == (
        200,
        True,
        1,
        1,
    )
    assert executions() == []


def test_a_start_that_fails_leaves_the_site_free(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("vitals.aws.stepfunctions.Executions.start", lambda *_: 1 / 0)
        status, answer = call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})
    assert (status, answer["error_code"]) == (500, "INTERNAL_ERROR")
    assert call("GET", "/backfill", {"site_name": SITE})[1]["backfills"][0]["status"] == "failed"
    assert call("POST", "/backfill/start", body={"site_name": SITE, **RANGE})[0] == 202


BODY = {"site_name": SITE, **RANGE}


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        (BODY | {"site_name": "elsewhere"}, 404, "NOT_FOUND", "no site 'elsewhere'"),
        (BODY | {"site_name": "elsewhere", "rebuild": True}, 404, "NOT_FOUND", "no site 'elsewhere'"),
        (BODY | {"site_name": "second_site"}, 400, "INVALID_REQUEST", "has no points yet"),
        (BODY | {"start_date": "2025-02-30"}, 400, "INVALID_REQUEST", "start_date"),
        (BODY | {"end_date": "01/02/2025"}, 400, "INVALID_REQUEST", "end_date"),
        (BODY | {"end_date": "2025-12-01"}, 400, "INVALID_REQUEST", "after end_date"),
        (BODY | {"end_date": "2026-06-01"}, 400, "INVALID_REQUEST", "future"),
        (BODY | {"start_date": "2022-12-27"}, 400, "INVALID_REQUEST", "at most 730"),
        (BODY | {"force": "yes"}, 400, "INVALID_REQUEST", "force"),
        ({"site_name": SITE}, 400, "INVALID_REQUEST", "start_date"),
        ("nonsense", 400, "INVALID_REQUEST", "not valid JSON"),
        (BODY | {"padding": "x" * 3_200_000}, 413, "TOO_LARGE", "larger than"),
        (BODY | {"dryrun": True}, 400, "INVALID_REQUEST", "unknown key 'dryrun'"),
    ],
)
def test_bad_starts_are_refused(call: Call, body: Any, status: int, code: str, text: str) -> None:
    answered, answer = call("POST", "/backfill/start", body=body, sites="*")
    assert (answered, answer["error_code"]) == (status, code)
    assert text in answer["error"]
    assert set(answer) == {"error", "error_code", "request_id"}
    assert executions() == []


@pytest.mark.parametrize(
    ("scopes", "sites", "status"), [("read", SITE, 403), ("backfill", "other", 403), ("admin", SITE, 202)]
)
def test_starting_takes_the_scope_and_the_site(call: Call, scopes: str, sites: str, status: int) -> None:
    assert call("POST", "/backfill/start", body=BODY, scopes=scopes, sites=sites)[0] == status


def test_a_site_without_a_listing_is_refused(call: Call, deployed: World) -> None:
    # Its catalog has points of restored files.
    deployed.syncer.catalogs.add_inactive("second_site", ["fan"])
    status, answer = call("POST", "/backfill/start", body=BODY | {"site_name": "second_site"}, sites="*")
    assert (status, "has no points yet" in answer["error"]) == (400, True)


def test_a_site_that_is_not_enabled_is_refused(call: Call, deployed: World) -> None:
    """The runs of a paused site are still listed."""
    for status, listed in ((PAUSED, 200), (REMOVED, 404)):
        deployed.syncer.sites.set_status(SITE, status)
        answered, answer = call("POST", "/backfill/start", body=BODY)
        assert (answered, answer["error_code"]) == (404, "NOT_FOUND")
        assert call("GET", "/backfill", {"site_name": SITE})[0] == listed
    assert executions() == []


def test_a_run_of_another_site_is_not_there(call: Call) -> None:
    _, started = call("POST", "/backfill/start", body=BODY)
    for path in (f"/backfill/{started['id']}", "/backfill/no-such-run"):
        assert call("GET", path, sites="other")[0] == 404
    assert call("POST", f"/backfill/{started['id']}/cancel", scopes="read")[0] == 403
    assert call("GET", "/backfill", {"site_name": SITE}, sites="other")[0] == 403
    assert call("GET", "/backfill")[0] == 400
    assert call("GET", "/backfill/a/b/c")[0] == 404


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, InvalidRequestError),
        ({"task": "nap", "run": "r"}, InvalidRequestError),
        ({"task": "plan", "run": "r", "asked": {"site": "elsewhere", **RANGE}}, NotFoundError),
        ({"task": "day", "run": "no-such-run", "site": SITE, "day": DAY}, NotFoundError),
        ({"task": "summarise", "run": "no-such-run", "site": SITE, "days": []}, NotFoundError),
    ],
)
def test_a_failing_task_is_logged_and_raised(
    deployed: World,
    event: dict[str, Any],
    error: type[Exception],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks_app.function.logger.registered_handler, "stream", sys.stdout)
    with pytest.raises(error):
        tasks_app.handler(event, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    [failed] = [line for line in lines if line.get("message") == "task failed"]
    assert (failed["event"], failed["error"]) == (event, error.__name__)


def test_a_plan_during_another_run_is_refused(call: Call) -> None:
    _, first = call("POST", "/backfill/start", body=BODY)
    with pytest.raises(RunningError, match=first["id"]):
        tasks_app.handler({"task": "plan", "run": "x", "asked": {"site": SITE, **RANGE}}, CONTEXT)
