"""The end of a run: what became of its days, once and for all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitals.errors import NotFoundError
from vitals.model.records.runs import Run
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagingArea

_FINAL = ("done", "empty", "cancelled")


@dataclass(frozen=True, slots=True)
class Summariser:
    """What summarising works with; `now` gives UTC ms."""

    runs: RunTable
    staging: StagingArea
    now: Callable[[], int]

    def summarise(self, run_id: str, results: Sequence[Mapping[str, Any]], error: str) -> dict[str, Any]:
        """Ends the run by its days' records and gives the site's lock back; safe to repeat.

        `results` are the map's: days without a finished record take the error that the map knows.
        """
        run = self.runs.load(run_id)
        if run is None:
            raise NotFoundError(f"there is no backfill {run_id}")
        errors = {str(result["day"]): str(result.get("error", "")) for result in results}
        recorded = {day.day: day for day in self.runs.days(run_id)}
        statuses: Counter[str] = Counter()
        for day in sorted(recorded.keys() | errors.keys()):
            known = recorded.get(day)
            if known is None or known.status not in _FINAL:
                facts = {"status": "failed"}
                if known is None or not known.error:
                    facts["error"] = errors.get(day) or error or "ended without a receipt"
                self.runs.update_day(run, day, **facts)
                statuses["failed"] += 1
            else:
                statuses[known.status] += 1
        # Days that the map never came to, because it broke.
        statuses["failed"] += max(0, run.days_total - statuses.total())
        status = _status(run, statuses)
        # What a failed day has read is of no use to another run: it would be stored as later than it is.
        self.staging.clear(run_id)
        self.runs.update_running(run_id, status=status, ended_ms=self.now(), error=error)
        self.runs.unlock(run.site, run_id)
        return {
            "run": run_id,
            "site": run.site,
            "status": status,
            "days": {name: statuses[name] for name in ("done", "empty", "failed", "cancelled")},
            "samples": sum(day.samples for day in recorded.values() if day.status == "done"),
        }


def _status(run: Run, days: Counter[str]) -> str:
    if run.cancel_ms and days["cancelled"]:
        return "cancelled"
    if not days["failed"]:
        return "succeeded"
    return "partial" if days["done"] + days["empty"] else "failed"
