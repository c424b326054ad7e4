"""Reads each part of a plan from its tier and merges them; hot samples win."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field
from typing import Self

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime, results
from vitals.model.measures import cells
from vitals.model.measures.cells import Cells
from vitals.model.measures.measure import BucketRows
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, merge
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.archive import ArchiveReader, BulkReader
from vitals.reading.buckets import bucket_reader
from vitals.reading.day_tiers import DayRun, plan_parts
from vitals.reading.plan import QueryPlan
from vitals.reading.queries import ahead
from vitals.reading.queries.ahead import HotAhead
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats, combined
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

# Threads compete for the interpreter: with 16, a month of files takes a fifth more CPU and as long.
_WORKERS = 8


@dataclass(slots=True)
class Executor:
    """The tiers that a query reads; without `bulk`, any number of days is read file by file."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    bulk: BulkReader | None
    runtime: Runtime = SYSTEM
    _pool: Pool = field(init=False)
    _archive: ArchiveReader = field(init=False)

    @classmethod
    def connect(cls, stores: Stores, bulk: BulkReader | None, runtime: Runtime) -> Self:
        """Returns the executor of these stores."""
        return cls(stores.hot, stores.cold, stores.rollups, stores.ledger, bulk, runtime)

    def __post_init__(self) -> None:
        self._pool = self.runtime.pool(_WORKERS, "query")
        self._archive = ArchiveReader(self.cold, self.rollups, self.ledger, self.bulk, self._pool)

    def records(self, site: str, span: Span, cost: Cost) -> list[ArchiveRecord]:
        """Returns the ledger's records of the span's days."""
        return self.ledger.archive_records(site, span, cost)

    def read_ahead(self, plan: QueryPlan, now_ms: int, cost: Cost) -> HotAhead | None:
        """Starts to read what a live chart will probably need, before the ledger's records are there."""
        return ahead.start(plan, now_ms, lambda run: self._hot(plan, run, now_ms, cost), self._pool)

    def read(self, query: PlannedRead, span: Span) -> ReadResult[Samples] | ReadResult[BucketRows]:
        """Returns the samples or buckets of a span (Pages.next_span), sorted by point id, then time.

        When a day file cannot be read, the stats name the day, and its rows are missing.
        """
        if query.plan.calendar:
            return bucket_reader.read(self, query, span)
        return self.samples(query, [span])

    def samples(self, query: PlannedRead, spans: Sequence[Span]) -> ReadResult[Samples]:
        """Returns the samples in these spans, which are in order, and maybe samples between them."""
        parts = [plan_parts(span, query.records, query.now_ms, rollups=False) for span in spans]
        files = sorted({day_ms for part in parts for day_ms in part.files})
        archived = self._archive.read(query, files, Span(spans[0].start_ms, spans[-1].end_ms))
        hot = self._of_runs(
            lambda run: self._hot(query.plan, run, query.now_ms, query.cost, query.ahead),
            [run for part in parts for run in part.hot],
        )
        stats = [archived.stats, *([ReadStats(("hot",))] if hot else [])]
        samples, flagged = merge([archived.rows, *hot]), query.plan.flagged
        if flagged:
            samples = samples[~flagged.contain(samples.ids, samples.times)]
        return ReadResult(samples, combined(stats))

    def hours(self, query: PlannedRead, runs: Sequence[DayRun], span: Span) -> Cells:
        """Returns the hours of rollups in these runs of days within a span."""

        def read(run: DayRun) -> Cells:
            start_ms, end_ms = run.span.start_ms, run.span.end_ms
            days = Span(start_ms - start_ms % DAY_MS, end_ms + -end_ms % DAY_MS)
            return self.rollups.read(
                query.plan.site, query.plan.ids, days, query.cost, consistent=run.consistent
            )

        hours = cells.concat(self._of_runs(read, runs))
        return hours[(hours.ends > span.start_ms) & (hours.rows.times < span.end_ms)]

    def older(self, query: PlannedRead, before_ms: int) -> Cells:
        """Returns the last hour of each point in rollups, of those that begin before a time."""
        return self.rollups.newest(query.plan.site, query.plan.ids, before_ms, query.cost)

    def _hot(
        self, plan: QueryPlan, run: DayRun, now_ms: int, cost: Cost, begun: HotAhead | None = None
    ) -> Samples:
        """Returns the samples of a run of days in the hot tier, if possible from a read that has begun."""
        samples = begun.samples(plan.ids, run) if begun else None
        if samples is not None:
            return samples
        return self.hot.read(plan.site, plan.ids, run.span, now_ms, cost, consistent=run.consistent)

    def _of_runs[RowsT: Samples | Cells](
        self, read: Callable[[DayRun], RowsT], runs: Sequence[DayRun]
    ) -> list[RowsT]:
        """Returns the rows of each run, read at the same time."""
        return results(self._pool, read, runs)
