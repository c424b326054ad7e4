"""Reads the parts of an export of buckets as a query reads its pages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from exports.buckets import batches, planning
from vitals.aws.cost import Cost
from vitals.aws.runtime import Runtime
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Catalog
from vitals.model.records.exports import Export, ExportPart
from vitals.model.timespan import Span
from vitals.reading.executor import Executor
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page, PageReader
from vitals.reading.reads import PlannedRead
from vitals.store.state.sites import SiteTable
from vitals.store.stores import Stores


@dataclass(frozen=True, slots=True)
class BucketReader:
    """Reads buckets of any number of points; `now` returns UTC ms."""

    executor: Executor
    sites: SiteTable
    now: Callable[[], int]

    @classmethod
    def connect(cls, stores: Stores, runtime: Runtime) -> Self:
        """Returns the reader of buckets in these stores, which reads day files without Athena."""
        return cls(Executor.connect(stores, None, runtime), stores.sites, runtime.now_ms)

    def batches(
        self,
        export: Export,
        export_part: ExportPart,
        names: Sequence[str],
        holidays: Sequence[str],
        catalog: Catalog,
        check: Callable[[], None],
    ) -> Iterator[Any]:
        """Yields the rows of a part as record batches of one schema; `check` is called before each page.

        Raises the error of a day file that cannot be read.
        """
        site = self.sites.load(export.site)
        span = Span(export_part.start_ms, export_part.end_ms)
        for plan in planning.plans(export, names, span, catalog, self.now(), holidays):
            for query, page in self._pages(plan, site.checkpoint_ms if site else None, check):
                batch = _batch(query, page)
                if len(batch):
                    yield batch

    def _pages(
        self, plan: QueryPlan, synced_until_ms: int | None, check: Callable[[], None]
    ) -> Iterator[tuple[PlannedRead, Page]]:
        """Yields the pages of a plan, each read as a range of its own: gaps are not reported."""
        start_ms: int | None = plan.span.start_ms
        while start_ms is not None:
            check()
            cost = Cost()
            remaining = replace(plan, span=Span(start_ms, plan.span.end_ms), start_ms=start_ms)
            records = self.executor.records(plan.site, remaining.context, cost)
            query = PlannedRead(remaining, records, self.now(), cost, synced_until_ms)
            page = PageReader(self.executor, query, start_ms, lambda: True).read()
            if page.stats.failures:
                raise page.stats.failures[0].error
            yield query, page
            start_ms = page.next_ms


def _batch(query: PlannedRead, page: Page) -> Any:
    assert isinstance(page.rows, BucketRows)
    if not query.plan.is_table:
        return batches.of_series(query, page.rows)
    end_ms = query.plan.span.end_ms if page.next_ms is None else page.next_ms
    return batches.of_table(query, page.rows, end_ms)
