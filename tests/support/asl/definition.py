"""Definitions in Amazon States Language, as far as tests/support/asl/execution.py interprets them.

A definition is checked when it is loaded: a type of state, field, operator, path or resource that the
interpreter lacks is an error, so that no definition runs differently here than on AWS without notice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# A path has member names only: no indices, filters or intrinsic functions.
_PATH = re.compile(r"\$(\.[A-Za-z_]\w*)*")
_CONTEXT = re.compile(
    r"\$\$\.(Execution\.(Id|Name|Input(\.\w+)*)|StateMachine\.Id|Map\.Item\.(Index|Value(\.\w+)*))"
)
_RESOURCE = re.compile(r"arn:[^:]+:states:::lambda:invoke")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")

_FINISH = {"Next", "End", "ResultPath", "OutputPath"}
_HANDLING = {"Retry", "Catch"}
_FIELDS = {
    "Task": {"Resource", "Parameters", "TimeoutSeconds"} | _FINISH | _HANDLING,
    "Pass": {"Parameters"} | _FINISH,
    "Map": {"ItemsPath", "MaxConcurrency", "MaxConcurrencyPath", "ItemSelector", "ItemProcessor"}
    | _FINISH
    | _HANDLING,
    "Choice": {"Choices", "Default"},
    "Succeed": set[str](),
    "Fail": {"Error", "Cause"},
}
_REQUIRED = {
    "Task": {"Resource", "Parameters"},
    "Map": {"ItemProcessor"},
    "Choice": {"Choices"},
    "Fail": {"Error"},
}
_RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "BackoffRate",
    "MaxAttempts",
    "MaxDelaySeconds",
    "JitterStrategy",
}
_OPERATORS = {"BooleanEquals": bool, "StringEquals": str}


class DefinitionError(Exception):
    """A definition that the interpreter does not run."""


@dataclass(frozen=True)
class Machine:
    """A definition that was checked."""

    definition: Mapping[str, Any]

    def __post_init__(self) -> None:
        implemented = {"Comment", "QueryLanguage", "StartAt", "TimeoutSeconds", "States"}
        _only(self.definition, implemented, "the machine")
        _need(self.definition.get("QueryLanguage", "JSONPath") == "JSONPath", "QueryLanguage: not JSONPath")
        _check_scope(self.definition)

    @property
    def timeout_s(self) -> float | None:
        """How long an execution may last; None for as long as it likes."""
        return self.definition.get("TimeoutSeconds")


def load(path: Path, substitutions: Mapping[str, str]) -> Machine:
    """Returns the machine of a YAML file, with the template's DefinitionSubstitutions filled in."""
    text = _PLACEHOLDER.sub(lambda match: substitutions[match[1]], path.read_text())
    return Machine(yaml.safe_load(text))


def _need(condition: object, message: str) -> None:
    if not condition:
        raise DefinitionError(message)


def _only(fields: Mapping[str, Any], implemented: set[str], name: str) -> None:
    unknown = sorted(set(fields) - implemented)
    _need(not unknown, f"{name}: {', '.join(unknown)} not implemented")


def _check_scope(scope: Mapping[str, Any]) -> None:
    states = scope["States"]
    _need(scope["StartAt"] in states, f"StartAt: no state {scope['StartAt']!r}")
    for name, state in states.items():
        kind = state.get("Type")
        _need(kind in _FIELDS, f"{name}: type {kind} not implemented")
        _only(state, _FIELDS[kind] | {"Type", "Comment"}, name)
        missing = sorted(_REQUIRED.get(kind, set()) - set(state))
        _need(not missing, f"{name}: {', '.join(missing)} required")
        if "Next" in _FIELDS[kind]:
            _need(("Next" in state) != (state.get("End") is True), f"{name}: either Next or End: true")
        for target in _targets(state):
            _need(target in states, f"{name}: no state {target!r}")
        _check_state(name, state)


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    """Yields the names of the states that may follow."""
    yield from (state[field] for field in ("Next", "Default") if field in state)
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]


def _check_state(name: str, state: Mapping[str, Any]) -> None:
    for field in ("ResultPath", "OutputPath", "ItemsPath", "MaxConcurrencyPath"):
        _check_path(state.get(field, "$"), f"{name}: {field}")
    for field in ("Parameters", "ItemSelector"):
        _check_template(state.get(field, {}), f"{name}: {field}")
    _check_errors(name, state)
    for rule in state.get("Choices", ()):
        _check_rule(name, rule)
    if state["Type"] == "Task":
        _need(_RESOURCE.fullmatch(state["Resource"]), f"{name}: resource {state['Resource']} not implemented")
        _only(state["Parameters"], {"FunctionName", "Payload", "Payload.$"}, f"{name}: Parameters")
    if state["Type"] == "Map":
        processor = state["ItemProcessor"]
        _only(processor, {"ProcessorConfig", "StartAt", "States"}, f"{name}: ItemProcessor")
        _need(processor.get("ProcessorConfig", {"Mode": "INLINE"}) == {"Mode": "INLINE"}, f"{name}: Mode")
        _need(not {"MaxConcurrency", "MaxConcurrencyPath"} <= set(state), f"{name}: two MaxConcurrency")
        _check_scope(processor)


def _check_path(path: Any, name: str, *, context: bool = False) -> None:
    is_path = isinstance(path, str) and (_PATH.fullmatch(path) or (context and _CONTEXT.fullmatch(path)))
    _need(is_path, f"{name}: path {path} not implemented")


def _check_template(template: Any, name: str) -> None:
    if isinstance(template, list):
        _need(not any(isinstance(item, dict | list) for item in template), f"{name}: templates in lists")
    if not isinstance(template, dict):
        return
    for key, value in template.items():
        if key.endswith(".$"):
            _check_path(value, f"{name}: {key}", context=True)
        else:
            _check_template(value, f"{name}: {key}")


def _check_errors(name: str, state: Mapping[str, Any]) -> None:
    for field, implemented in (("Retry", _RETRIER), ("Catch", {"ErrorEquals", "ResultPath", "Next"})):
        handlers = state.get(field, [])
        for handler in handlers:
            _only(handler, implemented | {"Comment"}, f"{name}: {field}")
            _check_path(handler.get("ResultPath", "$"), f"{name}: {field}: ResultPath")
            _need(handler.get("JitterStrategy", "NONE") in ("NONE", "FULL"), f"{name}: JitterStrategy")
            _need(handler["ErrorEquals"], f"{name}: {field}: ErrorEquals is empty")
            if "States.ALL" in handler["ErrorEquals"]:
                last = handler is handlers[-1] and len(handler["ErrorEquals"]) == 1
                _need(last, f"{name}: {field}: States.ALL must be alone and last")


def _check_rule(name: str, rule: Mapping[str, Any]) -> None:
    _only(rule, {"Comment", "Variable", "Next", *_OPERATORS}, f"{name}: Choices")
    _check_path(rule["Variable"], f"{name}: Variable")
    operators = [operator for operator in _OPERATORS if operator in rule]
    _need(len(operators) == 1, f"{name}: a choice needs one operator")
    [operator] = operators
    _need(type(rule[operator]) is _OPERATORS[operator], f"{name}: {operator} of another type")


def matches(rule: Mapping[str, Any], value: Any) -> bool:
    """Returns whether a value meets a rule of a Choice; one of another type does not."""
    return any(
        type(value) is kind and value == rule[operator]
        for operator, kind in _OPERATORS.items()
        if operator in rule
    )
