"""A Lambda function that a queue invokes: its messages one by one, or one event of a direct invoke."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitals import observability
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.aws.sqs import content


@dataclass(frozen=True, slots=True)
class Invocation:
    """The context of one event: `receives` counts its message's deliveries; None for a direct invoke."""

    context: LambdaContext
    runtime: Runtime
    receives: int | None
    logger: Logger

    def remaining_s(self, reserve_s: float = 0) -> float:
        """Returns the seconds until the function is stopped, less a reserve."""
        return self.context.get_remaining_time_in_millis() / 1000 - reserve_s


type Work = Callable[[dict[str, Any], Invocation], dict[str, Any]]


class QueueFunction:
    """The handler around `work`, which answers one event with a receipt or raises.

    Each error is logged as `failure`. A message that fails is received again; the others of its batch are
    not.
    """

    def __init__(
        self,
        work: Work,
        *,
        failure: str,
        traces: tuple[str, ...] = (),
        runtime: Runtime = SYSTEM,
    ) -> None:
        self._work = work
        self._failure = failure
        self._runtime = runtime
        self.logger = observability.logger()
        self._processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

        # The name of this function is that of its traces.
        def handler(event: dict[str, Any], context: LambdaContext) -> Any:
            return self._handle(event, context)

        traced = observability.traced(handler, *traces)
        self.handler = self.logger.inject_lambda_context(traced, clear_state=True)
        """The entry point of the Lambda function."""

    def _handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        def handle_record(record: SQSRecord) -> None:
            self._handle_event(record.body, context, _receives(record))

        if "Records" in event:
            return process_partial_response(event, handle_record, self._processor, context)
        return self._handle_event(event, context, None)

    def _handle_event(
        self, event: dict[str, Any] | str, context: LambdaContext, receives: int | None
    ) -> dict[str, Any]:
        try:
            message = content(event) if isinstance(event, str) else event
            invocation = Invocation(context, self._runtime, receives, self.logger)
            return self._work(message, invocation)
        except Exception as error:
            self.logger.exception(self._failure, event=event, error=type(error).__name__, reason=str(error))
            raise


def _receives(record: SQSRecord) -> int:
    """Returns how often the message was received, 1 when the event has no count."""
    return int(record.raw_event.get("attributes", {}).get("ApproximateReceiveCount", 1))
