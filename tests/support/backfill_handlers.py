"""Both functions of backfills as the template deploys them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters

from backfill import app as tasks_app
from backfill.api import app as api_app
from local.ace_simulator.simulator import Simulator
from tests.support.clock import Clock
from tests.support.lambda_context import lambda_context
from tests.support.sites import SITE
from tests.support.template import ACE_SECRET
from tests.support.world import World
from vitals.aws import clients

CONTEXT = lambda_context("backfill", remaining_s=900)


@pytest.fixture
def deployed(
    world: World, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A synced site, and both functions with the environment that the template gives them."""
    world.sync()
    boto3.client("s3").create_bucket(Bucket="cold-bucket")
    machine = boto3.client("stepfunctions").create_state_machine(
        name="building-vitals-backfill",
        definition='{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]
    key = simulator.settings.api_key
    boto3.client("secretsmanager").create_secret(Name=ACE_SECRET, SecretString=key)
    for name, value in {
        "STATE_TABLE": "StateTable",
        "HOT_TABLE": "HotTable",
        "COLD_BUCKET": "cold-bucket",
        "ACE_API_URL": simulator.url,
        "ACE_SECRET_NAME": ACE_SECRET,
        "SITES": f"{SITE},second_site",
        "ACE_REQUESTS_PER_MINUTE": "60000",
        "STATE_MACHINE_ARN": machine,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.time_ns", lambda: clock() * 1_000_000)
    caches = (tasks_app.connect, api_app.api.connect, clients.made_client, clients._session)
    for cached in caches:
        cached.cache_clear()
    parameters.clear_caches()
    yield world
    for cached in caches:
        cached.cache_clear()


def run_tasks(run: str) -> dict[str, Any]:
    """What the state machine does with the execution's own input."""
    [execution] = executions()
    request = json.loads(
        boto3.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])["input"]
    )
    plan = tasks_app.handler({"task": "plan", "run": run, "asked": request}, CONTEXT)
    results = [
        tasks_app.handler(
            {"task": "day", "run": run, "site": SITE, "day": day, "key_group": plan["key_group"]}, CONTEXT
        )
        for day in plan["days"]
    ]
    return tasks_app.handler({"task": "summarise", "run": run, "site": SITE, "days": results}, CONTEXT)


def executions() -> list[dict[str, Any]]:
    sfn = boto3.client("stepfunctions")
    [machine] = sfn.list_state_machines()["stateMachines"]
    listed: list[dict[str, Any]] = sfn.list_executions(stateMachineArn=machine["stateMachineArn"])[
        "executions"
    ]
    return listed
