"""The answers of the query API, from what a caller may see to plain data."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from query import caching, plan, points, reading, series
from query.caching import Answers
from query.executor import Executor, Found
from query.gaps import NOT_POLLED
from query.pages import Web
from query.plan import Asked, QueryPlan
from query.status import StatusReader, synced
from vitals.catalog import Catalog, CatalogTable, Point
from vitals.errors import ForbiddenError, InvalidRequestError, NotFoundError, TooLargeError
from vitals.keys import check_site
from vitals.ledger import ArchiveRecord
from vitals.ranges import Time
from vitals.readings import FUTURE_TOLERANCE_MS
from vitals.sites import SiteTable
from vitals.timespan import DAY_MS, Span, iso
from vitals.tokens import Grant

# Well under API Gateway's 29 s, and enough for the longest page that was measured (bench/query.py).
READ_BUDGET_S = 12.0
# MemorySize of QueryFunction in the template, for the price of its time.
_MEMORY_MB = 1024
# After this a browser asks whether what it has is still right.
_MAX_AGE_S = 300
MAX_COVERAGE_DAYS = 731
_HURRIED = ["not all of the range was read in time; next_token goes on"]
_GAPS_LEFT_OUT = "the shorter gaps, or all of them, are left out"
_CATALOG_TTL_MS = 60_000
LATEST_LOOKBACK_MS = DAY_MS
MAX_LAG_MS = 20 * 60_000
MAX_LIMIT = 1_000

type Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, None when the caller has it; its ETag if it has one, and for how long it stays right."""

    answer: Answer | None
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
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[int, Catalog]] = field(default_factory=dict)

    def query(self, grant: Grant, asked: Asked, if_none_match: str = "") -> Reply:
        """The samples or aggregates of some points in a range, one series per point in the order asked.

        A reply without an answer means that the caller has it already.
        """
        began = self.monotonic()
        self._authorise(grant, asked.site)
        now_ms = self.now()
        catalog = self._catalog(asked.site, asked.point_names)
        planned = plan.plan_query(asked, catalog, now_ms, self.max_range_days)
        found = Found()
        records = self.executor.records(asked.site, planned.span, found)
        name = caching.entry(asked.site, planned, records, now_ms)
        etag = name.etag(asked.media_type)
        if caching.matches(if_none_match, etag):
            return Reply(None, etag, _MAX_AGE_S)
        with self.kept.one_at_a_time(name):
            answer, keep = self.kept.find(asked.site, name, found.cost), True
            hit = answer is not None
            if answer is None:
                answer, keep = self._answer(asked.site, planned, records, now_ms, found)
                if keep:
                    self.kept.keep(asked.site, name, answer, found.cost)
        answer["metadata"] |= self._receipt(began, found, hit=hit)
        # What was left out may be readable a moment later, without a change of the name.
        settled = keep and name.quiet
        return Reply(answer, etag if settled else None, _MAX_AGE_S if settled else caching.LIVELY_S)

    def _answer(
        self,
        site: str,
        planned: QueryPlan,
        records: Sequence[ArchiveRecord],
        now_ms: int,
        found: Found,
    ) -> tuple[Answer, bool]:
        """The answer, all but what it cost, and whether it may be kept."""
        began = self.monotonic()

        def in_time() -> bool:
            return self.monotonic() < began + READ_BUDGET_S

        known_until_ms = now_ms - MAX_LAG_MS
        read = reading.read(self.executor, site, planned, records, now_ms, known_until_ms, in_time, found)
        whole = planned.start_ms == planned.span.start_ms and read.next_ms is None
        if found.failures and not found.sources and whole:
            raise next(iter(found.failures.values()))
        told = series.explained(self.executor.ledger, site, read.gaps, found.cost)
        answer = {
            "site_name": site,
            "start_time": iso(planned.asked.start_ms),
            "end_time": iso(planned.asked.end_ms),
            "resolution": planned.resolution,
            "data_type": "aggregate" if planned.aggregated else "raw",
            "series": series.of(planned, read, told.gaps),
            "metadata": {
                "total_samples": len(read.rows),
                "sources": list(found.sources),
                "next_token": None if read.next_ms is None else planned.token(read.next_ms),
                "method": planned.shape.method if planned.shape else None,
                "samples_read": sum(read.received.values()),
                "samples_returned": len(read.rows),
            },
            "warnings": [f"the site has no point {name!r}" for name in planned.unknown]
            + planned.notes
            + [f"left out: {failure}" for failure in found.failures]
            + (_HURRIED if read.hurried else [])
            + ([] if told.whole else [_GAPS_LEFT_OUT]),
        }
        polled = all(gap.reason != NOT_POLLED for found_ in told.gaps.values() for gap in found_)
        return answer, polled and told.in_time and not read.hurried and not found.failures

    def _receipt(self, began: float, found: Found, *, hit: bool) -> Answer:
        seconds = self.monotonic() - began
        cost = found.cost
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

    def coverage(self, grant: Grant, site: str, start: Time, end: Time) -> Answer:
        """Day by day, how many windows were asked for and hold data, and what became of the archive."""
        self._authorise(grant, site)
        span = plan.parse_span(start, end, self.now(), MAX_COVERAGE_DAYS, names=("start", "end"))
        return series.coverage(self.executor.ledger, site, span, self.now())

    def list_sites(self, grant: Grant) -> Answer:
        """The sites that the caller may read."""
        _require(grant, "read")
        now_ms = self.now()
        return {
            "sites": [
                synced(record, now_ms) for record in self.sites.list() if grant.allows("read", record.site)
            ]
        }

    def status(self, grant: Grant) -> Answer:
        """How the sites that the caller may read are kept, and what was given up."""
        _require(grant, "read")
        return self.upkeep.read(grant, self.now())

    def points(
        self, grant: Grant, site: str, search: str, tags: Sequence[str], limit: int, next_token: str | None
    ) -> Answer:
        """The site's points in name order that have every word of `search` and every one of `tags`."""
        self._authorise(grant, site)
        hits = points.find(self._catalog(site, ()).active, site, search, tags)
        page, token = _page(hits, limit, next_token)
        return {"points": [points.told(point, site) for point in page], "next_token": token}

    def tags(self, grant: Grant, site: str) -> Answer:
        """What the site's points can be asked for by."""
        self._authorise(grant, site)
        active = self._catalog(site, ()).active
        return {"site_name": site, "tags": points.tags(active), "equipment": points.equipment(active)}

    def latest(
        self, grant: Grant, site: str, names: Sequence[str], limit: int, next_token: str | None
    ) -> Answer:
        """The newest sample of each named point, or of every point, within the last 24 hours."""
        self._authorise(grant, site)
        catalog = self._catalog(site, names)
        if len(names) > plan.MAX_POINTS:
            raise TooLargeError(f"{len(names)} points asked for; one query takes at most {plan.MAX_POINTS}")
        unknown = [name for name in names if name not in catalog.by_name]
        if names and len(unknown) == len(names):
            raise NotFoundError(f"the site has no point {', '.join(map(repr, unknown[:3]))}")
        wanted = [catalog.by_name[name] for name in dict.fromkeys(names) if name in catalog.by_name]
        page, token = (wanted, None) if names else _page(catalog.active, limit, next_token)
        now_ms = self.now()
        span = Span(now_ms - LATEST_LOOKBACK_MS, now_ms + FUTURE_TOLERANCE_MS)
        newest = self.executor.hot.latest(site, [point.id for point in page], span, now_ms)
        at = dict(
            zip(
                newest.ids.tolist(),
                zip(newest.times.tolist(), newest.values.tolist(), strict=True),
                strict=True,
            )
        )
        return {
            "site_name": site,
            "latest": [_latest(point, at.get(point.id)) for point in page],
            "next_token": token,
            "warnings": [f"the site has no point {name!r}" for name in unknown],
        }

    def health(self) -> Answer:
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

    def _catalog(self, site: str, names: Sequence[str]) -> Catalog:
        """The site's catalog, at most a minute old, and fresh when it lacks one of `names`."""
        now_ms = self.now()
        loaded_ms, catalog = self._known.get(site, (0, Catalog()))
        age = now_ms - loaded_ms
        if age > _CATALOG_TTL_MS or (age > 1000 and any(name not in catalog.by_name for name in names)):
            catalog = self.catalogs.load(site)
            self._known[site] = (now_ms, catalog)
        return catalog


def _require(grant: Grant, scope: str) -> None:
    if not grant.allows(scope):
        raise ForbiddenError(f"this token lacks the scope {scope!r}")


def _page(points: Sequence[Point], limit: int, next_token: str | None) -> tuple[list[Point], str | None]:
    """At most `limit` of the points after the name that `next_token` stands for."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequestError(f"limit is a whole number from 1 to {MAX_LIMIT}")
    rest = [point for point in points if next_token is None or point.name > next_token]
    page = rest[:limit]
    return page, page[-1].name if len(rest) > limit else None


def _latest(point: Point, sample: tuple[int, float] | None) -> Mapping[str, Any]:
    time_ms, value = sample if sample else (None, None)
    return {"point_name": point.name, "timestamp": time_ms, "value": value, "unit": point.listed.unit}
