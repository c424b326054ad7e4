"""Runs the state machine with a callable in place of Lambda, and counts what Step Functions limits.

Supports only what statemachine/backfill.asl.yaml uses, and fails on anything else.

The events of a standard execution's history, as AWS writes them: ExecutionStarted and ExecutionSucceeded or
ExecutionFailed; for each state Entered and, but for Fail, Exited; for each attempt of a task TaskScheduled,
TaskStarted and TaskSucceeded, TaskFailed or TaskTimedOut (a retry and a catch leave none of their own); for a
map MapStateStarted and MapStateSucceeded or MapStateFailed; for each of its items MapIterationStarted and
MapIterationSucceeded or MapIterationFailed.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.support.template import ROOT

DEFINITION = ROOT / "statemachine" / "backfill.asl.yaml"
_FIELDS = {
    *(
        "Comment",
        "Type",
        "Next",
        "End",
        "Default",
        "Choices",
        "Error",
        "Cause",
        "Retry",
        "Catch",
        "TimeoutSeconds",
    ),
    *("Resource", "Parameters", "ResultPath", "OutputPath"),
    *("ItemsPath", "MaxConcurrencyPath", "ItemSelector", "ItemProcessor"),
}


def definition() -> dict[str, Any]:
    """Returns the definition of the state machine."""
    machine: dict[str, Any] = yaml.safe_load(DEFINITION.read_text())
    return machine


class TaskError(Exception):
    """An error of a task as Step Functions gets it; `cause` has the maximum length of Lambda."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.cause = f"Traceback {'x' * 32_000}"


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
        self.events = 2
        context = {"Execution": {"Name": self.name, "Input": self.request}}
        try:
            self.output = self._walk(self.machine, self._measured(self.request), context)
            self.status = "SUCCEEDED"
        except TaskError as error:
            self.error = error.name
            self.status = "FAILED"
        return self

    def _measured(self, value: Any) -> Any:
        self.largest = max(self.largest, len(json.dumps(value).encode()))
        return value

    def _walk(self, machine: dict[str, Any], data: Any, context: dict[str, Any]) -> Any:
        name: str | None = machine["StartAt"]
        while name:
            state = machine["States"][name]
            assert set(state) <= _FIELDS, name
            self.entered.append(name)
            self.events += 1
            try:
                data, name = self._do(state, data, context)
            except TaskError as error:
                # States.ALL stands for every name.
                catcher = next(
                    (c for c in state.get("Catch", []) if c["ErrorEquals"] == ["States.ALL"]), None
                )
                if catcher is None:
                    raise
                failure = {"Error": error.name, "Cause": error.cause}
                data, name = _with_result(catcher["ResultPath"], data, failure), catcher["Next"]
            self.events += 1
            self._measured(data)
        return data

    def _do(self, state: dict[str, Any], data: Any, context: dict[str, Any]) -> tuple[Any, str | None]:
        next_state = state.get("Next")
        match state["Type"]:
            case "Succeed":
                return data, None
            case "Fail":
                raise TaskError(state["Error"])
            case "Choice":
                chosen = (choice["Next"] for choice in state["Choices"] if _matches(choice, data))
                return data, next(chosen, state["Default"])
            case "Pass":
                return _fill(state["Parameters"], data, context), next_state
            case "Task":
                return self._task(state, data, context), next_state
            case "Map":
                return _with_result(state["ResultPath"], data, self._map(state, data, context)), next_state
        raise AssertionError(state["Type"])

    def _task(self, state: dict[str, Any], data: Any, context: dict[str, Any]) -> Any:
        parameters = self._measured(_fill(state["Parameters"], data, context))
        remaining = [retrier["MaxAttempts"] for retrier in state["Retry"]]
        while True:
            self.events += 3
            self.payloads.append(parameters["Payload"])
            try:
                return _resolve(
                    state["OutputPath"], {"Payload": self.invoke(copy.deepcopy(parameters["Payload"]))}
                )
            except TaskError as error:
                # Only the first retrier that names the error counts. Once it is used up, the task fails.
                retriers = enumerate(state["Retry"])
                number = next((n for n, r in retriers if error.name in r["ErrorEquals"]), None)
                if number is None or remaining[number] == 0:
                    raise
                remaining[number] -= 1

    def _map(self, state: dict[str, Any], data: Any, context: dict[str, Any]) -> list[Any]:
        assert _resolve(state["MaxConcurrencyPath"], data) <= 40
        self.events += 2
        results = []
        for item in _resolve(state["ItemsPath"], data):
            self.events += 2
            inner = context | {"Map": {"Item": {"Value": item}}}
            selected = self._measured(_fill(state["ItemSelector"], data, inner))
            results.append(self._walk(state["ItemProcessor"], selected, inner))
        return results


def _resolve(path: str, value: Any) -> Any:
    for key in path.removeprefix("$").split(".")[1:]:
        value = value[key]
    return value


def _with_result(path: str, value: dict[str, Any], result: Any) -> dict[str, Any]:
    key = path.removeprefix("$.")
    assert "." not in key
    return value | {key: result}


def _fill(template: Any, value: Any, context: dict[str, Any]) -> Any:
    if not isinstance(template, dict):
        return template
    filled = {}
    for key, item in template.items():
        if key.endswith(".$"):
            source, path = (context, item[1:]) if item.startswith("$$") else (value, item)
            filled[key.removesuffix(".$")] = _resolve(path, source)
        else:
            filled[key] = _fill(item, value, context)
    return filled


def _matches(choice: dict[str, Any], value: Any) -> bool:
    variable = _resolve(choice["Variable"], value)
    [(operator, expected)] = [(k, v) for k, v in choice.items() if k not in ("Variable", "Next", "Comment")]
    assert operator in ("BooleanEquals", "StringEquals")
    return bool(variable == expected)
