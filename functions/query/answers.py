"""The answers of the query API, from what a caller may see to plain data."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from query import plan, points
from query.executor import Executor, Found
from query.plan import Asked, QueryPlan
from vitals import aggregates
from vitals.aggregates import Aggregates
from vitals.catalog import Catalog, CatalogTable, Point
from vitals.errors import ForbiddenError, InvalidRequestError, NotFoundError, TooLargeError
from vitals.keys import check_site
from vitals.readings import FUTURE_TOLERANCE_MS
from vitals.samples import Samples, concat
from vitals.sites import SiteRecord, SiteTable
from vitals.timespan import DAY_MS, Span, iso
from vitals.tokens import Grant

# Well under API Gateway's 29 s, and enough for the longest page that was measured (bench/query.py).
READ_BUDGET_S = 12.0
_MAX_STEPS = 10_000
# How much longer the next stretch is when one held less than this part of an answer.
_GROWTH = 4
_CATALOG_TTL_MS = 60_000
LATEST_LOOKBACK_MS = DAY_MS
MAX_LAG_MS = 20 * 60_000
MAX_LIMIT = 1_000

type Answer = dict[str, Any]


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
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[int, Catalog]] = field(default_factory=dict)

    def query(self, grant: Grant, asked: Asked) -> Answer:
        """The samples or aggregates of some points in a range, one series per point in the order asked."""
        began = self.monotonic()
        self._authorise(grant, asked.site)
        now_ms = self.now()
        catalog = self._catalog(asked.site, asked.point_names)
        planned = plan.plan_query(asked, catalog, now_ms, self.max_range_days)
        found = Found()
        rows, next_ms = self._read(asked.site, planned, now_ms, began + READ_BUDGET_S, found)
        whole = planned.start_ms == planned.span.start_ms and next_ms is None
        if found.failures and not found.sources and whole:
            raise next(iter(found.failures.values()))
        return {
            "site_name": asked.site,
            "start_time": iso(planned.asked.start_ms),
            "end_time": iso(planned.asked.end_ms),
            "resolution": planned.resolution,
            "data_type": "raw" if planned.resolution == "raw" else "aggregate",
            "series": _series(planned, rows),
            "metadata": {
                "total_samples": len(rows),
                "sources": list(found.sources),
                "query_time_ms": round((self.monotonic() - began) * 1000, 1),
                "cache_hit": False,
                "next_token": None if next_ms is None else planned.token(next_ms),
            },
            "warnings": [f"the site has no point {name!r}" for name in planned.unknown]
            + [f"left out: {failure}" for failure in found.failures],
        }

    def list_sites(self, grant: Grant) -> Answer:
        """The sites that the caller may read."""
        _require(grant, "read")
        now_ms = self.now()
        return {
            "sites": [
                _site(record, now_ms) for record in self.sites.list() if grant.allows("read", record.site)
            ]
        }

    def points(
        self, grant: Grant, site: str, search: str, tags: Sequence[str], limit: int, next_token: str | None
    ) -> Answer:
        """The site's points in name order that have every word of `search` and every one of `tags`."""
        self._authorise(grant, site)
        hits = points.find(self._catalog(site, ()).active, site, search, tags)
        page, token = _page(hits, limit, next_token)
        return {"points": [points.told(point, site) for point in page], "next_token": token}

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

    def _read(
        self, site: str, planned: QueryPlan, now_ms: int, deadline: float, found: Found
    ) -> tuple[Samples | Aggregates, int | None]:
        """Rows from where the plan starts, and where the next answer starts when this one is full.

        Reads stretch by stretch, so that memory holds about one answer; stretches grow where data is sparse.
        """
        end_ms = min(planned.span.end_ms, now_ms + FUTURE_TOLERANCE_MS + 1)
        at, step, limit = planned.start_ms, planned.first_step_ms(), planned.most_rows
        records = self.executor.records(site, Span(at, max(end_ms, at + 1)))
        parts: list[Samples | Aggregates] = []
        total = 0
        for _ in range(_MAX_STEPS):
            if at >= end_ms:
                return _joined(planned, parts), None
            if total >= limit or (parts and self.monotonic() > deadline):
                break
            reach = min(end_ms, plan.stretch(planned, at, at - at % planned.bucket_ms + step, records))
            part = self.executor.read(site, planned, Span(at, reach), records, now_ms, found)
            edge = plan.cut(part.times, limit - total, planned.bucket_ms)
            if edge is not None and edge < reach:
                parts.append(part[part.times < edge])
                return _joined(planned, parts), edge
            parts.append(part)
            total, at = total + len(part), reach
            if planned.resolution == "raw" and len(part) * _GROWTH < limit:
                step = min(step * _GROWTH, planned.longest_step_ms())
        return _joined(planned, parts), at


def _require(grant: Grant, scope: str) -> None:
    if not grant.allows(scope):
        raise ForbiddenError(f"this token lacks the scope {scope!r}")


def _joined(planned: QueryPlan, parts: Sequence[Samples | Aggregates]) -> Samples | Aggregates:
    """Parts of consecutive spans as one, sorted by point then time."""
    if planned.resolution != "raw":
        return aggregates.concat(part for part in parts if isinstance(part, Aggregates))
    every = concat(part for part in parts if isinstance(part, Samples))
    return every[np.lexsort((every.times, every.ids))]


def _series(planned: QueryPlan, rows: Samples | Aggregates) -> list[Answer]:
    series = []
    for name, point in zip(planned.names, planned.points, strict=True):
        low, high = (0, 0) if point is None else np.searchsorted(rows.ids, [point.id, point.id + 1])
        mine = rows[int(low) : int(high)]
        one: Answer = {"point_name": name, "timestamps": mine.times, "values": mine.values}
        if isinstance(mine, Aggregates):
            one |= {"min": mine.mins, "max": mine.maxs, "count": mine.counts}
            one |= {"first": mine.firsts, "last": mine.lasts}
        series.append(one)
    return series


def _page(points: Sequence[Point], limit: int, next_token: str | None) -> tuple[list[Point], str | None]:
    """At most `limit` of the points after the name that `next_token` stands for."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequestError(f"limit is a whole number from 1 to {MAX_LIMIT}")
    rest = [point for point in points if next_token is None or point.name > next_token]
    page = rest[:limit]
    return page, page[-1].name if len(rest) > limit else None


def _site(record: SiteRecord, now_ms: int) -> Answer:
    checkpoint = record.checkpoint_ms
    return {
        "site_name": record.site,
        "display_name": record.display_name,
        "points": record.points,
        "synced_from": None if record.first_ms is None else iso(record.first_ms),
        "synced_until": None if checkpoint is None else iso(checkpoint),
        "lag_seconds": None if checkpoint is None else round((now_ms - checkpoint) / 1000),
    }


def _latest(point: Point, sample: tuple[int, float] | None) -> Mapping[str, Any]:
    time_ms, value = sample if sample else (None, None)
    return {"point_name": point.name, "timestamp": time_ms, "value": value, "unit": point.listed.unit}
