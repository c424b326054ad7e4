"""Executions of one Step Functions state machine, named by their runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Executions:
    """Starts executions and returns their status."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn

    def start(self, run: str, request: Mapping[str, Any]) -> None:
        """Starts an execution of this name; a repeat with the same input does nothing."""
        self._client.start_execution(
            stateMachineArn=self._machine, name=run, input=orjson.dumps(request).decode()
        )

    def status(self, run: str) -> str | None:
        """Returns RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE; None if unknown."""
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"
        try:
            return self._client.describe_execution(executionArn=arn)["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
