"""Reads what a plan's parts say, each from its tier, and merges it by the one rule: hot wins."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from query import plan
from query.plan import QueryPlan
from vitals.aggregates import Aggregates, aggregate
from vitals.cold import ColdTier
from vitals.cost import Cost
from vitals.errors import DayFileError, DayFileMissingError
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

    def raw(self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost) -> Samples: ...


@dataclass(slots=True)
class Found:
    """What a stretch was read from, and what of it could not be read."""

    sources: dict[str, None] = field(default_factory=dict)
    failures: dict[str, DayFileError] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)

    def serve(self, source: str) -> None:
        """Notes that a tier answered."""
        self.sources[source] = None

    def fail(self, failure: DayFileError) -> None:
        """Notes a day that could not be read, once however many stretches need it."""
        self.failures.setdefault(str(failure), failure)


@dataclass(frozen=True, slots=True)
class Executor:
    """The tiers that a query reads."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    wide: WideReader
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "query"))

    def records(self, site: str, span: Span, found: Found) -> list[ArchiveRecord]:
        """The ledger's records of the span's days."""
        return self.ledger.archive_records(site, span, found.cost)

    def read(
        self,
        site: str,
        planned: QueryPlan,
        span: Span,
        records: Sequence[ArchiveRecord],
        now_ms: int,
        found: Found,
    ) -> Samples | Aggregates:
        """The samples or aggregates of a stretch (plan.stretch); ids are point ids, sorted by id, then time.

        A day file that can't be read is noted in `found`, with the rest of the stretch as the answer.
        """
        by_rollups = planned.resolution in ("1h", "1d")
        parts = plan.plan_parts(span, records, now_ms, rollups=by_rollups)
        if parts.rollup:
            return self._rolled(site, planned, span, found)
        samples = self._raw(site, planned, parts, span, now_ms, found)
        return samples if planned.resolution == "raw" else aggregate(samples, planned.bucket_ms)

    def _rolled(self, site: str, planned: QueryPlan, run: Span, found: Found) -> Aggregates:
        found.serve("rollup")
        days = Span(run.start_ms - run.start_ms % DAY_MS, run.end_ms + -run.end_ms % DAY_MS)
        rows = self.rollups.read(site, planned.ids, days, planned.bucket_ms, found.cost)
        return rows[(rows.times >= run.start_ms) & (rows.times < run.end_ms)]

    def _raw(
        self, site: str, planned: QueryPlan, parts: plan.Parts, span: Span, now_ms: int, found: Found
    ) -> Samples:
        samples = [self._archived(site, planned, parts, span, found)]
        for run in parts.hot:
            found.serve("hot")
            samples.append(self.hot.read(site, planned.ids, run, now_ms, found.cost))
        return merge(samples)

    def _archived(
        self, site: str, planned: QueryPlan, parts: plan.Parts, span: Span, found: Found
    ) -> Samples:
        names = [point.name for point in planned.points if point]
        ids = np.array(planned.ids, np.int32)
        days = parts.files
        if len(days) > _MOST_FILES:
            return self._wide(site, names, ids, days, span, found)
        outcomes = list(self.pool.map(lambda day_ms: self._day(site, names, day_ms, span, found), days))
        for outcome in outcomes:
            if isinstance(outcome, DayFileError):
                found.fail(outcome)
            else:
                found.serve("archive")
        return merge(_with_ids(outcome, ids) for outcome in outcomes if isinstance(outcome, Samples))

    def _wide(
        self, site: str, names: Sequence[str], ids: Ids, days: Sequence[int], span: Span, found: Found
    ) -> Samples:
        """Many days by one query, to which a day without a file is just a day without rows."""
        present = self.cold.present(site, day_name(days[0]), day_name(days[-1]))
        for day in map(day_name, days):
            if day not in present:
                found.fail(DayFileMissingError(f"the file of {site}, {day} does not exist"))
        found.serve("athena")
        whole = Span(max(days[0], span.start_ms), min(days[-1] + DAY_MS, span.end_ms))
        return _with_ids(self.wide.raw(site, names, whole, _ATHENA_TIMEOUT_S, found.cost), ids)

    def _day(
        self, site: str, names: Sequence[str], day_ms: int, span: Span, found: Found
    ) -> Samples | DayFileError:
        try:
            return self.cold.read(site, day_name(day_ms), names, span, found.cost)
        except DayFileError as error:
            return error


def _with_ids(samples: Samples, ids: Ids) -> Samples:
    return Samples(ids[samples.ids], samples.times, samples.values)
