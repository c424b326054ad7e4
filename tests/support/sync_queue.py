"""The sync's function with its queue and its secret."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters

from etl import app
from local.ace_simulator.simulator import Simulator
from tests.support.clock import Clock
from tests.support.sites import SITE
from tests.support.template import ACE_SECRET
from vitals.aws import clients


@pytest.fixture
def queue(
    dynamodb: Any, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    url: str = boto3.client("sqs").create_queue(QueueName="SyncQueue")["QueueUrl"]
    key = simulator.settings.api_key
    boto3.client("secretsmanager").create_secret(Name=ACE_SECRET, SecretString=key)
    for name, value in {
        "STATE_TABLE": "StateTable",
        "HOT_TABLE": "HotTable",
        "SYNC_QUEUE_URL": url,
        "ACE_API_URL": simulator.url,
        "ACE_SECRET_NAME": ACE_SECRET,
        "SITES": f"{SITE},second_site",
        "INITIAL_LOOKBACK_HOURS": "3",
        "ACE_REQUESTS_PER_MINUTE": "60000",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.time_ns", lambda: clock() * 1_000_000)
    for cached in (app.connect, clients.made_client, clients._session):
        cached.cache_clear()
    parameters.clear_caches()
    yield url
    for cached in (app.connect, clients.made_client, clients._session):
        cached.cache_clear()
