"""The plan of a run: which days it reads, how many at once, and what that should take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backfill.estimates import Estimate, concurrent_days, estimate, estimate_rebuild
from backfill.events import BackfillRequest
from vitals.config import BackfillApiSettings
from vitals.errors import InvalidRequestError
from vitals.model import point_set
from vitals.model.point_set import PointSet
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import PAUSED, RecordedStatus, key_group_of
from vitals.model.site_status import check_enabled, site_status
from vitals.model.timespan import DAY_MS, day_name
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.stores import Stores


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The days to read (YYYY-MM-DD), how many of them at once, and how many days are complete already.

    They are read with the key of the key group. In a rebuild they are archived again instead.
    """

    days: tuple[str, ...]
    complete: int
    concurrency: int
    key_group: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans runs of sites; `requests_per_minute` is the upstream's pace.

    The `initial_sites` are enabled unless their records differ.
    """

    ledger: Ledger
    catalogs: CatalogTable
    sites: SiteTable
    initial_sites: tuple[str, ...]
    requests_per_minute: int
    concurrency: int

    @classmethod
    def connect(cls, settings: BackfillApiSettings, stores: Stores) -> "Planner":
        """Returns the planner of the stack that the settings name."""
        return cls(
            ledger=stores.ledger,
            catalogs=stores.catalogs,
            sites=stores.sites,
            initial_sites=settings.sites,
            requests_per_minute=settings.requests_per_minute,
            concurrency=settings.concurrency,
        )

    def status(self, site: str) -> RecordedStatus | None:
        """Returns the status of the site, None when there is no such site."""
        return site_status(site, self.sites.load(site), self.initial_sites)

    def plan(self, request: BackfillRequest) -> RunPlan:
        """Returns what the run would do and changes nothing; NotFoundError for a site that is not enabled.

        The days of a paused site can be rebuilt.
        """
        record = self.sites.load(request.site)
        status = site_status(request.site, record, self.initial_sites)
        if not (request.rebuild and status == PAUSED):
            check_enabled(request.site, status)
        group = key_group_of(record)
        return self._plan_rebuild(request, group) if request.rebuild else self._plan_reading(request, group)

    def _plan_reading(self, request: BackfillRequest, key_group: str) -> RunPlan:
        catalog = self.catalogs.load(request.site)
        if not catalog.active_ids:
            raise InvalidRequestError(f"site {request.site} has no points yet; wait for its first sync")
        archived = self.ledger.archive_records(request.site, request.days)
        polled = self.ledger.polled_days(request.site, request.days)
        days = days_to_read(request, archived, polled, catalog.configured)
        concurrency = concurrent_days(catalog, self.requests_per_minute, self.concurrency)
        return RunPlan(
            days=tuple(map(day_name, days)),
            complete=request.days.length_ms // DAY_MS - len(days),
            concurrency=concurrency,
            key_group=key_group,
            estimate=estimate(len(days), catalog, self.requests_per_minute, concurrency),
        )

    def _plan_rebuild(self, request: BackfillRequest, key_group: str) -> RunPlan:
        archived = [r for r in self.ledger.archive_records(request.site, request.days) if r.etag]
        old = [record for record in archived if request.force or record.has_old_rollups]
        return RunPlan(
            days=tuple(day_name(record.day_ms) for record in old),
            complete=len(archived) - len(old),
            concurrency=self.concurrency,
            key_group=key_group,
            estimate=estimate_rebuild(old, self.concurrency),
        )


def days_to_read(
    request: BackfillRequest,
    archived: Iterable[ArchiveRecord],
    polled: Mapping[int, PointSet | None],
    configured: PointSet,
) -> list[int]:
    """Returns the starts of the days to read: all with `force`, otherwise those that are not complete.

    A day is complete when it is archived and every window was polled while every active point was configured.
    """
    done = {record.day_ms for record in archived if record.status == "done"}
    complete = {
        day_ms
        for day_ms, claimed in polled.items()
        if day_ms in done and (claimed is None or point_set.contains(claimed, configured))
    }
    return [
        day_ms
        for day_ms in range(request.days.start_ms, request.days.end_ms, DAY_MS)
        if request.force or day_ms not in complete
    ]
