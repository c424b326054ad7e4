"""One day of a run that rebuilds rollups: archived again from its file and its blocks."""

from dataclasses import dataclass
from typing import Any

from backfill.day_attempt import DayAttempts, Outcome
from vitals.model.records.runs import Run
from vitals.model.site_day import SiteDay
from vitals.pipeline.archiver import Archiver
from vitals.store.state.runs import RunTable

SOURCE = "rebuild"


@dataclass(frozen=True, slots=True)
class DayRebuilder:
    """Rebuilds the days of runs; sends no request to the upstream."""

    runs: RunTable
    archiver: Archiver

    def work(self, run: Run, date: str) -> dict[str, Any]:
        """Archives the day again and returns its receipt; safe to repeat, to race and to kill."""
        day = SiteDay.parse(run.site, date)
        return DayAttempts(self.runs, self.archiver.now).make(run, date, lambda: self._archive(day))

    def _archive(self, day: SiteDay) -> Outcome:
        rows = int(self.archiver.archive(day, lambda: SOURCE)["rows"])
        return "done" if rows else "empty", {"samples": rows}
