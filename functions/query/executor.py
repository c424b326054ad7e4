"""Reads what a plan's parts say, each from its tier, and merges it by the one rule: hot wins."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from query import plan
from query.plan import QueryPlan
from vitals import aggregates
from vitals.aggregates import Aggregates, aggregate
from vitals.cold import ColdTier
from vitals.errors import DayFileError
from vitals.hot import HotTier
from vitals.ledger import ArchiveRecord, Ledger
from vitals.rollups import RollupTier
from vitals.samples import Ids, Samples, merge
from vitals.timespan import DAY_MS, Span, day_name

# A day's file is two requests. Above two months of them Athena's seconds are fewer.
_MOST_FILES = 62
_ATHENA_TIMEOUT_S = 18.0
_WORKERS = 16


class WideReader(Protocol):
    """What reads many day files at once."""

    def raw(self, site: str, names: Sequence[str], span: Span, timeout_s: float) -> Samples: ...


@dataclass(slots=True)
class Found:
    """What a stretch was read from, and what of it could not be read."""

    sources: dict[str, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Executor:
    """The tiers that a query reads."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    wide: WideReader
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "query"))

    def records(self, site: str, span: Span) -> list[ArchiveRecord]:
        """The ledger's records of the span's days."""
        return self.ledger.archive_records(site, span)

    def read(
        self,
        site: str,
        planned: QueryPlan,
        span: Span,
        records: Sequence[ArchiveRecord],
        now_ms: int,
        found: Found,
    ) -> Samples | Aggregates:
        """The samples or aggregates of a stretch; ids are point ids, sorted by id, then time.

        A day file that can't be read becomes a warning while other days can; DayFileError when none can.
        """
        parts = plan.plan_parts(span, records, now_ms, rollups=planned.resolution in ("1h", "1d"))
        if planned.resolution == "raw":
            return self._raw(site, planned, parts, span, now_ms, found)
        rows = [self._rolled(site, planned, run, found) for run in parts.rollup]
        unrolled = plan.plan_parts(span, records, now_ms, rollups=False)
        for run in _without(span, parts.rollup):
            # Whole buckets of what fits in memory as samples.
            step = max(1, planned.longest_step_ms() // planned.bucket_ms) * planned.bucket_ms
            for piece in run.pieces(step):
                samples = self._raw(site, planned, plan.within(unrolled, piece), piece, now_ms, found)
                rows.append(aggregate(samples, planned.bucket_ms))
        return aggregates.concat(rows)

    def _rolled(self, site: str, planned: QueryPlan, run: Span, found: Found) -> Aggregates:
        found.sources["rollup"] = None
        days = Span(run.start_ms - run.start_ms % DAY_MS, run.end_ms + -run.end_ms % DAY_MS)
        rows = self.rollups.read(site, planned.ids, days, planned.bucket_ms)
        return rows[(rows.times >= run.start_ms) & (rows.times < run.end_ms)]

    def _raw(
        self, site: str, planned: QueryPlan, parts: plan.Parts, span: Span, now_ms: int, found: Found
    ) -> Samples:
        samples = [self._archived(site, planned, parts, span, found)]
        for run in parts.hot:
            found.sources["hot"] = None
            samples.append(self.hot.read(site, planned.ids, run, now_ms))
        return merge(samples)

    def _archived(
        self, site: str, planned: QueryPlan, parts: plan.Parts, span: Span, found: Found
    ) -> Samples:
        names = [point.name for point in planned.points if point]
        ids = np.array(planned.ids, np.int32)
        days = parts.files
        if len(days) > _MOST_FILES:
            found.sources["athena"] = None
            days_span = Span(max(days[0], span.start_ms), min(days[-1] + DAY_MS, span.end_ms))
            return _with_ids(self.wide.raw(site, names, days_span, _ATHENA_TIMEOUT_S), ids)
        if days:
            found.sources["archive"] = None
        outcomes = list(self.pool.map(lambda day_ms: self._day(site, names, day_ms, span), days))
        failures = [outcome for outcome in outcomes if isinstance(outcome, DayFileError)]
        if failures and len(failures) == len(outcomes):
            raise failures[0]
        found.warnings += [f"left out: {failure}" for failure in failures]
        return merge(_with_ids(outcome, ids) for outcome in outcomes if isinstance(outcome, Samples))

    def _day(self, site: str, names: Sequence[str], day_ms: int, span: Span) -> Samples | DayFileError:
        try:
            return self.cold.read(site, day_name(day_ms), names, span)
        except DayFileError as error:
            return error


def _with_ids(samples: Samples, ids: Ids) -> Samples:
    return Samples(ids[samples.ids], samples.times, samples.values)


def _without(span: Span, runs: Iterable[Span]) -> list[Span]:
    """What is left of the span beside the runs, which are in order."""
    left, at = [], span.start_ms
    for run in runs:
        if at < run.start_ms:
            left.append(Span(at, run.start_ms))
        at = run.end_ms
    return [*left, Span(at, span.end_ms)] if at < span.end_ms else left
