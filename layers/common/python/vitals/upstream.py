"""The ACE IoT API over HTTP: paging, pace, retries, and errors that say whether asking again can help."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson
import requests
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util.retry import Retry

from vitals.errors import UpstreamCursorError, UpstreamRefusedError, UpstreamUnavailableError
from vitals.timespan import Span, iso

# One page of a normal sync: 4,583 points × 20 minutes is 91,660 readings, and the API takes these sizes only.
PAGE_SIZE = 100_000
MAX_PAGES = 200
# ACE lists at most 100 points a page; 40,000 points are nine times the largest site known.
_POINTS_PER_PAGE = 100
_MAX_POINT_PAGES = 400
# 100,000 readings are about 12 MB.
_MAX_BODY_BYTES = 64 * 2**20
_TIMEOUT_S = (5, 60)
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})

RETRY = Retry(
    total=3,
    status_forcelist=_RETRIED_STATUSES,
    backoff_factor=1,
    backoff_jitter=1,
    respect_retry_after_header=True,
    retry_after_max=30,
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
    """Asks one ACE IoT API; retries what may pass (429, 5xx, timeouts, broken bodies) within `retry`."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        pace: Pace,
        *,
        retry: Retry = RETRY,
        page_size: int = PAGE_SIZE,
        session: requests.Session | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._retry = retry
        self._page_size = page_size
        self._session = session or requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})

    def site(self, site: str) -> Mapping[str, Any]:
        """What the API says of the site."""
        return self._get(_site_path(site), {})

    def configured_points(self, site: str) -> Iterator[Mapping[str, Any]]:
        """Every configured point of the site, page by page; a real site takes minutes."""
        path = f"{_site_path(site)}/configured_points"
        for page in range(1, _MAX_POINT_PAGES + 1):
            answer = self._get(path, {"page": page, "per_page": _POINTS_PER_PAGE})
            items = _list(answer, "items", path)
            yield from (
                item for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)
            )
            if page >= int(answer.get("pages") or 0):
                return
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
        """The present weather as readings named like the points they are stored as."""
        answer = self._get(f"{_site_path(site)}/weather", {})
        return [
            {**answer[key], "name": name}
            for key, name in WEATHER_POINTS.items()
            if isinstance(answer.get(key), dict)
        ]

    def _get(self, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        retry = self._retry.new()
        # Bounded by `retry`: increment raises when it is used up.
        while True:
            self._pace.wait()
            response: requests.Response | None = None
            try:
                response = self._session.get(
                    self._base_url + path,
                    params=query,
                    timeout=_TIMEOUT_S,
                    stream=True,
                    allow_redirects=False,
                )
                problem = _refused_or_problem(response, path)
                if not problem:
                    return _body(response, path)
            except (requests.RequestException, _BrokenBodyError) as error:
                problem = f"{path}: {type(error).__name__}"
            finally:
                if response is not None:
                    response.close()
            try:
                retry = retry.increment("GET", path, error=UpstreamUnavailableError(problem))
            except MaxRetryError:
                raise UpstreamUnavailableError(f"{problem}, after {self._retry.total} retries") from None
            _back_off(retry, response)


def _back_off(retry: Retry, response: requests.Response | None) -> None:
    try:
        retry.sleep(response.raw if response is not None else None)
    except InvalidHeader:
        # A Retry-After that is neither seconds nor a date.
        retry.sleep()


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


def _body(response: requests.Response, path: str) -> dict[str, Any]:
    data = bytearray()
    for part in response.iter_content(2**20):
        data += part
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
