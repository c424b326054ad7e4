"""The work on one export, part by part, so that a worker may die anywhere and the next one continues.

read a part → store its files, under names of this attempt → record the part as done → note the progress
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exports import delivery
from exports.part_files import PartFiles, PartRequest
from vitals.errors import ConflictError, VitalsError
from vitals.model.points import Catalog
from vitals.model.records.exports import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    Export,
    ExportPlan,
    FinishedPart,
)
from vitals.store import items
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.tiers.export_files import ExportFiles

# A part begins only with this much time left. Its last 300 s convert and store up to 50 million rows; the
# query may take the time before them.
_PART_S = 600
_CONVERTING_S = 300
# Between the end of the function's time and the end of its claim.
_LEASE_MARGIN_MS = 10_000
# Each is refused only if another process has changed the export since it was read, which few do.
_ATTEMPTS = 3
_UNEXPECTED = "internal error; search the log for the export's id"


class _CancelledError(Exception):
    """The export was cancelled."""


@dataclass(frozen=True, slots=True)
class ExportWorker:
    """Works on exports; `send` sends an export's message again, to be received after so many seconds."""

    table: ExportTable
    files: ExportFiles
    catalogs: CatalogTable
    parts: PartFiles
    send: Callable[[Export, int], None]
    now: Callable[[], int]
    remaining_s: Callable[[], float]
    new_claim: Callable[[], str]

    def work(self, export_id: str, *, last_try: bool) -> dict[str, Any]:
        """Continues the export until it is completed or time is short, and returns a receipt.

        Safe to repeat, to race and to kill. An error is recorded and raised; with `last_try` it ends the
        export. ConflictError when other processes change the export all the time.
        """
        for _ in range(_ATTEMPTS):
            now_ms = self.now()
            export = self.table.load(export_id, now_ms)
            if export is None:
                return {"export": export_id, "status": "unknown"}
            match delivery.action(export, now_ms):
                case delivery.END:
                    return _receipt(export, export.status)
                case delivery.WAIT:
                    # Without it this delivery would use up the message of a worker that may still need it.
                    self.send(export, delivery.delay_s(export, now_ms))
                    return _receipt(export, "busy")
                case delivery.CANCEL:
                    if self._finish_cancel(export, now_ms):
                        return _receipt(export, CANCELLED)
                case delivery.CLAIM:
                    claim = self.new_claim()
                    until_ms = now_ms + int(self.remaining_s() * 1000) + _LEASE_MARGIN_MS
                    if self.table.claim(export, claim, now_ms, until_ms, last_try=last_try):
                        return self._attempt(export, claim, last_try=last_try)
        raise ConflictError(f"export {export_id} has changed {_ATTEMPTS} times since it was read")

    def _attempt(self, export: Export, claim: str, *, last_try: bool) -> dict[str, Any]:
        try:
            return self._continue(export, claim)
        except _CancelledError:
            self.files.clear(export.export)
            with contextlib.suppress(ConflictError):
                self._release(export, claim, status=CANCELLED)
            return _receipt(export, CANCELLED)
        except Exception as error:
            text = str(error) if isinstance(error, VitalsError) else _UNEXPECTED
            with contextlib.suppress(ConflictError):
                self._release(export, claim, status=FAILED if last_try else QUEUED, error=text)
            self._finish_cancel(export, self.now())
            raise

    def _finish_cancel(self, export: Export, now_ms: int) -> bool:
        """Ends an export whose cancel was requested; False when it was not, or the export is claimed."""
        if not self.table.finish_cancel(export, now_ms):
            return False
        self.files.clear(export.export)
        return True

    def _continue(self, export: Export, claim: str) -> dict[str, Any]:
        plan, done = self.table.plan(export), self.table.done(export)
        catalog = self.catalogs.load(export.site)
        for number in range(len(plan.parts)):
            if number in done:
                continue
            self._check(export)
            if self.remaining_s() < _PART_S:
                facts = _progress(plan, done)
                self._release(export, claim, status=QUEUED, **facts)
                self.send(export, 0)
                return _receipt(export, QUEUED, facts)
            done[number] = self._finish_part(export, plan, number, catalog, claim)
            self.table.update(export, claim, error="", **_progress(plan, done))
        self._check(export)
        facts = _progress(plan, done)
        self._release(export, claim, status=COMPLETED, error="", **facts)
        return _receipt(export, COMPLETED, facts)

    def _release(self, export: Export, claim: str, *, status: str, **facts: items.Fact) -> None:
        now_ms = self.now()
        ended_ms = 0 if status == QUEUED else now_ms
        self.table.release(export, claim, now_ms, status=status, ended_ms=ended_ms, **facts)

    def _finish_part(
        self, export: Export, plan: ExportPlan, number: int, catalog: Catalog, claim: str
    ) -> FinishedPart:
        """Stores and records one part; returns the recorded one when another worker was first."""
        finished = self.parts.store(
            PartRequest(
                export=export,
                export_part=plan.parts[number],
                names=[catalog.points[point_id].name for point_id in plan.ids] or None,
                ids=plan.ids,
                columns=plan.columns or _names(export, plan, catalog),
                holidays=plan.holidays,
                catalog=catalog,
                claim=claim,
                timeout_s=max(0.0, self.remaining_s() - _CONVERTING_S),
                check=lambda: self._check(export),
            )
        )
        if self.table.finish_part(export, number, finished):
            return finished
        self.parts.discard(export, finished)
        return self.table.done(export)[number]

    def _check(self, export: Export) -> None:
        """Raises when the export has been cancelled or removed."""
        record = self.table.load(export.export, self.now())
        if record is None or record.cancel_ms:
            raise _CancelledError


def _names(export: Export, plan: ExportPlan, catalog: Catalog) -> list[str]:
    """Returns the names of an export's points; those of all are the points of when it was requested."""
    return [catalog.points[point_id].name for point_id in plan.ids or range(export.points)]


def _progress(plan: ExportPlan, done: Mapping[int, FinishedPart]) -> dict[str, items.Fact]:
    return {
        "days_done": sum(plan.parts[number].days for number in done),
        "rows": sum(finished.rows for finished in done.values()),
        "bytes": sum(finished.bytes for finished in done.values()),
        "scanned": sum(finished.scanned for finished in done.values()),
    }


def _receipt(export: Export, status: str, facts: Mapping[str, items.Fact] | None = None) -> dict[str, Any]:
    return {"export": export.export, "site": export.site, "status": status, **(facts or {})}
