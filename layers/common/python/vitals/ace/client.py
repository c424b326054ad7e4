"""The endpoints of the ACE IoT API: a site, its points, its readings page by page, and its weather."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from requests import Session
from urllib3.util.retry import Retry

from vitals.ace import listing, page_size
from vitals.ace.bodies import Accept
from vitals.ace.listing import Listing
from vitals.ace.pacing import Paced
from vitals.ace.transport import RETRY, Answer, Request, Transport
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec.lenient_json import Form, MalformedEntry
from vitals.errors import UpstreamCursorError
from vitals.model.timespan import Span, iso

MAX_PAGES = 200
TIMEOUT_S = 60
# The weather may be missing; readings must not wait for it.
_WEATHER_TIMEOUT_S = 8

# The fields of the weather, and the names of their points.
WEATHER_POINTS = {
    "temp": "weather.temperature",
    "feels_like": "weather.feels_like",
    "pressure": "weather.pressure",
    "humidity": "weather.humidity",
    "dew_point": "weather.dew_point",
    "clouds": "weather.clouds",
    "wind_speed": "weather.wind_speed",
    "wind_deg": "weather.wind_direction",
    "wet_bulb": "weather.wet_bulb",
}

# Members with the length of a listing; one of them is enough.
_COUNTS = ("pages", "total", "per_page")
_SITE_FORM = Form(members=("nice_name",))
_POINTS_FORM = Form("items", ("name",), _COUNTS, _COUNTS)
_READINGS_FORM = Form("point_samples", ("name", "value", "time"), ("has_more", "next_cursor"), ("has_more",))
_WEATHER_FORM = Form(fields=("value", "time"), members=tuple(WEATHER_POINTS))

type Reading = Mapping[str, Any] | MalformedEntry


class AceClient:
    """Reads one ACE IoT API; retries temporary errors (429, 5xx, timeouts, broken bodies) within `retry`.

    `remaining_s` returns the caller's remaining seconds. A request that would take longer fails as
    unavailable, so that the caller can report it. `warn` logs a message with fields about answers that are
    used in part.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        pace: Paced,
        *,
        retry: Retry = RETRY,
        page_size: int = page_size.LARGEST,
        timeout_s: float = TIMEOUT_S,
        session: Session | None = None,
        remaining_s: Callable[[], float] = lambda: float("inf"),
        warn: Callable[..., None] = lambda *_, **__: None,
        runtime: Runtime = SYSTEM,
    ) -> None:
        self._transport = Transport(
            base_url, api_key, pace, session=session, remaining_s=remaining_s, runtime=runtime
        )
        self._pace = pace
        self._retry = retry
        self.page_size = page_size
        """The readings of a page, at most; less after a page that was slow or failed."""
        self._timeout_s = timeout_s
        self._remaining_s = remaining_s
        self._warn = warn
        self._monotonic = runtime.monotonic

    @property
    def requests(self) -> int:
        """The number of requests that were sent, including retries."""
        return self._transport.requests

    def announce(self, requests: int) -> None:
        """Lets the pace reserve this many requests together, which follow at the same time."""
        self._pace.announce(requests)

    def site(self, site: str) -> Mapping[str, Any]:
        """Returns the API's description of the site."""
        return self._get(_site_path(site), {}, _SITE_FORM)

    def configured_points(self, site: str) -> Listing:
        """Returns every configured point of the site; this takes minutes for a real site."""
        path = f"{_site_path(site)}/configured_points"
        return listing.read(
            lambda page, per_page: self._get(
                path, {"page": page, "per_page": per_page}, _POINTS_FORM, page=page
            ),
            path,
            self._remaining_s,
            self._monotonic,
        )

    def pages[T](
        self, site: str, span: Span, accept: Callable[[list[Reading]], T], size: int = page_size.LARGEST
    ) -> Iterator[T]:
        """Yields what `accept` makes of the readings of every point of the site in the span, as collected.

        It gets a page of at most `size` readings, or a piece of it. A first page that may be too large is
        repeated with a smaller size. The pages after it keep its size, because a cursor may depend on it.
        UpstreamCursorError when the cursors repeat, are missing or exceed 200 pages.
        """
        path = f"{_site_path(site)}/timeseries/paginated"
        query: dict[str, Any] = {
            "start_time": iso(span.start_ms),
            "end_time": iso(span.end_ms),
            "page_size": min(size, self.page_size),
            "raw_data": "true",
        }
        cursors: set[str] = set()
        for page in range(1, MAX_PAGES + 1):
            answer = self._page(path, query, accept, page)
            yield from answer["point_samples"]
            if not answer.get("has_more"):
                return
            cursor = answer.get("next_cursor")
            if not isinstance(cursor, str) or not cursor or cursor in cursors:
                raise UpstreamCursorError(f"{path}: has_more is true, but next_cursor is missing or repeated")
            cursors.add(cursor)
            query["cursor"] = cursor
        raise UpstreamCursorError(f"{path} did not end within {MAX_PAGES} pages")

    def _page(self, path: str, query: dict[str, Any], accept: Accept, page: int) -> dict[str, Any]:
        """Returns one page, and notes in the query the size that it has."""

        def reduced(request: Request) -> Request:
            self._limit(page_size.smaller(query["page_size"]))
            if page == 1:
                query["page_size"] = min(query["page_size"], self.page_size)
            return replace(request, query=dict(query))

        request = self._request(path, query, page)
        answer = self._transport.get(request, _READINGS_FORM, self._retry, accept=accept, reduced=reduced)
        if page_size.is_slow(answer.seconds, self._timeout_s):
            self._limit(page_size.smaller(query["page_size"]))
        return self._read(answer, request.subject)

    def _limit(self, size: int) -> None:
        """Limits the pages from now on to this size, if it is smaller than their limit."""
        self.page_size = min(self.page_size, size)

    def weather(self, site: str) -> list[Reading]:
        """Returns the current weather as readings of WEATHER_POINTS; one request with a short timeout."""
        answer = self._get(
            f"{_site_path(site)}/weather",
            {},
            _WEATHER_FORM,
            retry=Retry(total=0),
            timeout_s=min(_WEATHER_TIMEOUT_S, self._timeout_s),
        )
        readings: list[Reading] = []
        for key, name in WEATHER_POINTS.items():
            item = answer.get(key)
            if isinstance(item, MalformedEntry):
                readings.append(item._replace(name=name))
            elif isinstance(item, dict):
                readings.append({**item, "name": name})
        return readings

    def _get(
        self,
        path: str,
        query: Mapping[str, Any],
        form: Form,
        *,
        page: int | None = None,
        retry: Retry | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        request = self._request(path, query, page, timeout_s)
        return self._read(self._transport.get(request, form, retry or self._retry), request.subject)

    def _request(
        self, path: str, query: Mapping[str, Any], page: int | None, timeout_s: float | None = None
    ) -> Request:
        subject = f"{path} (page {page})" if page else path
        return Request(path, query, subject, timeout_s or self._timeout_s)

    def _read(self, answer: Answer, subject: str) -> dict[str, Any]:
        """Returns the JSON of an answer, and logs what is malformed in it."""
        body = answer.body
        if body.problem:
            self._warn("malformed entries", path=subject, malformed=body.malformed, problem=body.problem)
        return body.answer


def _site_path(site: str) -> str:
    return f"/sites/{quote(site, safe='')}"
