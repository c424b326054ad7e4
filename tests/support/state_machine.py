"""Runs the backfill's state machine with a callable in place of Lambda, without waiting."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.support.asl import execution as executions
from tests.support.asl.data import TaskFailed
from tests.support.asl.definition import Machine
from tests.support.asl.platform import Platform
from tests.support.template import ROOT

DEFINITION = ROOT / "statemachine" / "backfill.asl.yaml"


def definition() -> dict[str, Any]:
    """Returns the definition of the state machine, with the placeholders of the template."""
    machine: dict[str, Any] = yaml.safe_load(DEFINITION.read_text())
    return machine


class TaskError(TaskFailed):
    """An error of a task as Step Functions gets it; `cause` has the maximum length of Lambda."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"Traceback {'x' * 32_000}")


@dataclass
class Execution:
    """One execution. `invoke` takes a payload and returns a result or raises TaskError."""

    invoke: Callable[[dict[str, Any]], Any]
    request: dict[str, Any]
    name: str = "run"
    machine: dict[str, Any] = field(default_factory=definition)
    status: str = "RUNNING"
    output: Any = None
    error: str = ""
    events: int = 0
    largest: int = 0
    entered: list[str] = field(default_factory=list)
    payloads: list[Any] = field(default_factory=list)

    def run(self) -> "Execution":
        """Runs the execution to its end and returns itself, with the result in its fields."""
        execution = executions.Execution(
            Machine(self.machine), f"arn:{self.name}", self.name, self.request, 0
        )
        execution.run(
            Platform(
                invoke=self._invoke,
                now_ms=lambda: 0,
                sleep=lambda seconds: None,
                uniform=lambda low, high: high,
            )
        )
        self.status, self.output, self.entered = execution.status, execution.output, execution.entered
        self.error = execution.error.error if execution.error else ""
        self.events, self.largest = execution.events, execution.largest
        return self

    def _invoke(self, function_arn: str, payload: dict[str, Any], timeout_s: float) -> Any:
        self.payloads.append(payload)
        return self.invoke(payload)
