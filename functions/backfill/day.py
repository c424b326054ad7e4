"""One day of a run: read hour by hour, staged, and stored where readers look for it."""

import functools
import operator
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitals.aws.runtime import SYSTEM
from vitals.codec import staged_hour
from vitals.errors import (
    ConflictError,
    NotFoundError,
    UnfinishedDayError,
    UpstreamUnavailableError,
    VitalsError,
)
from vitals.model import point_set
from vitals.model.points import Catalog
from vitals.model.records.runs import DayStatus, Run, RunDay
from vitals.model.samples import concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, floor_window
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagedHour, StagingArea, points_text

SOURCE = "backfill"
FINISHED = ("done", "empty")
_BEAT_S = 1.0
# With less time left than a request may take, its failure says nothing of the upstream.
_LAST_REQUEST_S = 60


@dataclass(frozen=True, slots=True)
class DayWorker:
    """What reading a day works with; `remaining_s` is the time left for reading.

    Between hours, and at most every `beat_s`, the run is told how far the day is and asked whether to go on.
    """

    runs: RunTable
    staging: StagingArea
    archiver: Archiver
    ingest: Ingest
    circuits: CircuitTable
    remaining_s: Callable[[], float]
    beat_s: float = _BEAT_S
    monotonic: Callable[[], float] = SYSTEM.monotonic

    def work(self, run_id: str, date: str) -> dict[str, Any]:
        """Reads and stores the day and returns its receipt; safe to repeat, to race and to kill.

        What was read of it before an error is staged, and the next attempt goes on from there.
        """
        run = self._run(run_id)
        day = SiteDay.parse(run.site, date)
        known = self.runs.day(run_id, date)
        if known.status in FINISHED:
            self.staging.clear(run_id, day)
            return _receipt(known)
        if run.cancel_ms:
            return self._cancelled(run, day)
        started_ms = self.ingest.now()
        self.runs.update_day(run, day.date, status="reading", attempts=known.attempts + 1, error="")
        try:
            with tempfile.TemporaryDirectory() as folder:
                hours = self._read(run, day, Path(folder))
                if hours is None:
                    return self._cancelled(run, day)
                tally = Tally()
                rows = self._store(run, day, hours, Path(folder), tally)
        except Exception as error:
            finished = self.runs.day(run_id, date)
            if finished.status in FINISHED:
                # By another worker, who has cleared the staging area under this one.
                return _receipt(finished)
            seconds = known.seconds + (self.ingest.now() - started_ms) / 1000
            self.runs.update_day(run, day.date, status="failed", seconds=seconds, error=_told(error))
            raise
        progress = _progress(hours)
        progress["rejected"] += tally.rejected.total()
        status: DayStatus = "done" if progress["samples"] or rows else "empty"
        seconds = known.seconds + (self.ingest.now() - started_ms) / 1000
        self.runs.update_day(run, day.date, status=status, seconds=seconds, **progress)
        self.staging.clear(run_id, day)
        return _receipt(RunDay(day.date, status, progress["samples"]))

    def _read(self, run: Run, day: SiteDay, folder: Path) -> list[StagedHour] | None:
        """Every hour of the day, staged; None when the run is cancelled."""
        catalog = self.archiver.catalogs.load(run.site)
        found = self.staging.hours(run.run, day, folder)
        beat_s = float("-inf")
        for hour, span in enumerate(_closed_hours(day.day_ms, self.ingest.now())):
            if hour in found and _is_whole(found[hour], span, catalog):
                continue
            if self.monotonic() - beat_s >= self.beat_s:
                beat_s = self.monotonic()
                self.runs.update_day(run, day.date, **_progress(found.values()))
                if self._run(run.run).cancel_ms:
                    return None
                self.circuits.load().check(self.ingest.now())
            if self.remaining_s() <= 0:
                raise UnfinishedDayError(f"{day.date} is read up to hour {hour}")
            if found.pop(hour, None):
                self.staging.reopen(run.run, day, hour)
            try:
                found[hour] = self._stage(run, day, hour, span, catalog, folder)
            except UpstreamUnavailableError as error:
                if self.remaining_s() < _LAST_REQUEST_S:
                    raise UnfinishedDayError(f"{day.date} is read up to hour {hour}") from error
                raise
        return [found[hour] for hour in sorted(found)]

    def _stage(
        self, run: Run, day: SiteDay, hour: int, span: Span, catalog: Catalog, folder: Path
    ) -> StagedHour:
        tally, fetched_ms, asked = Tally(), self.ingest.now(), self.ingest.ace.requests
        windows = np.zeros(span.length_ms // WINDOW_MS, np.int64)
        last, parts = concat([]), 0
        for part in self.ingest.read(run.site, catalog, span, tally):
            inside = (part.times >= span.start_ms) & (part.times < span.end_ms)
            tally.rejected["outside"] += len(part) - int(inside.sum())
            samples = merge([part[inside]])
            if not len(samples):
                continue
            if len(last):
                self.staging.put_part(run.run, day, hour, parts, last, folder)
                parts += 1
            windows += np.bincount((samples.times - span.start_ms) // WINDOW_MS, minlength=len(windows))
            last = samples
        read = StagedHour(
            hour=hour,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            fetched_ms=fetched_ms,
            parts=parts,
            windows=windows.tolist(),
            requests=self.ingest.ace.requests - asked,
            rejected=dict(+tally.rejected),
            configured=points_text(catalog.configured),
        )
        self.staging.finish(run.run, day, read, last, folder)
        return read

    def _store(self, run: Run, day: SiteDay, hours: list[StagedHour], folder: Path, tally: Tally) -> int:
        """Stores what is staged and returns how many samples the day then has."""
        now_ms = self.ingest.now()
        over = day.span.end_ms <= now_ms
        files = self.staging.fetch(run.run, day, hours, folder)
        if over and not self.archiver.ledger.archive_record(day).has_blocks(now_ms):
            return self._store_cold(day, hours, files)
        return self._store_hot(day, hours, files, tally, over=over)

    def _store_cold(self, day: SiteDay, hours: list[StagedHour], files: dict[int, list[Path]]) -> int:
        parts = staged_hour.StagedParts([file for hour in hours for file in files[hour.hour]])
        facts = self.archiver.archive_fresh(day, parts.group, SOURCE)
        counts = {
            hour.start_ms + place * WINDOW_MS: count
            for hour in hours
            for place, count in enumerate(hour.windows)
        }
        self._record(day.site, hours, counts)
        return int(facts["rows"])

    def _store_hot(
        self,
        day: SiteDay,
        hours: list[StagedHour],
        files: dict[int, list[Path]],
        tally: Tally,
        *,
        over: bool,
    ) -> int:
        """Where readers find blocks they take these, so the blocks must have what was read."""
        for hour in hours:
            parts = map(staged_hour.decode, files[hour.hour])
            span = Span(hour.start_ms, hour.end_ms)
            self.ingest.write(day.site, span, parts, hour.fetched_ms, tally, hour.points)
        # Hour by hour the day claims no point that it lacked before; it was read whole for these.
        self._record(day.site, hours, {})
        samples = sum(hour.samples for hour in hours)
        if not over:
            return samples
        try:
            return int(self.archiver.archive(day, lambda: SOURCE)["rows"])
        except ConflictError:
            # The live sync writes to the day. All that was read is in its blocks, and the day is due tonight.
            return samples

    def _record(self, site: str, hours: list[StagedHour], counts: dict[int, int]) -> None:
        """Notes that all these hours were asked for at once, for the points that each was read for."""
        points = functools.reduce(operator.and_, (hour.points for hour in hours)) if hours else 0
        if hours:
            span = Span(hours[0].start_ms, hours[-1].end_ms)
            self.archiver.ledger.record(site, span, counts, points)

    def _cancelled(self, run: Run, day: SiteDay) -> dict[str, Any]:
        self.staging.clear(run.run, day)
        self.runs.update_day(run, day.date, status="cancelled")
        return _receipt(RunDay(day.date, "cancelled"))

    def _run(self, run_id: str) -> Run:
        run = self.runs.load(run_id)
        if run is None:
            raise NotFoundError(f"there is no backfill {run_id}")
        return run


def _told(error: Exception) -> str:
    """What a run's readers are told of an error; what others say names tables and accounts, and is logged."""
    name = type(error).__name__
    return f"{name}: {error}"[:500] if isinstance(error, VitalsError) else name


def _is_whole(hour: StagedHour, span: Span, catalog: Catalog) -> bool:
    """Whether what an earlier attempt read will do: not cut at its present, and for every point of today."""
    return (
        hour.end_ms == span.end_ms
        and bool(hour.configured)
        and point_set.contains(hour.points, catalog.configured)
    )


def _closed_hours(day_ms: int, now_ms: int) -> list[Span]:
    """The hours of the day up to the last window that is over."""
    return list(Span(day_ms, min(day_ms + DAY_MS, floor_window(now_ms))).pieces(HOUR_MS))


def _progress(hours: Iterable[StagedHour]) -> dict[str, int]:
    """What the run's record says of these hours."""
    hours = list(hours)
    return {
        "hours": len(hours),
        "samples": sum(hour.samples for hour in hours),
        "requests": sum(hour.requests for hour in hours),
        "rejected": sum(sum(hour.rejected.values()) for hour in hours),
    }


def _receipt(day: RunDay) -> dict[str, Any]:
    return {"day": day.day, "status": day.status, "samples": day.samples}
