"""The limits of what a summary reads: its time, and the samples that are in memory at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import TierTimeoutError
from vitals.model.measures.cells import Cells
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples
from vitals.model.timespan import Span
from vitals.reading.buckets.cell_reader import Tiers
from vitals.reading.day_tiers import DayRun
from vitals.reading.reads import PlannedRead, ReadResult


class TooManySamplesError(Exception):
    """Raised when more samples of the range are read than may remain."""


@dataclass(slots=True)
class LimitedTiers:
    """Tiers that read as long as `in_time` returns true, and at most `remaining` samples of the range."""

    tiers: Tiers
    range: Span
    in_time: Callable[[], bool]
    remaining: int | None = None

    def samples(self, query: PlannedRead, spans: Sequence[Span]) -> ReadResult[Samples]:
        """Returns the samples in these spans."""
        self._check_time()
        result = self.tiers.samples(query, spans)
        if self.remaining is not None:
            times = result.rows.times
            inside = (times >= self.range.start_ms) & (times < self.range.end_ms)
            self.remaining -= int(np.count_nonzero(inside))
            if self.remaining < 0:
                raise TooManySamplesError
        return result

    def hours(self, query: PlannedRead, runs: Sequence[DayRun], span: Span) -> Cells:
        """Returns the hours of rollups in these runs of days within a span."""
        self._check_time()
        return self.tiers.hours(query, runs, span)

    def older(self, query: PlannedRead, before_ms: int) -> Cells:
        """Returns the last hour of each point in rollups, of those that begin before a time."""
        self._check_time()
        return self.tiers.older(query, before_ms)

    def records(self, site: str, span: Span, cost: Cost) -> list[ArchiveRecord]:
        """Returns the ledger's records of the span's days."""
        return self.tiers.records(site, span, cost)

    def _check_time(self) -> None:
        if not self.in_time():
            raise TierTimeoutError(
                "the summary could not be read in time; request fewer points or a shorter range"
            )
