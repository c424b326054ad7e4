"""One day of a run: read hour by hour, staged, and stored where readers look for it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backfill.read_day import DayReader, load_run, progress
from backfill.stage_hour import HourStager
from backfill.store_day import DayStore
from vitals.aws.runtime import SYSTEM
from vitals.errors import VitalsError
from vitals.model.records.runs import DayStatus, Run, RunDay
from vitals.model.site_day import SiteDay
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagingArea

# Statuses of a day that no later attempt reads again.
_FINAL = ("done", "empty")
_PROGRESS_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class DayWorker:
    """Does the days of runs; `remaining_s` is the time left for reading (DayReader)."""

    runs: RunTable
    staging: StagingArea
    archiver: Archiver
    ingest: Ingest
    circuits: CircuitTable
    remaining_s: Callable[[], float]
    progress_interval_s: float = _PROGRESS_INTERVAL_S
    monotonic: Callable[[], float] = SYSTEM.monotonic

    def work(self, run_id: str, date: str) -> dict[str, Any]:
        """Reads and stores the day and returns its receipt; safe to repeat, to race and to kill.

        The hours that were read before an error are staged, and the next attempt continues after them.
        """
        run = load_run(self.runs, run_id)
        day, record = SiteDay.parse(run.site, date), self.runs.day(run_id, date)
        if record.status in _FINAL:
            self.staging.clear(run_id, day)
            return _receipt(record)
        if run.cancel_ms:
            return self._cancelled(run, day)
        started_ms = self.ingest.now()
        self.runs.update_day(run, date, status="reading", attempts=record.attempts + 1, error="")
        try:
            result = self._read_and_store(run, day)
            if result is None:
                return self._cancelled(run, day)
        except Exception as error:
            # Another worker may have finished the day and cleared the staging area under this one.
            finished = self.runs.day(run_id, date)
            if finished.status in _FINAL:
                return _receipt(finished)
            seconds = record.seconds + (self.ingest.now() - started_ms) / 1000
            self.runs.update_day(run, date, status="failed", seconds=seconds, error=_public_text(error))
            raise
        status, counts = result
        seconds = record.seconds + (self.ingest.now() - started_ms) / 1000
        self.runs.update_day(run, date, status=status, seconds=seconds, **counts)
        self.staging.clear(run_id, day)
        return _receipt(RunDay(date, status, counts["samples"]))

    def _read_and_store(self, run: Run, day: SiteDay) -> tuple[DayStatus, dict[str, int]] | None:
        """Returns the day's status and counts; None when the run is cancelled."""
        with tempfile.TemporaryDirectory() as folder:
            hours = self._reader().read(run, day, Path(folder))
            if hours is None:
                return None
            store = DayStore(self.staging, self.archiver, self.ingest)
            stored = store.store(run.run, day, hours, Path(folder))
        counts = progress(hours)
        counts["rejected"] += stored.rejected
        return "done" if counts["samples"] or stored.rows else "empty", counts

    def _reader(self) -> DayReader:
        return DayReader(
            runs=self.runs,
            stager=HourStager(self.ingest, self.staging),
            catalogs=self.archiver.catalogs,
            circuits=self.circuits,
            remaining_s=self.remaining_s,
            progress_interval_s=self.progress_interval_s,
            monotonic=self.monotonic,
        )

    def _cancelled(self, run: Run, day: SiteDay) -> dict[str, Any]:
        self.staging.clear(run.run, day)
        self.runs.update_day(run, day.date, status="cancelled")
        return _receipt(RunDay(day.date, "cancelled"))


def _public_text(error: Exception) -> str:
    """Returns the text that a run shows for an error; those of others name tables and accounts."""
    name = type(error).__name__
    return f"{name}: {error}"[:500] if isinstance(error, VitalsError) else name


def _receipt(day: RunDay) -> dict[str, Any]:
    return {"day": day.day, "status": day.status, "samples": day.samples}
