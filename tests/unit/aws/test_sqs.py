"""Messages of a batch that SQS refuses are sent again, and only these."""

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from vitals.aws.sqs import MessageQueue
from vitals.errors import QueueRefusedError

MESSAGES = [{"date": f"2026-03-{day:02}"} for day in range(1, 13)]


class Queue:
    """Refuses a message as often as `refusals` says, by its date."""

    def __init__(self, refusals: dict[str, int]) -> None:
        self.refusals = refusals
        self.requests: list[list[str]] = []
        self.taken: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> Any:
        failed = []
        self.requests.append([json.loads(entry["MessageBody"])["date"] for entry in Entries])
        for entry, date in zip(Entries, self.requests[-1], strict=True):
            if self.refusals.get(date):
                self.refusals[date] -= 1
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                self.taken.append(date)
        return {"Successful": [], "Failed": failed}


def test_refused_messages_are_sent_again() -> None:
    queue = Queue({"2026-03-02": 2, "2026-03-12": 1})
    MessageQueue(cast(Any, queue), "url").send(MESSAGES)
    assert sorted(queue.taken) == [message["date"] for message in MESSAGES]
    assert [len(request) for request in queue.requests] == [10, 1, 1, 2, 1]


def test_what_stays_refused_is_an_error() -> None:
    queue = Queue({"2026-03-02": 3})
    with pytest.raises(QueueRefusedError, match="did not accept 1 of the messages") as raised:
        MessageQueue(cast(Any, queue), "url").send(MESSAGES)
    assert raised.value.__notes__ == ["the codes of SQS: ['InternalError']"]
    assert len(queue.requests) == 3
