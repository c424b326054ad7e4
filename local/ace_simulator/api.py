"""The endpoints of the ACE IoT API over simulated sites, without HTTP, keys or broken answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from local.ace_simulator import cursors
from local.ace_simulator.buildings.readings import client_of
from local.ace_simulator.chance import Draws
from local.ace_simulator.faults import Faults
from local.ace_simulator.feed import Position, Sample, SiteFeed, View
from local.ace_simulator.listings import ListedPoint, describe_point, describe_site
from local.ace_simulator.requests import (
    UNLIMITED,
    Query,
    Request,
    RequestError,
    json_object,
    listing,
    page_of,
    page_size,
    raw_data,
    time_range,
)
from local.ace_simulator.weather import weather

MAX_CONFIGURED_POINTS_PER_PAGE = 100


class AceApi:
    """Answers requests as Python objects, by a method for each of ROUTES; RequestError for invalid ones."""

    def __init__(self, feeds: Mapping[str, SiteFeed], clock: Callable[[], int], draws: Draws) -> None:
        self.feeds = feeds
        self.faults = Faults()
        self._clock = clock
        self._draws = draws
        self._ids = {site: number for number, site in enumerate(feeds, 1)}
        # By site and page size: the last page before a point vanishes, and the index of this point.
        self._shifts: dict[tuple[str, int], tuple[int, int] | None] = {}

    def route(self, method: str, path: Sequence[str]) -> tuple[str, Callable[[Query, bytes], Any]]:
        """Returns the name of the endpoint, `unknown` when there is none, and the function that answers."""
        for (endpoint_method, pattern), answer in ROUTES.items():
            steps = pattern.split("/")
            if endpoint_method == method and len(steps) == len(path) and all(map(_matches, steps, path)):
                names = [name for step, name in zip(steps, path, strict=True) if step.startswith("{")]
                return f"{method} /{pattern}", partial(_call, answer, self, names)
        return "unknown", _not_found

    def view(self, site: str, start_us: int, end_us: int, *, raw: bool = True, now_us: int) -> View:
        """Returns the view of [start, end) at a moment, under the present faults."""
        faults = self.faults
        return View(
            start_us=start_us,
            end_us=end_us,
            now_us=now_us,
            put_count=self.feeds[site].put_count,
            raw=raw,
            late=faults.late,
            late_minutes=faults.late_minutes,
            shuffle=faults.shuffle,
        )

    def sites(self, request: Request) -> Any:
        return listing(request.query, list(self.feeds), self._describe_site)

    def site(self, request: Request) -> Any:
        self._feed(request.names[0])
        return self._describe_site(request.names[0])

    def client_sites(self, request: Request) -> Any:
        sites = [site for site in self.feeds if client_of(site) == request.names[0]]
        return listing(request.query, sites, self._describe_site)

    def configured_points(self, request: Request) -> Any:
        points = [listed for listed in self.points_of(request.names[0]) if listed.point.configured]
        page, per_page = page_of(request.query, MAX_CONFIGURED_POINTS_PER_PAGE)
        remaining = self._shifted(request.names[0], points, page, per_page)
        return listing(
            request.query,
            remaining,
            self.describe_point,
            max_per_page=MAX_CONFIGURED_POINTS_PER_PAGE,
        )

    def _shifted[T](self, site: str, points: list[T], page: int, per_page: int) -> list[T]:
        """Returns the points without the one, if any, that vanished earlier in this run of pages.

        A run begins with its first page. The point that moves up to the page before is on no page.
        """
        boundaries = (len(points) - 1) // per_page
        if page == 1:
            shift = None
            if boundaries and self._draws.happens(self.faults.listing_shift):
                boundary = 1 + self._draws.below(boundaries)
                shift = (boundary, self._draws.below(boundary * per_page))
            self._shifts[site, per_page] = shift
        shift = self._shifts.get((site, per_page))
        if shift is None or page <= shift[0]:
            return points
        self._draws.count("listing_shift")
        return [point for number, point in enumerate(points) if number != shift[1]]

    def site_points(self, request: Request) -> Any:
        return listing(request.query, self.points_of(request.names[0]), self.describe_point)

    def points(self, request: Request) -> Any:
        points = [listed for site in self.feeds for listed in self.points_of(site)]
        return listing(request.query, points, self.describe_point)

    def point(self, request: Request) -> Any:
        for site in self.feeds:
            for listed in self.points_of(site):
                if listed.point.name == request.names[0]:
                    return self.describe_point(listed)
        raise RequestError(404, f"point {request.names[0]} not found")

    def point_series(self, request: Request) -> Any:
        self.point(request)
        return {"point_samples": self._samples(list(self.feeds), request.query, {request.names[0]})}

    def several_series(self, request: Request) -> Any:
        names = json_object(request.body).get("points")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RequestError(422, "points must be a list of names")
        return {"point_samples": self._samples(list(self.feeds), request.query, set(names))}

    def site_series(self, request: Request) -> Any:
        self._feed(request.names[0])
        return {"point_samples": self._samples(request.names, request.query)}

    def site_pages(self, request: Request) -> Any:
        """Returns a page of a site's samples."""
        site, query = request.names[0], request.query
        feed, size = self._feed(site), page_size(query)
        view, position = self._cursor(site, query)
        faults, draws = self.faults, self._draws
        if 0 < faults.page_limit < size:
            raise RequestError(504, f"a page of {size} readings takes too long")
        if draws.happens(faults.empty):
            return self._page(site, [], view, position, has_more=True)
        batch = feed.read(view, position, size)
        # Copies push the last samples on to the next page, so that some are on both.
        copies = draws.sample(len(batch.samples), faults.duplicate)
        kept_count = len(batch.samples) - len(copies)
        samples = batch.samples[:kept_count] + [batch.samples[number] for number in copies]
        if draws.happens(faults.shuffle):
            samples = [samples[number] for number in draws.order(len(samples))]
        page = self._page(
            site,
            samples,
            view,
            batch.position_after(kept_count),
            has_more=batch.has_more or bool(copies),
        )
        if "cursor" in query and draws.happens(faults.repeat_cursor):
            page |= {"has_more": True, "next_cursor": query["cursor"]}
        return page

    def weather(self, request: Request) -> Any:
        return weather(self._feed(request.names[0]).building.key, self._clock() * 1_000)

    def points_of(self, site: str) -> list[ListedPoint]:
        """Returns every point of a site, configured or not."""
        points = self._feed(site).building.points
        return [ListedPoint(site, number, point) for number, point in enumerate(points, 1)]

    def describe_point(self, listed: ListedPoint) -> dict[str, Any]:
        """Returns a point as the API lists it."""
        return describe_point(listed, self._ids[listed.site])

    def _describe_site(self, site: str) -> dict[str, Any]:
        return describe_site(site, self._ids[site])

    def _feed(self, site: str) -> SiteFeed:
        feed = self.feeds.get(site)
        if feed is None:
            raise RequestError(404, f"site {site} not found")
        return feed

    def _samples(self, sites: Sequence[str], query: Query, names: set[str] | None = None) -> list[Sample]:
        samples: list[Sample] = []
        for site in sites:
            view = self._requested_view(site, query)
            samples += self.feeds[site].read(view, view.begin(), UNLIMITED).samples
        return [sample for sample in samples if names is None or sample["name"] in names]

    def _requested_view(self, site: str, query: Query) -> View:
        start_us, end_us = time_range(query)
        return self.view(site, start_us, end_us, raw=raw_data(query), now_us=self._clock() * 1_000)

    def _cursor(self, site: str, query: Query) -> tuple[View, Position]:
        """Returns what the cursor continues, or the beginning of the requested view."""
        requested = self._requested_view(site, query)
        if "cursor" not in query:
            return requested, requested.begin()
        return cursors.decode(query["cursor"], site, requested)

    def _page(
        self, site: str, samples: list[Sample], view: View, next_position: Position, *, has_more: bool
    ) -> dict[str, Any]:
        page: dict[str, Any] = {"point_samples": samples, "has_more": has_more}
        if has_more:
            # Without the random number, the page after an empty one would have the same cursor.
            return page | {"next_cursor": cursors.encode(site, view, next_position, self._draws.below(2**53))}
        return page | ({"next_cursor": None}, {"next_cursor": ""}, {})[self._draws.below(3)]


ROUTES: dict[tuple[str, str], Callable[[AceApi, Request], Any]] = {
    ("GET", "sites"): AceApi.sites,
    ("GET", "sites/{site}"): AceApi.site,
    ("GET", "sites/{site}/configured_points"): AceApi.configured_points,
    ("GET", "sites/{site}/points"): AceApi.site_points,
    ("GET", "sites/{site}/timeseries"): AceApi.site_series,
    ("GET", "sites/{site}/timeseries/paginated"): AceApi.site_pages,
    ("GET", "sites/{site}/weather"): AceApi.weather,
    ("GET", "clients/{client}/sites"): AceApi.client_sites,
    ("GET", "points"): AceApi.points,
    ("GET", "points/{point}"): AceApi.point,
    ("GET", "points/{point}/timeseries"): AceApi.point_series,
    ("POST", "points/get_timeseries"): AceApi.several_series,
}


def _matches(step: str, segment: str) -> bool:
    return step == segment or step.startswith("{")


def _call(
    answer: Callable[[AceApi, Request], Any], api: AceApi, names: Sequence[str], query: Query, body: bytes
) -> Any:
    return answer(api, Request(names, query, body))


def _not_found(query: Query, body: bytes) -> Any:
    raise RequestError(404, "no such endpoint")
