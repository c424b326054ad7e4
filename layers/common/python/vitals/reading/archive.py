"""Reads archived days: a few of them file by file, many of them in bulk, with a check of the row counts."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import DayFileError, DayFileMissingError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Samples, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.day_tiers import must_be_consistent
from vitals.reading.paging import MAX_FILES
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats, combined, day_failures
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.rollups import RollupTier

_BULK_TIMEOUT_S = 18.0


class BulkReader(Protocol):
    """Reads many day files at once."""

    def raw(
        self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost, rows: RowCounts
    ) -> Samples: ...


@dataclass(frozen=True, slots=True)
class ArchiveReader:
    """Reads days of the archive; the files are read in parallel by `pool`, all of them without `bulk`."""

    cold: ColdTier
    rollups: RollupTier
    ledger: Ledger
    bulk: BulkReader | None
    pool: Pool

    def read(self, query: PlannedRead, days: Sequence[int], span: Span) -> ReadResult[Samples]:
        """Returns the samples of these days within the span; `ids` are point ids."""
        if not days:
            return ReadResult(merge([]), ReadStats(()))
        if self.bulk and len(days) > MAX_FILES:
            result = self._in_bulk(self.bulk, query, days, span)
        else:
            result = self._files(query, days, span)
        samples = result.rows
        ids = np.array(query.plan.ids, np.int32)
        return ReadResult(Samples(ids[samples.ids], samples.times, samples.values), result.stats)

    def _files(self, query: PlannedRead, days: Sequence[int], span: Span) -> ReadResult[Samples]:
        """Returns the samples of these days, each from its file; ids are positions in the plan's points."""
        self.cold.load_footers(query.plan.site, days, query.cost)
        outcomes = list(self.pool.map(lambda day_ms: self._file(query, day_ms, span), days))
        samples = [outcome for outcome in outcomes if isinstance(outcome, Samples)]
        errors = {
            day_ms: outcome
            for day_ms, outcome in zip(days, outcomes, strict=True)
            if isinstance(outcome, DayFileError)
        }
        return ReadResult(merge(samples), ReadStats(("archive",) if samples else (), day_failures(errors)))

    def _file(self, query: PlannedRead, day_ms: int, span: Span) -> Samples | DayFileError:
        plan = query.plan
        try:
            return self.cold.read(SiteDay(plan.site, day_ms), plan.existing_names, span, query.cost)
        except DayFileError as error:
            return error

    def _in_bulk(
        self, bulk: BulkReader, query: PlannedRead, days: Sequence[int], span: Span
    ) -> ReadResult[Samples]:
        """Returns the samples of many days by one query; ids are positions in the plan's points.

        Its rows are counted, because a file that Athena does not find only means a day without rows. A day
        whose file is being replaced, or was replaced meanwhile, is read from its file instead.
        """
        plan, cost = query.plan, query.cost
        requested = set(days)
        records = [record for record in query.records if record.day_ms in requested]
        period = Span(records[0].day_ms, records[-1].day_ms + DAY_MS)
        missing = self._missing(plan.site, records)
        rows = RowCounts(Span(max(period.start_ms, span.start_ms), min(period.end_ms, span.end_ms)))
        counting = self.pool.submit(
            self.rollups.day_counts,
            plan.site,
            plan.ids,
            period,
            cost,
            consistent=must_be_consistent(records, query.now_ms),
        )
        samples = bulk.raw(
            site=plan.site,
            names=plan.existing_names,
            span=rows.span,
            timeout_s=_BULK_TIMEOUT_S,
            cost=cost,
            rows=rows,
        )
        stored = [record for record in records if record.day_ms not in missing]
        changed, wrong = self._changed_and_wrong(query, stored, counting.result(), rows)
        files = self._files(query, changed, span)
        correct = ~np.isin(samples.times - samples.times % DAY_MS, np.array([*changed, *wrong], np.int64))
        failures = day_failures(missing) + day_failures(wrong)
        stats = ReadStats(("athena",) if len(wrong) < len(records) else (), failures)
        return ReadResult(merge([samples[correct], files.rows]), combined([stats, files.stats]))

    def _missing(self, site: str, records: Sequence[ArchiveRecord]) -> dict[int, DayFileError]:
        """Returns the days that have no file, each with its error."""
        present = self.cold.present(site, Span(records[0].day_ms, records[-1].day_ms + 1))
        return {
            record.day_ms: DayFileMissingError(f"the file of {SiteDay(site, record.day_ms)} does not exist")
            for record in records
            if record.day_ms not in present
        }

    def _changed_and_wrong(
        self,
        query: PlannedRead,
        records: Sequence[ArchiveRecord],
        counts: Mapping[int, int],
        rows: RowCounts,
    ) -> tuple[list[int], dict[int, DayFileError]]:
        """Returns the days to read from files, and the errors of the days whose rows differ."""
        plan, cost = query.plan, query.cost
        changed = [record.day_ms for record in records if not record.countable]
        countable = {record.day_ms: record for record in records if record.countable}
        doubtful = rows.mismatches({day_ms: counts.get(day_ms, 0) for day_ms in countable})
        if not doubtful:
            return changed, {}
        days = Span(min(doubtful), max(doubtful) + DAY_MS)
        counts = self.rollups.day_counts(plan.site, plan.ids, days, cost)
        # Read after the rollups: if the record has not changed, they belong to its archive.
        latest = {record.day_ms: record for record in self.ledger.archive_records(plan.site, days, cost)}
        same = [day_ms for day_ms in doubtful if countable[day_ms].same_archive(latest.get(day_ms))]
        changed += doubtful.keys() - set(same)
        return changed, dict(rows.mismatches({day_ms: counts.get(day_ms, 0) for day_ms in same}))
