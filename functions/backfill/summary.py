"""The end of a run: its status, from the status of its days."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backfill.read_day import load_run
from vitals.model.records.runs import Run, RunDay
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagingArea

_FINAL = ("done", "empty", "cancelled")


@dataclass(frozen=True, slots=True)
class Summariser:
    """Ends runs; `now` gives UTC ms."""

    runs: RunTable
    staging: StagingArea
    now: Callable[[], int]

    def summarise(self, run_id: str, results: Sequence[Mapping[str, Any]], error: str) -> dict[str, Any]:
        """Ends the run by the records of its days and releases the site's lock; safe to repeat.

        `results` are the map state's: a day whose record is not final gets the error of its result.
        """
        run = load_run(self.runs, run_id)
        records = {day.day: day for day in self.runs.days(run_id)}
        statuses = self._end_days(run, records, results, error)
        status = _status(run, statuses)
        # Another run cannot use what a failed day has read: it would store it as later than it is.
        self.staging.clear(run_id)
        self.runs.update_running(run_id, status=status, ended_ms=self.now(), error=error)
        self.runs.unlock(run.site, run_id)
        return {
            "run": run_id,
            "site": run.site,
            "status": status,
            "days": {name: statuses[name] for name in ("done", "empty", "failed", "cancelled")},
            "samples": sum(day.samples for day in records.values() if day.status == "done"),
        }

    def _end_days(
        self, run: Run, records: Mapping[str, RunDay], results: Sequence[Mapping[str, Any]], error: str
    ) -> Counter[str]:
        """Notes every day without a final status as failed, and returns how many days have which status."""
        errors = {str(result["day"]): str(result.get("error", "")) for result in results}
        statuses: Counter[str] = Counter()
        for day in sorted(records.keys() | errors.keys()):
            record = records.get(day)
            if record and record.status in _FINAL:
                statuses[record.status] += 1
                continue
            facts = {"status": "failed"}
            if record is None or not record.error:
                facts["error"] = errors.get(day) or error or "the day ended without a result"
            self.runs.update_day(run, day, **facts)
            statuses["failed"] += 1
        # Days that the map state did not reach before it failed.
        statuses["failed"] += max(0, run.days_total - statuses.total())
        return statuses


def _status(run: Run, days: Counter[str]) -> str:
    if run.cancel_ms and days["cancelled"]:
        return "cancelled"
    if not days["failed"]:
        return "succeeded"
    return "partial" if days["done"] + days["empty"] else "failed"
