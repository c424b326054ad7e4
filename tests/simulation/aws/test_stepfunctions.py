"""Step Functions' executions in memory: names, inputs, statuses and retention."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.errors import exceptions
from tests.simulation.aws.stepfunctions import StepFunctions
from tests.support.asl.data import TaskFailed
from tests.support.asl.definition import Machine
from tests.support.asl.execution import Execution
from tests.support.asl.platform import Platform

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:backfill"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:backfill:run"
INPUT = '{"site":"a"}'
DAY_MS = 24 * 3_600_000


class Service:
    """Step Functions with one machine, whose executions run when the test says so."""

    def __init__(self) -> None:
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "End": True,
        }
        machine = Machine({"StartAt": "do", "TimeoutSeconds": 1000, "States": {"do": state}})
        self.now_ms = 1_767_225_600_000
        self.begun: list[Execution] = []
        self.server = StepFunctions({MACHINE: machine}, lambda: self.now_ms, self.begun.append)

    def start(self, name: str = "run", text: str = INPUT, arn: str = MACHINE) -> dict[str, Any]:
        return self.server.call("start_execution", {"stateMachineArn": arn, "name": name, "input": text})

    def describe(self) -> dict[str, Any]:
        return self.server.call("describe_execution", {"executionArn": EXECUTION})

    def run(self, error: TaskFailed | None = None) -> None:
        def invoke(function_arn: str, payload: Any, timeout_s: float) -> Any:
            if error:
                raise error
            return payload

        platform = Platform(
            invoke=invoke,
            now_ms=lambda: self.now_ms,
            sleep=lambda seconds: None,
            uniform=lambda low, high: high,
        )
        self.begun[-1].run(platform)


@pytest.fixture
def service() -> Service:
    return Service()


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_execution_starts_once(service: Service) -> None:
    first = service.start()
    service.now_ms += 1
    assert service.start() == first
    assert first["executionArn"] == EXECUTION
    assert [(execution.name, execution.request) for execution in service.begun] == [("run", {"site": "a"})]
    assert service.describe() == {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "name": "run",
        "status": "RUNNING",
        "startDate": first["startDate"],
        "input": INPUT,
    }


def test_name_with_another_input_is_refused(service: Service) -> None:
    service.start()
    with pytest.raises(ClientError) as error:
        service.start(text='{"site":"b"}')
    assert code(error) == "ExecutionAlreadyExists"
    assert isinstance(error.value, exceptions("stepfunctions").ExecutionAlreadyExists)


def test_names_are_free_again_after_90_days(service: Service) -> None:
    service.start()
    service.run()
    service.now_ms += 90 * DAY_MS - 1
    with pytest.raises(ClientError) as error:
        service.start()
    assert code(error) == "ExecutionAlreadyExists"
    service.now_ms += 1
    with pytest.raises(ClientError) as error:
        service.describe()
    assert code(error) == "ExecutionDoesNotExist"
    service.start()
    assert service.describe()["status"] == "RUNNING"


def test_ended_executions_have_their_result(service: Service) -> None:
    service.start()
    service.now_ms += 1000
    service.run()
    described = service.describe()
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"site": "a"})
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 1


def test_failed_executions_have_their_error(service: Service) -> None:
    service.start()
    service.run(TaskFailed("KeyError", "why"))
    described = service.describe()
    assert [described[key] for key in ("status", "error", "cause")] == ["FAILED", "KeyError", "why"]
    assert "output" not in described


def test_execution_that_hangs_times_out(service: Service) -> None:
    service.start()
    service.now_ms += 999_999
    assert service.describe()["status"] == "RUNNING"
    service.now_ms += 1
    assert service.describe()["status"] == "TIMED_OUT"
    service.now_ms += 1
    service.run()
    described = service.describe()
    assert described["status"] == "TIMED_OUT"
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 1000


@pytest.mark.parametrize(
    ("request_fields", "error_code"),
    [
        ({"arn": f"{MACHINE}2"}, "StateMachineDoesNotExist"),
        ({"name": "a b"}, "InvalidName"),
        ({"name": ""}, "InvalidName"),
        ({"name": "n" * 81}, "InvalidName"),
        ({"text": "{"}, "InvalidExecutionInput"),
        ({"text": json.dumps("x" * 262_144)}, "InvalidExecutionInput"),
    ],
)
def test_invalid_requests(service: Service, request_fields: dict[str, str], error_code: str) -> None:
    with pytest.raises(ClientError) as error:
        service.start(**request_fields)
    assert code(error) == error_code
    assert service.begun == []


def test_unknown_execution_and_operation(service: Service) -> None:
    with pytest.raises(ClientError) as error:
        service.describe()
    assert code(error) == "ExecutionDoesNotExist"
    with pytest.raises(NotImplementedError, match="list_executions"):
        service.server.call("list_executions", {})
