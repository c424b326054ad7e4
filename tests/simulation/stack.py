"""The deployed product in one process: its functions, queues, schedules and API on one virtual clock."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.utilities import parameters

from admin import app as admin_app
from archival import app as archival_app
from backfill import app as backfill_app
from backfill.api import app as backfill_api_app
from etl import app as etl_app
from exports import app as exports_app
from exports.api import app as exports_api_app
from query import app as query_app
from tests.simulation.aws.athena import SimulatedAthena
from tests.simulation.process import LONGEST_SKEW_MS, Machine, Process
from tests.simulation.scheduler import Signal, Task
from tests.support.kill import Killed
from tests.support.template import BUCKET, STACK, template
from vitals.aws import prices
from vitals.aws.queue_function import QueueFunction
from vitals.http.handler import ApiFunction
from vitals.reading import request

SECRET = "simulated"  # the name of the secret, and its value
API_URL = "https://ace.simulated/api"
STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:building-vitals-backfill"
GLUE_DATABASE, GLUE_TABLE = "vitals", "samples"
# Few, so that answers have several pages.
_PAGE_SAMPLES, _PAGE_ROWS, _PAGE_VALUES = 20_000, 300, 80
# The chance that Lambda uses a sandbox again.
_WARM = 0.5
_WARM_SANDBOXES = 3


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the template: how its handler is made in a process, and after how long it is stopped."""

    logical_id: str
    make: Callable[[Process], Callable[[dict[str, Any], Any], Any]]

    @property
    def timeout_ms(self) -> int:
        return int(_properties(self.logical_id)["Timeout"]) * 1000


def _queue_function(work: Any) -> Callable[[Process], Any]:
    """Returns what makes handlers of a queue; their process keeps the errors that they turn into retries."""

    def make(process: Process) -> Any:
        def observed(event: Any, invocation: Any) -> Any:
            try:
                return work(event, invocation)
            except Exception as error:
                process.errors.append(error)
                raise

        return QueueFunction(observed, failure="failed", runtime=process.runtime).handler

    return make


def _api_function(api: ApiFunction, connect: Any) -> Callable[[Process], Any]:
    """Returns what makes handlers of an API; a router belongs to one ApiFunction, which all of them share."""

    def make(process: Process) -> Any:
        runtime = process.runtime
        connected = cache(partial(connect, runtime))

        def handler(event: dict[str, Any], context: Any) -> Any:
            api.connect, api.deadline = connected, runtime.deadline
            return api.handler(event, context)

        return handler

    return make


FUNCTIONS = {
    function.logical_id: function
    for function in (
        Function("EtlFunction", _queue_function(etl_app.sync)),
        Function("ArchivalFunction", _queue_function(archival_app.archive)),
        Function("BackfillFunction", _queue_function(backfill_app.do_task)),
        Function("ExportFunction", _queue_function(exports_app.export)),
        Function("QueryFunction", _api_function(query_app.api, query_app.connect)),
        Function("BackfillApiFunction", _api_function(backfill_api_app.api, backfill_api_app.connect)),
        Function("ExportApiFunction", _api_function(exports_api_app.api, exports_api_app.connect)),
        Function("AdminFunction", _api_function(admin_app.api, admin_app.connect)),
    )
}
QUEUES = {
    "SyncQueue": "EtlFunction",
    "ArchiveQueue": "ArchivalFunction",
    "ExportQueue": "ExportFunction",
    "ExportQueueHigh": "ExportFunction",
}
"""The function that each queue invokes."""
DEAD_LETTERS = ("SyncDeadLetters", "ArchiveDeadLetters", "ExportDeadLetters")
CONCURRENCY = 2
"""MaximumConcurrency of each event source of the template, by default."""


def _properties(logical_id: str) -> dict[str, Any]:
    properties: dict[str, Any] = template()["Resources"][logical_id]["Properties"]
    return properties


_METRICS = Metrics()


class Died(Exception):
    """The process of an invocation was killed or stopped."""


@dataclass(slots=True)
class Invocation:
    """One run of a function; `error` is what it raised, and Died when its process ended."""

    function: str
    event: Any
    process: Process
    began_ms: float
    ended_ms: float = 0.0
    result: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class _Sandbox:
    process: Process
    handler: Callable[[dict[str, Any], Any], Any]


type Observer = Callable[[Invocation], None]


@dataclass(slots=True)
class Stack:
    """Functions with their queues; `connect` makes clients of AWS, `session` those of the upstream.

    `began` and `ended` are called around each invocation.
    """

    machine: Machine
    sqs: Any
    connect: Callable[[Process, str, Any], Any]
    session: Callable[[Process], Any]
    began: Observer
    ended: Observer
    kills: int = 0
    invocations: int = 0
    _warm: dict[str, list[_Sandbox]] = field(default_factory=dict)
    _signals: dict[str, Signal] = field(default_factory=dict)
    _answering: list[Task] = field(default_factory=list)

    def start(self) -> None:
        """Begins to deliver messages."""
        for queue, function in QUEUES.items():
            self._signals[queue] = Signal()
            self.machine.scheduler.spawn(lambda queue=queue, function=function: self._poll(queue, function))

    def send(self, queue: str, body: str) -> None:
        """Sends a message as a schedule does."""
        entry = {"Id": "0", "MessageBody": body}
        self.sqs.call("send_message_batch", {"QueueUrl": queue, "Entries": [entry]})
        self.notify(queue)

    def notify(self, queue: str) -> None:
        """Lets the event source of a queue look for messages."""
        if queue in self._signals:
            self.machine.scheduler.notify(self._signals[queue])

    def invoke(self, logical_id: str, event: Any) -> Invocation:
        """Runs a function, and returns when it has ended."""
        function, sandbox = FUNCTIONS[logical_id], self._sandbox(logical_id)
        scheduler, process = self.machine.scheduler, sandbox.process
        invocation = Invocation(logical_id, event, process, scheduler.now_ms)
        self.invocations += 1
        process.ends_ms = scheduler.now_ms + function.timeout_ms
        self.began(invocation)
        task = scheduler.spawn(lambda: sandbox.handler(event, _context(logical_id, process)), process)
        scheduler.join(task)
        # They are switched off, but would be printed once there are a hundred.
        _METRICS.clear_metrics()
        invocation.ended_ms = scheduler.now_ms
        invocation.result = task.result
        if isinstance(task.error, Killed):
            self.kills += 1
            invocation.error = Died(logical_id)
        elif task.error is not None:
            invocation.error = task.error
        if not process.dead:
            process.ends_ms = float("inf")
            self._warm.setdefault(logical_id, []).append(sandbox)
        self.ended(invocation)
        return invocation

    def request(self, logical_id: str, event: dict[str, Any]) -> Invocation:
        """Runs a function of the API, one at a time: Powertools keeps the current request in one place."""
        scheduler = self.machine.scheduler
        while self._answering:
            scheduler.join(self._answering[-1])
        task = scheduler.spawn(lambda: self.invoke(logical_id, event))
        self._answering.append(task)
        scheduler.join(task)
        self._answering.remove(task)
        if task.error is not None:
            raise task.error
        invocation: Invocation = task.result
        return invocation

    def forget(self) -> None:
        """Ends all warm sandboxes, as a deployment does."""
        self._warm.clear()
        for app in (etl_app, archival_app, backfill_app, exports_app):
            app.connect.cache_clear()

    def _sandbox(self, logical_id: str) -> _Sandbox:
        warm, random = self._warm.setdefault(logical_id, []), self.machine.random
        if warm and random.random() < _WARM:
            return warm.pop(int(random.random() * len(warm)))
        del warm[_WARM_SANDBOXES:]
        skew_ms = int(random.uniform(-LONGEST_SKEW_MS, LONGEST_SKEW_MS))
        process = Process(self.machine, skew_ms, self.connect, self.session)
        process.function = logical_id
        return _Sandbox(process, FUNCTIONS[logical_id].make(process))

    def _poll(self, queue: str, function: str) -> None:
        """Delivers the messages of a queue, each to an invocation of its own."""
        scheduler, signal = self.machine.scheduler, self._signals[queue]
        running: list[Task] = []
        while True:
            running = [task for task in running if not task.done]
            message = self.sqs.receive(queue) if len(running) < CONCURRENCY else None
            if message is None:
                next_ms = self.sqs.next_visible_ms(queue)
                wait_ms = float("inf") if next_ms is None else max(100.0, next_ms - scheduler.now_ms)
                scheduler.wait(signal, min(wait_ms, 3_600_000))
                continue
            running.append(scheduler.spawn(lambda message=message: self._deliver(queue, function, message)))

    def _deliver(self, queue: str, function: str, message: Any) -> None:
        record = {
            "messageId": message.id,
            "body": message.body,
            "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
        }
        invocation = self.invoke(function, {"Records": [record]})
        if invocation.error is None and not invocation.result["batchItemFailures"]:
            self.sqs.delete(queue, message.receipt)
        self.notify(queue)


def _context(logical_id: str, process: Process) -> Any:
    return SimpleNamespace(
        function_name=logical_id,
        memory_limit_in_mb=1024,
        invoked_function_arn="arn",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: int(process.ends_ms - process.machine.scheduler.now_ms),
    )


class _Secrets:
    """What Powertools asks for the upstream's key."""

    def get(self, name: str, **_: Any) -> str:
        return name


def _variables(sites: Iterable[str], hot_days: int) -> dict[str, str]:
    """Returns the environment of all functions."""
    return {
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
        "POWERTOOLS_SERVICE_NAME": "simulation",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "SITES": ",".join(sites),
        "STATE_TABLE": "StateTable",
        "HOT_TABLE": "HotTable",
        "COLD_BUCKET": BUCKET,
        "ACE_API_URL": API_URL,
        "ACE_SECRET_NAME": SECRET,
        "ACE_REQUESTS_PER_MINUTE": "50",
        "INITIAL_LOOKBACK_HOURS": "6",
        "CATALOG_HOURS": "1",
        "HOT_DAYS": str(hot_days),
        "GLUE_DATABASE": GLUE_DATABASE,
        "GLUE_TABLE": GLUE_TABLE,
        "ATHENA_WORKGROUP": STACK,
        "STATE_MACHINE_ARN": STATE_MACHINE,
        "SYNC_QUEUE_URL": "SyncQueue",
        "ARCHIVE_QUEUE_URL": "ArchiveQueue",
        "EXPORT_QUEUE_URL": "ExportQueue",
        "EXPORT_QUEUE_HIGH_URL": "ExportQueueHigh",
        "SYNC_DEAD_LETTERS_URL": "SyncDeadLetters",
        "ARCHIVE_DEAD_LETTERS_URL": "ArchiveDeadLetters",
        "EXPORT_DEAD_LETTERS_URL": "ExportDeadLetters",
    }


@contextmanager
def _restored(api: ApiFunction) -> Iterator[None]:
    """Gives an API its own connections back, which the processes of a run replace."""
    connect, deadline = api.connect, api.deadline
    try:
        yield
    finally:
        api.connect, api.deadline = connect, deadline


@contextmanager
def environment(sites: Iterable[str], hot_days: int) -> Iterator[None]:
    """Sets the environment that the template gives the functions, for the time of a run."""
    variables = _variables(sites, hot_days)
    before = {name: os.environ.get(name) for name in variables}
    providers = dict(parameters.base.DEFAULT_PROVIDERS)
    os.environ.update(variables)
    logging.disable(logging.CRITICAL)
    parameters.base.DEFAULT_PROVIDERS["secrets"] = _Secrets()
    try:
        with (
            patch.object(exports_app, "Athena", SimulatedAthena),
            patch.object(query_app, "Athena", SimulatedAthena),
            patch.object(request, "MAX_SAMPLES", _PAGE_SAMPLES),
            patch.object(request, "MAX_ROWS", _PAGE_ROWS),
            patch.object(request, "MAX_VALUES", _PAGE_VALUES),
            # So that every answer is cached: those of a small site cost less than that.
            patch.object(prices, "S3_PUT", 0.0),
            _restored(query_app.api),
            _restored(backfill_api_app.api),
            _restored(exports_api_app.api),
            _restored(admin_app.api),
        ):
            yield
    finally:
        logging.disable(logging.NOTSET)
        parameters.base.DEFAULT_PROVIDERS.clear()
        parameters.base.DEFAULT_PROVIDERS.update(providers)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
