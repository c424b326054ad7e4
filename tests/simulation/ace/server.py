"""The upstream: answers of the book at a moment of virtual time, as its faults change them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

import orjson

from local.ace_simulator.listings import describe_site
from local.ace_simulator.requests import Query, RequestError, listing
from tests.simulation.ace import broken, readings_endpoint
from tests.simulation.ace.book import Book, SiteBook
from tests.simulation.ace.deliveries import Delivery, ListingPage
from tests.simulation.ace.faults import Faults, covers
from tests.simulation.ace.listings_endpoint import Listings
from vitals.model.timespan import WINDOW_MS, Span

CONNECT_TIMEOUT, READ_TIMEOUT, CONNECTION = "connect_timeout", "read_timeout", "connection"
_FAILURES = (CONNECT_TIMEOUT, READ_TIMEOUT, CONNECTION)


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent; with a `failure` (CONNECT_TIMEOUT, READ_TIMEOUT or CONNECTION) nothing is.

    A body may have fewer bytes than its Content-Length says. `delivery` and `listing` are what a correct
    product reads of it, None when it must reject it.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""
    delivery: Delivery | None = None
    listing: ListingPage | None = None


class AceServer:
    """Answers GET /sites, /sites/{site}, and a site's configured_points, timeseries/paginated and weather."""

    def __init__(self, book: Book, faults: Faults) -> None:
        self.book = book
        self.faults = faults
        self._listings = Listings(faults)
        self._ids = {site: number for number, site in enumerate(book.sites, 1)}

    def respond(self, path: str, query: Query, at_ms: int) -> Response:
        """Returns the response to a path below the base URL, as of a moment."""
        failure = self._failure(path, at_ms)
        if failure is not None:
            return failure
        try:
            response = self._answer(path, query, at_ms)
        except RequestError as error:
            return _error(error.status, str(error))
        return self._changed(response)

    def _answer(self, path: str, query: Query, at_ms: int) -> Response:
        _, root, *steps = path.split("/")
        if root != "sites":
            raise RequestError(404, "no such endpoint")
        if not steps:
            return _json(listing(query, list(self._ids), lambda site: describe_site(site, self._ids[site])))
        site = self.book.sites.get(unquote(steps[0]))
        endpoint = _ENDPOINTS.get("/".join(steps[1:]))
        if site is None or endpoint is None:
            raise RequestError(404, "no such site or endpoint")
        return endpoint(self, site, query, at_ms)

    def site(self, site: SiteBook, query: Query, at_ms: int) -> Response:
        """Returns the description of a site."""
        return _json(describe_site(site.site, self._ids[site.site]))

    def configured_points(self, site: SiteBook, query: Query, at_ms: int) -> Response:
        """Returns a page of the configured points."""
        body, page = self._listings.answer(site, query, at_ms)
        return Response(200, body, listing=page)

    def readings(self, site: SiteBook, query: Query, at_ms: int) -> Response:
        """Returns a page of readings."""
        body, delivery = readings_endpoint.answer(site, query, at_ms, self.faults)
        return Response(200, body, delivery=delivery)

    def weather(self, site: SiteBook, query: Query, at_ms: int) -> Response:
        """Returns the weather of the last ten minutes."""
        body, current = site.weather(at_ms)
        window = Span(current.window_ms, current.window_ms + WINDOW_MS)
        delivery = Delivery(site.site, window, 1, "", at_ms, (current,), is_weather=True)
        return Response(200, body, delivery=delivery)

    def _failure(self, path: str, at_ms: int) -> Response | None:
        """Returns the failure instead of an answer, if there is one."""
        faults, random = self.faults, self.faults.random
        if covers(faults.outages, at_ms):
            faults.counts["outage"] += 1
            kind = random.choice((CONNECT_TIMEOUT, CONNECTION, "", ""))
            return Response(0, failure=kind) if kind else _error(random.choice((500, 502, 503)))
        if path.endswith("/configured_points") and covers(faults.broken_listings, at_ms):
            faults.counts["broken_listing"] += 1
            if random.random() < 0.5:
                return _error(random.choice((500, 502, 503)))
            return Response(200, random.choice(broken.NOT_ANSWERS))
        for kind in _FAILURES:
            if faults.happens(kind):
                return Response(0, failure=kind)
        return self._refusal()

    def _refusal(self) -> Response | None:
        faults, random = self.faults, self.faults.random
        if faults.happens("unauthorized"):
            return _error(401)
        if faults.happens("rate_limited"):
            after = random.choice(("1", "3", "20", "120", "soon", ""))
            return replace(_error(429), headers={"Retry-After": after} if after else {})
        if faults.happens("server_error"):
            return _error(random.choice((500, 502, 503)))
        return None

    def _changed(self, response: Response) -> Response:
        """Returns the response as the faults of bodies change it."""
        faults, random, body = self.faults, self.faults.random, response.body
        if faults.happens("not_json"):
            return Response(200, random.choice(broken.NOT_ANSWERS))
        if faults.happens("truncated"):
            return Response(200, broken.truncated(body, random))
        if faults.happens("incomplete"):
            length = {"Content-Length": str(len(body))}
            return Response(200, body[: random.randrange(len(body))], length)
        if faults.happens("bom"):
            return replace(response, body=broken.BOM + body)
        return response


type _Endpoint = Callable[[AceServer, SiteBook, Query, int], Response]

_ENDPOINTS: Mapping[str, _Endpoint] = {
    "": AceServer.site,
    "configured_points": AceServer.configured_points,
    "timeseries/paginated": AceServer.readings,
    "weather": AceServer.weather,
}


def _json(answer: object) -> Response:
    return Response(200, orjson.dumps(answer))


def _error(status: int, text: str = "simulated fault") -> Response:
    return Response(status, orjson.dumps({"error": text, "code": str(status)}))
