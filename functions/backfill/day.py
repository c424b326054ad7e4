"""One day of a run: read span by span, staged, and stored where readers look for it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backfill.day_attempt import DayAttempts, Outcome
from backfill.read_day import DayReader, load_run, progress
from backfill.stage_span import SpanStager
from backfill.store_day import DayStore
from vitals.aws.runtime import SYSTEM
from vitals.model.records.runs import Run
from vitals.model.site_day import SiteDay
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagingArea

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

        The spans that were read before an error are staged, and the next attempt continues after them.
        """
        run = load_run(self.runs, run_id)
        day = SiteDay.parse(run.site, date)
        attempts = DayAttempts(self.runs, self.ingest.now)
        receipt = attempts.make(run, date, lambda: self._read_and_store(run, day))
        self.staging.clear(run_id, day)
        return receipt

    def _read_and_store(self, run: Run, day: SiteDay) -> Outcome | None:
        """Returns the day's status and counts; None when the run is cancelled."""
        with tempfile.TemporaryDirectory() as folder:
            spans = self._reader().read(run, day, Path(folder))
            if spans is None:
                return None
            store = DayStore(self.staging, self.archiver, self.ingest)
            stored = store.store(run.run, day, spans, Path(folder))
        counts = progress(spans)
        counts["rejected"] += stored.rejected
        return "done" if counts["samples"] or stored.rows else "empty", counts

    def _reader(self) -> DayReader:
        return DayReader(
            runs=self.runs,
            stager=SpanStager(self.ingest, self.staging),
            catalogs=self.archiver.catalogs,
            circuits=self.circuits,
            remaining_s=self.remaining_s,
            progress_interval_s=self.progress_interval_s,
            monotonic=self.monotonic,
        )
