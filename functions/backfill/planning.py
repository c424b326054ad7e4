"""The beginning of a run: what it has to read, and the lock that makes it the site's only one."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.config import Config

from backfill import days
from backfill.days import Asked, Estimate
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.aws.stepfunctions import Executions
from vitals.config import BackfillApiSettings
from vitals.errors import InvalidRequestError, NotFoundError, RunningError
from vitals.model.records.runs import RUNNING, Run
from vitals.model.timespan import DAY_MS, MINUTE_MS, day_name
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.stores import Stores

# Between taking the lock and starting the execution lies one call.
_START_GRACE_MS = 2 * MINUTE_MS
# What became of a run whose execution ended without a summary.
_ENDED_AS = {"ABORTED": "cancelled"}


@dataclass(frozen=True, slots=True)
class Planned:
    """The days to read (YYYY-MM-DD) and how many at once, how many are complete, and what it should take."""

    days: tuple[str, ...]
    complete: int
    at_once: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Planner:
    """What planning works with; `now` gives UTC ms."""

    runs: RunTable
    executions: Executions
    ledger: Ledger
    catalogs: CatalogTable
    sites: tuple[str, ...]
    now: Callable[[], int]
    requests_per_minute: int
    concurrency: int

    @classmethod
    def connect(
        cls, settings: BackfillApiSettings, stores: Stores, runtime: Runtime, client_config: Config = CONFIG
    ) -> "Planner":
        """Returns the planner of the stack that the settings name."""
        return cls(
            runs=stores.runs,
            executions=Executions(runtime.client("stepfunctions", client_config), settings.state_machine_arn),
            ledger=stores.ledger,
            catalogs=stores.catalogs,
            sites=settings.sites,
            now=runtime.now_ms,
            requests_per_minute=settings.requests_per_minute,
            concurrency=settings.concurrency,
        )

    def plan(self, asked: Asked) -> Planned:
        """What the run would do; NotFoundError for a site that is not one of ours, and nothing changes."""
        if asked.site not in self.sites:
            raise NotFoundError(f"there is no site {asked.site!r}")
        catalog = self.catalogs.load(asked.site)
        if not catalog.points:
            raise InvalidRequestError(f"{asked.site} was never synced, so its points are not known yet")
        archived = self.ledger.archive_records(asked.site, asked.days)
        polled = self.ledger.polled_days(asked.site, asked.days)
        wanted = days.to_read(asked, archived, polled, catalog.configured)
        intervals = [point.listed.interval_s for point in catalog.points if point.active]
        at_once = days.at_once(intervals, self.requests_per_minute, self.concurrency)
        expected = days.estimate(len(wanted), intervals, self.requests_per_minute, at_once)
        complete = asked.days.length_ms // DAY_MS - len(wanted)
        return Planned(tuple(map(day_name, wanted)), complete, at_once, expected)

    def begin(self, run: str, asked: Asked, planned: Planned) -> Run:
        """Takes the site's lock for the run and records it; RunningError while another run holds it.

        Safe to repeat; what a repeat plans counts. A lock whose execution has ended, or never was, is taken
        over. InvalidRequestError when the name is that of an earlier run: Step Functions forgets, we do not.
        """
        lock = self.runs.lock(asked.site, run, self.now())
        if lock.run != run:
            if self._is_running(lock.run, lock.taken_ms):
                raise self._refusal(asked.site, lock.run)
            ended = self.runs.load(lock.run)
            if ended:
                self.settled(ended)
            lock = self.runs.lock(asked.site, run, self.now(), instead_of=lock.run)
            if lock.run != run:
                raise self._refusal(asked.site, lock.run)
        found = self.runs.create(
            Run(
                run,
                site=asked.site,
                start_date=asked.start_date,
                end_date=asked.end_date,
                force=int(asked.force),
                requested_by=asked.requested_by,
                started_ms=self.now(),
                days_total=len(planned.days),
                days_complete=planned.complete,
                days=",".join(planned.days),
            )
        )
        same = (asked.site, asked.start_date, asked.end_date, int(asked.force))
        if found.status != RUNNING or (found.site, found.start_date, found.end_date, found.force) != same:
            self.runs.unlock(asked.site, run)
            raise InvalidRequestError(f"there was a backfill {run} before; start this one by another name")
        if found.days != ",".join(planned.days):
            facts = {"days_total": len(planned.days), "days_complete": planned.complete}
            self.runs.note(run, days=",".join(planned.days), **facts)
        return found

    def settled(self, run: Run) -> Run:
        """The run, ended if its execution has ended without saying so: stopped by hand, or broken."""
        if run.status != RUNNING or self._is_running(run.run, run.started_ms):
            return run
        status = _ENDED_AS.get(self.executions.status(run.run) or "", "failed")
        self.abandon(run, "its execution ended before the run was summarised", status)
        return self.runs.load(run.run) or run

    def abandon(self, run: Run, error: str, status: str = "failed") -> None:
        """Ends a run that has no execution, or none any more."""
        now_ms = self.now()
        # A worker that outlives its execution stops before its next hour.
        cancel_ms = run.cancel_ms or now_ms
        self.runs.note_running(run.run, status=status, ended_ms=now_ms, cancel_ms=cancel_ms, error=error)
        self.runs.unlock(run.site, run.run)

    def _is_running(self, run: str, since_ms: int) -> bool:
        status = self.executions.status(run)
        if status is None:
            return self.now() - since_ms < _START_GRACE_MS
        return status == "RUNNING"

    def _refusal(self, site: str, running: str) -> RunningError:
        return RunningError(f"backfill {running} of {site} is at work; wait for it or cancel it", running)
