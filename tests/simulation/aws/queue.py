"""One standard queue of SQS in memory: its messages do not keep their order."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from tests.simulation.aws.queue_settings import QueueSettings


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is delivered; `receives` counts its deliveries."""

    id: str
    body: str
    receipt: str
    receives: int
    sent_ms: int


@dataclass(slots=True, eq=False)
class StoredMessage:
    """A message in its queue; `source` is the queue that gave it up, of a dead letter."""

    id: str
    body: str
    sent_ms: int
    visible_ms: int
    source: str = ""
    receives: int = 0
    receipt: str = ""
    deleted: bool = False


@dataclass(slots=True)
class Queue:
    """The messages of one queue; every method first applies what has become due by `now_ms`."""

    name: str
    settings: QueueSettings
    messages: dict[str, StoredMessage] = field(default_factory=dict)
    _visible: list[StoredMessage] = field(default_factory=list)
    _hidden: list[tuple[int, int, StoredMessage]] = field(default_factory=list)
    _pushed: int = 0
    _oldest_ms: float = float("inf")

    def add(self, message: StoredMessage) -> None:
        """Adds a message, which is delivered from `visible_ms` on."""
        self.messages[message.id] = message
        self._oldest_ms = min(self._oldest_ms, message.sent_ms)
        self._push(message)

    def take(self, now_ms: int, random: random.Random) -> StoredMessage | None:
        """Returns a visible message at random, which the queue neither hides nor deletes yet."""
        self._advance(now_ms)
        if not self._visible:
            return None
        index = random.randrange(len(self._visible))
        message, self._visible[index] = self._visible[index], self._visible[-1]
        self._visible.pop()
        return message

    def hide(self, message: StoredMessage, until_ms: int) -> None:
        """Makes a message that was taken visible again at a time."""
        message.visible_ms = until_ms
        self._push(message)

    def delete(self, message: StoredMessage) -> None:
        """Removes a message."""
        del self.messages[message.id]
        message.deleted = True
        if message in self._visible:
            self._visible.remove(message)

    def stored(self, now_ms: int) -> Iterable[StoredMessage]:
        """Returns all messages, visible or not, in the order in which they were sent."""
        self._advance(now_ms)
        return self.messages.values()

    def next_visible_ms(self, now_ms: int) -> int | None:
        """Returns when a message is visible next: now, if one is; None when the queue has none."""
        self._advance(now_ms)
        while self._hidden and self._hidden[0][2].deleted:
            heappop(self._hidden)
        if self._visible:
            return now_ms
        return self._hidden[0][0] if self._hidden else None

    def _push(self, message: StoredMessage) -> None:
        self._pushed += 1
        heappush(self._hidden, (message.visible_ms, self._pushed, message))

    def _advance(self, now_ms: int) -> None:
        if now_ms >= self._oldest_ms + self.settings.retention_s * 1_000:
            self._expire(now_ms - self.settings.retention_s * 1_000)
        while self._hidden and self._hidden[0][0] <= now_ms:
            _, _, message = heappop(self._hidden)
            if not message.deleted:
                self._visible.append(message)

    def _expire(self, sent_ms: int) -> None:
        """Removes the messages that were sent at this time or before."""
        self.messages = {id: message for id, message in self.messages.items() if message.sent_ms > sent_ms}
        self._visible = [message for message in self._visible if message.sent_ms > sent_ms]
        self._hidden = [entry for entry in self._hidden if entry[2].sent_ms > sent_ms]
        heapify(self._hidden)
        self._oldest_ms = min((message.sent_ms for message in self.messages.values()), default=float("inf"))
