"""Answers a query: from the caller's copy, from the cache, or from the tiers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from query import schemas, warnings
from query.schemas import AnyAnswer, ColumnAnswer, Metadata, QueryHead, RequestCost, SummaryAnswer
from query.status import MAX_LAG_MS
from query.timeseries import answer_cache
from query.timeseries.answer_cache import AnswerCache
from query.timeseries.series import series_of
from query.warnings import WarningDetail, warned
from vitals.aws.cost import Cost
from vitals.model.timespan import iso
from vitals.reading.executor import Executor
from vitals.reading.gaps import GapReport, explain_gaps
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page, PageReader
from vitals.reading.reads import PlannedRead, ReadStats

if TYPE_CHECKING:
    from vitals.reading.summary.reader import Summary

# Well under API Gateway's 29 s, and enough for the longest page that was measured (bench/query.py).
READ_BUDGET_S = 12.0
# MemorySize of QueryFunction in the template, for the price of its time.
_MEMORY_MB = 1024
# After this a browser asks whether its copy is still right.
_MAX_AGE_S = 300
# A person who flags samples looks at the chart soon afterwards.
_MAX_AGE_OF_FLAGGED_S = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, None when the caller's copy is right; its ETag, if any, and how long it stays right."""

    answer: AnyAnswer | None
    etag: str | None
    max_age_s: int


@dataclass(frozen=True, slots=True)
class SampleReader:
    """Answers one query that began at `began_s` of `monotonic`."""

    executor: Executor
    cache: AnswerCache
    monotonic: Callable[[], float]
    began_s: float

    def reply(
        self,
        plan: QueryPlan,
        now_ms: int,
        media_type: str,
        if_none_match: str,
        synced_until_ms: int | None = None,
    ) -> Reply:
        """Returns the reply to a query, one series per point in the order requested."""
        cost = Cost()
        ahead = self.executor.read_ahead(plan, now_ms, cost)
        records = self.executor.records(plan.site, plan.context, cost)
        entry = answer_cache.entry(plan, records, now_ms, synced_until_ms)
        etag = entry.etag(media_type)
        stable_s = _MAX_AGE_S if plan.flagged is None else _MAX_AGE_OF_FLAGGED_S
        if answer_cache.matches(if_none_match, etag):
            return Reply(None, etag, stable_s)
        query = PlannedRead(plan, records, now_ms, cost, synced_until_ms, ahead)
        cache = self.cache
        if ahead and not answer_cache.is_worth_asking(ahead.dollars):
            cache = cache.disabled()
        with cache.locked(entry):
            cached = cache.load(plan.site, entry, cost)
            max_age_s = answer_cache.VOLATILE_S
            if cached is not None:
                answer, complete = cached.answer, True
                max_age_s = min(max_age_s, cached.remaining_s)
            else:
                answer, complete = self._read(query)
                if complete:
                    cache.store(plan.site, entry, answer, now_ms, cost)
        # A union has no metadata of its own.
        metadata: Any = {**answer["metadata"], **self._request_cost(cost, hit=cached is not None)}
        answer["metadata"] = metadata
        # What is missing may be readable a moment later, while the entry stays the same.
        stable = complete and entry.stable
        return Reply(answer, etag, stable_s) if stable else Reply(answer, None, max_age_s)

    def _read(self, query: PlannedRead) -> tuple[AnyAnswer, bool]:
        """Returns the answer from the tiers, and whether nothing is missing that could be read later."""
        return self._summary(query) if query.plan.form == "summary" else self._page(query)

    def _summary(self, query: PlannedRead) -> tuple[SummaryAnswer, bool]:
        # Only summaries need these, so only their first one imports them.
        from query.timeseries.summaries import summaries_of
        from vitals.reading.summary.reader import summarise

        plan, summary = query.plan, summarise(self.executor, query, self._budget())
        stats = summary.stats
        if stats.failures and not stats.sources:
            raise stats.failures[0].error
        answer: SummaryAnswer = {
            "site_name": plan.site,
            "start_time": iso(plan.span.start_ms),
            "end_time": iso(plan.span.end_ms),
            "timezone": plan.zone,
            "units": plan.units,
            "points": summaries_of(query, summary),
            "metadata": {"sources": list(stats.sources), **self._request_cost(query.cost, hit=False)},
            **warned([*_warnings(plan, stats), *_limits(summary)]),
        }
        return answer, not (stats.failures or stats.is_provisional or summary.timed_out)

    def _page(self, query: PlannedRead) -> tuple[ColumnAnswer, bool]:
        plan, known_until_ms = query.plan, query.now_ms - MAX_LAG_MS
        page = PageReader(self.executor, query, known_until_ms, self._budget()).read()
        stats = page.stats
        whole = plan.start_ms == plan.span.start_ms and page.next_ms is None
        if stats.failures and not stats.sources and whole:
            raise stats.failures[0].error
        report = explain_gaps(self.executor.ledger, plan, page.gaps, query.cost)
        answer = _answer(query, page, report, self._request_cost(query.cost, hit=False))
        complete = report.all_polled and report.in_time and not page.timed_out and not stats.failures
        return answer, complete and not stats.is_provisional

    def _budget(self) -> Callable[[], bool]:
        """Returns a function that says whether there is time left to read, from now on."""
        end_s = self.monotonic() + READ_BUDGET_S
        return lambda: self.monotonic() < end_s

    def _request_cost(self, cost: Cost, *, hit: bool) -> RequestCost:
        seconds = self.monotonic() - self.began_s
        return {
            "query_time_ms": round(seconds * 1000, 1),
            "cache_hit": hit,
            "cost": {
                "read_units": cost.read_units,
                "requests": cost.requests,
                "bytes": cost.bytes,
                "bytes_scanned": cost.bytes_scanned,
                "micro_dollars": cost.micro_dollars(seconds, _MEMORY_MB),
            },
        }


def _answer(query: PlannedRead, page: Page, report: GapReport, request_cost: RequestCost) -> ColumnAnswer:
    head = _head(query, page, report, request_cost)
    if query.plan.is_table:
        from query.timeseries import tables

        view = tables.table(query, page)
        metadata: Metadata = {**head["metadata"], "samples_returned": len(view["timestamps"])}
        return {**head, "metadata": metadata, **view}
    return {**head, "series": series_of(query, page, report)}


def _head(query: PlannedRead, page: Page, report: GapReport, request_cost: RequestCost) -> QueryHead:
    plan = query.plan
    return {
        "site_name": plan.site,
        "start_time": iso(plan.requested.start_ms),
        "end_time": iso(plan.requested.end_ms),
        "resolution": plan.resolution,
        "data_type": "aggregate" if plan.aggregated else "raw",
        "timezone": plan.zone,
        "measure": plan.measure.name if plan.aggregated else None,
        "units": plan.units,
        "metadata": {
            "total_samples": len(page.rows),
            "sources": list(page.stats.sources),
            "next_token": None if page.next_ms is None else Pages(plan).token(page.next_ms),
            # The plan has checked it.
            "method": cast(schemas.Method, plan.shape.method) if plan.shape else None,
            "samples_read": sum(page.received.values()),
            "samples_returned": len(page.rows),
            **request_cost,
        },
        **warned(_warnings(plan, page.stats, timed_out=page.timed_out, has_all_gaps=report.has_all_gaps)),
    }


def _warnings(
    plan: QueryPlan,
    stats: ReadStats,
    *,
    timed_out: bool = False,
    has_all_gaps: bool = True,
) -> list[WarningDetail]:
    return [
        *map(warnings.unknown_point, plan.unknown),
        *map(warnings.columns_split_buckets, plan.notes),
        *_negative_steps(plan, stats),
        *(warnings.day_unreadable(failure.day, str(failure.error)) for failure in stats.failures),
        *([warnings.time_limit()] if timed_out else []),
        *([] if has_all_gaps else [warnings.gaps_omitted()]),
    ]


def _limits(summary: "Summary") -> list[WarningDetail]:
    return [
        *([warnings.too_many_samples()] if summary.has_too_many_samples else []),
        *([warnings.summary_time_limit()] if summary.timed_out else []),
    ]


def _negative_steps(plan: QueryPlan, stats: ReadStats) -> list[WarningDetail]:
    points = {event.point for event in stats.events if event.kind == "negative"}
    return [warnings.negative_steps(point.name) for point in plan.existing if point.id in points]
