"""The ACE IoT API over HTTP: paging, pace, retries, and errors that say whether asking again can help."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

import orjson
import requests
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util.retry import Retry

from vitals.errors import UpstreamCursorError, UpstreamRefusedError, UpstreamUnavailableError
from vitals.readings import PAGE_SIZE
from vitals.timespan import Span, iso

MAX_PAGES = 200
# ACE lists at most 100 points a page; 40,000 points are nine times the largest site known.
_POINTS_PER_PAGE = 100
_MAX_POINT_PAGES = 400
# 100,000 readings are about 12 MB.
_MAX_BODY_BYTES = 64 * 2**20
_CONNECT_TIMEOUT_S = 5
_TIMEOUT_S = 60
# The weather may be missing; a page of readings may not wait for it.
_WEATHER_TIMEOUT_S = 8
# Asked to wait longer than this, a sync ends: the next one asks again in five minutes.
_LONGEST_WAIT_S = 30
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})

RETRY = Retry(
    total=3,
    status_forcelist=_RETRIED_STATUSES,
    backoff_factor=1,
    backoff_jitter=1,
    respect_retry_after_header=True,
)

# The weather answer's own names, and the points they are stored as.
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

type Reading = Mapping[str, Any]


class Paced(Protocol):
    """Whatever says when a request may go out."""

    def wait(self) -> None:
        """Returns when the next request may go out."""


class Pace:
    """A token bucket: a burst of ten requests, then `per_minute`."""

    def __init__(
        self,
        per_minute: float,
        *,
        burst: int = 10,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._tokens = float(burst)
        self._monotonic = monotonic
        self._sleep = sleep
        self._at = monotonic()

    def wait(self) -> None:
        """Returns when the next request may go out."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= 1
        if self._tokens < 0:
            self._sleep(-self._tokens / self._rate)


class AceClient:
    """Asks one ACE IoT API; retries what may pass (429, 5xx, timeouts, broken bodies) within `retry`.

    `remaining_s` tells how long the caller has left: what would not end by then fails as unavailable, so that
    the caller lives to say so.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        pace: Paced,
        *,
        retry: Retry = RETRY,
        page_size: int = PAGE_SIZE,
        session: requests.Session | None = None,
        remaining_s: Callable[[], float] = lambda: float("inf"),
    ) -> None:
        self.requests = 0
        """How many were sent, retries among them."""
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._retry = retry
        self._page_size = page_size
        self._remaining_s = remaining_s
        self._session = session or requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})

    def site(self, site: str) -> Mapping[str, Any]:
        """What the API says of the site."""
        return self._get(_site_path(site), {})

    def configured_points(self, site: str) -> list[Mapping[str, Any]]:
        """Every configured point of the site; a real site takes minutes.

        UpstreamUnavailableError when the listing contradicts itself: it would reject readings of points
        that it leaves out.
        """
        path = f"{_site_path(site)}/configured_points"
        found: list[Mapping[str, Any]] = []
        for page in range(1, _MAX_POINT_PAGES + 1):
            answer = self._get(path, {"page": page, "per_page": _POINTS_PER_PAGE})
            found += _list(answer, "items", path)
            pages, total = answer.get("pages"), answer.get("total", len(found))
            if not isinstance(pages, int):
                raise UpstreamUnavailableError(f"{path} does not say how many pages it has")
            if page >= pages:
                if len(found) != total:
                    raise UpstreamUnavailableError(f"{path} lists {len(found)} of {total} points")
                return [
                    item for item in found if isinstance(item, dict) and isinstance(item.get("name"), str)
                ]
        raise UpstreamCursorError(f"{path} did not end within {_MAX_POINT_PAGES} pages")

    def pages(self, site: str, span: Span) -> Iterator[list[Reading]]:
        """The readings of every point of the site in the span as collected, a page at a time.

        UpstreamCursorError when the cursors repeat, lead nowhere or exceed 200 pages.
        """
        path = f"{_site_path(site)}/timeseries/paginated"
        query: dict[str, Any] = {
            "start_time": iso(span.start_ms),
            "end_time": iso(span.end_ms),
            "page_size": self._page_size,
            "raw_data": "true",
        }
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            answer = self._get(path, query)
            yield _list(answer, "point_samples", path)
            if not answer.get("has_more"):
                return
            cursor = answer.get("next_cursor")
            if not isinstance(cursor, str) or not cursor or cursor in seen:
                raise UpstreamCursorError(f"{path} says there is more but gives no new cursor")
            seen.add(cursor)
            query["cursor"] = cursor
        raise UpstreamCursorError(f"{path} did not end within {MAX_PAGES} pages")

    def weather(self, site: str) -> list[Reading]:
        """The present weather as readings named like the points they are stored as; asked once, briefly."""
        answer = self._get(f"{_site_path(site)}/weather", {}, Retry(total=0), _WEATHER_TIMEOUT_S)
        return [
            {**answer[key], "name": name}
            for key, name in WEATHER_POINTS.items()
            if isinstance(answer.get(key), dict)
        ]

    def _get(
        self, path: str, query: Mapping[str, Any], retry: Retry | None = None, timeout_s: float = _TIMEOUT_S
    ) -> dict[str, Any]:
        retry = allowed = retry or self._retry
        # Bounded by `retry`: increment raises when it is used up.
        while True:
            response: requests.Response | None = None
            left_s = min(timeout_s, self._remaining_s())
            if left_s <= 0:
                raise UpstreamUnavailableError(f"{path}: no time left to ask")
            self._pace.wait()
            self.requests += 1
            try:
                response = self._session.get(
                    self._base_url + path,
                    params=query,
                    timeout=(_CONNECT_TIMEOUT_S, left_s),
                    stream=True,
                    allow_redirects=False,
                )
                problem = _refused_or_problem(response, path)
                if not problem:
                    return _body(response, path, time.monotonic() + left_s)
            except (requests.RequestException, _BrokenBodyError) as error:
                problem = f"{path}: {type(error).__name__}"
            finally:
                if response is not None:
                    response.close()
            try:
                retry = retry.increment("GET", path, error=UpstreamUnavailableError(problem))
            except MaxRetryError:
                raise UpstreamUnavailableError(f"{problem}, after {allowed.total} retries") from None
            self._back_off(retry, response, problem)

    def _back_off(self, retry: Retry, response: requests.Response | None, problem: str) -> None:
        try:
            asked_s = retry.get_retry_after(response.raw) if response is not None else None
        except InvalidHeader:
            # A Retry-After that is neither seconds nor a date.
            asked_s, response = None, None
        if asked_s is not None and asked_s > min(_LONGEST_WAIT_S, self._remaining_s()):
            raise UpstreamUnavailableError(f"{problem}, and asks to wait {asked_s:.0f} s")
        retry.sleep(response.raw if response is not None else None)


class _BrokenBodyError(Exception):
    """A body that is too large, cut short or no JSON object."""


def _refused_or_problem(response: requests.Response, path: str) -> str:
    """What is wrong that a retry may mend, or nothing; UpstreamRefusedError when a retry can't."""
    status = response.status_code
    if status == 200:
        return ""
    if status in _RETRIED_STATUSES or status > 500:
        return f"{path} answered {status}"
    raise UpstreamRefusedError(status, f"{path} answered {status}; retries would be refused too")


def _body(response: requests.Response, path: str, deadline: float) -> dict[str, Any]:
    data = bytearray()
    for part in response.iter_content(2**16):
        data += part
        if time.monotonic() > deadline:
            raise _BrokenBodyError(f"{path}: the body drips in too slowly")
        if len(data) > _MAX_BODY_BYTES:
            raise _BrokenBodyError(f"{path}: more than {_MAX_BODY_BYTES} bytes")
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _BrokenBodyError(f"{path}: no whole JSON") from None
    if not isinstance(answer, dict):
        raise _BrokenBodyError(f"{path}: no JSON object")
    return answer


def _list(answer: Mapping[str, Any], key: str, path: str) -> list[Any]:
    found = answer.get(key)
    if not isinstance(found, list):
        raise UpstreamUnavailableError(f"{path}: no list under {key!r}")
    return found


def _site_path(site: str) -> str:
    return f"/sites/{quote(site, safe='')}"
