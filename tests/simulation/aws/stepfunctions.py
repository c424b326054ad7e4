"""Step Functions' executions in memory; the caller runs them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulation.aws.errors import refusal
from tests.support.asl.data import MAX_BYTES
from tests.support.asl.definition import Machine
from tests.support.asl.execution import Execution

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_RETENTION_MS = 90 * 24 * 3_600_000


@dataclass
class StepFunctions:
    """The executions of some machines, by their ARN; `begin` gets each new one, to run it."""

    machines: Mapping[str, Machine]
    now_ms: Callable[[], int]
    begin: Callable[[Execution], None]
    executions: dict[str, tuple[Execution, str]] = field(default_factory=dict)
    """Executions by ARN, each with its input as it was sent."""

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to a client's method, in boto3's forms."""
        match operation:
            case "start_execution":
                return self._start(request)
            case "describe_execution":
                return self._describe(request["executionArn"])
        raise NotImplementedError(operation)

    def _start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        machine_arn, name, text = request["stateMachineArn"], request["name"], request.get("input", "{}")
        if machine_arn not in self.machines:
            raise _refused("StartExecution", "StateMachineDoesNotExist")
        if not _NAME.fullmatch(name):
            raise _refused("StartExecution", "InvalidName")
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = self._current(arn)
        if execution is None:
            execution = self._create(machine_arn, arn, name, text)
        elif execution.status != "RUNNING" or self.executions[arn][1] != text:
            raise _refused("StartExecution", "ExecutionAlreadyExists")
        return {"executionArn": arn, "startDate": _date(execution.started_ms)}

    def _create(self, machine_arn: str, arn: str, name: str, text: str) -> Execution:
        try:
            value = json.loads(text)
        except ValueError:
            raise _refused("StartExecution", "InvalidExecutionInput") from None
        if len(text.encode()) > MAX_BYTES:
            raise _refused("StartExecution", "InvalidExecutionInput")
        execution = Execution(self.machines[machine_arn], arn, name, value, self.now_ms())
        self.executions[arn] = (execution, text)
        self.begin(execution)
        return execution

    def _describe(self, arn: str) -> dict[str, Any]:
        execution = self._current(arn)
        if execution is None:
            raise _refused("DescribeExecution", "ExecutionDoesNotExist")
        answer = {
            "executionArn": arn,
            "stateMachineArn": arn.rpartition(":")[0].replace(":execution:", ":stateMachine:"),
            "name": execution.name,
            "status": execution.status,
            "startDate": _date(execution.started_ms),
            "input": self.executions[arn][1],
        }
        if execution.ended_ms is not None:
            answer["stopDate"] = _date(execution.ended_ms)
        if execution.status == "SUCCEEDED":
            answer["output"] = json.dumps(execution.output)
        if execution.error:
            answer |= {"error": execution.error.error, "cause": execution.error.cause}
        return answer

    def _current(self, arn: str) -> Execution | None:
        """Returns the execution as it is now; None also when it ended 90 days ago."""
        execution, _ = self.executions.get(arn, (None, ""))
        if execution is None:
            return None
        execution.check_deadline(self.now_ms())
        if execution.ended_ms is not None and self.now_ms() - execution.ended_ms >= _RETENTION_MS:
            return None
        return execution


def _refused(operation: str, code: str) -> Exception:
    return refusal("stepfunctions", operation, code)


def _date(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
