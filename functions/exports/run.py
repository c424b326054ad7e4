"""What one event comes to: an export worked on, with its log line and metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from exports.work import ExportWorker
from vitals.errors import InvalidRequestError

# The queues' maxReceiveCount: after so many failures a message is a dead letter.
MOST_RECEIVES = 3


@dataclass(frozen=True, slots=True)
class Exports:
    """The worker with its log and metrics; `worker` makes it when an event names an export."""

    worker: Callable[[], ExportWorker]
    logger: Logger
    metrics: Metrics

    def handle(self, event: Mapping[str, Any], receives: int) -> dict[str, Any]:
        """Answers one event, received so many times, with a receipt; an export that fails raises."""
        match event:
            case {"export": str(export)}:
                pass
            case _:
                raise InvalidRequestError("an event names an export")
        last_try = receives >= MOST_RECEIVES
        try:
            receipt = self.worker().work(export, last_try=last_try)
        except Exception:
            if last_try:
                self.metrics.add_metric("ExportsFailed", MetricUnit.Count, 1)
            raise
        self.logger.info("export receipt", **receipt)
        if receipt["status"] == "completed":
            self.metrics.add_metric("ExportsCompleted", MetricUnit.Count, 1)
            self.metrics.add_metric("SamplesExported", MetricUnit.Count, receipt.get("rows", 0))
        return receipt
