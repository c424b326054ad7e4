"""What the backfill's state machine does with its tasks' answers; 730 days fit the platform's limits."""

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
    "Sandbox.Timedout",
    "States.Timeout",
}
# Classes of botocore as Lambda names them, for what AWS answers when it is busy or breaks off.
AWS_ERRORS = {
    "ClientError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ReadTimeoutError",
    "ThrottlingException",
}
OUR_ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)}
ASKED = {"site": "s" * 64, "start_date": "2024-01-01", "end_date": "2024-01-03", "requested_by": "t" * 64}


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"])


STATES = dict(states(definition()))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
DAY = STATES["Read and archive the day"]
BY_TASK = {"plan": STATES["Plan the days"], "day": DAY, "summarise": STATES["Summarise the run"]}


def answers(days: int = 3, *, day: Callable[[str], dict[str, Any]] | None = None, **plan: Any) -> Any:
    """Lambda's place taken: plans `days` days, does each by `day`, and counts them as the handler does."""

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
    """Fails one day so many times, and does every other."""
    left = [times]

    def day(asked: str) -> dict[str, Any]:
        if asked == on and left[0]:
            left[0] -= 1
            raise TaskError(name)
        return done(asked)

    return day


class TestWhatARunDoes:
    def test_every_day_is_read_and_the_run_is_summarised(self) -> None:
        run = Execution(answers(), ASKED, name="a-run").run()
        assert run.status == "SUCCEEDED"
        assert run.output["days"] == {"done": 3, "empty": 0, "failed": 0, "cancelled": 0}
        assert run.payloads == [
            {"task": "plan", "run": "a-run", "asked": ASKED},
            *(
                {"task": "day", "run": "a-run", "site": ASKED["site"], "day": day}
                for day in ("2024-01-01", "2024-01-02", "2024-01-03")
            ),
            {
                "task": "summarise",
                "run": "a-run",
                "site": ASKED["site"],
                "days": [done(f"2024-01-0{n}") for n in (1, 2, 3)],
            },
        ]

    def test_a_dry_run_ends_with_the_plan(self) -> None:
        run = Execution(answers(), ASKED | {"dry_run": True}).run()
        assert (run.status, [payload["task"] for payload in run.payloads]) == ("SUCCEEDED", ["plan"])
        assert run.output["estimate"]["requests"] == 123_456

    def test_a_range_that_is_complete_succeeds_without_reading(self) -> None:
        run = Execution(answers(0), ASKED).run()
        assert (run.status, [payload["task"] for payload in run.payloads]) == (
            "SUCCEEDED",
            ["plan", "summarise"],
        )

    @pytest.mark.parametrize("name", ["InvalidRequestError", "NotFoundError", "RunningError"])
    def test_a_refused_plan_fails_at_once_under_its_own_name(self, name: str) -> None:
        def refuse(payload: dict[str, Any]) -> None:
            raise TaskError(name)

        run = Execution(refuse, ASKED).run()
        assert (run.status, run.error, len(run.payloads)) == ("FAILED", name, 1)

    def test_a_failed_day_leaves_its_name_and_the_rest_goes_on(self) -> None:
        run = Execution(answers(day=failing("DayFileTooLargeError")), ASKED).run()
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
    def test_what_may_heal_is_tried_again(self, name: str, attempts: int) -> None:
        run = Execution(answers(1, day=failing(name, on="2024-01-01")), ASKED).run()
        assert [payload["task"] for payload in run.payloads].count("day") == attempts
        healed = Execution(answers(1, day=failing(name, times=attempts - 1, on="2024-01-01")), ASKED).run()
        assert healed.status == "SUCCEEDED"

    def test_a_cancelled_run_is_no_failure(self) -> None:
        run = Execution(
            answers(day=lambda day: {"day": day, "status": "cancelled", "samples": 0}), ASKED
        ).run()
        assert (run.status, run.entered[-1]) == ("SUCCEEDED", "Cancelled")

    def test_a_map_that_breaks_is_summarised_too(self) -> None:
        machine = definition()
        iteration = machine["States"]["For each day"]["ItemProcessor"]["States"]
        del iteration["Read and archive the day"]["Catch"]
        run = Execution(answers(day=failing("States.BranchFailed")), ASKED, machine=machine).run()
        broken = {"run": "run", "site": ASKED["site"], "days": [], "error": "States.BranchFailed"}
        assert run.payloads[-1] == {"task": "summarise"} | broken
        assert (run.status, run.error) == ("FAILED", "SomeDaysFailed")


class TestTheLongestRun:
    @pytest.fixture(scope="class")
    @staticmethod
    def worst() -> Execution:
        """730 days, each of which uses every attempt up and then fails, as plan and summary nearly do."""
        answer = answers(LONGEST_RUN, max_concurrency=40)
        errors_of = {task: _every_retry(state) for task, state in BY_TASK.items()}
        errors_of["day"].append("X" * max(map(len, OUR_ERRORS | PLATFORM_ERRORS)))
        tries: Counter[tuple[str, str]] = Counter()

        def invoke(payload: dict[str, Any]) -> Any:
            task, key = payload["task"], (payload["task"], payload.get("day", ""))
            tries[key] += 1
            if tries[key] <= len(errors_of[task]):
                raise TaskError(errors_of[task][tries[key] - 1])
            return answer(payload)

        return Execution(invoke, ASKED, name="r" * 80).run()

    def test_every_day_uses_every_attempt_and_fails(self, worst: Execution) -> None:
        attempts = 1 + sum(retrier["MaxAttempts"] for retrier in DAY["Retry"])
        assert [payload["task"] for payload in worst.payloads].count("day") == LONGEST_RUN * attempts
        assert [receipt["status"] for receipt in worst.payloads[-1]["days"]] == ["failed"] * LONGEST_RUN

    def test_its_history_fits(self, worst: Execution) -> None:
        assert worst.events < HISTORY_EVENTS

    def test_its_largest_payload_fits_twice(self, worst: Execution) -> None:
        assert worst.largest < PAYLOAD_BYTES / 2

    def test_no_cause_is_passed_on(self, worst: Execution) -> None:
        assert "Traceback" not in str(worst.payloads)


def _every_retry(state: dict[str, Any]) -> list[str]:
    return [retrier["ErrorEquals"][0] for retrier in state["Retry"] for _ in range(retrier["MaxAttempts"])]


def _retried(state: dict[str, Any]) -> list[str]:
    return [name for retrier in state["Retry"] for name in retrier["ErrorEquals"]]


class TestTheDefinition:
    def test_it_follows_the_language(self, tmp_path: Path) -> None:
        # cfn-lint knows the language, and looks at no definition outside of a template.
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
    def test_a_task_has_a_timeout_and_retries_with_jitter_on_named_errors(self, name: str) -> None:
        task = TASKS[name]
        assert task["TimeoutSeconds"] > 0
        for retrier in task["Retry"]:
            assert retrier["JitterStrategy"] == "FULL"
            assert {"IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"} <= set(retrier)
            assert not {"States.ALL", "States.TaskFailed"} & set(retrier["ErrorEquals"])
        assert len(_retried(task)) == len(set(_retried(task)))
        assert set(_retried(task)) >= PLATFORM_ERRORS

    def test_errors_are_ours_or_the_platforms(self) -> None:
        for name, task in TASKS.items():
            assert set(_retried(task)) <= OUR_ERRORS | PLATFORM_ERRORS | AWS_ERRORS, name

    def test_the_functions_own_timeout_comes_first(self) -> None:
        function = template()["Resources"]["BackfillFunction"]["Properties"]
        assert function["Timeout"] < DAY["TimeoutSeconds"]
        assert definition()["TimeoutSeconds"] == 14 * 24 * 3600

    def test_what_is_caught_keeps_the_name_and_drops_the_cause(self) -> None:
        machine = definition()
        scopes = [machine["States"], machine["States"]["For each day"]["ItemProcessor"]["States"]]
        caught = [(scope, c) for scope in scopes for s in scope.values() for c in s.get("Catch", [])]
        assert len(caught) == 2
        for scope, catcher in caught:
            shaping = scope[catcher["Next"]]
            assert shaping["Type"] == "Pass"
            paths = [str(value) for value in shaping["Parameters"].values()]
            assert f"{catcher['ResultPath']}.Error" in paths
            assert not {"$", catcher["ResultPath"], f"{catcher['ResultPath']}.Cause"} & set(paths)

    def test_every_state_is_reached_and_says_what_happens(self) -> None:
        run = Execution(answers(day=failing("ConflictError")), ASKED).run()
        others = {
            "Told what it would take",
            "Record that the map broke",
            "Every day is archived",
            "Cancelled",
        }
        assert set(run.entered) | others == set(STATES)
        assert all((name[0].isupper() and " " in name) or name == "Cancelled" for name in STATES)

    def test_its_placeholders_are_those_that_the_template_fills(self) -> None:
        properties = template()["Resources"]["BackfillStateMachine"]["Properties"]
        used = set(re.findall(r"\$\{(\w+)\}", str(definition())))
        assert used == set(properties["DefinitionSubstitutions"])

    def test_the_machine_is_told_to_the_functions_by_the_name_it_has(self) -> None:
        resources = template()["Resources"]
        name = resources["BackfillStateMachine"]["Properties"]["Name"]["Sub"]
        for function in ("BackfillFunction", "BackfillApiFunction"):
            variables = resources[function]["Properties"]["Environment"]["Variables"]
            assert variables["STATE_MACHINE_ARN"]["Sub"].endswith(f":stateMachine:{name}")
