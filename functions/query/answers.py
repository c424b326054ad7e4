"""The answers of the query API, from what a caller may see to plain data."""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import orjson

from query import answer_cache, points, schemas, series, warnings
from query.answer_cache import Answers
from query.pages import Web
from query.schemas import ColumnAnswer
from query.status import MAX_LAG_MS, StatusReader, synced
from query.warnings import warned
from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM
from vitals.errors import ForbiddenError, InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.points import Catalog, Point
from vitals.model.ranges import Time
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.tokens import Grant
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, Span, iso
from vitals.reading import page_token
from vitals.reading.executor import Executor
from vitals.reading.gaps import explain_gaps
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan, plan_query
from vitals.reading.reader import PageReader
from vitals.reading.reads import PlannedRead
from vitals.reading.request import MAX_POINTS, QueryRequest, parse_span
from vitals.site_name import check_site
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

# Well under API Gateway's 29 s, and enough for the longest page that was measured (bench/query.py).
READ_BUDGET_S = 12.0
# MemorySize of QueryFunction in the template, for the price of its time.
_MEMORY_MB = 1024
# After this a browser asks whether what it has is still right.
_MAX_AGE_S = 300
MAX_COVERAGE_DAYS = 731
_CATALOG_TTL_MS = 60_000
LATEST_LOOKBACK_MS = DAY_MS
MAX_LIMIT = 1_000
# Of JSON, which Lambda escapes once more, at most to twice its size; an answer carries 6 MB.
_MAX_PAGE_BYTES = 2_800_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, None when the caller has it; its ETag if it has one, and for how long it stays right."""

    answer: ColumnAnswer | None
    etag: str | None
    max_age_s: int


@dataclass(slots=True)
class Api:
    """The query API over the tiers; `now` gives UTC ms, `monotonic` seconds."""

    # What is still synced, as against what ever was.
    enabled_sites: tuple[str, ...]

    executor: Executor
    catalogs: CatalogTable
    sites: SiteTable
    now: Callable[[], int]
    max_range_days: int
    kept: Answers
    upkeep: StatusReader
    web: Web = field(default_factory=Web)
    monotonic: Callable[[], float] = SYSTEM.monotonic
    _known: dict[str, tuple[int, Catalog]] = field(default_factory=dict)

    def query(self, grant: Grant, request: QueryRequest, if_none_match: str = "") -> Reply:
        """The samples or aggregates of some points in a range, one series per point in the order request.

        A reply without an answer means that the caller has it already.
        """
        began = self.monotonic()
        self._authorise(grant, request.site)
        now_ms = self.now()
        catalog = self._catalog(request.site, request.point_names)
        planned = plan_query(request, catalog, now_ms, self.max_range_days)
        cost = Cost()
        records = self.executor.records(request.site, planned.span, cost)
        name = answer_cache.entry(request.site, planned, records, now_ms)
        etag = name.etag(request.media_type)
        if answer_cache.matches(if_none_match, etag):
            return Reply(None, etag, _MAX_AGE_S)
        with self.kept.one_at_a_time(name):
            answer, keep = self.kept.find(request.site, name, cost), True
            hit = answer is not None
            if answer is None:
                answer, keep = self._answer(request.site, planned, records, now_ms, cost)
                if keep:
                    self.kept.keep(request.site, name, answer, cost)
        answer["metadata"] = {**answer["metadata"], **self._receipt(began, cost, hit=hit)}
        # What was left out may be readable a moment later, without a change of the name.
        settled = keep and name.quiet
        return Reply(answer, etag if settled else None, _MAX_AGE_S if settled else answer_cache.LIVELY_S)

    def _answer(
        self,
        site: str,
        planned: QueryPlan,
        records: Sequence[ArchiveRecord],
        now_ms: int,
        cost: Cost,
    ) -> tuple[ColumnAnswer, bool]:
        """The answer, and whether it may be kept."""
        began = self.monotonic()

        def in_time() -> bool:
            return self.monotonic() < began + READ_BUDGET_S

        known_until_ms = now_ms - MAX_LAG_MS
        query = PlannedRead(planned, records, now_ms, cost)
        page = PageReader(self.executor, query, known_until_ms, in_time).read()
        stats = page.stats
        whole = planned.start_ms == planned.span.start_ms and page.next_ms is None
        if stats.failures and not stats.sources and whole:
            raise stats.failures[0].error
        report = explain_gaps(self.executor.ledger, site, page.gaps, cost)
        answer: ColumnAnswer = {
            "site_name": site,
            "start_time": iso(planned.requested.start_ms),
            "end_time": iso(planned.requested.end_ms),
            # The plan has checked both texts.
            "resolution": cast(schemas.Resolution, planned.resolution),
            "data_type": "aggregate" if planned.aggregated else "raw",
            "series": series.of(planned, page, report.gaps),
            "metadata": {
                "total_samples": len(page.rows),
                "sources": list(stats.sources),
                "next_token": None if page.next_ms is None else Pages(planned).token(page.next_ms),
                "method": cast(schemas.Method, planned.shape.method) if planned.shape else None,
                "samples_read": sum(page.received.values()),
                "samples_returned": len(page.rows),
                **self._receipt(began, cost, hit=False),
            },
            **warned(
                [
                    *map(warnings.unknown_point, planned.unknown),
                    *map(warnings.columns_split_buckets, planned.notes),
                    *(warnings.day_unreadable(failure.day, str(failure.error)) for failure in stats.failures),
                    *([warnings.time_limit()] if page.timed_out else []),
                    *([] if report.complete else [warnings.gaps_omitted()]),
                ]
            ),
        }
        keep = report.all_polled and report.in_time and not page.timed_out and not stats.failures
        return answer, keep

    def _receipt(self, began: float, cost: Cost, *, hit: bool) -> schemas.Receipt:
        seconds = self.monotonic() - began
        return {
            "query_time_ms": round(seconds * 1000, 1),
            "cache_hit": hit,
            "cost": {
                "read_units": cost.read_units,
                "requests": cost.requests,
                "bytes": cost.bytes,
                "bytes_scanned": cost.bytes_scanned,
                "micro_dollars": cost.micro_dollars(seconds, _MEMORY_MB),
            },
        }

    def coverage(self, grant: Grant, site: str, start: Time, end: Time) -> schemas.CoverageAnswer:
        """Day by day, how many windows were asked for and hold data, and what became of the archive."""
        self._authorise(grant, site)
        span = parse_span(start, end, self.now(), MAX_COVERAGE_DAYS, names=("start", "end"))
        return series.coverage(self.executor.ledger, site, span, self.now())

    def list_sites(self, grant: Grant) -> schemas.Sites:
        """The sites that the caller may read."""
        _require(grant, "read")
        now_ms = self.now()
        return {
            "sites": [
                synced(record, now_ms) for record in self.sites.list() if grant.allows("read", record.site)
            ]
        }

    def status(self, grant: Grant) -> schemas.Status:
        """How the sites that the caller may read are kept, and what was given up."""
        _require(grant, "read")
        return self.upkeep.read(grant, self.now())

    def points(
        self, grant: Grant, site: str, search: str, tags: Sequence[str], limit: int, next_token: str | None
    ) -> schemas.Points:
        """The site's points in name order that have every word of `search` and every one of `tags`."""
        self._authorise(grant, site)
        owner = page_token.fingerprint("points", site, search, sorted(tags))
        catalog, position = self._page_start(site, next_token, owner)
        hits = points.find(catalog.active, site, search, tags)
        page = _page(hits, limit, position)
        rows = _fitting([points.told(point, site) for point in page])
        return {"points": rows, "next_token": _next_token(hits, page[: len(rows)], owner)}

    def tags(self, grant: Grant, site: str) -> schemas.Tags:
        """What the site's points can be asked for by."""
        self._authorise(grant, site)
        active = self._catalog(site, ()).active
        return {"site_name": site, "tags": points.tags(active), "equipment": points.equipment(active)}

    def latest(
        self, grant: Grant, site: str, names: Sequence[str], limit: int, next_token: str | None
    ) -> schemas.Latest:
        """The newest sample of the last 24 hours of each named point, or of every point by page."""
        self._authorise(grant, site)
        if names:
            return self._latest_named(site, names, next_token)
        owner = page_token.fingerprint("latest", site)
        catalog, position = self._page_start(site, next_token, owner)
        page = _page(catalog.active, limit, position)
        rows = _fitting(self._newest(site, page))
        token = _next_token(catalog.active, page[: len(rows)], owner)
        return {"site_name": site, "latest": rows, "next_token": token, **warned([])}

    def _latest_named(self, site: str, names: Sequence[str], next_token: str | None) -> schemas.Latest:
        if next_token is not None:
            raise InvalidRequestError("next_token is invalid beside names; named points come all at once")
        if len(names) > MAX_POINTS:
            raise TooLargeError(f"{len(names)} points asked for; one query takes at most {MAX_POINTS}")
        by_name = self._catalog(site, names).by_name
        unknown = [name for name in names if name not in by_name]
        if len(unknown) == len(names):
            raise NotFoundError(f"the site has no point {', '.join(map(repr, unknown[:3]))}")
        wanted = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
        return {
            "site_name": site,
            "latest": self._newest(site, wanted),
            "next_token": None,
            **warned(list(map(warnings.unknown_point, unknown))),
        }

    def _newest(self, site: str, page: Sequence[Point]) -> list[schemas.Newest]:
        """The newest sample of each point, and of those that have none when they were last seen."""
        now_ms = self.now()
        span = Span(now_ms - LATEST_LOOKBACK_MS, now_ms + FUTURE_TOLERANCE_MS)
        newest = self.executor.hot.latest(site, [point.id for point in page], span, now_ms)
        columns = (newest.ids.tolist(), newest.times.tolist(), newest.values.tolist())
        samples = {id_: (time_ms, value) for id_, time_ms, value in zip(*columns, strict=True)}
        silent = [point.id for point in page if point.id not in samples]
        seen = self.executor.rollups.last_hours(site, silent)
        return [_latest(point, samples.get(point.id), seen.get(point.id)) for point in page]

    def health(self) -> schemas.Health:
        """Whether every enabled site is synced; names none, for anyone may ask."""
        now_ms = self.now()
        reached = {record.site: record.checkpoint_ms for record in self.sites.list()}
        checkpoints = [reached.get(site) for site in self.enabled_sites]
        lags = [now_ms - checkpoint for checkpoint in checkpoints if checkpoint is not None]
        late = len(lags) < len(checkpoints) or max(lags) > MAX_LAG_MS
        return {
            "status": "degraded" if late else "ok",
            "lag_seconds": round(max(lags) / 1000) if lags else None,
        }

    def _authorise(self, grant: Grant, site: str) -> None:
        """The site's existence is looked at last, so that strangers learn nothing."""
        _require(grant, "read")
        check_site(site)
        if not grant.allows("read", site):
            raise ForbiddenError("this token does not grant this site")
        if site not in self._known and self.sites.load(site) is None:
            raise NotFoundError(f"there is no site {site!r}")

    def _page_start(self, site: str, next_token: str | None, owner: str) -> tuple[Catalog, str | None]:
        """The site's catalog, and the name of the point that a page follows; None for the first page."""
        catalog = self._catalog(site, ())
        if next_token is None:
            return catalog, None
        last_id = page_token.decode(next_token, owner)
        if last_id >= len(catalog.points):
            # Another container, whose catalog is newer, may have made the token.
            catalog = self._load_catalog(site, self.now())
        if not 0 <= last_id < len(catalog.points):
            raise page_token.invalid()
        return catalog, catalog.points[last_id].name

    def _catalog(self, site: str, names: Sequence[str]) -> Catalog:
        """The site's catalog, at most a minute old, and fresh when it lacks one of `names`."""
        now_ms = self.now()
        loaded_ms, catalog = self._known.get(site, (0, Catalog()))
        age = now_ms - loaded_ms
        if age > _CATALOG_TTL_MS or (age > 1000 and any(name not in catalog.by_name for name in names)):
            return self._load_catalog(site, now_ms)
        return catalog

    def _load_catalog(self, site: str, now_ms: int) -> Catalog:
        catalog = self.catalogs.load(site)
        self._known[site] = (now_ms, catalog)
        return catalog


def _require(grant: Grant, scope: str) -> None:
    if not grant.allows(scope):
        raise ForbiddenError(f"this token lacks the scope {scope!r}")


def _page(points: Sequence[Point], limit: int, after: str | None) -> list[Point]:
    """At most `limit` of the points, which are in name order, whose name is greater than `after`."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequestError(f"limit is a whole number from 1 to {MAX_LIMIT}")
    start = 0 if after is None else bisect_right(points, after, key=lambda point: point.name)
    return list(points[start : start + limit])


def _fitting[Row](rows: list[Row]) -> list[Row]:
    """The first rows that fit one answer, and one at least: names and descriptions are of any length."""
    sizes = itertools.accumulate(len(orjson.dumps(row)) for row in rows)
    return rows[: max(1, sum(size <= _MAX_PAGE_BYTES for size in sizes))]


def _next_token(points: Sequence[Point], page: Sequence[Point], owner: str) -> str | None:
    """The token that goes on after the page; None when the page ends where the points do."""
    return None if not page or page[-1] is points[-1] else page_token.encode(page[-1].id, owner)


def _latest(point: Point, sample: tuple[int, float] | None, last_hour_ms: int | None) -> schemas.Newest:
    time_ms, value = sample or (None, None)
    return {
        "point_name": point.name,
        "timestamp": time_ms,
        "value": value,
        "unit": point.listed.unit,
        "last_seen": last_hour_ms if time_ms is None else time_ms,
    }
