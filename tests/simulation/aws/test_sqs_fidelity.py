"""SQS of the simulation answers like moto's over random calls, except where SQS itself differs from moto.

Which message is received first is not compared: moto keeps the order, and SQS does not.
"""

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.aws.queue_settings import QueueSettings
from tests.simulation.aws.sqs import SQS
from tests.support.clock import Clock

START_MS = 1_790_000_000_000
VISIBILITY_S = 30
RETENTION_S = 600
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "Id": st.sampled_from(["0", "1", "2", "x-y_z", "a b"]),
            "MessageBody": st.sampled_from(["{}", "é", "x"]),
        },
        optional={"DelaySeconds": st.sampled_from([0, 10, 60, 900, 901])},
    ),
    max_size=4,
)
VALID_ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"MessageBody": st.sampled_from(["{}", "é", "x"])},
        optional={"DelaySeconds": st.sampled_from([0, 10, 901])},
    ),
    min_size=1,
    max_size=11,
).map(lambda entries: [{"Id": str(index), **entry} for index, entry in enumerate(entries)])
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.one_of(VALID_ENTRIES, ENTRIES)),
        st.tuples(st.just("receive"), st.sets(st.sampled_from(["{}", "é", "x"]))),
        st.tuples(st.just("receive_dead"), st.just(None)),
        # No sum of these is the end of a delay or a timeout, where moto is a millisecond later.
        st.tuples(st.just("wait"), st.sampled_from([7, 14, 28, 35])),
    ),
    min_size=4,
    max_size=14,
)


class Moto:
    """A queue of moto with its dead-letter queue."""

    def __init__(self, client: Any, number: int) -> None:
        self.client = client
        self.dead_url = client.create_queue(QueueName=f"dead-{number}")["QueueUrl"]
        names = client.get_queue_attributes(QueueUrl=self.dead_url, AttributeNames=["QueueArn"])
        policy = f'{{"deadLetterTargetArn": "{names["Attributes"]["QueueArn"]}", "maxReceiveCount": 2}}'
        attributes = {
            "VisibilityTimeout": str(VISIBILITY_S),
            "MessageRetentionPeriod": str(RETENTION_S),
            "RedrivePolicy": policy,
        }
        self.url = client.create_queue(QueueName=f"queue-{number}", Attributes=attributes)["QueueUrl"]

    def call(self, operation: str, request: dict[str, Any]) -> Any:
        return getattr(self.client, operation)(**request)

    def receive_all(self, url: str) -> list[tuple[str, int, str]]:
        """Returns the body, the number of deliveries and the receipt of every visible message."""
        received = []
        while messages := self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=["ApproximateReceiveCount"],
            WaitTimeSeconds=0,
        ).get("Messages", []):
            received += [
                (
                    message["Body"],
                    int(message["Attributes"]["ApproximateReceiveCount"]),
                    message["ReceiptHandle"],
                )
                for message in messages
            ]
        return received

    def delete(self, receipt: str) -> None:
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)


class Simulated:
    """The same queues in the simulation."""

    def __init__(self, clock: Clock) -> None:
        queue = QueueSettings(
            visibility_s=VISIBILITY_S, retention_s=RETENTION_S, max_receives=2, dead_letters="dead"
        )
        self.url, self.dead_url = "https://sqs.amazonaws.com/1/queue", "https://sqs.amazonaws.com/1/dead"
        self.sqs = SQS({"queue": queue, "dead": QueueSettings()}, clock, random.Random(1))
        self.call = self.sqs.call

    def receive_all(self, url: str) -> list[tuple[str, int, str]]:
        received = []
        while message := self.sqs.receive(url):
            received.append((message.body, message.receives, message.receipt))
        return received

    def delete(self, receipt: str) -> None:
        self.sqs.delete(self.url, receipt)


def sent(service: Moto | Simulated, entries: list[dict[str, Any]]) -> Any:
    """Returns what both services must have in common after a batch is sent."""
    try:
        answer = service.call("send_message_batch", {"QueueUrl": service.url, "Entries": entries})
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    successful = [(entry["Id"], entry["MD5OfMessageBody"]) for entry in answer.get("Successful", [])]
    return successful, answer.get("Failed", [])


def step(service: Moto | Simulated, operation: str, argument: Any) -> Any:
    """Returns what both services must have in common after a call, with the counts of both queues."""
    result: Any = None
    if operation == "send":
        result = sent(service, argument)
    elif operation != "wait":
        dead = operation == "receive_dead"
        received = service.receive_all(service.dead_url if dead else service.url)
        for body, _, receipt in received:
            if not dead and body in argument:
                service.delete(receipt)
        result = sorted((body, receives) for body, receives, _ in received)
    urls = (service.url, service.dead_url)
    requests = [{"QueueUrl": url, "AttributeNames": list(COUNTS)} for url in urls]
    return result, [service.call("get_queue_attributes", request)["Attributes"] for request in requests]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(START_MS)


@pytest.fixture(scope="module")
def client(clock: Clock) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setattr("moto.sqs.models.unix_time_millis", lambda: float(clock.now_ms))
        patch.setattr("moto.sqs.models.unix_time", lambda: clock.now_ms / 1_000)
        with mock_aws():
            yield boto3.client("sqs", region_name="us-east-1")


NUMBERS = iter(range(1_000_000))


@settings(max_examples=20)
@given(calls=CALLS)
def test_random_calls_have_the_same_answers(client: Any, clock: Clock, calls: list[tuple[str, Any]]) -> None:
    expected, simulated = Moto(client, next(NUMBERS)), Simulated(clock)
    for operation, argument in calls:
        if operation == "wait":
            clock.now_ms += argument * 1_000
        assert step(simulated, operation, argument) == step(expected, operation, argument), (
            operation,
            argument,
        )
