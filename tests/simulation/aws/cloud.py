"""The services of AWS of one stack, with clients for its processes."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.simulation.aws.athena_service import ArchiveTable, AthenaService
from tests.simulation.aws.client import Client
from tests.simulation.aws.dynamodb import DynamoDB
from tests.simulation.aws.dynamodb_tables import TableKeys
from tests.simulation.aws.queue_settings import queue_settings
from tests.simulation.aws.s3 import S3
from tests.simulation.aws.sqs import SQS
from tests.simulation.aws.stepfunctions import StepFunctions
from tests.simulation.process import Machine, Process
from tests.simulation.stack import (
    BUCKET,
    GLUE_DATABASE,
    GLUE_TABLE,
    STATE_MACHINE,
    Died,
    Invocation,
)
from tests.support.asl.data import TaskFailed
from tests.support.asl.definition import load
from tests.support.asl.execution import Execution
from tests.support.asl.platform import Outcomes, Platform
from tests.support.template import ROOT, template
from vitals.aws.clients import CONFIG
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable

_TABLES = ("HotTable", "StateTable")
_MACHINE = ROOT / "statemachine/backfill.asl.yaml"
_SUBSTITUTIONS = {"Partition": "aws", "BackfillFunctionArn": "BackfillFunction"}


class Direct:
    """A client of a service whose calls neither wait nor fail, for oracles."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **request: self._server.call(operation, request)


class Cloud:
    """Tables, bucket, queues and state machine; `invoke` runs a task of the state machine."""

    def __init__(self, machine: Machine, random: Random, invoke: Callable[[Any], Invocation]) -> None:
        self._machine = machine
        self._random = random
        self._invoke = invoke
        faults, scheduler = machine.faults, machine.scheduler
        self.sent: Callable[[str], None] = lambda _: None
        """Is told of each queue to which a message is sent."""
        self.executed: Callable[[Execution], None] = lambda _: None
        """Is told of each execution that has ended, when none of its tasks runs any more."""

        def now_ms() -> int:
            return int(scheduler.now_ms)

        resources = template()["Resources"]
        tables = {name: TableKeys.of_properties(resources[name]["Properties"]) for name in _TABLES}
        self.dynamodb = DynamoDB(
            tables,
            now_ms,
            random,
            stale_ms=faults.stale_ms,
            unprocessed=lambda: faults.happens("unprocessed"),
        )
        self.s3 = S3(
            now_ms,
            random,
            conflict=lambda: faults.happens("conflict"),
            undeleted=lambda: faults.happens("undeleted"),
        )
        self.sqs = SQS(
            queue_settings(),
            now_ms,
            random,
            duplicate=lambda: faults.happens("duplicate"),
            unsent=lambda: faults.happens("unsent"),
            vanished=lambda queue: queue.startswith("Export") and faults.happens("vanished"),
        )
        table = ArchiveTable(BUCKET, GLUE_DATABASE, GLUE_TABLE)
        self.athena = AthenaService(
            self.s3, table, now_ms, random, duration_ms=lambda: 300 + 4_000 * random.random() ** 2
        )
        self.executions = StepFunctions(
            {STATE_MACHINE: load(_MACHINE, _SUBSTITUTIONS)}, now_ms, self._execute
        )
        self._platform = Platform(
            invoke=self._task,
            now_ms=now_ms,
            sleep=lambda seconds: scheduler.sleep(seconds * 1000),
            uniform=random.uniform,
            spawn=self._spawn,
        )
        self.direct = Direct(self.dynamodb)
        self._catalogs: dict[str, tuple[Any, Mapping[str, bool]]] = {}
        self._active: dict[str, tuple[Any, frozenset[str]]] = {}

    def connect(self, process: Process, service: str, config: Any) -> Client:
        """Returns a client of a process."""
        servers = {
            "dynamodb": self.dynamodb,
            "s3": self.s3,
            "sqs": self._notifying(),
            "athena": self.athena,
            "stepfunctions": self.executions,
        }
        return Client(service, servers[service], process, config or CONFIG)

    def catalog(self, site: str) -> Mapping[str, bool]:
        """Returns the names of a site's points, and whether each is active."""
        # A site of the simulation has one chunk.
        chunk = self.dynamodb.get("StateTable", keys.catalog_chunk(site, 0))
        stored, names = self._catalogs.get(site, (None, {}))
        if chunk != stored:
            catalog = CatalogTable(self.direct, "StateTable").load(site)
            names = {point.name: point.active for point in catalog.points}
            self._catalogs[site] = (chunk, names)
        return names

    def active_names(self, site: str) -> frozenset[str]:
        """Returns the names of a site's active points."""
        names = self.catalog(site)
        before, active = self._active.get(site, (None, frozenset()))
        if names is not before:
            active = frozenset(name for name, is_active in names.items() if is_active)
            self._active[site] = names, active
        return active

    def reap(self) -> None:
        """Deletes some of what has expired, as AWS does some time after it has."""
        for table in _TABLES:
            self.dynamodb.reap(table, "expires_at", lambda: self._random.random() < 0.5)
        self.s3.expire(BUCKET)

    def _notifying(self) -> Any:
        return _Notifying(self.sqs, lambda queue: self.sent(queue))

    def _execute(self, execution: Execution) -> None:
        def run() -> None:
            execution.run(self._platform)
            self.executed(execution)

        self._machine.scheduler.spawn(run)

    def _task(self, _: str, payload: Any, timeout_s: float) -> Any:
        if self._machine.faults.happens("refused"):
            raise TaskFailed("Lambda.TooManyRequestsException", "")
        invocation = self._invoke(payload)
        if isinstance(invocation.error, Died):
            raise TaskFailed("Sandbox.Timedout" if self._random.random() < 0.5 else "Runtime.ExitError", "")
        if invocation.error is not None:
            raise TaskFailed(type(invocation.error).__name__, str(invocation.error))
        return invocation.result

    def _spawn(self, callables: Any, limit: int) -> Outcomes:
        """Runs callables as tasks, at most so many at a time."""
        scheduler = self._machine.scheduler
        outcomes: list[Any] = [None] * len(callables)
        waiting = list(enumerate(callables))[::-1]

        def work() -> None:
            while waiting:
                number, call = waiting.pop()
                try:
                    outcomes[number] = call()
                except Exception as error:
                    outcomes[number] = error

        tasks = [scheduler.spawn(work) for _ in range(min(limit or len(callables), len(callables)))]
        for task in tasks:
            scheduler.join(task)
        return outcomes


class _Notifying:
    def __init__(self, sqs: SQS, sent: Callable[[str], None]) -> None:
        self._sqs = sqs
        self._sent = sent

    def call(self, operation: str, request: Any) -> dict[str, Any]:
        answer = self._sqs.call(operation, request)
        if operation == "send_message_batch":
            self._sent(request["QueueUrl"])
        return answer
