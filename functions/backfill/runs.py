"""The beginning and the end of a run: its record, and the lock that limits a site to one run at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from backfill.events import BackfillRequest
from backfill.planning import RunPlan
from vitals.aws.clients import CONFIG, ClientConfig
from vitals.aws.runtime import Runtime
from vitals.aws.stepfunctions import Executions
from vitals.config import BackfillApiSettings
from vitals.errors import InvalidRequestError, RunningError
from vitals.model.records.runs import RUNNING, Run
from vitals.model.timespan import MINUTE_MS
from vitals.store.state.runs import RunTable
from vitals.store.stores import Stores

# One call lies between taking the lock and starting the execution.
_START_GRACE_MS = 2 * MINUTE_MS
# The status of a run whose execution ended without a summary; any other is a failure.
_STATUS_BY_EXECUTION = {"ABORTED": "cancelled"}


@dataclass(frozen=True, slots=True)
class Runs:
    """Begins and ends runs; `now` gives UTC ms."""

    table: RunTable
    executions: Executions
    now: Callable[[], int]

    @classmethod
    def connect(
        cls,
        settings: BackfillApiSettings,
        stores: Stores,
        runtime: Runtime,
        client_config: ClientConfig = CONFIG,
    ) -> "Runs":
        """Returns the runs of the stack that the settings name."""
        client = runtime.client("stepfunctions", client_config)
        return cls(stores.runs, Executions(client, settings.state_machine_arn), runtime.now_ms)

    def begin(self, run_id: str, request: BackfillRequest, plan: RunPlan) -> Run:
        """Takes the site's lock for the run and records it; RunningError while another run holds it.

        Safe to repeat; the latest plan counts. Takes over a lock whose execution has ended or never started.
        InvalidRequestError when the name is that of an earlier run: Step Functions forgets names, this table
        does not.
        """
        self._lock(request.site, run_id)
        run = self.table.create(_record(run_id, request, plan, self.now()))
        if run.status != RUNNING or not _is_of(run, request):
            self.table.unlock(request.site, run_id)
            raise InvalidRequestError(f"a backfill named {run_id} exists already; choose another name")
        days = ",".join(plan.days)
        if run.days != days:
            self.table.update(run_id, days=days, days_total=len(plan.days), days_complete=plan.complete)
        return run

    def refreshed(self, run: Run) -> Run:
        """Returns the run, ended if its execution has ended without a summary: stopped by hand, or broken."""
        if run.status != RUNNING or self._is_running(run.run, run.started_ms):
            return run
        status = _STATUS_BY_EXECUTION.get(self.executions.status(run.run) or "", "failed")
        self.abandon(run, "the execution ended without a summary", status)
        return self.table.load(run.run) or run

    def abandon(self, run: Run, error: str, status: str = "failed") -> None:
        """Ends a run that has no execution, or none any more."""
        now_ms = self.now()
        # A worker that outlives its execution stops before its next span.
        cancel_ms = run.cancel_ms or now_ms
        self.table.update_running(run.run, status=status, ended_ms=now_ms, cancel_ms=cancel_ms, error=error)
        self.table.unlock(run.site, run.run)

    def _lock(self, site: str, run_id: str) -> None:
        lock = self.table.lock(site, run_id, self.now())
        if lock.run == run_id:
            return
        if self._is_running(lock.run, lock.taken_ms):
            raise _running(lock.run)
        ended = self.table.load(lock.run)
        if ended:
            self.refreshed(ended)
        lock = self.table.lock(site, run_id, self.now(), instead_of=lock.run)
        if lock.run != run_id:
            raise _running(lock.run)

    def _is_running(self, run_id: str, since_ms: int) -> bool:
        status = self.executions.status(run_id)
        if status is None:
            return self.now() - since_ms < _START_GRACE_MS
        return status == "RUNNING"


def _record(run_id: str, request: BackfillRequest, plan: RunPlan, now_ms: int) -> Run:
    return Run(
        run_id,
        site=request.site,
        start_date=request.start_date,
        end_date=request.end_date,
        force=int(request.force),
        requested_by=request.requested_by,
        started_ms=now_ms,
        days_total=len(plan.days),
        days_complete=plan.complete,
        days=",".join(plan.days),
        rebuild=int(request.rebuild),
    )


def _is_of(run: Run, request: BackfillRequest) -> bool:
    """Returns whether the record is of a run with this request."""
    return (run.site, run.start_date, run.end_date, run.force, run.rebuild) == (
        request.site,
        request.start_date,
        request.end_date,
        int(request.force),
        int(request.rebuild),
    )


def _running(run_id: str) -> RunningError:
    return RunningError(f"Backfill {run_id} is already running. Wait for it or cancel it.", run_id)
