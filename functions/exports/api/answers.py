"""The answers of the exports API: starting, watching and ending exports."""

from collections.abc import Callable
from dataclasses import dataclass

from exports import plan, view
from exports.api import schemas
from exports.plan import Asked
from exports.queues import ExportQueues
from vitals.aws.runtime import SYSTEM
from vitals.errors import BusyError, ForbiddenError, InvalidRequestError, NotFoundError
from vitals.http.access import allows, authorise
from vitals.model.records.exports import COMPLETED, QUEUED, RUNNING, Export, ExportPlan
from vitals.model.records.tokens import Grant
from vitals.model.timespan import iso
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles

_LINK_S = 3_600
# Of one site at a time: its tokens share the workers.
MOST_WAITING = 10
_LATEST = 100


@dataclass(frozen=True, slots=True)
class ExportAnswers:
    """What the routes work with; `now` gives UTC ms, `scan_limit` is Athena's in bytes a query."""

    table: ExportTable
    files: ExportFiles
    sites: SiteTable
    catalogs: CatalogTable
    ledger: Ledger
    queues: ExportQueues
    now: Callable[[], int]
    scan_limit: int
    new_id: Callable[[], str] = SYSTEM.new_id

    def start(self, grant: Grant, asked: Asked) -> schemas.Export:
        """Plans, records and queues an export of what is stored by now."""
        authorise(grant, asked.site, "read", exists=self._has_site)
        now_ms = self.now()
        self._check_room(asked.site, now_ms)
        span = plan.span(asked, now_ms)
        catalog = self.catalogs.load(asked.site)
        ids = plan.point_ids(asked, catalog)
        records = self.ledger.archive_records(asked.site, span)
        parts = plan.parts(span, records, len(ids), self.scan_limit)
        export = Export(
            self.new_id(),
            site=asked.site,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            format=asked.format,
            priority=asked.priority,
            points=len(ids) or len(catalog.points),
            requested_by=grant.name,
            created_ms=now_ms,
            days_total=sum(part.days for part in parts),
        )
        self.table.create(export, ExportPlan(parts, ids))
        try:
            self.queues.send(export)
        except Exception:
            self.table.remove(export)
            raise
        return view.export(export, now_ms)

    def get(self, grant: Grant, export_id: str) -> schemas.Export | schemas.ExportWithFiles:
        """An export; NotFoundError also for one of a site that the token may not read."""
        export = self._visible(grant, export_id)
        now_ms = self.now()
        answer = view.export(export, now_ms)
        if export.status != COMPLETED:
            return answer
        # As long as the record: its files live a little longer.
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
        if waiting >= MOST_WAITING:
            raise BusyError(
                f"{waiting} exports of {site} are not done yet; wait for some of them or cancel them"
            )

    def of_site(self, grant: Grant, site: str, limit: int) -> schemas.Exports:
        """The site's latest exports, newest first, without links."""
        authorise(grant, site, "read", exists=self._has_site)
        now_ms = self.now()
        found = self.table.of_site(site, limit, now_ms)
        return {"exports": [view.export(export, now_ms) for export in found]}

    def delete(self, grant: Grant, export_id: str) -> tuple[int, schemas.Export | schemas.Removed]:
        """Cancels an export, or removes one that has ended with all its files; status and answer."""
        export = self._visible(grant, export_id)
        if export.requested_by != grant.name and not grant.allows("admin", export.site):
            raise ForbiddenError("another token made this export")
        now_ms = self.now()
        if view.status(export, now_ms) in (QUEUED, RUNNING):
            if self.table.cancel_idle(export, now_ms):
                self.files.clear(export_id)
                return 200, view.export(self._visible(grant, export_id), now_ms)
            if self.table.ask_cancel(export, now_ms) or export.cancel_ms:
                return 202, view.export(self._visible(grant, export_id), now_ms)
        self.files.clear(export_id)
        self.table.remove(export)
        return 200, {"id": export_id, "status": "removed"}

    def _has_site(self, site: str) -> bool:
        return self.sites.load(site) is not None

    def _visible(self, grant: Grant, export_id: str) -> Export:
        if not 1 <= len(export_id) <= 80:
            raise InvalidRequestError("an export's id has 1 to 80 characters")
        export = self.table.load(export_id, self.now())
        if export is None or not allows(grant, export.site, "read"):
            raise NotFoundError(f"there is no export {export_id!r}")
        return export
