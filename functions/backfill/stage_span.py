"""Reading one span of a day from the upstream into the staging area."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitals.model.points import Catalog
from vitals.model.samples import Samples, concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import WINDOW_MS
from vitals.pipeline.ingest import Ingest, Tally
from vitals.pipeline.page_spans import PagePlan
from vitals.store.tiers.staging import StagedSpan, StagingArea, points_text


@dataclass(frozen=True, slots=True)
class SpanRequest:
    """A span of a run's day, which ends at the present at the latest, and how it is read."""

    run_id: str
    day: SiteDay
    plan: PagePlan


@dataclass(frozen=True, slots=True)
class SpanStager:
    """Reads spans from the upstream and stages what it reads, a bounded part at a time."""

    ingest: Ingest
    staging: StagingArea

    def stage(self, request: SpanRequest, catalog: Catalog, folder: Path) -> StagedSpan:
        """Stages the span's samples of the catalog's points, and returns the span's receipt.

        The last part is stored last, with the receipt: a span without it was not read to its end.
        """
        tally, fetched_ms, requests_before = Tally(), self.ingest.now(), self.ingest.ace.requests
        last, parts, windows = self._stage_parts(request, catalog, folder, tally)
        receipt = StagedSpan(
            start_ms=request.plan.span.start_ms,
            end_ms=request.plan.span.end_ms,
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
        self, request: SpanRequest, catalog: Catalog, folder: Path, tally: Tally
    ) -> tuple[Samples, int, list[int]]:
        """Stages all parts but the last; returns the last, their number and the samples per window."""
        span, last, parts = request.plan.span, concat([]), 0
        windows = np.zeros(span.length_ms // WINDOW_MS, np.int64)
        with closing(self.ingest.read(request.day.site, catalog, request.plan, tally)) as reads:
            for samples in reads:
                inside = (samples.times >= span.start_ms) & (samples.times < span.end_ms)
                tally.rejected["outside"] += len(samples) - int(inside.sum())
                merged = merge([samples[inside]])
                if not len(merged):
                    continue
                if len(last):
                    self.staging.put_part(request.run_id, request.day, span, parts, last, folder)
                    parts += 1
                windows += np.bincount((merged.times - span.start_ms) // WINDOW_MS, minlength=len(windows))
                last = merged
        return last, parts, windows.tolist()
