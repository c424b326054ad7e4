"""Reading a day of a run, hour by hour, from where the attempt before stopped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from backfill.stage_hour import HourRequest, HourStager
from vitals.errors import NotFoundError, UnfinishedDayError, UpstreamUnavailableError
from vitals.model import point_set
from vitals.model.points import Catalog
from vitals.model.records.runs import Run
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS, Span, floor_window
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagedHour

# With less time left than a request may take, a timeout does not show that the upstream is unavailable.
_LAST_REQUEST_S = 60


@dataclass(frozen=True, slots=True)
class DayReader:
    """Reads days into the staging area; `remaining_s` is the time left for reading.

    Between hours, and at most every `progress_interval_s`, it notes the progress and looks whether the run
    was cancelled and whether the circuit is open.
    """

    runs: RunTable
    stager: HourStager
    catalogs: CatalogTable
    circuits: CircuitTable
    remaining_s: Callable[[], float]
    progress_interval_s: float
    monotonic: Callable[[], float]

    def read(self, run: Run, day: SiteDay, folder: Path) -> list[StagedHour] | None:
        """Returns every hour of the day up to the present, staged; None when the run is cancelled.

        UnfinishedDayError when the time is over; the hours read before it are staged.
        """
        catalog = self.catalogs.load(run.site)
        staged = self.stager.staging.hours(run.run, day, folder)
        noted_s = float("-inf")
        for hour, span in enumerate(_closed_hours(day, self.stager.ingest.now())):
            if hour in staged and _is_usable(staged[hour], span, catalog):
                continue
            if self.monotonic() - noted_s >= self.progress_interval_s:
                noted_s = self.monotonic()
                if not self._may_continue(run, day, staged.values()):
                    return None
            if self.remaining_s() <= 0:
                raise _unfinished(day, hour)
            if staged.pop(hour, None):
                self.stager.staging.reopen(run.run, day, hour)
            staged[hour] = self._stage(HourRequest(run.run, day, hour, span), catalog, folder)
        return [staged[hour] for hour in sorted(staged)]

    def _may_continue(self, run: Run, day: SiteDay, hours: Iterable[StagedHour]) -> bool:
        """Notes the progress; returns False for a cancelled run, CircuitOpenError for an open circuit."""
        self.runs.update_day(run, day.date, **progress(hours))
        if load_run(self.runs, run.run).cancel_ms:
            return False
        self.circuits.load().check(self.stager.ingest.now())
        return True

    def _stage(self, request: HourRequest, catalog: Catalog, folder: Path) -> StagedHour:
        try:
            return self.stager.stage(request, catalog, folder)
        except UpstreamUnavailableError as error:
            if self.remaining_s() < _LAST_REQUEST_S:
                raise _unfinished(request.day, request.hour) from error
            raise


def load_run(runs: RunTable, run_id: str) -> Run:
    """Returns the record of the run; NotFoundError when there is none."""
    run = runs.load(run_id)
    if run is None:
        raise NotFoundError(f"there is no backfill {run_id}")
    return run


def progress(hours: Iterable[StagedHour]) -> dict[str, int]:
    """Returns the fields of RunDay that these hours fill."""
    hours = list(hours)
    return {
        "hours": len(hours),
        "samples": sum(hour.samples for hour in hours),
        "requests": sum(hour.requests for hour in hours),
        "rejected": sum(sum(hour.rejected.values()) for hour in hours),
    }


def _is_usable(hour: StagedHour, span: Span, catalog: Catalog) -> bool:
    """Returns whether an earlier attempt read the whole span, for every point that is configured now."""
    return (
        hour.end_ms == span.end_ms
        and bool(hour.configured)
        and point_set.contains(hour.points, catalog.configured)
    )


def _unfinished(day: SiteDay, hour: int) -> UnfinishedDayError:
    """Returns the error of an attempt that ends before this hour of the day is read."""
    return UnfinishedDayError(
        f"time limit reached before hour {hour} of {day.date}; the next attempt continues"
    )


def _closed_hours(day: SiteDay, now_ms: int) -> list[Span]:
    """Returns the hours of the day up to the last window that is over."""
    return list(Span(day.day_ms, min(day.span.end_ms, floor_window(now_ms))).pieces(HOUR_MS))
