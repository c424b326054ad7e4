"""Reads what a plan's parts say, each from its tier, and merges it by the one rule: hot wins."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM
from vitals.errors import DayFileError, DayFileMissingError
from vitals.model.aggregates import Aggregates, aggregate
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Ids, Samples, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.reading import plan
from vitals.reading.plan import QueryPlan
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

# A day's file is two requests. Above two months of them Athena's seconds are fewer.
_MOST_FILES = 62
_ATHENA_TIMEOUT_S = 18.0
_WORKERS = 16

Source = Literal["hot", "rollup", "archive", "athena"]


class WideReader(Protocol):
    """What reads many day files at once."""

    def raw(
        self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost, rows: RowCounts
    ) -> Samples: ...


@dataclass(slots=True)
class Found:
    """What a stretch was read from, and what of it could not be read."""

    sources: dict[Source, None] = field(default_factory=dict)
    failures: dict[str, DayFileError] = field(default_factory=dict)
    failed_days: dict[str, str] = field(default_factory=dict)
    """The day (YYYY-MM-DD) of each failure, by its text as `failures` are."""
    cost: Cost = field(default_factory=Cost)

    def serve(self, source: Source) -> None:
        """Notes that a tier answered."""
        self.sources[source] = None

    def fail(self, failure: DayFileError, day: str) -> None:
        """Notes a day that could not be read, once however many stretches need it."""
        self.failures.setdefault(str(failure), failure)
        self.failed_days.setdefault(str(failure), day)


@dataclass(frozen=True, slots=True)
class Executor:
    """The tiers that a query reads."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    wide: WideReader
    pool: Pool = field(default_factory=lambda: SYSTEM.pool(_WORKERS, "query"))

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
        samples = self._raw(site, planned, parts, span, records, now_ms, found)
        return samples if planned.resolution == "raw" else aggregate(samples, planned.bucket_ms)

    def _rolled(self, site: str, planned: QueryPlan, run: Span, found: Found) -> Aggregates:
        found.serve("rollup")
        days = Span(run.start_ms - run.start_ms % DAY_MS, run.end_ms + -run.end_ms % DAY_MS)
        rows = self.rollups.read(site, planned.ids, days, planned.bucket_ms, found.cost)
        return rows[(rows.times >= run.start_ms) & (rows.times < run.end_ms)]

    def _raw(
        self,
        site: str,
        planned: QueryPlan,
        parts: plan.Parts,
        span: Span,
        records: Sequence[ArchiveRecord],
        now_ms: int,
        found: Found,
    ) -> Samples:
        samples = [self._archived(site, planned, parts, span, records, found)]
        for run in parts.hot:
            found.serve("hot")
            samples.append(self.hot.read(site, planned.ids, run, now_ms, found.cost))
        return merge(samples)

    def _archived(
        self,
        site: str,
        planned: QueryPlan,
        parts: plan.Parts,
        span: Span,
        records: Sequence[ArchiveRecord],
        found: Found,
    ) -> Samples:
        names = [point.name for point in planned.points if point]
        ids = np.array(planned.ids, np.int32)
        days = parts.files
        if len(days) > _MOST_FILES:
            wanted = set(days)
            archived = [record for record in records if record.day_ms in wanted]
            return self._wide(site, names, ids, archived, span, found)
        return _with_ids(self._files(site, names, days, span, found), ids)

    def _files(
        self, site: str, names: Sequence[str], days: Collection[int], span: Span, found: Found
    ) -> Samples:
        """The samples of these days, each from its file."""
        outcomes = list(self.pool.map(lambda day_ms: self._day(site, names, day_ms, span, found), days))
        for day_ms, outcome in zip(days, outcomes, strict=True):
            if isinstance(outcome, DayFileError):
                found.fail(outcome, day_name(day_ms))
            else:
                found.serve("archive")
        return merge(outcome for outcome in outcomes if isinstance(outcome, Samples))

    def _wide(
        self,
        site: str,
        names: Sequence[str],
        ids: Ids,
        records: Sequence[ArchiveRecord],
        span: Span,
        found: Found,
    ) -> Samples:
        """Many days by one query, whose rows are counted: to it an unread day is just a day without rows.

        A day that is being replaced, or was meanwhile, is read from its file instead.
        """
        first, last = records[0].day_ms, records[-1].day_ms
        present = self.cold.present(site, Span(first, last + 1))
        for day in (SiteDay(site, record.day_ms) for record in records):
            if day.day_ms not in present:
                found.fail(DayFileMissingError(f"the file of {day} does not exist"), day.date)
        rows = RowCounts(Span(max(first, span.start_ms), min(last + DAY_MS, span.end_ms)))
        days = Span(first, last + DAY_MS)
        counting = self.pool.submit(self.rollups.day_counts, site, ids.tolist(), days, found.cost)
        samples = self.wide.raw(site, names, rows.span, _ATHENA_TIMEOUT_S, found.cost, rows)
        stored = [record for record in records if record.day_ms in present]
        changed, wrong = self._changed_and_wrong(site, ids, stored, counting.result(), rows, found)
        for day_ms, error in wrong.items():
            found.fail(error, day_name(day_ms))
        if len(wrong) < len(records):
            found.serve("athena")
        excluded = np.array([*changed, *wrong], np.int64)
        counted = samples[~np.isin(samples.times - samples.times % DAY_MS, excluded)]
        return _with_ids(merge([counted, self._files(site, names, changed, span, found)]), ids)

    def _changed_and_wrong(
        self,
        site: str,
        ids: Ids,
        records: Sequence[ArchiveRecord],
        counts: Mapping[int, int],
        rows: RowCounts,
        found: Found,
    ) -> tuple[list[int], dict[int, DayFileError]]:
        """Days whose rows may be of another file than their counts, and days of which not all rows came."""
        changed = [record.day_ms for record in records if not record.countable]
        countable = {record.day_ms: record for record in records if record.countable}
        doubtful = rows.mismatches({day_ms: counts.get(day_ms, 0) for day_ms in countable})
        if not doubtful:
            return changed, {}
        days = Span(min(doubtful), max(doubtful) + DAY_MS)
        counts = self.rollups.day_counts(site, ids.tolist(), days, found.cost, consistent=True)
        # After the rollups: a record that is still the same vouches for them.
        now = {record.day_ms: record for record in self.records(site, days, found)}
        steady = [day_ms for day_ms in doubtful if countable[day_ms].same_archive(now.get(day_ms))]
        changed += doubtful.keys() - set(steady)
        return changed, dict(rows.mismatches({day_ms: counts.get(day_ms, 0) for day_ms in steady}))

    def _day(
        self, site: str, names: Sequence[str], day_ms: int, span: Span, found: Found
    ) -> Samples | DayFileError:
        try:
            return self.cold.read(SiteDay(site, day_ms), names, span, found.cost)
        except DayFileError as error:
            return error


def _with_ids(samples: Samples, ids: Ids) -> Samples:
    return Samples(ids[samples.ids], samples.times, samples.values)
