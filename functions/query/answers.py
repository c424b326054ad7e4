"""The query API: authorises each request, and has it answered by the module of its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from query import coverage, encoding, health, schemas
from query.catalogs import Catalogs
from query.flags import Flags
from query.points import lists
from query.points.latest import LatestReader, check_no_token
from query.sites import Sites
from query.status import StatusReader
from query.timeseries.answer_cache import AnswerCache
from query.timeseries.samples import Reply, SampleReader
from vitals.aws.runtime import SYSTEM
from vitals.http.access import authorise, require_scope
from vitals.http.site_answer import site_answer
from vitals.model.measures import sums
from vitals.model.ranges import Time
from vitals.model.records.sites import SiteRecord
from vitals.model.records.tokens import Grant
from vitals.reading.executor import Executor
from vitals.reading.queries.planning import Planner, plan_query
from vitals.reading.request import QueryRequest, parse_span
from vitals.reading.summary.planning import plan_summary
from vitals.store.tiers.quality_files import QualityFiles

if TYPE_CHECKING:
    from query.haystack.records import Records

SCOPE = "read"


@dataclass
class Api:
    """The query API over the tiers; `now` gives UTC ms, `monotonic` seconds."""

    executor: Executor
    catalogs: Catalogs
    sites: Sites
    now: Callable[[], int]
    max_range_days: int
    cache: AnswerCache
    status_reader: StatusReader
    quality_files: QualityFiles
    flags: Flags
    monotonic: Callable[[], float] = SYSTEM.monotonic

    @cached_property
    def haystack(self) -> "Records":
        """The records that Haystack clients read."""
        # Only their first request imports them.
        from query.haystack.records import Records

        return Records(self.catalogs, self.now())

    def query(self, grant: Grant, request: QueryRequest, if_none_match: str = "") -> Reply:
        """Returns the samples or aggregates of some points in a range, or their table."""
        return self._reply(grant, request, plan_query, if_none_match)

    def summary(self, grant: Grant, request: QueryRequest, if_none_match: str = "") -> Reply:
        """Returns the summary of some points in a range."""
        return self._reply(grant, request, plan_summary, if_none_match)

    def _reply(
        self,
        grant: Grant,
        request: QueryRequest,
        plan_request: Planner,
        if_none_match: str,
    ) -> Reply:
        began_s = self.monotonic()
        self._authorise(grant, request.site)
        if request.tags:
            request = lists.tagged(self.catalogs, request)
        limits = request.limits or encoding.limits(request.media_type, request.point_names)
        request, now_ms = replace(request, limits=limits), self.now()
        names = sums.names(request.point_names)
        catalog = self.catalogs.find(request.site, names)
        site = self.sites.find(request.site) or SiteRecord(request.site)
        plan = plan_request(
            request, catalog, now_ms, self.max_range_days, site.timezone, site.units, site.holidays
        )
        if request.excludes_flagged:
            plan = replace(plan, flagged=self.flags.find(request.site))
        if plan.calendar and plan.context.end_ms > (site.checkpoint_ms or 0):
            # It was synced further since the record was loaded.
            site = self.sites.load(request.site) or site
        reader = SampleReader(self.executor, self.cache, self.monotonic, began_s)
        return reader.reply(plan, now_ms, request.media_type, if_none_match, site.checkpoint_ms)

    def coverage(self, grant: Grant, site: str, start: Time, end: Time) -> schemas.CoverageAnswer:
        """Returns, day by day, the windows polled and with data, and the state of the archive."""
        self._authorise(grant, site)
        span = parse_span(start, end, self.now(), coverage.MAX_DAYS, names=("start", "end"))
        return coverage.coverage(self.executor.ledger, site, span, self.now())

    def quality(
        self, grant: Grant, site: str, date: str | None, limit: int, next_token: str | None
    ) -> schemas.QualityAnswer:
        """Returns a page of the findings of an archived day, by default the latest."""
        # Few requests need it.
        from query.quality import QualityReader

        self._authorise(grant, site)
        reader = QualityReader(self.executor.ledger, self.quality_files, self.catalogs, self.now())
        return reader.page(site, date, limit, next_token)

    def list_sites(self, grant: Grant) -> schemas.Sites:
        """Returns the sites that the caller may read."""
        require_scope(grant, SCOPE)
        now_ms = self.now()
        granted = (record for record in self.sites.visible() if grant.allows(SCOPE, record.site))
        return {"sites": [site_answer(record, now_ms) for record in granted]}

    def status(self, grant: Grant) -> schemas.Status:
        """Returns the status of the sites that the caller may read."""
        require_scope(grant, SCOPE)
        return self.status_reader.read(grant, self.now())

    def points(
        self, grant: Grant, site: str, search: str, tags: Sequence[str], limit: int, next_token: str | None
    ) -> schemas.Points:
        """Returns a page of the site's points that match a search and tags."""
        self._authorise(grant, site)
        return lists.points_page(
            self.catalogs, site, search=search, tags=tags, limit=limit, next_token=next_token
        )

    def tags(self, grant: Grant, site: str) -> schemas.Tags:
        """Returns the tags and the equipment of the site's points."""
        self._authorise(grant, site)
        return lists.tags_and_equipment(self.catalogs, site)

    def latest(
        self, grant: Grant, site: str, names: Sequence[str], limit: int, next_token: str | None
    ) -> schemas.Latest:
        """Returns the newest sample of the last 24 hours of each named point, or of every point by page."""
        self._authorise(grant, site)
        reader = LatestReader(self.executor, self.catalogs, self.now())
        if not names:
            return reader.page(site, limit, next_token)
        check_no_token(next_token)
        return reader.named(site, names)

    def health(self) -> schemas.Health:
        """Returns whether every enabled site is synced."""
        return health.health(self.sites.enabled(), self.now())

    def _authorise(self, grant: Grant, site: str) -> None:
        authorise(grant, site, SCOPE, exists=self.sites.has)
