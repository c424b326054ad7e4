"""SQS queues of a function's own events."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS's limit for SendMessageBatch.
_BATCH = 10


class MessageQueue:
    """Sends events of one function."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, batch: Sequence[Mapping[str, str]], delay_s: int = 0) -> None:
        """Sends every message, or raises; they can be received after `delay_s`, which SQS takes up to 900."""
        for start in range(0, len(batch), _BATCH):
            entries: Any = [
                {"Id": str(i), "MessageBody": json.dumps(message), "DelaySeconds": delay_s}
                for i, message in enumerate(batch[start : start + _BATCH])
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise RuntimeError(f"SQS refused {len(answer['Failed'])} of {len(entries)} messages")
