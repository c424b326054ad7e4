"""What Step Functions of ministack leave out: YAML, Catch and MaxConcurrencyPath of a map, stopping."""

import json
from collections.abc import Callable
from typing import Any

import yaml
from ministack.services import stepfunctions as states
from ministack.services.cloudformation import provisioners

type Created = tuple[str, dict[str, Any]]


def complete() -> None:
    """Adds each of these."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]
    handlers["create"] = _reading_yaml(handlers["create"])
    states._execute_map = _catching(states._execute_map)
    states._run_sub_machine = _stopping(states._run_sub_machine)
    states._fail_execution = _running_only(states._fail_execution)


def _reading_yaml(create: Callable[..., Created]) -> Callable[..., Created]:
    """CloudFormation turns a YAML definition into JSON; ministack keeps it and then cannot parse it."""

    def reading(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        arn, attributes = create(logical_id, props, stack_name)
        machine = states._state_machines[arn]
        machine["definition"] = json.dumps(yaml.safe_load(machine["definition"]))
        return arn, attributes

    return reading


def _catching(execute_map: Callable[..., Any]) -> Callable[..., Any]:
    def catching(
        state: dict[str, Any], given: Any, execution: dict[str, Any], context: dict[str, Any]
    ) -> Any:
        if "MaxConcurrencyPath" in state:
            state = state | {"MaxConcurrency": states._resolve_path(state["MaxConcurrencyPath"], given)}
        try:
            return execute_map(state, given, execution, context)
        except states._ExecutionError as error:
            catcher = states._find_matching_catcher(state.get("Catch", []), error.error)
            if catcher is None or execution["status"] != "RUNNING":
                raise
            failure = {"Error": error.error, "Cause": error.cause}
            path = catcher.get("ResultPath", "$")
            return states._apply_result_path_raw(path, given, failure), catcher["Next"]

    return catching


def _stopping(run: Callable[..., Any]) -> Callable[..., Any]:
    """Begins no further item of a map whose execution was stopped."""

    def stopping(inner: Any, start: str, given: Any, execution: dict[str, Any], context: Any) -> Any:
        if execution["status"] != "RUNNING":
            raise states._ExecutionError("States.Runtime", "the execution was stopped")
        return run(inner, start, given, execution, context)

    return stopping


def _running_only(fail: Callable[..., None]) -> Callable[..., None]:
    """What a stopped execution still comes to does not make it a failed one."""

    def failing(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return failing
