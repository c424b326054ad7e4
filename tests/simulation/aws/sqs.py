"""SQS in memory: standard queues, whose messages are delivered at least once and in any order."""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.aws.errors import refusal
from tests.simulation.aws.queue import Message, Queue, StoredMessage
from tests.simulation.aws.queue_settings import QueueSettings

_BATCH = 10
# Queues made since August 2025 take 1 MiB; the simulation keeps the limit of older ones.
_MAX_BATCH_BYTES = 262_144
_MAX_DELAY_S = 900
_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_PREFIX = "AWS.SimpleQueueService."


class SQS:
    """The queues by name; a QueueUrl is a queue's name, or any address that ends in it."""

    def __init__(
        self,
        queues: Mapping[str, QueueSettings],
        now_ms: Callable[[], int],
        random: random.Random,
        *,
        duplicate: Callable[[], bool] = lambda: False,
        unsent: Callable[[], bool] = lambda: False,
        vanished: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`duplicate` delivers a received or deleted message again; `unsent` fails one message of a batch.

        `vanished` loses an accepted message of a queue, as Lambda's detection of recursive loops does.
        """
        self._queues = {name: Queue(name, settings) for name, settings in queues.items()}
        self._now_ms = now_ms
        self._random = random
        self._duplicate = duplicate
        self._unsent = unsent
        self._vanished = vanished
        self._operations = {
            "send_message_batch": self._send_message_batch,
            "get_queue_attributes": self._get_queue_attributes,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to a request; `operation` is the name of the client's method."""
        answer = self._operations[operation](request)
        return {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}, **answer}

    def receive(self, queue: str) -> Message | None:
        """Delivers a visible message at random and hides it for the visibility timeout; None without one.

        A message that was received as often as its queue allows becomes a dead letter instead.
        """
        source, now_ms = self._queue("ReceiveMessage", queue), self._now_ms()
        settings = source.settings
        while message := source.take(now_ms, self._random):
            if settings.dead_letters and message.receives >= settings.max_receives:
                self._bury(message, source, now_ms)
                continue
            message.receives += 1
            message.receipt = f"{message.id}#{message.receives}"
            source.hide(message, now_ms if self._duplicate() else now_ms + settings.visibility_s * 1_000)
            return Message(message.id, message.body, message.receipt, message.receives, message.sent_ms)
        return None

    def delete(self, queue: str, receipt: str) -> None:
        """Deletes a message that was received; only the receipt of its last delivery has an effect."""
        source = self._queue("DeleteMessage", queue)
        message = source.messages.get(receipt.partition("#")[0])
        if message and message.receipt == receipt and not self._duplicate():
            source.delete(message)

    def redrive(self, dead_letters: str) -> int:
        """Moves all dead letters back to their queues as new messages, and returns their number."""
        queue, now_ms = self._queue("StartMessageMoveTask", dead_letters), self._now_ms()
        moved = [message for message in queue.stored(now_ms) if message.source]
        for message in moved:
            queue.delete(message)
            self._queues[message.source].add(self._new_message(message.body, now_ms, delay_s=0))
        return len(moved)

    def bodies(self, queue: str) -> list[str]:
        """Returns the bodies of all messages of a queue, visible or not, in the order of their arrival."""
        stored = self._queue("ReceiveMessage", queue).stored(self._now_ms())
        return [message.body for message in stored]

    def next_visible_ms(self, queue: str) -> int | None:
        """Returns when a message can be received next: now, if one can; None when the queue is empty."""
        return self._queue("ReceiveMessage", queue).next_visible_ms(self._now_ms())

    def _bury(self, message: StoredMessage, source: Queue, now_ms: int) -> None:
        """Moves a message to the dead-letter queue, where its age still counts from when it was sent."""
        source.delete(message)
        moved = StoredMessage(
            message.id, message.body, message.sent_ms, now_ms, source.name, message.receives
        )
        self._queues[source.settings.dead_letters].add(moved)

    def _queue(self, operation: str, url: str) -> Queue:
        queue = self._queues.get(url.rpartition("/")[2])
        if queue is None:
            code = f"{_PREFIX}NonExistentQueue"
            raise refusal("sqs", operation, code, "The specified queue does not exist.")
        return queue

    def _new_message(self, body: str, now_ms: int, delay_s: int) -> StoredMessage:
        return StoredMessage(self._random.randbytes(16).hex(), body, now_ms, now_ms + delay_s * 1_000)

    def _send_message_batch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        queue, entries = self._queue("SendMessageBatch", request["QueueUrl"]), request["Entries"]
        _check_batch(entries)
        sent: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry in entries:
            if error := self._failure(entry):
                failed.append({"Id": entry["Id"], **error})
                continue
            message = self._new_message(
                entry["MessageBody"], self._now_ms(), delay_s=entry.get("DelaySeconds", 0)
            )
            if not self._vanished(queue.name):
                queue.add(message)
            digest = hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest()
            sent.append({"Id": entry["Id"], "MessageId": message.id, "MD5OfMessageBody": digest})
        return ({"Successful": sent} if sent else {}) | ({"Failed": failed} if failed else {})

    def _failure(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Returns why one message of a batch is not sent, empty when it is."""
        delay_s = entry.get("DelaySeconds", 0)
        if not 0 <= delay_s <= _MAX_DELAY_S:
            reason = f"DelaySeconds must be >= 0 and <= {_MAX_DELAY_S}."
            message = f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: {reason}"
            return {"SenderFault": True, "Code": "InvalidParameterValue", "Message": message}
        if self._unsent():
            return {"SenderFault": False, "Code": "InternalError", "Message": "InternalError"}
        return {}

    def _get_queue_attributes(self, request: Mapping[str, Any]) -> dict[str, Any]:
        queue, now_ms = self._queue("GetQueueAttributes", request["QueueUrl"]), self._now_ms()
        for name in request["AttributeNames"]:
            if name not in _COUNTS:
                raise NotImplementedError(f"the simulation of get_queue_attributes has no {name}")
        counts = Counter(_count(message, now_ms) for message in queue.stored(now_ms))
        return {"Attributes": {name: str(counts[name]) for name in request["AttributeNames"]}}


def _count(message: StoredMessage, now_ms: int) -> str:
    """Returns the attribute that counts a message."""
    visible, not_visible, delayed = _COUNTS
    if message.visible_ms <= now_ms:
        return visible
    return not_visible if message.receives else delayed


def _check_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    ids = [entry["Id"] for entry in entries]
    size = sum(len(entry["MessageBody"].encode()) for entry in entries)
    problem = ""
    if not entries:
        problem = "EmptyBatchRequest"
    elif not all(map(_ID.fullmatch, ids)):
        problem = "InvalidBatchEntryId"
    elif size > _MAX_BATCH_BYTES:
        problem = "BatchRequestTooLong"
    elif len(frozenset(ids)) < len(ids):
        problem = "BatchEntryIdsNotDistinct"
    elif len(entries) > _BATCH:
        problem = "TooManyEntriesInBatchRequest"
    if problem:
        raise refusal("sqs", "SendMessageBatch", _PREFIX + problem)
