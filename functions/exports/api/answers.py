"""The answers of the exports API: starting, watching and ending exports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from exports import estimate, plan, view
from exports.api import schemas
from exports.api.quota import DailyLimit
from exports.buckets import planning
from exports.events import ExportRequest
from exports.queues import ExportQueues
from vitals.aws.runtime import SYSTEM
from vitals.errors import BusyError, ForbiddenError, InvalidRequestError, NotFoundError
from vitals.http.access import allows, authorise, require_scope
from vitals.model.points import Catalog, Point
from vitals.model.records.exports import (
    COMPLETED,
    QUEUED,
    RUNNING,
    Export,
    ExportFormat,
    ExportPart,
    ExportPlan,
)
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import SiteRecord
from vitals.model.records.tokens import Grant
from vitals.model.site_status import is_visible
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles

_SCOPE = "export"
_LINK_S = 3_600
# Per site, because its tokens share the workers.
MAX_WAITING = 10
_LATEST = 100


@dataclass(frozen=True, slots=True)
class ExportAnswers:
    """What the routes call; `now` gives UTC ms, `scan_limit` is Athena's in bytes a query."""

    table: ExportTable
    files: ExportFiles
    sites: SiteTable
    catalogs: CatalogTable
    ledger: Ledger
    daily_limit: DailyLimit
    queues: ExportQueues
    now: Callable[[], int]
    scan_limit: int
    new_id: Callable[[], str] = SYSTEM.new_id

    def start(self, grant: Grant, request: ExportRequest) -> schemas.Export:
        """Plans, records and queues an export of what is stored at the time of the request."""
        authorise(grant, request.site, _SCOPE, exists=self._has_site)
        now_ms = self.now()
        self._check_room(request.site, now_ms)
        export, export_plan, size_of = self._planned(grant, request, now_ms)
        # Kept whatever becomes of the export: giving it back is not safe to repeat.
        self.daily_limit.reserve(export, size_of)
        self.table.create(export, export_plan)
        try:
            self.queues.send(export)
        except Exception:
            self.table.remove(export)
            raise
        return view.export(export, now_ms)

    def _planned(
        self, grant: Grant, request: ExportRequest, now_ms: int
    ) -> tuple[Export, ExportPlan, Callable[[ExportFormat], int]]:
        """Returns the export, its plan, and the function that estimates its bytes in a format."""
        request.check()
        site = self.sites.load(request.site) or SiteRecord(request.site)
        span, catalog = request.span(now_ms), self.catalogs.load(request.site)
        ids = request.point_ids(catalog)
        export = Export(
            self.new_id(),
            site=request.site,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            format=request.format,
            priority=request.priority,
            timezone=request.zone(site.timezone),
            points=len(ids) or len(catalog.points),
            requested_by=grant.name,
            created_ms=now_ms,
        )
        if request.is_of_buckets:
            return self._of_buckets(request, export, ids, catalog, site)
        records = self.ledger.archive_records(request.site, span)
        parts = plan.parts(span, records, len(ids), self.scan_limit)
        sizes = self._sizes(export, records, estimate.selection(catalog, ids))
        return _with_days(export, parts), ExportPlan(parts, ids), sizes

    def _of_buckets(
        self,
        request: ExportRequest,
        export: Export,
        ids: tuple[int, ...],
        catalog: Catalog,
        site: SiteRecord,
    ) -> tuple[Export, ExportPlan, Callable[[ExportFormat], int]]:
        """Returns the same of an export of buckets; its errors are those of a query."""
        export = replace(
            export,
            form=request.form,
            resolution=request.resolution,
            measure=request.measure or "",
            fill=request.fill or "",
            week_start=request.week_start or "",
            units=request.units or site.units,
            hours=request.hours or "",
            days=request.days or "",
        )
        # As in a query, a bucket that begins now has begun.
        columns, span = request.columns(catalog), request.span(export.created_ms + 1)
        is_table = request.form == "table"
        names = columns if is_table else [point.name for point in _points(catalog, ids)]
        if not span or not names:
            return export, ExportPlan((), ids, columns), lambda _: 0
        group_plans = list(planning.plans(export, names, span, catalog, export.created_ms, site.holidays))
        parts = planning.parts(group_plans)
        sizes = partial(estimate.estimated_bytes_of_buckets, group_plans)
        holidays = tuple(site.holidays) if request.days else ()
        return _with_days(export, parts), ExportPlan(parts, ids, columns, holidays), sizes

    def _sizes(
        self, export: Export, records: Sequence[ArchiveRecord], selected: estimate.Selection
    ) -> Callable[[ExportFormat], int]:
        span = Span(export.start_ms, export.end_ms)
        changing = [record.day_ms for record in records if not record.settled]
        days = Span(changing[0], changing[-1] + DAY_MS) if changing else Span(span.start_ms, span.start_ms)
        coverage = self.ledger.coverage(export.site, days)
        return lambda form: estimate.estimated_bytes(form, span, records, coverage, selected, export.timezone)

    def get(self, grant: Grant, export_id: str) -> schemas.Export | schemas.ExportWithFiles:
        """Returns an export; NotFoundError also for one of a site that the token does not grant."""
        export = self._visible(grant, export_id)
        now_ms = self.now()
        answer = view.export(export, now_ms)
        if export.status != COMPLETED:
            return answer
        # A link never outlives the record; the files live a little longer.
        seconds = min(_LINK_S, (export.expires_ms - now_ms) // 1000)
        done = self.table.done(export)
        files = [file for number in sorted(done) for file in done[number].files]
        links: list[schemas.File] = [
            {"name": name, "bytes": size, "url": self.files.link(export_id, name, max(1, seconds))}
            for name, size in files
        ]
        return {**answer, "files": links, "links_expire_at": iso(now_ms + seconds * 1000)}

    def _check_room(self, site: str, now_ms: int) -> None:
        latest = self.table.of_site(site, _LATEST, now_ms)
        waiting = sum(view.status(export, now_ms) in (QUEUED, RUNNING) for export in latest)
        if waiting >= MAX_WAITING:
            raise BusyError(f"{waiting} exports of {site} are queued or running. Wait for one or cancel it.")

    def of_site(self, grant: Grant, site: str, limit: int) -> schemas.Exports:
        """Returns the site's latest exports, newest first, without links."""
        authorise(grant, site, _SCOPE, exists=self._has_site)
        now_ms = self.now()
        exports = self.table.of_site(site, limit, now_ms)
        return {"exports": [view.export(export, now_ms) for export in exports]}

    def delete(self, grant: Grant, export_id: str) -> tuple[int, schemas.Export | schemas.Removed]:
        """Cancels an export, or removes one that has ended with its files; returns status and answer."""
        export = self._visible(grant, export_id)
        if export.requested_by != grant.name and not grant.allows("admin", export.site):
            raise ForbiddenError("only the token that started the export, or an admin token, can delete it")
        now_ms = self.now()
        if view.status(export, now_ms) in (QUEUED, RUNNING):
            if self.table.cancel_idle(export, now_ms):
                self.files.clear(export_id)
                return 200, view.export(self._visible(grant, export_id), now_ms)
            if self.table.request_cancel(export, now_ms) or export.cancel_ms:
                return 202, view.export(self._visible(grant, export_id), now_ms)
        self.files.clear(export_id)
        self.table.remove(export)
        return 200, {"id": export_id, "status": "removed"}

    def _has_site(self, site: str) -> bool:
        return is_visible(self.sites.load(site))

    def _visible(self, grant: Grant, export_id: str) -> Export:
        require_scope(grant, _SCOPE)
        if not 1 <= len(export_id) <= 80:
            raise InvalidRequestError("an export's id has 1 to 80 characters")
        export = self.table.load(export_id, self.now())
        if export is None or not allows(grant, export.site, _SCOPE):
            raise NotFoundError(f"there is no export {export_id!r}")
        return export


def _points(catalog: Catalog, ids: Sequence[int]) -> Sequence[Point]:
    return [catalog.points[point_id] for point_id in ids] or catalog.points


def _with_days(export: Export, parts: Sequence[ExportPart]) -> Export:
    return replace(export, days_total=sum(export_part.days for export_part in parts))
