"""The ledger says what the day files are, and the rollups what a recomputation from them yields."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tests.simulation.oracle.day_files import DayFiles
from tests.simulation.oracle.day_rows import DayRows
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.hours import wrong_columns
from tests.simulation.oracle.means import is_close, mean
from tests.simulation.oracle.problems import LOST, WRONG
from tests.simulation.oracle.state import Catalogs
from vitals.codec.rollup import decode_day
from vitals.model.aggregates import Aggregates
from vitals.model.measures.cells import Cells, cells_of, concat
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store import items


class Archives:
    """The records of archives, compared with files and rollups when one of them has changed."""

    def __init__(
        self,
        files: DayFiles,
        catalogs: Catalogs,
        findings: Findings,
        now_ms: Callable[[], int],
    ) -> None:
        self._files = files
        self._catalogs = catalogs
        self._findings = findings
        self._now_ms = now_ms
        self._records: dict[SiteDay, ArchiveRecord] = {}
        self._touched: set[SiteDay] = set()
        self._rollups: dict[SiteDay, dict[int, bytes]] = {}
        self._compared: dict[SiteDay, ArchiveRecord] = {}
        self._settled: dict[SiteDay, tuple[str, int | None, str]] = {}
        self.settled: list[tuple[SiteDay, DayRows]] = []
        """The days that have been settled since somebody took them from here, with their files."""

    def written(self, day: SiteDay, after: Any) -> None:
        """Takes note of a record's change."""
        if after is None:
            self._findings.add(LOST, f"{day}: the record of the archive is deleted")
            return
        record = items.read(after, ArchiveRecord, day_ms=day.day_ms)
        if record.status == "building":
            self._files.announced(day, self._now_ms())
        before = self._records.get(day)
        if before and before.etag and not record.etag:
            self._findings.add(LOST, f"{day}: the record no longer names a file")
        self._records[day] = record
        self._touched.add(day)

    def rollup_written(self, day: SiteDay, point: int, after: Any) -> None:
        """Takes note of a change of a point's rollups."""
        rollups = self._rollups.setdefault(day, {})
        if after is None:
            self._findings.add(LOST, f"{day}: the rollups of id {point} are deleted")
            rollups.pop(point, None)
        else:
            rollups[point] = after["b"]["B"]
        self._compared.pop(day, None)
        self._touched.add(day)

    def etag(self, day: SiteDay) -> str:
        """Returns the ETag that the ledger has of a day, "" for none."""
        record = self._records.get(day)
        return record.etag if record else ""

    def expires_ms(self, day: SiteDay) -> int | None:
        """Returns the earliest expiry of a day's blocks by the ledger, None without one."""
        record = self._records.get(day)
        return record.expires_ms if record else None

    def record(self, day: SiteDay) -> ArchiveRecord | None:
        """Returns the day's record, None when there is none."""
        return self._records.get(day)

    def is_settled(self, day: SiteDay) -> bool:
        """Returns whether the ledger says that nothing was written since the day was archived."""
        record = self._records.get(day)
        return record is not None and record.settled

    def days(self) -> list[SiteDay]:
        """Returns the days that have a record, in order."""
        return sorted(self._records)

    def check(self) -> None:
        """Compares the days of which a record, rollup or file has changed since the last check."""
        self._touched.update(day for day in self._records if self._files.changed(day))
        for day in sorted(self._touched):
            self._check_day(day)
        self._touched.clear()

    def check_all(self) -> None:
        """Compares every day, whether it has changed or not."""
        self._compared.clear()
        self._settled.clear()
        self._touched.update(self._records)
        self.check()

    def _check_day(self, day: SiteDay) -> None:
        record = self._records.get(day)
        if record is None or not record.etag:
            for point in self._rollups.get(day, ()):
                self._findings.add(WRONG, f"{day}: id {point} has rollups, and the day no verified file")
            return
        facts = replace(record, changed_ms=None, attempts=0)
        if self._compared.get(day) != facts:
            self._compared[day] = facts
            self._compare_day(day, record)
        if record.settled:
            self._check_settled(day, record)

    def _compare_day(self, day: SiteDay, record: ArchiveRecord) -> None:
        rows = self._files.of_etag(day, record.etag)
        if rows is None:
            self._findings.add(LOST, f"{day}: there is no file of the ledger's ETag, {record.status}")
            return
        self._compare_record(day, record, rows)
        if record.status == "done":
            self._compare_rollups(day, rows)

    def _check_settled(self, day: SiteDay, record: ArchiveRecord) -> None:
        """Compares the current file with the record: that of a day that is due may be another one."""
        state = (record.etag, record.began_ms, self._files.latest(day))
        if self._settled.get(day) == state:
            return
        self._settled[day] = state
        rows = self._files.current(day)
        if rows is None or rows.version.etag != record.etag:
            self._findings.add(WRONG, f"{day}: settled, but the current file is not the ledger's")
        else:
            self.settled.append((day, rows))

    def _compare_record(self, day: SiteDay, record: ArchiveRecord, rows: DayRows) -> None:
        facts = {
            "rows": len(rows.keys),
            "points": len(np.unique(rows.keys // DAY_MS)),
            "bytes": len(rows.version.body or b""),
            "checksum": rows.facts.get("checksum"),
            "windows": rows.windows,
        }
        for name, fact in facts.items():
            if getattr(record, name) != fact:
                self._findings.add(
                    WRONG, f"{day}: the ledger has {name} {getattr(record, name)}, the file {fact}"
                )

    def _compare_rollups(self, day: SiteDay, rows: DayRows) -> None:
        samples = Samples(
            (rows.keys // DAY_MS).astype(np.int32), day.day_ms + rows.keys % DAY_MS, rows.values
        )
        stored = self._rollups.get(day, {})
        present = set(np.unique(samples.ids).tolist())
        for point in sorted(present ^ stored.keys()):
            verb = "lacks" if point in present else "has, without samples in the file,"
            self._findings.add(WRONG, f"{day}: the hot table {verb} the rollups of id {point}")
        shared = sorted(present & stored.keys())
        samples = samples[np.isin(samples.ids, np.array(shared, np.int32))]
        hours = concat(decode_day(stored[point], point, day.day_ms) for point in shared)
        self._compare(f"{day}: the rollups", hours, samples)

    def _compare(self, subject: str, hours: Cells, samples: Samples) -> None:
        points, first = np.unique(hours.rows.ids, return_index=True)
        holds = hours.hold_ms[first][np.searchsorted(points, samples.ids)] if len(points) else samples.times
        edges = np.unique(np.concatenate([hours.rows.times, hours.ends]))
        if len(hours) and not hours.equals(cells_of(samples, edges, holds)):
            self._findings.add(WRONG, f"{subject} are not those of the file's samples, bit by bit")
        wrong = [*differences(hours.rows, samples, HOUR_MS), *wrong_columns(hours, samples)]
        if wrong:
            self._findings.add(WRONG, f"{subject} are not those of the file's samples: {wrong}")


def differences(rollups: Aggregates, samples: Samples, bucket_ms: int) -> list[str]:
    """Returns the columns that differ from those of a plain computation."""
    wanted = _aggregated(samples, bucket_ms)
    if len(rollups) != len(wanted):
        return [f"{len(rollups)} rows instead of {len(wanted)}"]
    wrong = set()
    for row, values in enumerate(wanted):
        for name, value in values.items():
            stored = getattr(rollups, name)[row]
            if name == "values":
                largest = max(abs(values["mins"]), abs(values["maxs"]))
                equal = is_close(stored, value, largest=largest, count=int(values["counts"]))
            else:
                equal = stored == value
            if not equal:
                wrong.add(name)
    return sorted(wrong)


def _aggregated(samples: Samples, bucket_ms: int) -> list[Mapping[str, float]]:
    """Returns the rows of samples that are sorted by point, then time."""
    if not len(samples):
        return []
    ids, starts_ms = samples.ids, samples.times - samples.times % bucket_ms
    changed = (np.diff(ids) != 0) | (np.diff(starts_ms) != 0)
    begins = [0, *(np.flatnonzero(changed) + 1).tolist()]
    values = samples.values.tolist()
    rows = []
    for begin, end in zip(begins, [*begins[1:], len(values)], strict=True):
        of_bucket = values[begin:end]
        row: dict[str, float] = {
            "ids": int(ids[begin]),
            "times": int(starts_ms[begin]),
            "values": mean(of_bucket),
            "mins": min(of_bucket),
            "maxs": max(of_bucket),
            "firsts": of_bucket[0],
            "lasts": of_bucket[-1],
            "counts": len(of_bucket),
        }
        rows.append(row)
    return rows
