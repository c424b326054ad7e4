"""Answers with the newest sample of points."""

from collections.abc import Sequence
from dataclasses import dataclass

from query import warnings
from query.catalogs import Catalogs
from query.points import paging
from query.schemas import Latest, Newest
from query.warnings import warned
from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model.points import Point
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, Span
from vitals.reading import page_token
from vitals.reading.executor import Executor
from vitals.reading.request import MAX_POINTS

LOOKBACK_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class LatestReader:
    """Reads the newest samples of the 24 hours before `now_ms`."""

    executor: Executor
    catalogs: Catalogs
    now_ms: int

    def page(self, site: str, limit: int, next_token: str | None) -> Latest:
        """Returns the newest samples of every point of the site, page by page."""
        owner = page_token.fingerprint("latest", site)
        catalog, after = paging.page_start(self.catalogs, site, next_token, owner)
        page = paging.points_after(catalog.active, limit, after)
        rows = paging.fitting(self._newest(site, page))
        token = paging.next_token(catalog.active, page[: len(rows)], owner)
        return {"site_name": site, "latest": rows, "next_token": token, **warned([])}

    def named(self, site: str, names: Sequence[str]) -> Latest:
        """Returns the newest samples of the points with these names; names that no point has are warnings."""
        if len(names) > MAX_POINTS:
            raise TooLargeError(f"{len(names)} points requested; one query takes at most {MAX_POINTS}")
        catalog = self.catalogs.find(site, names)
        requested = catalog.select(names, allow_unknown=True)
        unknown = [name for name in names if name not in catalog.by_name]
        return {
            "site_name": site,
            "latest": self._newest(site, requested),
            "next_token": None,
            **warned(list(map(warnings.unknown_point, unknown))),
        }

    def _newest(self, site: str, page: Sequence[Point]) -> list[Newest]:
        """Returns the newest sample of each point, or else when the point was last seen."""
        span = Span(self.now_ms - LOOKBACK_MS, self.now_ms + FUTURE_TOLERANCE_MS)
        newest = self.executor.hot.latest(site, [point.id for point in page], span, self.now_ms)
        columns = (newest.ids.tolist(), newest.times.tolist(), newest.values.tolist())
        samples = {point: (time_ms, value) for point, time_ms, value in zip(*columns, strict=True)}
        silent = [point.id for point in page if point.id not in samples]
        last_hours = self.executor.rollups.last_hours(site, silent)
        return [_row(point, samples.get(point.id), last_hours.get(point.id)) for point in page]


def check_no_token(next_token: str | None) -> None:
    """Raises InvalidRequestError for a token in a request that names points."""
    if next_token is not None:
        raise InvalidRequestError(
            "next_token cannot be combined with point names; named points are in one response"
        )


def _row(point: Point, sample: tuple[int, float] | None, last_hour_ms: int | None) -> Newest:
    time_ms, value = sample or (None, None)
    return {
        "point_name": point.name,
        "timestamp": time_ms,
        "value": value,
        "unit": point.listed.unit,
        "last_seen": last_hour_ms if time_ms is None else time_ms,
    }
