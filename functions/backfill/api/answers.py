"""The answers of the backfill API: starting, watching and cancelling runs."""

from collections.abc import Callable
from dataclasses import dataclass

from backfill import view
from backfill.api import schemas
from backfill.events import StartRequest, parse_request
from backfill.planning import Planner
from backfill.runs import Runs
from vitals.aws.runtime import SYSTEM
from vitals.errors import InvalidRequestError, NotFoundError
from vitals.http.access import allows, authorise, require_site
from vitals.model.records.runs import RUNNING, Run
from vitals.model.records.sites import REMOVED
from vitals.model.records.tokens import Grant

# The scopes of which one is enough to see a site's runs.
_VISIBLE_WITH = ("read", "backfill")


@dataclass(frozen=True, slots=True)
class BackfillAnswers:
    """What the routes call."""

    planner: Planner
    runs: Runs
    new_id: Callable[[], str] = SYSTEM.new_id

    def start(self, grant: Grant, start: StartRequest) -> tuple[int, schemas.DryRun | schemas.Started]:
        """Starts a run, or estimates it for a dry run; returns status and answer."""
        authorise(grant, start["site"], "backfill", exists=self._has_site)
        request = parse_request({**start, "requested_by": grant.name}, self.runs.now())
        plan = self.planner.plan(request)
        answer = view.planned(request, plan)
        if request.dry_run:
            return 200, {"dry_run": True, **answer}
        run = self.runs.begin(self.new_id(), request, plan)
        try:
            self.runs.executions.start(run.run, request.event())
        except Exception:
            # Only the response may have been lost. An execution that exists ends the run itself.
            if self.runs.executions.status(run.run) is None:
                self.runs.abandon(run, "its execution could not be started")
                raise
        return 202, {"id": run.run, "status": RUNNING, **answer}

    def get(self, grant: Grant, run_id: str) -> schemas.RunWithDays:
        """Returns a run with its days; NotFoundError also for one of a site that the token may not see."""
        run = self._visible(grant, run_id)
        return view.run_with_days(run, self.runs.table.days(run_id), self.runs.now())

    def of_site(self, grant: Grant, site: str, limit: int) -> schemas.Runs:
        """Returns the site's latest runs, newest first."""
        authorise(grant, site, *_VISIBLE_WITH, exists=self._has_site)
        runs = [self.runs.refreshed(run) for run in self.runs.table.of_site(site, limit)]
        now_ms = self.runs.now()
        return {"backfills": [view.run(run, self.runs.table.days(run.run), now_ms) for run in runs]}

    def cancel(self, grant: Grant, run_id: str) -> tuple[int, schemas.Cancelled]:
        """Ends a run before its next hour, and leaves one that has ended as it is."""
        run = self._visible(grant, run_id)
        require_site(grant, run.site, "backfill")
        running = self.runs.table.update_running(run_id, cancel_ms=run.cancel_ms or self.runs.now())
        run = self.runs.table.load(run_id) or run
        answer: schemas.Cancelled = {
            "id": run_id,
            "status": run.status,
            "cancel_requested": bool(run.cancel_ms),
        }
        return 202 if running else 200, answer

    def _visible(self, grant: Grant, run_id: str) -> Run:
        if not 1 <= len(run_id) <= 80:
            raise InvalidRequestError("a backfill's id has 1 to 80 characters")
        run = self.runs.table.load(run_id)
        if run is None or not allows(grant, run.site, *_VISIBLE_WITH):
            raise NotFoundError(f"there is no backfill {run_id!r}")
        return self.runs.refreshed(run)

    def _has_site(self, site: str) -> bool:
        return self.planner.status(site) not in (None, REMOVED)
