"""Runs the state machine's definition with any function in Lambda's place; counts what the platform limits.

Understands what statemachine/backfill.asl.yaml uses and refuses the rest, so that nothing is counted wrongly.

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
_KNOWN = {
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
    found: dict[str, Any] = yaml.safe_load(DEFINITION.read_text())
    return found


class TaskError(Exception):
    """An error of a task as Step Functions sees it; `cause` is as long as Lambda lets it be."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.cause = f"Traceback {'x' * 32_000}"


@dataclass
class Execution:
    """One execution: `invoke` answers a payload or raises a TaskError."""

    invoke: Callable[[dict[str, Any]], Any]
    asked: dict[str, Any]
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
        """Itself, ended; what took place is in its fields."""
        self.events = 2
        context = {"Execution": {"Name": self.name, "Input": self.asked}}
        try:
            self.output = self._walk(self.machine, self._measured(self.asked), context)
            self.status = "SUCCEEDED"
        except TaskError as error:
            self.error = error.name
            self.status = "FAILED"
        return self

    def _measured(self, value: Any) -> Any:
        self.largest = max(self.largest, len(json.dumps(value).encode()))
        return value

    def _walk(self, machine: dict[str, Any], given: Any, context: dict[str, Any]) -> Any:
        name: str | None = machine["StartAt"]
        while name:
            state = machine["States"][name]
            assert set(state) <= _KNOWN, name
            self.entered.append(name)
            self.events += 1
            try:
                given, name = self._do(state, given, context)
            except TaskError as error:
                # States.ALL stands for every name.
                catcher = next(
                    (c for c in state.get("Catch", []) if c["ErrorEquals"] == ["States.ALL"]), None
                )
                if catcher is None:
                    raise
                failure = {"Error": error.name, "Cause": error.cause}
                given, name = _put(catcher["ResultPath"], given, failure), catcher["Next"]
            self.events += 1
            self._measured(given)
        return given

    def _do(self, state: dict[str, Any], given: Any, context: dict[str, Any]) -> tuple[Any, str | None]:
        following = state.get("Next")
        match state["Type"]:
            case "Succeed":
                return given, None
            case "Fail":
                raise TaskError(state["Error"])
            case "Choice":
                chosen = (choice["Next"] for choice in state["Choices"] if _holds(choice, given))
                return given, next(chosen, state["Default"])
            case "Pass":
                return _filled(state["Parameters"], given, context), following
            case "Task":
                return self._task(state, given, context), following
            case "Map":
                return _put(state["ResultPath"], given, self._map(state, given, context)), following
        raise AssertionError(state["Type"])

    def _task(self, state: dict[str, Any], given: Any, context: dict[str, Any]) -> Any:
        parameters = self._measured(_filled(state["Parameters"], given, context))
        left = [retrier["MaxAttempts"] for retrier in state["Retry"]]
        while True:
            self.events += 3
            self.payloads.append(parameters["Payload"])
            try:
                return _at(
                    state["OutputPath"], {"Payload": self.invoke(copy.deepcopy(parameters["Payload"]))}
                )
            except TaskError as error:
                # The first retrier that names the error; once used up it ends the task, whatever follows it.
                retriers = enumerate(state["Retry"])
                number = next((n for n, r in retriers if error.name in r["ErrorEquals"]), None)
                if number is None or left[number] == 0:
                    raise
                left[number] -= 1

    def _map(self, state: dict[str, Any], given: Any, context: dict[str, Any]) -> list[Any]:
        assert _at(state["MaxConcurrencyPath"], given) <= 40
        self.events += 2
        results = []
        for item in _at(state["ItemsPath"], given):
            self.events += 2
            inner = context | {"Map": {"Item": {"Value": item}}}
            selected = self._measured(_filled(state["ItemSelector"], given, inner))
            results.append(self._walk(state["ItemProcessor"], selected, inner))
        return results


def _at(path: str, value: Any) -> Any:
    for key in path.removeprefix("$").split(".")[1:]:
        value = value[key]
    return value


def _put(path: str, value: dict[str, Any], result: Any) -> dict[str, Any]:
    key = path.removeprefix("$.")
    assert "." not in key
    return value | {key: result}


def _filled(template: Any, value: Any, context: dict[str, Any]) -> Any:
    if not isinstance(template, dict):
        return template
    filled = {}
    for key, item in template.items():
        if key.endswith(".$"):
            found = _at(item[1:], context) if item.startswith("$$") else _at(item, value)
            filled[key.removesuffix(".$")] = found
        else:
            filled[key] = _filled(item, value, context)
    return filled


def _holds(choice: dict[str, Any], value: Any) -> bool:
    found = _at(choice["Variable"], value)
    [(operator, expected)] = [(k, v) for k, v in choice.items() if k not in ("Variable", "Next", "Comment")]
    assert operator in ("BooleanEquals", "StringEquals")
    return bool(found == expected)
