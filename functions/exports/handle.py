"""Handling one event: an export worked on, or idle ones sent again, with its log line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from exports.events import IdleExports, parse
from exports.sweep import Sweep
from exports.work import ExportWorker

# The queues' maxReceiveCount: after this many failures a message becomes a dead letter.
MAX_RECEIVES = 5


@dataclass(frozen=True, slots=True)
class Exports:
    """The worker with its log; `worker` connects it when an event is valid."""

    worker: Callable[[], ExportWorker]
    logger: Logger

    def handle(self, event: Mapping[str, Any], receives: int) -> dict[str, Any]:
        """Handles one event and returns a receipt; raises the error of an export that fails.

        `receives` counts the deliveries of the event's message.
        """
        request = parse(event)
        if isinstance(request, IdleExports):
            swept = Sweep.of(self.worker()).run()
            self.logger.info("export sweep", **swept)
            return {**swept}
        last_try = receives >= MAX_RECEIVES
        receipt = self.worker().work(request.export, last_try=last_try)
        self.logger.info("export receipt", **receipt)
        return receipt
