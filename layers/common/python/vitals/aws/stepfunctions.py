"""Executions of one Step Functions state machine, named by their runs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Executions:
    """Starts executions and tells what became of them."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn

    def start(self, run: str, asked: Mapping[str, Any]) -> None:
        """Starts an execution of this name; one that has started with the same input is left alone."""
        self._client.start_execution(
            stateMachineArn=self._machine, name=run, input=orjson.dumps(asked).decode()
        )

    def status(self, run: str) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE; None when there is none."""
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"
        try:
            return self._client.describe_execution(executionArn=arn)["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
