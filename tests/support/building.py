"""A simulated building that has been synced for two hours."""

from collections.abc import Iterator

import boto3
import pytest

from admin import app as admin_api
from exports import app as exports_worker
from exports.api import app as exports_api
from query import app as query_api
from tests.support.clock import Clock
from tests.support.world import World


@pytest.fixture
def building(deployed: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(query_api.api, "connect", lambda: api)
    clock.forward(20)
    deployed.sync()
    clock.forward(1)
    api = deployed.api()
    sqs = boto3.client("sqs")
    for name, queue in (("EXPORT_QUEUE_URL", "ExportQueue"), ("EXPORT_QUEUE_HIGH_URL", "ExportQueueHigh")):
        monkeypatch.setenv(name, sqs.create_queue(QueueName=queue)["QueueUrl"])
    for name in ("GLUE_DATABASE", "GLUE_TABLE", "ATHENA_WORKGROUP"):
        monkeypatch.setenv(name, "unused")
    for cached in (admin_api.api.connect, exports_api.api.connect, exports_worker.connect):
        cached.cache_clear()
    yield deployed
    for cached in (admin_api.api.connect, exports_api.api.connect, exports_worker.connect):
        cached.cache_clear()
