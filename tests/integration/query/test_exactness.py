"""The deployed product against its upstream, faults and all: what was served is what is answered."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from operations.verification.questions import Question
from operations.verification.store import Store
from operations.verification.upstream import Upstream
from tests.support.local_stack import ROOT
from tests.support.stack import aws_client, verify
from vitals.model.timespan import HOUR_MS, floor_window, iso

pytestmark = pytest.mark.integration

# Runs one sync of a span in a process of its own, which dies at its nth write if told to.
_SYNC = """
import os, sys
from types import SimpleNamespace
from etl import app
from vitals.aws import clients

site, start, end, dies_at = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client, left = clients.client("dynamodb"), [dies_at]
put_item = client.put_item

def mortal(**request):
    left[0] -= 1
    if left[0] == 0:
        os._exit(9)
    return put_item(**request)

client.put_item = mortal
context = SimpleNamespace(function_name="etl", memory_limit_in_mb=1024, invoked_function_arn="arn",
                          aws_request_id="test", get_remaining_time_in_millis=lambda: 300_000)
for attempt in range(10):
    try:
        app.handler({"site": site, "start": start, "end": end}, context)
        break
    except Exception as error:
        print(error, file=sys.stderr)
else:
    sys.exit("ten attempts failed")
"""


def sync_process(stack: dict[str, Any], site: str, start_ms: int, end_ms: int, dies_at: int = 0) -> Any:
    function = aws_client(stack, "lambda").get_function_configuration(
        FunctionName=stack["outputs"]["EtlFunction"]
    )
    environ = os.environ | function["Environment"]["Variables"]
    environ |= {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions"), str(ROOT / "layers/common/python")]),
        "AWS_ENDPOINT_URL": stack["aws_endpoint"],
        "AWS_DEFAULT_REGION": stack["region"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    command = [sys.executable, "-c", _SYNC, site, iso(start_ms), iso(end_ms), str(dies_at)]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(process: Any) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, 9), errors
    return int(process.returncode)


def test_verify_matches_twice_with_a_sync_in_between(stack: dict[str, Any]) -> None:
    for _ in range(2):
        done = verify()
        assert done.returncode == 0, done.stdout + done.stderr
        [line] = [line for line in done.stdout.splitlines() if line.startswith("match")]
        matched, expected = int(line.split()[1]), int(line.split()[3])
        assert matched == expected > 20_000


def test_killed_and_simultaneous_syncs_store_each_sample_once(stack: dict[str, Any]) -> None:
    store = Store(stack)
    upstream: Upstream = store.upstream()
    [site] = store.synced()
    # Before the first sync's lookback, so that nothing of it is stored yet.
    end = floor_window(time.time_ns() // 1_000_000) - 102 * HOUR_MS
    start = end - 2 * HOUR_MS
    question = Question(site, tuple(upstream.points(site)), start, end)
    assert store.ask(question) == {}
    assert finish(sync_process(stack, site, start, end, dies_at=7)) == 9
    held = store.ask(question)
    truth = upstream.ask(question)
    assert 0 < len(held) < len(truth)
    for process in [sync_process(stack, site, start, end) for _ in range(2)]:
        assert finish(process) == 0
    assert store.ask(question) == truth


def test_a_message_that_keeps_failing_becomes_dead_letter(stack: dict[str, Any]) -> None:
    sqs, outputs = aws_client(stack, "sqs"), stack["outputs"]
    queue, dead = outputs["SyncQueue"], outputs["SyncDeadLetters"]

    def waiting(url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    visibility = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        sqs.send_message(QueueUrl=queue, MessageBody='{"site": "no_such_site"}')
        deadline = time.monotonic() + 60
        while waiting(dead) == 0:
            assert time.monotonic() < deadline, "the message never reached the dead letters"
            time.sleep(0.5)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=visibility)
    [letter] = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5)["Messages"]
    assert letter["Body"] == '{"site": "no_such_site"}'
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
    assert waiting(dead) == 0
