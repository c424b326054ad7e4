"""The check of the key: the sync's own handler against the simulated ACE."""

import os
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters

from etl import app
from local.ace_simulator.faults import Faults
from local.ace_simulator.simulator import Simulator
from operations.smoke.checks import ProblemError
from operations.smoke.sync import Sync
from operations.smoke.target import Target
from tests.support.direct_invoke import DirectInvoke
from tests.support.lambda_context import lambda_context
from tests.support.sites import SITE
from tests.support.sync_queue import queue
from tests.support.template import ACE_SECRET
from vitals.model.records.sites import ENABLED
from vitals.store.state.sites import SiteTable

__all__ = ["queue"]


@pytest.fixture
def target(queue: str, dynamodb: Any) -> Target:
    outputs = {"EtlFunction": "etl", "StateTable": "StateTable"}
    function = DirectInvoke(lambda event: app.handler(event, lambda_context("etl")), os.environ)
    clients = {"lambda": function, "dynamodb": dynamodb}
    return Target(outputs, "http://api", clients.__getitem__, is_local=True, option="")


def test_a_right_key_syncs_once(target: Target) -> None:
    assert Sync(target, SITE).run().startswith("ACE accepts the key")


def test_a_wrong_key_says_how_to_set_it(target: Target) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=ACE_SECRET, SecretString="placeholder")
    parameters.clear_caches()
    with pytest.raises(ProblemError, match=rf"401.*put-secret-value --secret-id {ACE_SECRET} "):
        Sync(target, SITE).run()


def test_a_groups_wrong_key_names_its_secret(target: Target, dynamodb: Any) -> None:
    SiteTable(dynamodb, "StateTable").set_status(SITE, ENABLED, "north")
    with pytest.raises(ProblemError, match=f"create-secret --name {ACE_SECRET}-north"):
        Sync(target, SITE).run()
    boto3.client("secretsmanager").create_secret(Name=f"{ACE_SECRET}-north", SecretString="wrong")
    with pytest.raises(ProblemError, match=rf"401.*--secret-id {ACE_SECRET}-north "):
        Sync(target, SITE).run()


def test_a_site_that_ace_lacks_is_named(target: Target) -> None:
    with pytest.raises(ProblemError, match="ACE has no site 'second_site'"):
        Sync(target, "second_site").run()


def test_a_site_that_is_not_enabled_is_named(target: Target) -> None:
    with pytest.raises(ProblemError, match="vitals site add third_site"):
        Sync(target, "third_site").run()


def test_an_ace_that_fails_is_no_wrong_key(target: Target, simulator: Simulator, monkeypatch: Any) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    simulator.faults = Faults(status=503)
    with pytest.raises(ProblemError, match="ACE does not answer as it should"):
        Sync(target, SITE).run()
