"""The interpreter of state machines: the machine of backfills with tasks of the test's, and general rules."""

import copy
import heapq
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import greenlet
import pytest

from tests.support.asl.data import LambdaError, TaskFailed
from tests.support.asl.definition import DefinitionError, Machine, load
from tests.support.asl.execution import Execution
from tests.support.asl.platform import Platform
from tests.support.template import ROOT

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:backfill"
ARN = "arn:aws:states:us-east-1:123456789012:execution:backfill:run"
DEFINITION = ROOT / "statemachine" / "backfill.asl.yaml"
BACKFILL = load(DEFINITION, {"Partition": "aws", "BackfillFunctionArn": FUNCTION})
REQUEST = {"site": "a", "start_date": "2024-01-01", "end_date": "2024-01-05"}
DAYS = [f"2024-01-0{n}" for n in range(1, 6)]
MAX_RETRIES = 2
DAY_S = 60.0
type Task = Callable[[dict[str, Any]], Any]


class Scheduler:
    """Tasks on a virtual clock, which passes only while all of them sleep."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.running = self.most_running = 0
        self._due: list[tuple[float, int, greenlet.greenlet]] = []
        self._numbers = itertools.count()
        self._hub = greenlet.getcurrent()

    def now_ms(self) -> int:
        return round(self.now_s * 1000)

    def begin(self, run: Callable[[], Any], delay_s: float = 0.0) -> None:
        task = run if isinstance(run, greenlet.greenlet) else greenlet.greenlet(run, self._hub)
        heapq.heappush(self._due, (self.now_s + delay_s, next(self._numbers), task))

    def sleep(self, seconds: float) -> None:
        self.begin(greenlet.getcurrent(), seconds)
        self._hub.switch()

    def run(self) -> None:
        while self._due:
            self.now_s, _, task = heapq.heappop(self._due)
            task.switch()

    def spawn(self, callables: Sequence[Callable[[], Any]], limit: int) -> list[Any]:
        """Returns at the first failure, as Step Functions does."""
        outcomes: list[Any] = [None] * len(callables)
        waiting, pending, unfinished = greenlet.getcurrent(), iter(enumerate(callables)), [len(callables)]

        def work() -> None:
            for index, call in pending:
                try:
                    outcomes[index] = call()
                except Exception as error:
                    outcomes[index] = error
                unfinished[0] -= 1
                if unfinished[0] == 0 or isinstance(outcomes[index], TaskFailed):
                    unfinished[0] = -1
                    self.begin(waiting)

        for _ in callables[:limit]:
            self.begin(work)
        if callables:
            self._hub.switch()
        return outcomes


class Backfill:
    """One execution of the real machine, or of another."""

    def __init__(self, machine: Machine = BACKFILL, request: Any = REQUEST, **tasks: Any) -> None:
        self.scheduler = Scheduler()
        self.calls: list[tuple[float, dict[str, Any]]] = []
        self.waits: list[float] = []
        self.tasks: dict[str, Task] = {"plan": plan, "day": day_done, "summarise": summary} | tasks
        self.execution = Execution(machine, ARN, "run", request, 0)
        self.scheduler.begin(lambda: self.execution.run(self.platform()))
        self.scheduler.run()

    def platform(self) -> Platform:
        return Platform(
            invoke=self.invoke,
            now_ms=self.scheduler.now_ms,
            sleep=self.scheduler.sleep,
            uniform=self.uniform,
            spawn=self.scheduler.spawn,
        )

    def invoke(self, function_arn: str, payload: dict[str, Any], timeout_s: float) -> Any:
        assert function_arn == FUNCTION
        self.calls.append((self.scheduler.now_s, payload))
        if payload["task"] == "day":
            self.scheduler.running += 1
            self.scheduler.most_running = max(self.scheduler.running, self.scheduler.most_running)
            self.scheduler.sleep(min(DAY_S, timeout_s))
            self.scheduler.running -= 1
        return self.tasks[payload["task"]](payload)

    def uniform(self, low: float, high: float) -> float:
        assert low == 0.0
        self.waits.append(high)
        return high

    def payloads(self, task: str) -> list[dict[str, Any]]:
        return [payload for _, payload in self.calls if payload["task"] == task]

    def receipts(self) -> list[dict[str, Any]]:
        [payload] = self.payloads("summarise")
        receipts: list[dict[str, Any]] = payload["days"]
        return receipts


def plan(payload: dict[str, Any], days: Sequence[str] = DAYS, concurrency: int = 2) -> dict[str, Any]:
    request = payload["asked"]
    return {
        "run": payload["run"],
        "site": request["site"],
        "dry_run": request.get("dry_run", False),
        "days": list(days),
        "max_concurrency": concurrency,
        "key_group": "default",
    }


def day_done(payload: dict[str, Any]) -> dict[str, Any]:
    return {"day": payload["day"], "status": "done", "samples": 1}


def summary(payload: dict[str, Any], status: str = "succeeded") -> dict[str, Any]:
    return {"run": payload["run"], "status": status}


def failing(*errors: str, day: str = DAYS[0], task: Task = day_done) -> Task:
    """Returns a task that fails on one day with these errors, in order, then succeeds."""
    remaining = list(errors)

    def run(payload: dict[str, Any]) -> Any:
        if payload.get("day", day) == day and remaining:
            raise TaskFailed(remaining.pop(0), "Traceback")
        return task(payload)

    return run


def retriers() -> list[tuple[str, list[float]]]:
    """Returns every error that a day retries, with the longest waits of its retrier."""
    state = BACKFILL.definition["States"]["Read each day"]["ItemProcessor"]["States"]["Read and archive day"]
    waits = [[1.0, 2.0], [120.0, 480.0], [1800.0, 3600.0], [5.0, 10.0]]
    return [
        (error, expected)
        for retrier, expected in zip(state["Retry"], waits, strict=True)
        for error in retrier["ErrorEquals"]
    ]


class TestBackfill:
    def test_days_run_in_parallel(self) -> None:
        run = Backfill()
        assert (run.execution.status, run.execution.output) == ("SUCCEEDED", summary({"run": "run"}))
        assert run.calls[0] == (0.0, {"task": "plan", "run": "run", "asked": REQUEST})
        days = [(at_s, payload["day"]) for at_s, payload in run.calls if payload["task"] == "day"]
        assert days == list(zip([0.0, 0.0, 60.0, 60.0, 120.0], DAYS, strict=True))
        receipts = [day_done({"day": day}) for day in DAYS]
        assert run.calls[-1] == (180.0, {"task": "summarise", "run": "run", "site": "a", "days": receipts})
        assert run.scheduler.most_running == 2

    def test_dry_run_ends_with_the_plan(self) -> None:
        run = Backfill(request=REQUEST | {"dry_run": True})
        assert run.execution.status == "SUCCEEDED"
        assert run.execution.output["days"] == DAYS
        assert run.execution.entered == ["Plan days", "Dry run?", "Dry run complete"]

    def test_results_keep_the_order_of_the_days(self) -> None:
        run = Backfill(day=failing("ConflictError"))
        assert [receipt["day"] for receipt in run.receipts()] == DAYS

    @pytest.mark.parametrize(("error", "waits"), retriers())
    def test_failing_day_is_retried_then_recorded(self, error: str, waits: list[float]) -> None:
        run = Backfill(day=failing(*[error] * 9))
        assert run.waits == waits
        starts = [at_s for at_s, payload in run.calls if payload.get("day") == DAYS[0]]
        assert starts == [0.0, DAY_S + waits[0], DAY_S * 2 + sum(waits)]
        assert run.receipts()[0] == {"day": DAYS[0], "status": "failed", "samples": 0, "error": error}
        assert run.receipts()[1:] == [day_done({"day": day}) for day in DAYS[1:]]

    @pytest.mark.parametrize("error", ["ConflictError", "CircuitOpenError", "States.Timeout"])
    def test_day_succeeds_at_its_last_attempt(self, error: str) -> None:
        run = Backfill(day=failing(error, error))
        assert [receipt["status"] for receipt in run.receipts()] == ["done"] * len(DAYS)

    def test_each_retrier_counts_for_itself(self) -> None:
        unfinished, conflict = "UnfinishedDayError", "ClientError"
        run = Backfill(day=failing(unfinished, conflict, unfinished, conflict, unfinished))
        assert run.waits == [1.0, 5.0, 2.0, 10.0]
        assert run.receipts()[0]["error"] == unfinished

    def test_error_without_retrier_fails_the_day_at_once(self) -> None:
        def broken(payload: dict[str, Any]) -> None:
            raise LambdaError(KeyError("day"))

        run = Backfill(day=broken)
        assert [receipt["error"] for receipt in run.receipts()] == ["KeyError"] * len(DAYS)
        assert run.waits == []

    @pytest.mark.parametrize(("status", "final"), [("cancelled", "SUCCEEDED"), ("partial", "FAILED")])
    def test_summary_decides_the_end(self, status: str, final: str) -> None:
        run = Backfill(summarise=lambda payload: summary(payload, status))
        assert run.execution.status == final
        assert (run.execution.error is None) == (final == "SUCCEEDED")

    def test_plan_that_is_refused_fails_the_execution(self) -> None:
        run = Backfill(plan=failing("RunningError", task=plan))
        assert run.execution.error and run.execution.error.error == "RunningError"
        assert (run.execution.status, len(run.calls)) == ("FAILED", 1)

    @pytest.mark.parametrize(("failures", "status"), [(2, "SUCCEEDED"), (3, "FAILED")])
    def test_summary_is_retried_twice(self, failures: int, status: str) -> None:
        run = Backfill(summarise=failing(*["ConflictError"] * failures, task=summary))
        assert (run.execution.status, run.waits) == (status, [5.0, 10.0])
        assert len(run.payloads("summarise")) == MAX_RETRIES + 1

    def test_failed_map_is_summarised_at_once(self) -> None:
        definition = copy.deepcopy(BACKFILL.definition)
        del definition["States"]["Read each day"]["ItemProcessor"]["States"]["Read and archive day"]["Catch"]
        run = Backfill(Machine(definition), day=failing("KeyError", day=DAYS[1]))
        broken = {"task": "summarise", "run": "run", "site": "a", "days": [], "error": "KeyError"}
        assert run.payloads("summarise") == [broken]
        # The first day ended before the failure, and its task had begun the third.
        assert [payload["day"] for payload in run.payloads("day")] == DAYS[:3]
        assert run.calls[-1][0] == DAY_S

    def test_receipts_beyond_the_limit_fail(self) -> None:
        """No catcher for States.ALL gets this error."""
        run = Backfill(day=lambda payload: day_done(payload) | {"text": "x" * 60_000})
        assert run.execution.status == "FAILED"
        assert run.execution.error and run.execution.error.error == "States.DataLimitExceeded"

    def test_day_that_exceeds_its_timeout_is_retried(self) -> None:
        definition = copy.deepcopy(BACKFILL.definition)
        inner = definition["States"]["Read each day"]["ItemProcessor"]["States"]["Read and archive day"]
        inner["TimeoutSeconds"] = 30

        def slow(payload: dict[str, Any]) -> None:
            raise TaskFailed("States.Timeout")

        run = Backfill(Machine(definition), day=slow)
        assert {receipt["error"] for receipt in run.receipts()} == {"States.Timeout"}

    def test_execution_times_out_during_a_wait(self) -> None:
        definition = copy.deepcopy(BACKFILL.definition) | {"TimeoutSeconds": 1000}
        run = Backfill(Machine(definition), day=failing(*["CircuitOpenError"] * 9))
        assert (run.execution.status, run.execution.ended_ms) == ("TIMED_OUT", 1_000_000)
        assert run.payloads("summarise") == []

    def test_tasks_share_no_objects(self) -> None:
        shared = plan({"run": "run", "asked": REQUEST})

        def change(payload: dict[str, Any]) -> dict[str, Any]:
            payload["asked"]["site"] = "changed"
            return shared

        def clear(payload: dict[str, Any]) -> dict[str, Any]:
            shared["days"].clear()
            return day_done(payload)

        run = Backfill(plan=change, day=clear)
        assert len(run.receipts()) == len(DAYS)
        assert run.execution.request == REQUEST


def machine(**states: Any) -> Machine:
    return Machine({"StartAt": next(iter(states)), "States": states})


def task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": FUNCTION, "Payload": {"task": "plan"}},
        "End": True,
        **fields,
    }


def execute(definition: Machine, *errors: str, data: Any = None) -> Backfill:
    """Runs a machine whose task fails with these errors, then returns {"value": 1}."""
    return Backfill(definition, data or {}, plan=failing(*errors, task=lambda payload: {"value": 1}))


class TestRules:
    @pytest.mark.parametrize(
        ("listed", "error", "is_caught"),
        [
            ("States.ALL", "KeyError", True),
            ("States.ALL", "States.Timeout", True),
            ("States.ALL", "States.DataLimitExceeded", False),
            ("States.ALL", "States.Runtime", False),
            ("States.TaskFailed", "KeyError", True),
            ("States.TaskFailed", "Lambda.Unknown", True),
            ("States.TaskFailed", "States.Timeout", False),
            ("States.DataLimitExceeded", "States.DataLimitExceeded", True),
            ("States.Runtime", "States.Runtime", False),
            ("KeyError", "ValueError", False),
        ],
    )
    def test_wildcards(self, listed: str, error: str, is_caught: bool) -> None:
        states = {"do": task(Catch=[{"ErrorEquals": [listed], "Next": "end"}]), "end": {"Type": "Succeed"}}
        run = execute(machine(**states), error).execution
        assert run.status == ("SUCCEEDED" if is_caught else "FAILED")
        assert run.output == ({"Error": error, "Cause": "Traceback"} if is_caught else None)
        retried = execute(machine(do=task(Retry=[{"ErrorEquals": [listed]}])), error)
        assert len(retried.calls) == (2 if is_caught else 1)

    def test_retry_defaults(self) -> None:
        run = execute(machine(do=task(Retry=[{"ErrorEquals": ["States.ALL"]}])), *["KeyError"] * 9)
        assert [at_s for at_s, _ in run.calls] == [0.0, 1.0, 3.0, 7.0]
        assert run.waits == []

    def test_delay_is_limited(self) -> None:
        retrier = {
            "ErrorEquals": ["E"],
            "IntervalSeconds": 3,
            "BackoffRate": 1.5,
            "MaxDelaySeconds": 5,
            "MaxAttempts": 4,
        }
        run = execute(machine(do=task(Retry=[retrier | {"JitterStrategy": "FULL"}])), *["E"] * 9)
        assert run.waits == [3.0, 4.5, 5.0, 5.0]

    def test_later_retriers_do_not_take_over(self) -> None:
        retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"]}]
        assert len(execute(machine(do=task(Retry=retry)), *["E"] * 9).calls) == 2

    @pytest.mark.parametrize(
        ("fields", "output"),
        [
            ({}, {"ExecutedVersion": "$LATEST", "Payload": {"value": 1}, "StatusCode": 200}),
            ({"OutputPath": "$.Payload.value"}, 1),
            ({"ResultPath": "$.result", "OutputPath": "$.result.Payload"}, {"value": 1}),
            ({"ResultPath": "$.a.b", "OutputPath": "$.a.b.StatusCode"}, 200),
        ],
    )
    def test_result_and_output_paths(self, fields: dict[str, Any], output: Any) -> None:
        assert execute(machine(do=task(**fields))).execution.output == output

    def test_choice_compares_type_and_value(self) -> None:
        rules = [
            {"Variable": "$.v", "BooleanEquals": True, "Next": "true"},
            {"Variable": "$.v", "StringEquals": "a", "Next": "a"},
        ]
        ends = {name: {"Type": "Succeed"} for name in ("true", "a", "default")}
        chosen = machine(choose={"Type": "Choice", "Choices": rules, "Default": "default"}, **ends)
        for value, name in [(True, "true"), (1, "default"), ("a", "a"), (None, "default")]:
            assert execute(chosen, data={"v": value}).execution.entered[-1] == name
        without = machine(choose={"Type": "Choice", "Choices": rules}, **ends)
        error = execute(without, data={"v": 1}).execution.error
        assert error and error.error == "States.NoChoiceMatched"

    @pytest.mark.parametrize(
        "fields", [{"OutputPath": "$.no"}, {"Parameters": {"FunctionName": "f", "Payload.$": "$.no"}}]
    )
    def test_missing_path_fails_the_execution(self, fields: dict[str, Any]) -> None:
        states = {
            "do": task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "end"}], **fields),
            "end": {"Type": "Succeed"},
        }
        error = execute(machine(**states)).execution.error
        assert error and error.error == "States.Runtime"

    def test_map_without_selector_gives_the_items(self) -> None:
        inner = {"StartAt": "pass", "States": {"pass": {"Type": "Pass", "End": True}}}
        loop = {"Type": "Map", "ItemProcessor": inner, "MaxConcurrency": 1, "End": True}
        run = execute(machine(loop=loop), data=[1, "b"]).execution
        # Started, succeeded; the map's two states and two of its own; two and two of each item.
        assert (run.output, run.events) == ([1, "b"], 2 + 4 + 2 * 4)
        error = execute(machine(loop=loop), data={"a": 1}).execution.error
        assert error and error.error == "States.Runtime"

    def test_fail_names_its_error(self) -> None:
        error = execute(machine(stop={"Type": "Fail", "Error": "E", "Cause": "why"})).execution.error
        assert error and error.output() == {"Error": "E", "Cause": "why"}

    @pytest.mark.parametrize("limit", [{"data": {"text": "x" * 262_144}}, {"data": {"text": "é" * 131_072}}])
    def test_input_has_a_limit(self, limit: dict[str, Any]) -> None:
        error = execute(machine(do=task()), **limit).execution.error
        assert error and error.error == "States.DataLimitExceeded"


PASS = {"Type": "Pass", "End": True}
LOOP = {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "a", "States": {"a": PASS}}}
UNSUPPORTED = {
    "type": {"Type": "Wait", "Seconds": 1, "End": True},
    "field": PASS | {"InputPath": "$.a"},
    "result selector": task(ResultSelector={}),
    "heartbeat": task(HeartbeatSeconds=1),
    "resource": task(Resource="arn:aws:states:::sqs:sendMessage"),
    "wait for token": task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken"),
    "parameter": task(Parameters={"FunctionName": FUNCTION, "InvocationType": "Event"}),
    "missing": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True},
    "path": PASS | {"OutputPath": "$.a[0]"},
    "intrinsic": PASS | {"Parameters": {"a.$": "States.UUID()"}},
    "context": PASS | {"Parameters": {"a.$": "$$.State.EnteredTime"}},
    "template": PASS | {"Parameters": {"a": [{"b.$": "$.c"}]}},
    "no next": {"Type": "Pass"},
    "unknown next": {"Type": "Pass", "Next": "z"},
    "retrier": task(Retry=[{"ErrorEquals": ["E"], "Jitter": 1}]),
    "all is last": task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]),
    "all is alone": task(Retry=[{"ErrorEquals": ["States.ALL", "E"]}]),
    "jitter": task(Retry=[{"ErrorEquals": ["E"], "JitterStrategy": "HALF"}]),
    "catcher": task(Catch=[{"ErrorEquals": ["E"], "Next": "z"}]),
    "operator": {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "a"}]},
    "operand": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": 1, "Next": "a"}]},
    "tolerance": LOOP | {"ToleratedFailureCount": 1},
    "mode": LOOP | {"ItemProcessor": LOOP["ItemProcessor"] | {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}},
    "inner state": LOOP | {"ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Parallel"}}}},
}


@pytest.mark.parametrize("state", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_unsupported_definition_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        machine(a=state)


@pytest.mark.parametrize("changes", [{"QueryLanguage": "JSONata"}, {"StartAt": "z"}, {"Version": "1.0"}])
def test_unsupported_machine_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Machine({"StartAt": "a", "States": {"a": PASS}} | changes)


def test_placeholder_without_substitution_is_refused() -> None:
    with pytest.raises(KeyError, match="BackfillFunctionArn"):
        load(DEFINITION, {"Partition": "aws"})
