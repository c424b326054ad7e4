"""SQS of the simulation: the template's queues, order, duplicates, dead letters and retention."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.queue import Message
from tests.simulation.aws.queue_settings import QueueSettings, queue_settings
from tests.simulation.aws.sqs import SQS
from tests.support.clock import Clock

START_MS = 1_790_000_000_000
QUEUE = "SyncQueue"
DEAD_LETTERS = "SyncDeadLetters"
VISIBILITY_MS = 1_800_000
RETENTION_MS = 345_600_000
COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


@pytest.fixture
def clock() -> Clock:
    return Clock(START_MS)


@pytest.fixture
def sqs(clock: Clock) -> SQS:
    return SQS(queue_settings(), clock, random.Random(1))


def send(sqs: SQS, bodies: Sequence[str], delay_s: int = 0, queue: str = QUEUE) -> dict[str, Any]:
    entries = [
        {"Id": str(index), "MessageBody": body, "DelaySeconds": delay_s} for index, body in enumerate(bodies)
    ]
    return sqs.call("send_message_batch", {"QueueUrl": queue, "Entries": entries})


def receive(sqs: SQS, queue: str = QUEUE) -> Message:
    message = sqs.receive(queue)
    assert message is not None
    return message


def counts(sqs: SQS, queue: str = QUEUE) -> list[int]:
    answer = sqs.call("get_queue_attributes", {"QueueUrl": queue, "AttributeNames": COUNTS})
    return [int(answer["Attributes"][name]) for name in COUNTS]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"].removeprefix("AWS.SimpleQueueService.")


def test_settings_are_those_of_the_template() -> None:
    queues = queue_settings()
    assert queues[QUEUE] == QueueSettings(
        visibility_s=1_800, retention_s=345_600, max_receives=5, dead_letters=DEAD_LETTERS
    )
    assert queues[DEAD_LETTERS] == QueueSettings(visibility_s=30, retention_s=1_209_600)
    assert queues["ExportQueueHigh"].dead_letters == queues["ExportQueue"].dead_letters == "ExportDeadLetters"


def test_address_ends_in_queue_name(sqs: SQS) -> None:
    send(sqs, ["{}"], queue=f"https://sqs.us-east-1.amazonaws.com/1/{QUEUE}")
    assert sqs.bodies(QUEUE) == ["{}"]
    assert refused(lambda: sqs.receive("https://sqs.us-east-1.amazonaws.com/1/Other")) == "NonExistentQueue"


def test_batch_has_at_most_256_kib(sqs: SQS) -> None:
    """moto has the limit of queues made since August 2025, which is 1 MiB."""
    assert refused(lambda: send(sqs, ["x" * 200_000, "é" * 40_000])) == "BatchRequestTooLong"
    assert "Failed" not in send(sqs, ["x" * 262_144])


def test_batch_may_fail_in_part(clock: Clock) -> None:
    failures = iter([False, True, False])
    sqs = SQS(queue_settings(), clock, random.Random(1), unsent=lambda: next(failures))
    answer = send(sqs, ["a", "b", "c"])
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("1", "InternalError")]
    assert sqs.bodies(QUEUE) == ["a", "c"]


def test_messages_are_received_in_any_order(sqs: SQS) -> None:
    bodies = [str(number) for number in range(10)]
    send(sqs, bodies)
    received = [receive(sqs).body for _ in bodies]
    assert received != bodies
    assert sorted(received) == bodies
    assert sqs.receive(QUEUE) is None


def test_seed_decides_the_order(clock: Clock) -> None:
    def run(seed: int) -> list[Message | None]:
        sqs = SQS(queue_settings(), clock, random.Random(seed))
        send(sqs, [str(number) for number in range(10)])
        return [sqs.receive(QUEUE) for _ in range(11)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_delayed_message_is_visible_later(sqs: SQS, clock: Clock) -> None:
    send(sqs, ["late"], delay_s=900)
    assert sqs.receive(QUEUE) is None
    assert sqs.next_visible_ms(QUEUE) == START_MS + 900_000
    clock.now_ms += 899_999
    assert (sqs.receive(QUEUE), counts(sqs)) == (None, [0, 0])
    clock.now_ms += 1
    assert sqs.next_visible_ms(QUEUE) == clock.now_ms
    assert receive(sqs).body == "late"


def test_too_long_delay_fails_one_message(sqs: SQS) -> None:
    answer = send(sqs, ["{}"], delay_s=901)
    assert [(entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
        ("InvalidParameterValue", True)
    ]


def test_failed_message_waits_for_its_timeout(sqs: SQS, clock: Clock) -> None:
    send(sqs, ["{}"])
    first = receive(sqs)
    assert (sqs.receive(QUEUE), counts(sqs)) == (None, [0, 1])
    assert sqs.next_visible_ms(QUEUE) == START_MS + VISIBILITY_MS
    clock.now_ms += VISIBILITY_MS
    assert counts(sqs) == [1, 0]
    second = receive(sqs)
    assert (first.id, first.receives, second.receives) == (second.id, 1, 2)


def test_deleted_message_is_gone(sqs: SQS, clock: Clock) -> None:
    send(sqs, ["{}"])
    sqs.delete(QUEUE, receive(sqs).receipt)
    assert (counts(sqs), sqs.next_visible_ms(QUEUE)) == ([0, 0], None)
    clock.now_ms += VISIBILITY_MS
    assert sqs.receive(QUEUE) is None


def test_late_delete_works_until_next_delivery(sqs: SQS, clock: Clock) -> None:
    """SQS accepts the receipt of an earlier delivery, and deletes nothing; moto deletes the message."""
    send(sqs, ["a"])
    earlier = receive(sqs)
    clock.now_ms += VISIBILITY_MS
    latest = receive(sqs)
    sqs.delete(QUEUE, earlier.receipt)
    assert sqs.bodies(QUEUE) == ["a"]
    clock.now_ms += VISIBILITY_MS
    assert sqs.next_visible_ms(QUEUE) == clock.now_ms
    sqs.delete(QUEUE, latest.receipt)
    sqs.delete(QUEUE, latest.receipt)
    assert (sqs.receive(QUEUE), sqs.next_visible_ms(QUEUE)) == (None, None)


def test_delivered_message_is_delivered_twice(clock: Clock) -> None:
    duplicates = iter([True, False, False])
    sqs = SQS(queue_settings(), clock, random.Random(1), duplicate=lambda: next(duplicates))
    send(sqs, ["{}"])
    first, second = receive(sqs), receive(sqs)
    assert (first.id, first.receives, second.receives) == (second.id, 1, 2)
    assert sqs.receive(QUEUE) is None
    sqs.delete(QUEUE, first.receipt)
    assert counts(sqs) == [0, 1]
    sqs.delete(QUEUE, second.receipt)
    assert counts(sqs) == [0, 0]


def test_deleted_message_is_delivered_again(clock: Clock) -> None:
    duplicates = iter([False, True, False, False])
    sqs = SQS(queue_settings(), clock, random.Random(1), duplicate=lambda: next(duplicates))
    send(sqs, ["{}"])
    sqs.delete(QUEUE, receive(sqs).receipt)
    clock.now_ms += VISIBILITY_MS
    again = receive(sqs)
    assert again.receives == 2
    sqs.delete(QUEUE, again.receipt)
    assert counts(sqs) == [0, 0]


def test_fifth_failure_makes_dead_letter(sqs: SQS, clock: Clock) -> None:
    send(sqs, ["bad"])
    for _ in range(5):
        receive(sqs)
        clock.now_ms += VISIBILITY_MS
    assert (counts(sqs), counts(sqs, DEAD_LETTERS)) == ([1, 0], [0, 0])
    send(sqs, ["good"])
    assert receive(sqs).body == "good"
    assert sqs.receive(QUEUE) is None
    assert (counts(sqs), counts(sqs, DEAD_LETTERS)) == ([0, 1], [1, 0])
    assert sqs.bodies(DEAD_LETTERS) == ["bad"]


def bury(sqs: SQS, clock: Clock, queue: str, body: str) -> None:
    send(sqs, [body], queue=queue)
    while sqs.bodies(queue):
        sqs.receive(queue)
        clock.now_ms += 1_800_000


def test_redrive_moves_letters_to_their_queues(sqs: SQS, clock: Clock) -> None:
    bury(sqs, clock, "ExportQueue", "normal")
    bury(sqs, clock, "ExportQueueHigh", "high")
    assert sqs.redrive("ExportDeadLetters") == 2
    assert sqs.bodies("ExportDeadLetters") == []
    normal, high = receive(sqs, "ExportQueue"), receive(sqs, "ExportQueueHigh")
    assert [(message.body, message.receives) for message in (normal, high)] == [("normal", 1), ("high", 1)]
    assert normal.sent_ms == clock.now_ms
    assert sqs.redrive("ExportDeadLetters") == 0


def test_old_messages_disappear(sqs: SQS, clock: Clock) -> None:
    send(sqs, ["visible", "received"])
    receive(sqs)
    clock.now_ms += RETENTION_MS - 1
    send(sqs, ["new"])
    assert len(sqs.bodies(QUEUE)) == 3
    clock.now_ms += 1
    assert (sqs.bodies(QUEUE), counts(sqs)) == (["new"], [1, 0])
    assert receive(sqs).body == "new"
    clock.now_ms += RETENTION_MS
    assert (sqs.receive(QUEUE), sqs.next_visible_ms(QUEUE)) == (None, None)


def test_dead_letter_keeps_its_age(sqs: SQS, clock: Clock) -> None:
    """The retention of the dead-letter queue counts from the first sending."""
    bury(sqs, clock, QUEUE, "old")
    clock.now_ms = START_MS + 1_209_600_000 - 1
    assert sqs.bodies(DEAD_LETTERS) == ["old"]
    clock.now_ms += 1
    assert sqs.bodies(DEAD_LETTERS) == []
