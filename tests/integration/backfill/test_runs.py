"""Backfills of the deployed stack, the upstream's faults on; each test has days of its own."""

import json
import os
import time
import uuid
from typing import Any

import psutil
import pytest
import requests

from local.stack.processes import wait_until
from operations.verification.questions import Question
from operations.verification.store import Store
from tests.support.local_stack import HOME, OPENED_DAYS_AGO, ROOT
from tests.support.stack import aws_client, verify
from tests.support.stack_backfills import LONGEST_S, api, days_ago, ended, site, slow_upstream, when
from vitals.model.timespan import DAY_MS, Span, day_start
from vitals.store.state.ledger import Ledger
from vitals.store.state.tokens import TokenTable
from vitals_client import ConflictError
from vitals_client.backfills import Backfills

__all__ = ["api", "site"]

pytestmark = pytest.mark.integration


# The first two are before the building opened. `make long` reads 30.
DAYS = int(os.environ.get("VITALS_TEST_BACKFILL_DAYS", "8"))


def assert_exact(stack: dict[str, Any], site: str, first: str, last: str) -> None:
    """Every sample of every point of these days, and no other."""
    store = Store(stack)
    upstream = store.upstream()
    question = Question(site, tuple(upstream.points(site)), day_start(first), day_start(last) + DAY_MS)
    truth = upstream.ask(question)
    assert truth
    assert store.ask(question) == truth


def staged(stack: dict[str, Any]) -> list[str]:
    page = aws_client(stack, "s3").list_objects_v2(Bucket=stack["outputs"]["ColdBucket"], Prefix="staging/")
    return [item["Key"] for item in page.get("Contents", [])]


def test_a_range_is_exact_and_read_once(stack: dict[str, Any], api: Backfills, site: str) -> None:
    first, last = days_ago(OPENED_DAYS_AGO + 2), days_ago(OPENED_DAYS_AGO + 3 - DAYS)
    started = api.start(site, first, last)
    assert (started["days_total"], started["days_complete"]) == (DAYS, 0)
    run = ended(api, started["id"])
    assert (run["status"], run["days_done"], run["days_empty"]) == ("succeeded", DAYS - 2, 2)
    # Some are repeated, because the simulated ACE fails at times.
    assert DAYS <= run["requests"] < DAYS * 24
    assert [day["date"] for day in run["days"] if day["status"] == "empty"] == [
        first,
        days_ago(OPENED_DAYS_AGO + 1),
    ]
    done = verify("--start", first, "--end", last)
    assert done.returncode == 0, done.stdout + done.stderr
    assert staged(stack) == []
    again = api.start(site, first, last)
    assert (again["days_total"], again["days_complete"]) == (0, DAYS)
    run = ended(api, again["id"])
    assert (run["status"], run["requests"]) == ("succeeded", 0)


def kill_workers(stack: dict[str, Any]) -> None:
    """SIGKILL to each process of the backfill's function."""
    emulator = psutil.Process(json.loads((HOME / "emulator.pid").read_text())["pid"])
    name = stack["outputs"]["BackfillFunction"]
    workers = [child for child in emulator.children() if any(name in word for word in child.cmdline())]
    assert workers
    for worker in workers:
        worker.kill()


def test_another_worker_finishes_a_killed_workers_day(
    stack: dict[str, Any], api: Backfills, site: str
) -> None:
    day = days_ago(15)
    with slow_upstream(0.15):
        run_id = api.start(site, day, day)["id"]
        before = when(api, run_id, lambda run: any(day["hours"] > 0 for day in run["days"]))
        kill_workers(stack)
    assert before["days"][0]["hours"] < 24
    run = ended(api, run_id)
    assert run["status"] == "succeeded"
    [receipt] = run["days"]
    assert (receipt["status"], receipt["hours"], receipt["attempts"], receipt["error"]) == ("done", 24, 2, "")
    assert receipt["samples"] > before["samples"]
    assert_exact(stack, site, day, day)
    assert staged(stack) == []


def test_a_cancelled_run_is_gone_on_with(stack: dict[str, Any], api: Backfills, site: str) -> None:
    first, last = days_ago(13), days_ago(11)
    assert ended(api, api.start(site, first, first)["id"])["status"] == "succeeded"
    with slow_upstream(0.6):
        run_id = api.start(site, first, last)["id"]
        when(api, run_id, lambda run: any(day["hours"] > 0 for day in run["days"]))
        assert api.cancel(run_id) == {"id": run_id, "status": "running", "cancel_requested": True}
        run = ended(api, run_id)
    assert (run["status"], run["days_failed"]) == ("cancelled", 0)
    assert (run["days_done"], run["days_cancelled"], run["days_complete"]) == (0, 2, 1)
    assert api.cancel(run_id)["status"] == "cancelled"
    assert staged(stack) == []
    resumed = api.start(site, first, last)
    assert (resumed["days_total"], resumed["days_complete"]) == (2, 1)
    assert ended(api, resumed["id"])["status"] == "succeeded"
    assert_exact(stack, site, first, last)
    assert staged(stack) == []


def test_a_site_has_one_run_at_a_time(api: Backfills, site: str) -> None:
    first, last = days_ago(10), days_ago(9)
    run_id = api.start(site, first, last)["id"]
    with pytest.raises(ConflictError) as refused:
        api.start(site, last, last)
    assert (refused.value.status, refused.value.running_id) == (409, run_id)
    assert ended(api, run_id)["status"] == "succeeded"
    after = api.start(site, first, last)
    assert ended(api, after["id"])["status"] == "succeeded"
    assert [run["id"] for run in api.list(site)][:2] == [after["id"], run_id]


# A day that the sync has written too, and one that only a backfill has.
@pytest.mark.parametrize("age", [2, 7])
def test_force_rereads_an_archived_day_and_changes_nothing(
    stack: dict[str, Any], api: Backfills, site: str, age: int
) -> None:
    day = days_ago(age)
    days = Span(day_start(day), day_start(day) + DAY_MS)
    ledger = Ledger(aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"])

    def file() -> tuple[str, str, str, int]:
        [record] = ledger.archive_records(site, days)
        assert record.status == "done"
        return record.checksum, record.etag, record.version, record.rows

    assert ended(api, api.start(site, day, day)["id"])["status"] == "succeeded"
    before = file()
    started = api.start(site, day, day, force=True)
    assert started["days_total"] == 1
    run = ended(api, started["id"])
    assert (run["status"], run["days_done"], run["force"]) == ("succeeded", 1, True)
    assert file() == before
    assert_exact(stack, site, day, day)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"start_date": "2026-02-30"}, 400, "INVALID_REQUEST"),
        ({"start_date": "yesterday"}, 400, "INVALID_REQUEST"),
        ({"start_date": "2020-01-03", "end_date": "2020-01-02"}, 400, "INVALID_REQUEST"),
        ({"start_date": "2020-01-01", "end_date": "2022-12-31"}, 400, "INVALID_REQUEST"),
        ({"end_date": "2999-01-01"}, 400, "INVALID_REQUEST"),
        ({"end_date": None}, 400, "INVALID_REQUEST"),
        ({"force": "yes"}, 400, "INVALID_REQUEST"),
        ({"site_name": "no_such_site"}, 404, "NOT_FOUND"),
        ({"site_name": "../etc"}, 400, "INVALID_REQUEST"),
        ({"padding": "x" * 3_200_000}, 413, "TOO_LARGE"),
    ],
)
def test_a_bad_start_is_refused_in_contract_form(
    stack: dict[str, Any], site: str, changes: dict[str, Any], status: int, code: str
) -> None:
    body = {"site_name": site, "start_date": "2020-01-01", "end_date": "2020-01-02"} | changes
    assert refused(stack, json.dumps(body), f"Bearer {stack['token']}") == (status, code)


def refused(stack: dict[str, Any], body: str, authorization: str) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", "Authorization": authorization}
    answer = requests.post(f"{stack['api']}/backfill/start", data=body, headers=headers, timeout=40)
    assert set(answer.json()) == {"error", "error_code", "request_id"}, answer.text
    assert answer.json()["error"]
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', '{"site_name": NaN}'])
def test_a_body_without_a_json_object_is_refused(stack: dict[str, Any], body: str) -> None:
    assert refused(stack, body, f"Bearer {stack['token']}") == (400, "INVALID_REQUEST")


def test_starting_requires_the_scope_and_the_site(stack: dict[str, Any], site: str) -> None:
    body = json.dumps({"site_name": site, "start_date": days_ago(2), "end_date": days_ago(2)})
    dynamodb, table = aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"]

    def token(*scopes: str, granted_site: str) -> str:
        return TokenTable(dynamodb, table).create(
            "test", scopes, [granted_site], now_ms=time.time_ns() // 1_000_000
        )

    assert refused(stack, body, "") == (401, "UNAUTHORIZED")
    assert refused(stack, body, "Bearer nonsense") == (401, "UNAUTHORIZED")
    assert refused(stack, body, f"Bearer {token('read', granted_site=site)}") == (403, "FORBIDDEN")
    assert refused(stack, body, f"Bearer {token('backfill', granted_site='elsewhere')}") == (403, "FORBIDDEN")


class Machine:
    """The state machine without the API in front of it."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._states = aws_client(stack, "stepfunctions")
        self._arn = stack["outputs"]["BackfillStateMachine"]

    def run(self, **changes: Any) -> dict[str, Any]:
        """The description of an execution that has ended, which began as the file of events/ tells."""
        event = json.loads((ROOT / "events" / "backfill-start.json").read_text()) | changes
        arn = self._states.start_execution(
            stateMachineArn=self._arn, name=str(uuid.uuid4()), input=json.dumps(event)
        )["executionArn"]
        execution: dict[str, Any] = {}

        def over() -> bool:
            nonlocal execution
            execution = self._states.describe_execution(executionArn=arn)
            return bool(execution["status"] != "RUNNING")

        assert wait_until(over, LONGEST_S), execution
        return execution


def test_an_execution_started_by_hand_is_a_run(stack: dict[str, Any], api: Backfills, site: str) -> None:
    day = days_ago(6)
    execution = Machine(stack).run(site=site, start_date=day, end_date=day)
    assert execution["status"] == "SUCCEEDED"
    counts = {"done": 1, "empty": 0, "failed": 0, "cancelled": 0}
    summary = json.loads(execution["output"])
    assert (summary["status"], summary["days"]) == ("succeeded", counts)
    run = api.get(execution["name"])
    assert (run["status"], run["samples"], run["requested_by"]) == ("succeeded", summary["samples"], "")
    assert_exact(stack, site, day, day)


def test_an_execution_with_bad_input_fails_clearly(stack: dict[str, Any], site: str) -> None:
    execution = Machine(stack).run(site=site, start_date="2020-01-02", end_date="2020-01-01")
    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidRequestError")
    assert "start_date" in execution["cause"]


def test_a_dry_execution_only_estimates(stack: dict[str, Any], api: Backfills, site: str) -> None:
    before = api.list(site)
    execution = Machine(stack).run(site=site, start_date="2020-01-01", end_date="2020-01-10", dry_run=True)
    assert execution["status"] == "SUCCEEDED"
    plan = json.loads(execution["output"])
    assert len(plan["days"]) == 10
    assert plan["estimate"]["requests"] == 10
    assert api.list(site) == before
