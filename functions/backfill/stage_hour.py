"""Reading one hour from the upstream into the staging area."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitals.model.points import Catalog
from vitals.model.samples import Samples, concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import WINDOW_MS, Span
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.tiers.staging import StagedHour, StagingArea, points_text


@dataclass(frozen=True, slots=True)
class HourRequest:
    """An hour (0 to 23) of a run's day, and its span, which ends at the present at the latest."""

    run_id: str
    day: SiteDay
    hour: int
    span: Span


@dataclass(frozen=True, slots=True)
class HourStager:
    """Reads hours from the upstream and stages what it reads, a bounded part at a time."""

    ingest: Ingest
    staging: StagingArea

    def stage(self, request: HourRequest, catalog: Catalog, folder: Path) -> StagedHour:
        """Stages the hour's samples of the catalog's points, and returns the hour's receipt.

        The last part is stored last, with the receipt: an hour without it was not read to its end.
        """
        tally, fetched_ms, requests_before = Tally(), self.ingest.now(), self.ingest.ace.requests
        last, parts, windows = self._stage_parts(request, catalog, folder, tally)
        receipt = StagedHour(
            hour=request.hour,
            start_ms=request.span.start_ms,
            end_ms=request.span.end_ms,
            fetched_ms=fetched_ms,
            parts=parts,
            windows=windows,
            requests=self.ingest.ace.requests - requests_before,
            rejected=dict(+tally.rejected),
            configured=points_text(catalog.configured),
        )
        self.staging.finish(request.run_id, request.day, receipt, last, folder)
        return receipt

    def _stage_parts(
        self, request: HourRequest, catalog: Catalog, folder: Path, tally: Tally
    ) -> tuple[Samples, int, list[int]]:
        """Stages all parts but the last; returns the last, their number and the samples per window."""
        span, last, parts = request.span, concat([]), 0
        windows = np.zeros(span.length_ms // WINDOW_MS, np.int64)
        with closing(self.ingest.read(request.day.site, catalog, span, tally)) as reads:
            for samples in reads:
                inside = (samples.times >= span.start_ms) & (samples.times < span.end_ms)
                tally.rejected["outside"] += len(samples) - int(inside.sum())
                merged = merge([samples[inside]])
                if not len(merged):
                    continue
                if len(last):
                    self.staging.put_part(request.run_id, request.day, request.hour, parts, last, folder)
                    parts += 1
                windows += np.bincount((merged.times - span.start_ms) // WINDOW_MS, minlength=len(windows))
                last = merged
        return last, parts, windows.tolist()
