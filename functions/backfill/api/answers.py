"""The answers of the backfill API: starting, watching and cancelling runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backfill import days, view
from backfill.api import schemas
from backfill.planning import Planner
from vitals.aws.runtime import SYSTEM
from vitals.errors import InvalidRequestError, NotFoundError
from vitals.http.access import allows, authorise, require_site
from vitals.model.records.runs import RUNNING, Run
from vitals.model.records.tokens import Grant

# The scopes of which one is enough to see a site's runs.
_VISIBLE_WITH = ("read", "backfill")


@dataclass(frozen=True, slots=True)
class BackfillAnswers:
    """What the routes work with."""

    planner: Planner
    new_id: Callable[[], str] = SYSTEM.new_id

    def start(self, grant: Grant, event: dict[str, Any]) -> tuple[int, schemas.DryRun | schemas.Started]:
        """Starts a run, or for a dry run says what it would take; status and answer."""
        site = event["site"]
        authorise(grant, site, "backfill", exists=self._has_site)
        asked = days.parse(event | {"requested_by": grant.name}, self.planner.now())
        planned = self.planner.plan(asked)
        answer = view.planned(asked, planned)
        if asked.dry_run:
            return 200, {"dry_run": True, **answer}
        run = self.planner.begin(self.new_id(), asked, planned)
        try:
            self.planner.executions.start(run.run, asked.event())
        except Exception:
            # An answer may be lost on its way; then the run goes on, and settles by itself.
            if self.planner.executions.status(run.run) is None:
                self.planner.abandon(run, "its execution could not be started")
                raise
        return 202, {"id": run.run, "status": RUNNING, **answer}

    def get(self, grant: Grant, run_id: str) -> schemas.RunWithDays:
        """A run with its days; NotFoundError also for one of a site that the token may not see."""
        run = self._visible(grant, run_id)
        return view.run_with_days(run, self.planner.runs.days(run_id), self.planner.now())

    def of_site(self, grant: Grant, site: str, limit: int) -> schemas.Runs:
        """The site's latest runs, newest first."""
        authorise(grant, site, *_VISIBLE_WITH, exists=self._has_site)
        runs = [self.planner.settled(run) for run in self.planner.runs.of_site(site, limit)]
        now_ms = self.planner.now()
        return {"backfills": [view.run(run, self.planner.runs.days(run.run), now_ms) for run in runs]}

    def cancel(self, grant: Grant, run_id: str) -> tuple[int, schemas.Cancelled]:
        """Asks a run to end before its next hour; of one that has ended nothing changes."""
        run = self._visible(grant, run_id)
        require_site(grant, run.site, "backfill")
        going = self.planner.runs.note_running(run_id, cancel_ms=run.cancel_ms or self.planner.now())
        run = self.planner.runs.load(run_id) or run
        answer: schemas.Cancelled = {
            "id": run_id,
            "status": run.status,
            "cancel_requested": bool(run.cancel_ms),
        }
        return 202 if going else 200, answer

    def _visible(self, grant: Grant, run_id: str) -> Run:
        if not 1 <= len(run_id) <= 80:
            raise InvalidRequestError("a backfill's id has 1 to 80 characters")
        run = self.planner.runs.load(run_id)
        if run is None or not allows(grant, run.site, *_VISIBLE_WITH):
            raise NotFoundError(f"there is no backfill {run_id!r}")
        return self.planner.settled(run)

    def _has_site(self, site: str) -> bool:
        return site in self.planner.sites
