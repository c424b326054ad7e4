"""Adds to Step Functions: YAML definitions, Catch and MaxConcurrencyPath of a map, and stopping a map."""

import json
from collections.abc import Callable
from typing import Any

import yaml
from ministack.services import stepfunctions as states
from ministack.services.cloudformation import provisioners

type Created = tuple[str, dict[str, Any]]
"""ARN and attributes of a state machine."""


def patch() -> None:
    """Patches ministack's Step Functions."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]
    handlers["create"] = _convert_yaml(handlers["create"])
    states._execute_map = _catch(states._execute_map)
    states._run_sub_machine = _stop(states._run_sub_machine)
    states._fail_execution = _keep_stopped(states._fail_execution)


def _convert_yaml(create: Callable[..., Created]) -> Callable[..., Created]:
    """Converts a YAML definition to JSON, as CloudFormation does; ministack parses JSON only."""

    def create_machine(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        arn, attributes = create(logical_id, props, stack_name)
        machine = states._state_machines[arn]
        machine["definition"] = json.dumps(yaml.safe_load(machine["definition"]))
        return arn, attributes

    return create_machine


def _catch(execute_map: Callable[..., Any]) -> Callable[..., Any]:
    """Applies MaxConcurrencyPath and Catch to a map."""

    def execute(state: dict[str, Any], data: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        if "MaxConcurrencyPath" in state:
            state = state | {"MaxConcurrency": states._resolve_path(state["MaxConcurrencyPath"], data)}
        try:
            return execute_map(state, data, execution, context)
        except states._ExecutionError as error:
            catcher = states._find_matching_catcher(state.get("Catch", []), error.error)
            if catcher is None or execution["status"] != "RUNNING":
                raise
            failure = {"Error": error.error, "Cause": error.cause}
            path = catcher.get("ResultPath", "$")
            return states._apply_result_path_raw(path, data, failure), catcher["Next"]

    return execute


def _stop(run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts no further item of a map when its execution was stopped."""

    def run_item(inner: Any, start: str, data: Any, execution: dict[str, Any], context: Any) -> Any:
        if execution["status"] != "RUNNING":
            raise states._ExecutionError("States.Runtime", "the execution was stopped")
        return run(inner, start, data, execution, context)

    return run_item


def _keep_stopped(fail: Callable[..., None]) -> Callable[..., None]:
    """Keeps the status of a stopped execution when one of its items fails afterwards."""

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_execution
