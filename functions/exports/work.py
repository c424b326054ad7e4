"""One export worked on, part by part, so that a worker may die anywhere and the next one goes on.

read a part → store its files, under names of this attempt → record the part as done → note the progress
"""

import contextlib
import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.convert import FileWriter
from exports.sources import Reading, Source
from vitals.errors import ConflictError, VitalsError
from vitals.model.records.exports import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    Export,
    ExportPlan,
    FinishedPart,
)
from vitals.model.timespan import day_name
from vitals.store import items
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.tiers.export_files import ExportFiles

# A part is begun only with this much time left; Athena may take what is more than its last part, which is
# for converting and storing 50 million rows.
_PART_S = 600
_CONVERTING_S = 300
_LONGEST_DELAY_S = 900
# What a stop takes to be noticed, beyond the time that the function has left.
_LEASE_MARGIN_MS = 10_000
_UNEXPECTED = "something went wrong here; the log has it by the export's id"


class _CancelledError(Exception):
    """Whoever asked for the export wants it no more."""


@dataclass(frozen=True, slots=True)
class ExportWorker:
    """What working works with; `send` sends an export's message once more, after so many seconds."""

    table: ExportTable
    files: ExportFiles
    catalogs: CatalogTable
    sources: Mapping[str, Source]
    send: Callable[[Export, int], None]
    now: Callable[[], int]
    remaining_s: Callable[[], float]
    new_name: Callable[[], str]
    max_file_bytes: int

    def work(self, export_id: str, *, last_try: bool) -> dict[str, Any]:
        """Goes on with the export until it is completed or time is short, and returns a receipt.

        Safe to repeat, to race and to kill. An error is raised, and recorded; with `last_try` as the end.
        """
        now_ms = self.now()
        export = self.table.load(export_id, now_ms)
        if export is None:
            return {"export": export_id, "status": "unknown"}
        claim = self.new_name()
        until_ms = now_ms + int(self.remaining_s() * 1000) + _LEASE_MARGIN_MS
        if not self.table.claim(export, claim, now_ms, until_ms, last_try=last_try):
            return self._refused(export_id)
        try:
            return self._go_on(export, claim)
        except _CancelledError:
            self.files.clear(export_id)
            with contextlib.suppress(ConflictError):
                self.table.release(export, claim, status=CANCELLED, ended_ms=self.now())
            return _receipt(export, CANCELLED)
        except Exception as error:
            text = str(error) if isinstance(error, VitalsError) else _UNEXPECTED
            status, ended_ms = (FAILED, self.now()) if last_try else (QUEUED, 0)
            with contextlib.suppress(ConflictError):
                self.table.release(export, claim, status=status, ended_ms=ended_ms, error=text)
            raise

    def _refused(self, export_id: str) -> dict[str, Any]:
        """Leaves an export that has ended; the message of one at work comes again when its claim is over.

        Else this delivery would take the message away from a worker that may still need it.
        """
        now_ms = self.now()
        export = self.table.load(export_id, now_ms)
        if export is None:
            return {"export": export_id, "status": "unknown"}
        if export.cancel_ms and self.table.cancel_idle(export, now_ms):
            self.files.clear(export_id)
            return _receipt(export, CANCELLED)
        if export.status in (COMPLETED, CANCELLED):
            return _receipt(export, export.status)
        lease_s = math.ceil((export.claim_until_ms - now_ms) / 1000) + 1
        self.send(export, min(_LONGEST_DELAY_S, max(0, lease_s)))
        return _receipt(export, "busy")

    def _go_on(self, export: Export, claim: str) -> dict[str, Any]:
        plan, done = self.table.plan(export), self.table.done(export)
        names = self._names(export, plan)
        for number in range(len(plan.parts)):
            if number in done:
                continue
            self._check(export)
            if self.remaining_s() < _PART_S:
                facts = _progress(plan, done)
                self.table.release(export, claim, status=QUEUED, **facts)
                self.send(export, 0)
                return _receipt(export, QUEUED, facts)
            done[number] = self._do(export, plan, number, names, claim)
            self.table.update(export, claim, error="", **_progress(plan, done))
        self._check(export)
        facts = _progress(plan, done)
        self.table.release(export, claim, status=COMPLETED, ended_ms=self.now(), error="", **facts)
        return _receipt(export, COMPLETED, facts)

    def _do(
        self, export: Export, plan: ExportPlan, number: int, names: list[str] | None, claim: str
    ) -> FinishedPart:
        """Stores and records one part; as recorded by somebody else, where that came first."""
        stored: list[tuple[str, int]] = []
        try:
            mine = self._store(export, plan, number, names, claim, stored)
        except Exception:
            # What was stored of a part that is not whole; should this fail, they expire with the others.
            self.files.discard(export.export, [name for name, _ in stored])
            raise
        if self.table.finish_part(export, number, mine):
            return mine
        self.files.discard(export.export, [name for name, _ in stored])
        return self.table.done(export)[number]

    def _store(
        self,
        export: Export,
        plan: ExportPlan,
        number: int,
        names: list[str] | None,
        claim: str,
        stored: list[tuple[str, int]],
    ) -> FinishedPart:
        """Stores one part's files, whose names and sizes `stored` lists as soon as they are there."""
        part, rows = plan.parts[number], 0
        with tempfile.TemporaryDirectory() as folder:

            def keep(file: Path) -> None:
                self._check(export)
                first, last = day_name(part.start_ms), day_name(part.end_ms - 1)
                # Two workers may be at one part, and their files are not cut alike.
                name = f"{export.site}_{first}_{last}_{len(stored):03d}_{claim[:8]}.{export.format}"
                stored.append((name, self.files.put(export.export, name, file)))

            reading = Reading(
                export.site,
                part,
                names,
                Path(folder),
                self.new_name(),
                max(0.0, self.remaining_s() - _CONVERTING_S),
                lambda: self._check(export),
                ids=plan.ids,
            )
            with FileWriter(export.format, Path(folder), keep, self.max_file_bytes) as writer:
                for batch in self.sources[part.kind].read(reading):
                    writer.add(batch)
                    rows += len(batch)
        return FinishedPart(rows, reading.scanned, tuple(stored))

    def _names(self, export: Export, plan: ExportPlan) -> list[str] | None:
        if not plan.ids:
            return None
        points = self.catalogs.load(export.site).points
        return [points[point].name for point in plan.ids]

    def _check(self, export: Export) -> None:
        """Raises when the export was cancelled or removed meanwhile."""
        found = self.table.load(export.export, self.now())
        if found is None or found.cancel_ms:
            raise _CancelledError


def _progress(plan: ExportPlan, done: Mapping[int, FinishedPart]) -> dict[str, items.Fact]:
    return {
        "days_done": sum(plan.parts[number].days for number in done),
        "rows": sum(part.rows for part in done.values()),
        "bytes": sum(part.bytes for part in done.values()),
        "scanned": sum(part.scanned for part in done.values()),
    }


def _receipt(export: Export, status: str, facts: Mapping[str, items.Fact] | None = None) -> dict[str, Any]:
    return {"export": export.export, "site": export.site, "status": status, **(facts or {})}
