"""SQS queues of a function's own events, and the dead-letter queues."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from vitals.errors import InvalidRequestError, QueueRefusedError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# SQS's limit for SendMessageBatch.
_BATCH = 10
_ATTEMPTS = 3


class MessageQueue:
    """Sends events of one function."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, batch: Sequence[Mapping[str, str]], delay_s: int = 0) -> None:
        """Sends every message, or raises; they are delivered after `delay_s`, at most 900.

        QueueRefusedError when SQS accepts requests but not each of their messages.
        """
        for start in range(0, len(batch), _BATCH):
            entries: Any = [
                {"Id": str(i), "MessageBody": json.dumps(message), "DelaySeconds": delay_s}
                for i, message in enumerate(batch[start : start + _BATCH])
            ]
            self._send_all(entries)

    def _send_all(self, entries: Any) -> None:
        """Sends the messages of one batch; those that SQS refuses are sent again."""
        for _ in range(_ATTEMPTS):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            refused = {failed["Id"]: failed.get("Code", "") for failed in answer.get("Failed", [])}
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
        error = QueueRefusedError(
            f"the queue did not accept {len(entries)} of the messages; try again in a few seconds"
        )
        error.add_note(f"the codes of SQS: {sorted(set(refused.values()))}")
        raise error


def content(body: str) -> dict[str, Any]:
    """Returns the event in a message; InvalidRequestError when it is not a JSON object."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the message is not valid JSON: {error}") from None
    if not isinstance(event, dict):
        raise InvalidRequestError(f"the message must be a JSON object, not {type(event).__name__}")
    return event


# A dead letter that is being received is still one.
_COUNTED: "Sequence[QueueAttributeNameType]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
)


class DeadLetters:
    """The dead-letter queues by name; `client` returns the client when it is needed."""

    def __init__(self, client: "Callable[[], SQSClient]", urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    def counters(self) -> dict[str, Callable[[], int]]:
        """Returns, by queue, a function that returns the approximate number of its messages."""
        client = self._client()
        return {name: partial(_count, client, url) for name, url in self._urls.items()}


def _count(client: "SQSClient", url: str) -> int:
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTED)
    return sum(int(answer["Attributes"][name]) for name in _COUNTED)
