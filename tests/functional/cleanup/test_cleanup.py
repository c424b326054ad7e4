"""The deletion of a stack's API keys, with a server in the place of CloudFormation."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from cleanup import app
from operations.usage_plan import UsagePlan
from tests.support.lambda_context import lambda_context

CONTEXT = lambda_context("cleanup")


class Reports:
    """What CloudFormation received, and the address to send it to."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(handler) -> None:
                length = int(handler.headers["Content-Length"])
                self.received.append(json.loads(handler.rfile.read(length)))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *_: Any) -> None:
                """Stays silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/report"


@pytest.fixture
def reports() -> Iterator[Reports]:
    reports = Reports()
    thread = threading.Thread(target=reports.server.serve_forever)
    thread.start()
    yield reports
    reports.server.shutdown()
    thread.join()
    reports.server.server_close()


@pytest.fixture
def gateway(aws: None) -> Any:
    return boto3.client("apigateway")


def event(kind: str, plan: str, reports: Reports) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "RequestId": "request",
        "StackId": "stack",
        "LogicalResourceId": "TokenKeys",
        "ResponseURL": reports.url,
        "ResourceProperties": {"UsagePlanId": plan},
    }


def plan_with_keys(gateway: Any, name: str, count: int) -> tuple[str, list[str]]:
    """Returns a plan with keys of tokens and the stack's own key, and the ids of all of them."""
    plan = gateway.create_usage_plan(name=name)["id"]
    shared = gateway.create_api_key(name=f"{name}-shared", enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=shared, keyType="API_KEY")
    tokens = [UsagePlan(gateway, plan).create_key(f"token {number}").id for number in range(count)]
    return plan, [shared, *tokens]


def remaining(gateway: Any) -> set[str]:
    return {key["id"] for key in gateway.get_api_keys(limit=500)["items"]}


def test_deletion_removes_the_tokens_keys(gateway: Any, reports: Reports) -> None:
    plan, [shared, *_] = plan_with_keys(gateway, "this", 3)
    _, others = plan_with_keys(gateway, "other", 2)
    for _ in range(2):
        app.handler(event("Delete", plan, reports), CONTEXT)
    assert remaining(gateway) == {shared, *others}
    assert [report["Status"] for report in reports.received] == ["SUCCESS", "SUCCESS"]
    assert {report["PhysicalResourceId"] for report in reports.received} == {"TokenKeys"}


def test_deleted_plan_has_no_keys(gateway: Any, reports: Reports) -> None:
    app.handler(event("Delete", "no-such-plan", reports), CONTEXT)
    assert reports.received[0]["Status"] == "SUCCESS"


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_other_events_delete_no_key(gateway: Any, reports: Reports, kind: str) -> None:
    plan, keys = plan_with_keys(gateway, "this", 1)
    app.handler(event(kind, plan, reports), CONTEXT)
    assert remaining(gateway) == set(keys)
    assert reports.received[0]["Status"] == "SUCCESS"


def test_failure_is_reported_to_cloudformation(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> int:
        raise PermissionError("a reason for operators")

    monkeypatch.setattr(app, "delete_token_keys", fail)
    app.handler(event("Delete", "plan", reports), CONTEXT)
    [report] = reports.received
    assert report["Status"] == "FAILED"
    assert "log of this function" in report["Reason"]
    assert "operators" not in report["Reason"]
