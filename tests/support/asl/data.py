"""The data of an execution in Step Functions: paths, templates, the limit of a payload, and errors."""

import json
from collections.abc import Mapping
from typing import Any

MAX_BYTES = 256 * 1024
"""The maximum size of a state's or task's input or output."""
_MAX_CAUSE = 32_768


class TaskFailed(Exception):
    """An error of a state as Step Functions names it; `cause` is a text."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause[:_MAX_CAUSE]

    def output(self) -> dict[str, str]:
        """Returns what a Catch passes on."""
        return {"Error": self.error, "Cause": self.cause}


class LambdaError(TaskFailed):
    """An error that a Python handler raised, as Lambda reports it and Step Functions names it."""

    def __init__(self, error: BaseException) -> None:
        name = type(error).__name__
        super().__init__(name, json.dumps({"errorMessage": str(error), "errorType": name}))


def size(value: Any) -> int:
    """Returns the number of bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def copied(value: Any) -> Any:
    """Returns what is left of a value when it has passed through JSON."""
    return json.loads(json.dumps(value, allow_nan=False))


def resolve(path: str, value: Any, field: str) -> Any:
    """Returns what is at a path; States.Runtime when nothing is there."""
    result = value
    for key in path.split(".")[1:]:
        if not isinstance(result, Mapping) or key not in result:
            raise TaskFailed("States.Runtime", f"{field}: the path {path} is not in the input")
        result = result[key]
    return result


def fill(template: Any, value: Any, context: Mapping[str, Any]) -> Any:
    """Returns a template of Parameters or an ItemSelector, its paths replaced by what is there."""
    if not isinstance(template, Mapping):
        return template
    filled = {}
    for key, item in template.items():
        if not key.endswith(".$"):
            filled[key] = fill(item, value, context)
        elif item.startswith("$$"):
            filled[key.removesuffix(".$")] = resolve(item[1:], context, key)
        else:
            filled[key.removesuffix(".$")] = resolve(item, value, key)
    return filled


def with_result(path: str, value: Any, result: Any) -> Any:
    """Returns the value with the result at a ResultPath."""
    if path == "$":
        return result
    if not isinstance(value, Mapping):
        raise TaskFailed("States.ResultPathMatchFailure", f"ResultPath {path}: the input is not an object")
    key, _, remainder = path.removeprefix("$.").partition(".")
    if not remainder:
        return {**value, key: result}
    return {**value, key: with_result(f"$.{remainder}", value.get(key, {}), result)}
