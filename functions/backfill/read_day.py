"""Reading a day of a run, span by span, from where the attempt before stopped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from backfill.plan_day import next_span, usable_spans
from backfill.stage_span import SpanRequest, SpanStager
from vitals.errors import NotFoundError, UnfinishedDayError, UpstreamUnavailableError
from vitals.model.points import Catalog
from vitals.model.records.runs import Run
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS, Span, floor_window, iso
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.runs import RunTable
from vitals.store.tiers.staging import StagedSpan

# With less time left than a request may take, a timeout does not show that the upstream is unavailable.
_LAST_REQUEST_S = 60


@dataclass(frozen=True, slots=True)
class DayReader:
    """Reads days into the staging area; `remaining_s` is the time left for reading.

    Between spans, and at most every `progress_interval_s`, it notes the progress and looks whether the run
    was cancelled and whether the circuit is open.
    """

    runs: RunTable
    stager: SpanStager
    catalogs: CatalogTable
    circuits: CircuitTable
    remaining_s: Callable[[], float]
    progress_interval_s: float
    monotonic: Callable[[], float]

    def read(self, run: Run, day: SiteDay, folder: Path) -> list[StagedSpan] | None:
        """Returns spans that are together the day up to the present, staged; None when the run is cancelled.

        UnfinishedDayError when the time is over; the spans read before it are staged.
        """
        catalog = self.catalogs.load(run.site)
        closed = Span(day.day_ms, min(day.span.end_ms, floor_window(self.stager.ingest.now())))
        staged = self._resume(run, day, closed, catalog, folder)
        noted_s, has_failed = float("-inf"), False
        while plan := next_span(staged, closed, catalog, self.stager.ingest.ace.page_size):
            if self.monotonic() - noted_s >= self.progress_interval_s:
                noted_s = self.monotonic()
                if not self._may_continue(run, day, staged):
                    return None
            if self.remaining_s() <= 0:
                raise _unfinished(plan.span)
            receipt = self._stage(SpanRequest(run.run, day, plan), catalog, folder, has_failed=has_failed)
            has_failed = receipt is None
            staged = sorted([*staged, *([receipt] if receipt else [])], key=lambda staged: staged.span)
        return staged

    def _resume(
        self, run: Run, day: SiteDay, closed: Span, catalog: Catalog, folder: Path
    ) -> list[StagedSpan]:
        """Returns the spans that need not be read again, of those that are staged; drops the others."""
        staging = self.stager.staging
        staged = staging.spans(run.run, day, folder)
        usable = usable_spans(staged, closed, catalog)
        staging.reopen(run.run, day, [receipt.span for receipt in staged if receipt not in usable])
        return usable

    def _may_continue(self, run: Run, day: SiteDay, spans: Iterable[StagedSpan]) -> bool:
        """Notes the progress; returns False for a cancelled run, CircuitOpenError for an open circuit."""
        self.runs.update_day(run, day.date, **progress(spans))
        if load_run(self.runs, run.run).cancel_ms:
            return False
        self.circuits.load().check(self.stager.ingest.now())
        return True

    def _stage(
        self, request: SpanRequest, catalog: Catalog, folder: Path, *, has_failed: bool
    ) -> StagedSpan | None:
        """Returns the span's receipt; None when it failed and smaller pages are worth another attempt.

        An upstream that `has_failed` just before is unavailable, however little time is left.
        """
        try:
            return self.stager.stage(request, catalog, folder)
        except UpstreamUnavailableError as error:
            is_late = self.remaining_s() < _LAST_REQUEST_S
            if is_late and not has_failed:
                raise _unfinished(request.plan.span) from error
            # Bounded, because pages only become smaller.
            if is_late or self.stager.ingest.ace.page_size >= request.plan.size:
                raise
            return None


def load_run(runs: RunTable, run_id: str) -> Run:
    """Returns the record of the run; NotFoundError when there is none."""
    run = runs.load(run_id)
    if run is None:
        raise NotFoundError(f"there is no backfill {run_id}")
    return run


def progress(spans: Iterable[StagedSpan]) -> dict[str, int]:
    """Returns the fields of RunDay that these spans fill; an hour that was read in part counts as one."""
    spans = list(spans)
    return {
        "hours": -(-sum(staged.span.length_ms for staged in spans) // HOUR_MS),
        "samples": sum(staged.samples for staged in spans),
        "requests": sum(staged.requests for staged in spans),
        "rejected": sum(sum(staged.rejected.values()) for staged in spans),
    }


def _unfinished(span: Span) -> UnfinishedDayError:
    """Returns the error of an attempt that ends before this span is read."""
    return UnfinishedDayError(f"time limit reached before {iso(span.start_ms)}; the next attempt continues")
