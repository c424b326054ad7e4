"""Transitions of the state machine, and whether a run of 730 days fits the limits of Step Functions."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.stack.settings import TOOLS
from tests.support.state_machine import Execution, TaskError, definition
from tests.support.template import template
from vitals import errors

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
HISTORY_EVENTS = 25_000
PAYLOAD_BYTES = 256 * 1024
LONGEST_RUN = 730
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and …/connect-lambda.html
PLATFORM_ERRORS = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Runtime.ImportModuleError",
    "Sandbox.Timedout",
    "States.Timeout",
}
# Classes of botocore, as Lambda names them, for AWS being overloaded or breaking off.
AWS_ERRORS = {
    "ClientError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "FlexibleChecksumError",
    "IncompleteReadError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ReadTimeoutError",
    "ResponseStreamingError",
    "SSLError",
    "ThrottlingException",
}
VITALS_ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)}
REQUEST = {"site": "s" * 64, "start_date": "2024-01-01", "end_date": "2024-01-03", "requested_by": "t" * 64}


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"])


STATES = dict(states(definition()))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
DAY = STATES["Read and archive day"]
BY_TASK = {"plan": STATES["Plan days"], "day": DAY, "summarise": STATES["Summarise run"]}


def answers(days: int = 3, *, day: Callable[[str], dict[str, Any]] | None = None, **plan: Any) -> Any:
    """Returns the tasks: a plan of `days` days, each done by `day`, and a summary as the handler makes it."""

    def invoke(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["task"] == "plan":
            return planned(payload, days) | plan
        if payload["task"] == "day":
            return (day or done)(payload["day"])
        return summarised(payload)

    return invoke


def planned(payload: dict[str, Any], days: int) -> dict[str, Any]:
    return {
        "run": payload["run"],
        "site": payload["asked"]["site"],
        "dry_run": payload["asked"].get("dry_run", False),
        "days": [str(date(2024, 1, 1) + timedelta(n)) for n in range(days)],
        "days_complete": 0,
        "max_concurrency": 2,
        "key_group": "k" * 32,
        "estimate": {"requests": 123_456, "minutes": 1234.5, "dollars": 123.45},
    }


def summarised(payload: dict[str, Any]) -> dict[str, Any]:
    counts = Counter(receipt["status"] for receipt in payload["days"])
    kinds = ("done", "empty", "failed", "cancelled")
    status = "cancelled" if counts["cancelled"] else "partial" if counts["failed"] else "succeeded"
    return {
        "run": payload["run"],
        "site": payload["site"],
        "status": "failed" if "error" in payload else status,
        "days": {kind: counts[kind] for kind in kinds},
        "samples": sum(receipt["samples"] for receipt in payload["days"]),
    }


def done(day: str) -> dict[str, Any]:
    return {"day": day, "status": "done", "samples": 6_600_000}


def failing(name: str, *, times: int = 10**6, on: str = "2024-01-02") -> Callable[[str], dict[str, Any]]:
    """Returns a day task that fails on one day, at most `times` times."""
    remaining = [times]

    def day(day_text: str) -> dict[str, Any]:
        if day_text == on and remaining[0]:
            remaining[0] -= 1
            raise TaskError(name)
        return done(day_text)

    return day


class TestTransitions:
    def test_every_day_is_read_then_summarised(self) -> None:
        run = Execution(answers(), REQUEST, name="a-run").run()
        assert run.status == "SUCCEEDED"
        assert run.output["days"] == {"done": 3, "empty": 0, "failed": 0, "cancelled": 0}
        assert run.payloads == [
            {"task": "plan", "run": "a-run", "asked": REQUEST},
            *(
                {"task": "day", "run": "a-run", "site": REQUEST["site"], "day": day, "key_group": "k" * 32}
                for day in ("2024-01-01", "2024-01-02", "2024-01-03")
            ),
            {
                "task": "summarise",
                "run": "a-run",
                "site": REQUEST["site"],
                "days": [done(f"2024-01-0{n}") for n in (1, 2, 3)],
            },
        ]

    def test_dry_run_ends_with_the_plan(self) -> None:
        run = Execution(answers(), REQUEST | {"dry_run": True}).run()
        assert (run.status, [payload["task"] for payload in run.payloads]) == ("SUCCEEDED", ["plan"])
        assert run.output["estimate"]["requests"] == 123_456

    def test_complete_range_succeeds_without_reading(self) -> None:
        run = Execution(answers(0), REQUEST).run()
        assert (run.status, [payload["task"] for payload in run.payloads]) == (
            "SUCCEEDED",
            ["plan", "summarise"],
        )

    @pytest.mark.parametrize("name", ["InvalidRequestError", "NotFoundError", "RunningError"])
    def test_refused_plan_fails_without_retries(self, name: str) -> None:
        def refuse(payload: dict[str, Any]) -> None:
            raise TaskError(name)

        run = Execution(refuse, REQUEST).run()
        assert (run.status, run.error, len(run.payloads)) == ("FAILED", name, 1)

    def test_failed_day_does_not_stop_the_others(self) -> None:
        run = Execution(answers(day=failing("DayFileTooLargeError")), REQUEST).run()
        receipts = run.payloads[-1]["days"]
        failed = {"day": "2024-01-02", "status": "failed", "samples": 0, "error": "DayFileTooLargeError"}
        assert receipts == [done("2024-01-01"), failed, done("2024-01-03")]
        assert (run.status, run.error) == ("FAILED", "SomeDaysFailed")

    @pytest.mark.parametrize(
        ("name", "attempts"),
        [
            ("UnfinishedDayError", 3),
            ("UpstreamUnavailableError", 3),
            ("UpstreamCursorError", 3),
            ("CircuitOpenError", 3),
            ("ConflictError", 3),
            ("ArchiveVerificationError", 3),
            ("ClientError", 3),
            ("Sandbox.Timedout", 3),
            ("UpstreamRefusedError", 1),
            ("TypeError", 1),
        ],
    )
    def test_transient_errors_are_retried(self, name: str, attempts: int) -> None:
        run = Execution(answers(1, day=failing(name, on="2024-01-01")), REQUEST).run()
        assert [payload["task"] for payload in run.payloads].count("day") == attempts
        retried = Execution(answers(1, day=failing(name, times=attempts - 1, on="2024-01-01")), REQUEST).run()
        assert retried.status == "SUCCEEDED"

    def test_cancelled_run_succeeds(self) -> None:
        run = Execution(
            answers(day=lambda day: {"day": day, "status": "cancelled", "samples": 0}), REQUEST
        ).run()
        assert (run.status, run.entered[-1]) == ("SUCCEEDED", "Run cancelled")

    def test_failed_map_is_summarised(self) -> None:
        machine = definition()
        iteration = machine["States"]["Read each day"]["ItemProcessor"]["States"]
        del iteration["Read and archive day"]["Catch"]
        run = Execution(answers(day=failing("States.BranchFailed")), REQUEST, machine=machine).run()
        broken = {"run": "run", "site": REQUEST["site"], "days": [], "error": "States.BranchFailed"}
        assert run.payloads[-1] == {"task": "summarise"} | broken
        assert (run.status, run.error) == ("FAILED", "SomeDaysFailed")


class TestLongestRun:
    @pytest.fixture(scope="class")
    @staticmethod
    def worst() -> Execution:
        """A run of 730 days in which every task uses all retries, and every day fails."""
        answer = answers(LONGEST_RUN, max_concurrency=40)
        errors_of = {task: _every_retry(state) for task, state in BY_TASK.items()}
        errors_of["day"].append("X" * max(map(len, VITALS_ERRORS | PLATFORM_ERRORS)))
        tries: Counter[tuple[str, str]] = Counter()

        def invoke(payload: dict[str, Any]) -> Any:
            task, key = payload["task"], (payload["task"], payload.get("day", ""))
            tries[key] += 1
            if tries[key] <= len(errors_of[task]):
                raise TaskError(errors_of[task][tries[key] - 1])
            return answer(payload)

        return Execution(invoke, REQUEST, name="r" * 80).run()

    def test_every_day_uses_every_attempt_and_fails(self, worst: Execution) -> None:
        attempts = 1 + sum(retrier["MaxAttempts"] for retrier in DAY["Retry"])
        assert [payload["task"] for payload in worst.payloads].count("day") == LONGEST_RUN * attempts
        assert [receipt["status"] for receipt in worst.payloads[-1]["days"]] == ["failed"] * LONGEST_RUN

    def test_history_fits(self, worst: Execution) -> None:
        assert worst.events < HISTORY_EVENTS

    def test_largest_payload_fits_twice(self, worst: Execution) -> None:
        assert worst.largest < PAYLOAD_BYTES / 2

    def test_causes_are_dropped(self, worst: Execution) -> None:
        assert "Traceback" not in str(worst.payloads)


def _every_retry(state: dict[str, Any]) -> list[str]:
    return [retrier["ErrorEquals"][0] for retrier in state["Retry"] for _ in range(retrier["MaxAttempts"])]


def _retried(state: dict[str, Any]) -> list[str]:
    return [name for retrier in state["Retry"] for name in retrier["ErrorEquals"]]


class TestDefinition:
    def test_definition_passes_cfn_lint(self, tmp_path: Path) -> None:
        # cfn-lint checks a definition only inside of a template.
        properties = {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": definition()}
        machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        filled = json.dumps({"Resources": {"Machine": machine}}).replace("${Partition}", "aws")
        file = tmp_path / "template.json"
        file.write_text(
            filled.replace("${BackfillFunctionArn}", "arn:aws:lambda:us-east-1:123456789012:function:f")
        )
        done = subprocess.run(
            [TOOLS / "cfn-lint", file], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("name", TASKS)
    def test_tasks_have_timeouts_and_retries_with_jitter(self, name: str) -> None:
        task = TASKS[name]
        assert task["TimeoutSeconds"] > 0
        for retrier in task["Retry"]:
            assert retrier["JitterStrategy"] == "FULL"
            assert {"IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"} <= set(retrier)
            assert not {"States.ALL", "States.TaskFailed"} & set(retrier["ErrorEquals"])
        assert len(_retried(task)) == len(set(_retried(task)))
        assert set(_retried(task)) >= PLATFORM_ERRORS

    def test_retried_errors_exist(self) -> None:
        for name, task in TASKS.items():
            assert set(_retried(task)) <= VITALS_ERRORS | PLATFORM_ERRORS | AWS_ERRORS, name

    def test_function_times_out_before_its_task(self) -> None:
        function = template()["Resources"]["BackfillFunction"]["Properties"]
        assert function["Timeout"] < DAY["TimeoutSeconds"]
        assert definition()["TimeoutSeconds"] == 14 * 24 * 3600

    def test_catchers_keep_names_and_drop_causes(self) -> None:
        machine = definition()
        scopes = [machine["States"], machine["States"]["Read each day"]["ItemProcessor"]["States"]]
        caught = [(scope, c) for scope in scopes for s in scope.values() for c in s.get("Catch", [])]
        assert len(caught) == 2
        for scope, catcher in caught:
            shaping = scope[catcher["Next"]]
            assert shaping["Type"] == "Pass"
            paths = [str(value) for value in shaping["Parameters"].values()]
            assert f"{catcher['ResultPath']}.Error" in paths
            assert not {"$", catcher["ResultPath"], f"{catcher['ResultPath']}.Cause"} & set(paths)

    def test_every_state_is_reached(self) -> None:
        run = Execution(answers(day=failing("ConflictError")), REQUEST).run()
        others = {"Dry run complete", "Record map failure", "Run succeeded", "Run cancelled"}
        assert set(run.entered) | others == set(STATES)
        assert all(name[0].isupper() and " " in name for name in STATES)

    def test_template_fills_every_placeholder(self) -> None:
        properties = template()["Resources"]["BackfillStateMachine"]["Properties"]
        used = set(re.findall(r"\$\{(\w+)\}", str(definition())))
        assert used == set(properties["DefinitionSubstitutions"])

    def test_functions_get_the_arn_of_the_machine(self) -> None:
        resources = template()["Resources"]
        name = resources["BackfillStateMachine"]["Properties"]["Name"]["Sub"]
        for function in ("BackfillFunction", "BackfillApiFunction"):
            variables = resources[function]["Properties"]["Environment"]["Variables"]
            assert variables["STATE_MACHINE_ARN"]["Sub"].endswith(f":stateMachine:{name}")
