"""Executions of a state machine, as Step Functions runs them, on the caller's clock and tasks.

The events of a standard execution's history, as AWS writes them: ExecutionStarted and ExecutionSucceeded or
ExecutionFailed; for each state Entered and, but for Fail, Exited; for each attempt of a task TaskScheduled,
TaskStarted and TaskSucceeded, TaskFailed or TaskTimedOut (a retry and a catch leave none of their own); for a
map MapStateStarted and MapStateSucceeded or MapStateFailed; for each of its items MapIterationStarted and
MapIterationSucceeded or MapIterationFailed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.support.asl.data import MAX_BYTES, TaskFailed, copied, fill, resolve, size, with_result
from tests.support.asl.definition import Machine, matches
from tests.support.asl.errors import Retries, names
from tests.support.asl.platform import Platform

MAX_EVENTS = 25_000
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
_MAX_CONCURRENCY = 40
_MAX_TASK_S = 99_999_999


class _Ended(Exception):
    """The execution timed out, or the map failed of which this is an item."""


@dataclass
class _Branch:
    """The execution, or an item of a map: what ends it from outside of it."""

    above: "_Branch | None" = None
    error: TaskFailed | None = None

    def failed(self) -> bool:
        return self.error is not None or (self.above is not None and self.above.failed())


@dataclass(frozen=True)
class _Frame:
    """What a state gets: its input, the context object, and what it is a part of."""

    data: Any
    context: dict[str, Any]
    branch: _Branch

    def resolve(self, state: Mapping[str, Any], field_name: str) -> Any:
        return resolve(state.get(field_name, "$"), self.data, field_name)

    def fill(self, state: Mapping[str, Any], field_name: str) -> Any:
        return fill(state[field_name], self.data, self.context) if field_name in state else self.data


@dataclass
class Execution:
    """One execution: how far it is, its result, and what Step Functions limits of it."""

    machine: Machine
    arn: str
    name: str
    request: Any
    started_ms: int
    status: str = "RUNNING"
    output: Any = None
    error: TaskFailed | None = None
    ended_ms: int | None = None
    events: int = 0
    largest: int = 0
    entered: list[str] = field(default_factory=list)

    @property
    def deadline_ms(self) -> float:
        """When the execution times out."""
        timeout_s = self.machine.timeout_s
        return float("inf") if timeout_s is None else self.started_ms + timeout_s * 1000

    def run(self, platform: Platform) -> None:
        """Runs the execution to its end; other errors than TaskFailed are the simulation's own."""
        self.events += 2
        try:
            output, error = _Run(self, platform).start(), None
        except TaskFailed as failure:
            output, error = None, failure
        except _Ended:
            return self.check_deadline(platform.now_ms())
        self.check_deadline(platform.now_ms())
        if self.status == "RUNNING":
            self.status = "FAILED" if error else "SUCCEEDED"
            self.output, self.error = output, error
            self.ended_ms = platform.now_ms()

    def check_deadline(self, now_ms: int) -> None:
        """Ends the execution when its time is over."""
        if self.status == "RUNNING" and now_ms >= self.deadline_ms:
            self.status = "TIMED_OUT"
            self.ended_ms = int(self.deadline_ms)


class _Run:
    """A run of an execution through the states."""

    def __init__(self, execution: Execution, platform: Platform) -> None:
        self._execution = execution
        self._platform = platform
        self._do = {
            "Task": self._task,
            "Pass": lambda state, frame: frame.fill(state, "Parameters"),
            "Map": self._map,
            "Choice": lambda state, frame: frame.data,
            "Succeed": lambda state, frame: frame.data,
            "Fail": self._fail,
        }

    def start(self) -> Any:
        """Returns the output of the execution."""
        execution = self._execution
        context = {
            "Execution": {"Id": execution.arn, "Name": execution.name, "Input": execution.request},
            "StateMachine": {"Id": execution.arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")},
        }
        return self._walk(execution.machine.definition, _Frame(execution.request, context, _Branch()))

    def _walk(self, scope: Mapping[str, Any], frame: _Frame) -> Any:
        name, data = scope["StartAt"], self._measured(frame.data)
        while name is not None:
            self._check(frame.branch)
            self._execution.entered.append(name)
            self._count(1)
            data, name = self._step(scope["States"][name], _Frame(data, frame.context, frame.branch))
            self._count(1)
        return data

    def _step(self, state: Mapping[str, Any], frame: _Frame) -> tuple[Any, str | None]:
        """Returns the state's output and the name of the next state, after its retries."""
        retries = Retries(state.get("Retry", ()), self._platform.uniform)
        while True:
            try:
                return self._output(state, frame), _next(state, frame)
            except TaskFailed as error:
                self._check(frame.branch)
                delay_s = retries.delay_s(error)
                if delay_s is None:
                    output, next_state = _caught(state, frame, error)
                    return self._measured(output), next_state
            self._sleep(delay_s)
            self._check(frame.branch)

    def _output(self, state: Mapping[str, Any], frame: _Frame) -> Any:
        result = self._do[state["Type"]](state, frame)
        output = with_result(state.get("ResultPath", "$"), frame.data, result)
        return self._measured(resolve(state.get("OutputPath", "$"), output, "OutputPath"))

    def _task(self, state: Mapping[str, Any], frame: _Frame) -> Any:
        parameters = self._measured(frame.fill(state, "Parameters"))
        started_ms = self._platform.now_ms()
        timeout_s = state.get("TimeoutSeconds", _MAX_TASK_S)
        remaining_s = (self._execution.deadline_ms - started_ms) / 1000
        self._count(3)
        result = self._platform.invoke(
            parameters["FunctionName"], copied(parameters.get("Payload", {})), min(timeout_s, remaining_s)
        )
        if self._platform.now_ms() - started_ms > timeout_s * 1000:
            raise TaskFailed("States.Timeout")
        return self._measured({"ExecutedVersion": "$LATEST", "Payload": copied(result), "StatusCode": 200})

    def _map(self, state: Mapping[str, Any], frame: _Frame) -> list[Any]:
        items = frame.resolve(state, "ItemsPath")
        if not isinstance(items, list):
            raise TaskFailed("States.Runtime", "ItemsPath: not an array")
        limit = _concurrency(state, frame)
        inside = _Branch(frame.branch)
        self._count(2)
        outcomes = self._platform.spawn(
            [partial(self._iterate, state, frame, inside, index, item) for index, item in enumerate(items)],
            limit,
        )
        if inside.error:
            raise inside.error
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return list(outcomes)

    def _iterate(
        self, state: Mapping[str, Any], frame: _Frame, inside: _Branch, index: int, item: Any
    ) -> Any:
        self._check(inside)
        self._count(2)
        context = frame.context | {"Map": {"Item": {"Index": index, "Value": item}}}
        try:
            data = fill(state["ItemSelector"], frame.data, context) if "ItemSelector" in state else item
            return self._walk(state["ItemProcessor"], _Frame(data, context, inside))
        except TaskFailed as error:
            # The first failure is the map's.
            inside.error = inside.error or error
            raise

    def _fail(self, state: Mapping[str, Any], frame: _Frame) -> Any:
        raise TaskFailed(state["Error"], state.get("Cause", ""))

    def _measured(self, value: Any) -> Any:
        length = size(value)
        self._execution.largest = max(self._execution.largest, length)
        if length > MAX_BYTES:
            raise TaskFailed("States.DataLimitExceeded", f"{length} bytes; at most {MAX_BYTES}")
        return value

    def _count(self, events: int) -> None:
        self._execution.events += events
        if self._execution.events > MAX_EVENTS:
            raise TaskFailed("States.Runtime", f"the history has more than {MAX_EVENTS} events")

    def _sleep(self, seconds: float) -> None:
        remaining_s = (self._execution.deadline_ms - self._platform.now_ms()) / 1000
        self._platform.sleep(min(seconds, max(0.0, remaining_s)))

    def _check(self, branch: _Branch) -> None:
        if branch.failed() or self._platform.now_ms() >= self._execution.deadline_ms:
            raise _Ended


def _next(state: Mapping[str, Any], frame: _Frame) -> str | None:
    if state["Type"] != "Choice":
        return state.get("Next")
    for rule in state["Choices"]:
        if matches(rule, resolve(rule["Variable"], frame.data, "Variable")):
            return str(rule["Next"])
    if "Default" not in state:
        raise TaskFailed("States.NoChoiceMatched")
    return str(state["Default"])


def _caught(state: Mapping[str, Any], frame: _Frame, error: TaskFailed) -> tuple[Any, str]:
    for catcher in state.get("Catch", ()):
        if names(catcher, error.error):
            output = with_result(catcher.get("ResultPath", "$"), frame.data, error.output())
            return output, catcher["Next"]
    raise error


def _concurrency(state: Mapping[str, Any], frame: _Frame) -> int:
    limit = state.get("MaxConcurrency", 0)
    if "MaxConcurrencyPath" in state:
        limit = frame.resolve(state, "MaxConcurrencyPath")
    if type(limit) is not int or limit < 0:
        raise TaskFailed("States.Runtime", "MaxConcurrency: not a number of items")
    return min(limit or _MAX_CONCURRENCY, _MAX_CONCURRENCY)
