"""One attempt at a day of a run, with its record and its receipt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vitals.errors import VitalsError
from vitals.model.records.runs import DayStatus, Run, RunDay
from vitals.store.state.runs import RunTable

type Outcome = tuple[DayStatus, dict[str, int]]
"""The status of a day and its counts (fields of RunDay)."""

# Statuses of a day that no later attempt works on.
_FINAL = ("done", "empty")


@dataclass(frozen=True, slots=True)
class DayAttempts:
    """Makes attempts at the days of runs; `now` gives UTC ms."""

    runs: RunTable
    now: Callable[[], int]

    def make(self, run: Run, date: str, work: Callable[[], Outcome | None]) -> dict[str, Any]:
        """Does the work of a day and returns its receipt; safe to repeat, to race and to kill.

        A day that is done is not done again, nor a day of a cancelled run. The work returns None when the run
        is cancelled.
        """
        record = self.runs.day(run.run, date)
        if record.status in _FINAL:
            return _receipt(record)
        if run.cancel_ms:
            return self._cancelled(run, date)
        started_ms = self.now()
        self.runs.update_day(run, date, status="reading", attempts=record.attempts + 1, error="")
        try:
            outcome = work()
            if outcome is None:
                return self._cancelled(run, date)
        except Exception as error:
            # Another worker may have finished the day and cleared the staging area under this one.
            finished = self.runs.day(run.run, date)
            if finished.status in _FINAL:
                return _receipt(finished)
            seconds = record.seconds + (self.now() - started_ms) / 1000
            self.runs.update_day(run, date, status="failed", seconds=seconds, error=_public_text(error))
            raise
        status, counts = outcome
        seconds = record.seconds + (self.now() - started_ms) / 1000
        self.runs.update_day(run, date, status=status, seconds=seconds, **counts)
        return _receipt(RunDay(date, status, counts["samples"]))

    def _cancelled(self, run: Run, date: str) -> dict[str, Any]:
        self.runs.update_day(run, date, status="cancelled")
        return _receipt(RunDay(date, "cancelled"))


def _public_text(error: Exception) -> str:
    """Returns the text that a run shows for an error; those of others name tables and accounts."""
    name = type(error).__name__
    return f"{name}: {error}"[:500] if isinstance(error, VitalsError) else name


def _receipt(day: RunDay) -> dict[str, Any]:
    return {"day": day.day, "status": day.status, "samples": day.samples}
