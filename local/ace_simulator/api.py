"""The endpoints of the ACE IoT API over simulated sites, without HTTP, keys or broken answers."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import orjson

from local.ace_simulator.building import (
    MINUTE_US,
    Point,
    client_of,
    describe,
    iso_texts,
    microseconds,
    uniform,
)
from local.ace_simulator.faults import Draws, Faults
from local.ace_simulator.feed import Place, Sample, SiteFeed, View

PAGE_SIZES = (3, 10, 50, 100, 500, 1000, 5000, 10000, 50000, 100000, 300000, 500000)
_DEFAULT_PAGE_SIZE = "10000"
_MOST_CONFIGURED_POINTS_A_PAGE = 100
# The vendor's CLI asks for 500 points a page when it adds metadata to an export.
_MOST_ITEMS_A_PAGE = 500
_EVERYTHING = 2**62

type Query = Mapping[str, str]


class RequestError(Exception):
    """A request that is answered with a status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Asked(NamedTuple):
    """A request, with what stands in the path's placeholders."""

    names: Sequence[str]
    query: Query
    body: bytes


class AceApi:
    """Answers the API's requests as Python objects; RequestError when the asker is wrong."""

    def __init__(self, feeds: Mapping[str, SiteFeed], clock: Callable[[], int], draws: Draws) -> None:
        self.feeds = feeds
        self.faults = Faults()
        self._clock = clock
        self._draws = draws
        self._ids = {site: number for number, site in enumerate(feeds, 1)}
        # By site and page size: the last page before a point vanishes, and which one.
        self._shifts: dict[tuple[str, int], tuple[int, int] | None] = {}

    def route(self, method: str, path: Sequence[str]) -> tuple[str, Callable[[Query, bytes], Any]]:
        """The endpoint's own name and what answers it."""
        for (known, pattern), answer in _ROUTES.items():
            steps = pattern.split("/")
            if known == method and len(steps) == len(path) and all(map(_fits, steps, path)):
                names = [word for step, word in zip(steps, path, strict=True) if step.startswith("{")]
                return f"{method} /{pattern}", partial(_call, answer, self, names)
        return "unknown", _not_found

    def view(self, site: str, start_us: int, end_us: int, *, raw: bool = True, at_us: int) -> View:
        """What can be seen of [start, end) at a moment, under the faults of now."""
        faults, puts = self.faults, self.feeds[site].puts
        return View(start_us, end_us, at_us, puts, raw, faults.late, faults.late_minutes, faults.shuffle)

    def sites(self, asked: Asked) -> Any:
        return _listed(asked.query, list(self.feeds), self._site)

    def site(self, asked: Asked) -> Any:
        self._feed(asked.names[0])
        return self._site(asked.names[0])

    def client_sites(self, asked: Asked) -> Any:
        sites = [site for site in self.feeds if client_of(site) == asked.names[0]]
        return _listed(asked.query, sites, self._site)

    def configured_points(self, asked: Asked) -> Any:
        points = [found for found in self._points(asked.names[0]) if found[2].configured]
        page = _whole(asked.query, "page", 1, _EVERYTHING)
        per_page = _whole(asked.query, "per_page", 10, _MOST_CONFIGURED_POINTS_A_PAGE)
        seen = self._shifted(asked.names[0], points, page, per_page)
        return _listed(asked.query, seen, self._point, most=_MOST_CONFIGURED_POINTS_A_PAGE)

    def _shifted[T](self, site: str, points: list[T], page: int, per_page: int) -> list[T]:
        """The points without the one that vanished from an earlier page of this run of pages, if one did.

        A run begins with its first page. The point that moves up onto the page before is on none of them.
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

    def site_points(self, asked: Asked) -> Any:
        return _listed(asked.query, self._points(asked.names[0]), self._point)

    def points(self, asked: Asked) -> Any:
        return _listed(
            asked.query, [found for site in self.feeds for found in self._points(site)], self._point
        )

    def point(self, asked: Asked) -> Any:
        for site in self.feeds:
            for found in self._points(site):
                if found[2].name == asked.names[0]:
                    return self._point(found)
        raise RequestError(404, f"point {asked.names[0]} not found")

    def point_series(self, asked: Asked) -> Any:
        self.point(asked)
        return {"point_samples": self._samples_of(list(self.feeds), asked.query, {asked.names[0]})}

    def several_series(self, asked: Asked) -> Any:
        names = json_object(asked.body).get("points")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RequestError(422, "points must be a list of names")
        return {"point_samples": self._samples_of(list(self.feeds), asked.query, set(names))}

    def site_series(self, asked: Asked) -> Any:
        self._feed(asked.names[0])
        return {"point_samples": self._samples_of(asked.names, asked.query)}

    def site_pages(self, asked: Asked) -> Any:
        """One page of a site's samples."""
        site, query = asked.names[0], asked.query
        feed, size = self._feed(site), _page_size(query)
        view, place = self._cursor(site, query)
        faults, draws = self.faults, self._draws
        if draws.happens(faults.empty):
            return self._page(site, [], view, place, more=True)
        taken = feed.take(view, place, size)
        samples, more = taken.samples, taken.more
        # Copies push the last samples on to the next page, so that some stand on both.
        copies = draws.some_of(len(samples), faults.duplicate)
        own = len(samples) - len(copies)
        samples = samples[:own] + [samples[number] for number in copies]
        if draws.happens(faults.shuffle):
            samples = [samples[number] for number in draws.order(len(samples))]
        page = self._page(site, samples, view, taken.place_after(own), more=more or bool(copies))
        if "cursor" in query and draws.happens(faults.repeat_cursor):
            page |= {"has_more": True, "next_cursor": query["cursor"]}
        return page

    def weather(self, asked: Asked) -> Any:
        key = self._feed(asked.names[0]).building.key
        at_us = self._clock() * 1_000 // (10 * MINUTE_US) * (10 * MINUTE_US)
        text = iso_texts(np.array([at_us]))[0]
        hours = at_us / (60 * MINUTE_US)
        draws = uniform(key, 400, np.arange(len(_WEATHER)), np.full(len(_WEATHER), at_us)).tolist()
        answer: dict[str, Sample | None] = {}
        for (name, (mean, swing)), draw in zip(_WEATHER.items(), draws, strict=True):
            value = round(mean + swing * math.sin(hours * math.pi / 12) + draw, 2)
            answer[name] = {"name": name, "value": value, "time": text} if draw < 0.9 else None
        return answer

    def _feed(self, site: str) -> SiteFeed:
        feed = self.feeds.get(site)
        if feed is None:
            raise RequestError(404, f"site {site} not found")
        return feed

    def _site(self, site: str) -> dict[str, Any]:
        return {
            "id": self._ids[site],
            "name": site,
            "client": client_of(site),
            "client_id": 1,
            "nice_name": site.replace("_", " ").title(),
            "address": f"{self._ids[site]} Main Street",
            "latitude": 44.86,
            "longitude": -123.43,
            "archived": False,
            "created": "2023-04-12T15:04:05Z",
            "updated": "2024-02-29T08:00:00Z",
        }

    def _points(self, site: str) -> list[tuple[str, int, Point]]:
        return [(site, number, point) for number, point in enumerate(self._feed(site).building.points, 1)]

    def _point(self, found: tuple[str, int, Point]) -> dict[str, Any]:
        site, number, point = found
        return describe(point, site, self._ids[site], number)

    def _samples_of(self, sites: Sequence[str], query: Query, names: set[str] | None = None) -> list[Sample]:
        found: list[Sample] = []
        for site in sites:
            view = self._asked_view(site, query)
            found += self.feeds[site].take(view, view.begin(), _EVERYTHING).samples
        return [sample for sample in found if names is None or sample["name"] in names]

    def _asked_view(self, site: str, query: Query) -> View:
        start_us, end_us = (_time(query, name) for name in ("start_time", "end_time"))
        if end_us < start_us:
            raise RequestError(422, "end_time is before start_time")
        raw = query.get("raw_data", "false").lower()
        if raw not in ("true", "false"):
            raise RequestError(422, f"raw_data={raw!r} is neither true nor false")
        return self.view(site, start_us, end_us, raw=raw == "true", at_us=self._clock() * 1_000)

    def _cursor(self, site: str, query: Query) -> tuple[View, Place]:
        asked = self._asked_view(site, query)
        if "cursor" not in query:
            return asked, asked.begin()
        try:
            of_site, view, place, _ = orjson.loads(base64.urlsafe_b64decode(query["cursor"]))
            found, at = View(*view), Place(*place)
        except (binascii.Error, ValueError, TypeError):
            raise RequestError(422, "cursor is none that was given") from None
        if of_site != site or found[:2] != asked[:2] or found.raw != asked.raw:
            raise RequestError(422, "cursor belongs to another request")
        return found, at

    def _page(
        self, site: str, samples: list[Sample], view: View, place: Place, *, more: bool
    ) -> dict[str, Any]:
        page: dict[str, Any] = {"point_samples": samples, "has_more": more}
        if more:
            # The last item makes each cursor differ from those before, also behind an empty page.
            cursor = orjson.dumps([site, list(view), list(place), self._draws.below(2**53)])
            return page | {"next_cursor": base64.urlsafe_b64encode(cursor).decode()}
        return page | ({"next_cursor": None}, {"next_cursor": ""}, {})[self._draws.below(3)]


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; RequestError otherwise."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise RequestError(422, "the body is no JSON object")
    return found


# Mean and daily swing by name.
_WEATHER = {
    "temp": (11.0, 6.0),
    "feels_like": (10.0, 6.5),
    "pressure": (1013.0, 4.0),
    "humidity": (70.0, 15.0),
    "dew_point": (6.0, 2.0),
    "clouds": (50.0, 45.0),
    "wind_speed": (4.0, 2.0),
    "wind_deg": (180.0, 120.0),
    "wet_bulb": (8.0, 3.0),
}

_ROUTES: dict[tuple[str, str], Callable[[AceApi, Asked], Any]] = {
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


def _fits(step: str, word: str) -> bool:
    return step == word or step.startswith("{")


def _call(
    answer: Callable[[AceApi, Asked], Any], api: AceApi, names: Sequence[str], query: Query, body: bytes
) -> Any:
    return answer(api, Asked(names, query, body))


def _not_found(query: Query, body: bytes) -> Any:
    raise RequestError(404, "no such endpoint")


def _listed(
    query: Query,
    items: Sequence[Any],
    render: Callable[[Any], Any],
    *,
    most: int = _MOST_ITEMS_A_PAGE,
) -> dict[str, Any]:
    page, per_page = _whole(query, "page", 1, _EVERYTHING), _whole(query, "per_page", 10, most)
    begin = (page - 1) * per_page
    return {
        "page": page,
        "pages": -(-len(items) // per_page),
        "per_page": per_page,
        "total": len(items),
        "items": [render(item) for item in items[begin : begin + per_page]],
    }


def _whole(query: Query, name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise RequestError(422, f"{name}={text!r} is no whole number from 1 to {most}")
    return int(text)


def _page_size(query: Query) -> int:
    text = query.get("page_size", _DEFAULT_PAGE_SIZE)
    if text not in map(str, PAGE_SIZES):
        raise RequestError(422, f"page_size={text!r} is none of {', '.join(map(str, PAGE_SIZES))}")
    return int(text)


def _time(query: Query, name: str) -> int:
    try:
        return microseconds(query.get(name, ""))
    except ValueError:
        raise RequestError(422, f"{name} is no ISO 8601 time") from None
