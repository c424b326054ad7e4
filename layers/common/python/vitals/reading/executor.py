"""Reads each part of a plan from its tier and merges them; hot samples win."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field
from typing import Self

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates, aggregate
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, merge
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.archive import ArchiveReader, BulkReader
from vitals.reading.plan import DayRun, Parts, plan_parts
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats, Rows, combined
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

_WORKERS = 16


@dataclass(slots=True)
class Executor:
    """The tiers that a query reads."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    bulk: BulkReader
    runtime: Runtime = SYSTEM
    _pool: Pool = field(init=False)
    _archive: ArchiveReader = field(init=False)

    @classmethod
    def connect(cls, stores: Stores, bulk: BulkReader, runtime: Runtime) -> Self:
        """Returns the executor of these stores."""
        return cls(stores.hot, stores.cold, stores.rollups, stores.ledger, bulk, runtime)

    def __post_init__(self) -> None:
        self._pool = self.runtime.pool(_WORKERS, "query")
        self._archive = ArchiveReader(self.cold, self.rollups, self.ledger, self.bulk, self._pool)

    def records(self, site: str, span: Span, cost: Cost) -> list[ArchiveRecord]:
        """Returns the ledger's records of the span's days."""
        return self.ledger.archive_records(site, span, cost)

    def read(self, query: PlannedRead, span: Span) -> ReadResult[Samples] | ReadResult[Aggregates]:
        """Returns the samples or aggregates of a span (Pages.next_span), sorted by point id, then time.

        When a day file cannot be read, the stats name the day, and its rows are missing.
        """
        plan = query.plan
        parts = plan_parts(span, query.records, query.now_ms, rollups=plan.from_rollups)
        if parts.rollup:
            return self._aggregates(query, parts.rollup, span)
        read = self._samples(query, parts, span)
        if plan.resolution == "raw":
            return read
        return ReadResult(aggregate(read.rows, plan.bucket_ms), read.stats)

    def _aggregates(self, query: PlannedRead, runs: Sequence[DayRun], span: Span) -> ReadResult[Aggregates]:
        plan = query.plan

        def read(run: DayRun) -> Aggregates:
            start_ms, end_ms = run.span.start_ms, run.span.end_ms
            days = Span(start_ms - start_ms % DAY_MS, end_ms + -end_ms % DAY_MS)
            return self.rollups.read(
                plan.site, plan.ids, days, plan.bucket_ms, query.cost, consistent=run.consistent
            )

        rows = aggregates.concat(self._of_runs(read, runs))
        inside = (rows.times >= span.start_ms) & (rows.times < span.end_ms)
        return ReadResult(rows[inside], ReadStats(("rollup",)))

    def _samples(self, query: PlannedRead, parts: Parts, span: Span) -> ReadResult[Samples]:
        plan = query.plan

        def read(run: DayRun) -> Samples:
            return self.hot.read(
                plan.site, plan.ids, run.span, query.now_ms, query.cost, consistent=run.consistent
            )

        archived = self._archive.read(query, parts.files, span)
        hot = self._of_runs(read, parts.hot)
        stats = [archived.stats, *([ReadStats(("hot",))] if hot else [])]
        return ReadResult(merge([archived.rows, *hot]), combined(stats))

    def _of_runs[RowsT: Rows](self, read: Callable[[DayRun], RowsT], runs: Sequence[DayRun]) -> list[RowsT]:
        """Returns the rows of each run, read at the same time."""
        return list(map(read, runs) if len(runs) == 1 else self._pool.map(read, runs))
