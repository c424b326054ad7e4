"""The ACE IoT API over HTTP: paging, pace, retries, and errors that say whether asking again can help."""

import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Timeout
from urllib3.util.retry import Retry

from vitals.ace import listing, total_timeout
from vitals.ace.limits import PAGE_SIZE
from vitals.ace.listing import Listing
from vitals.ace.pacing import Paced
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import lenient_json
from vitals.codec.lenient_json import Body, BrokenJsonError, Form, MalformedEntry
from vitals.errors import UpstreamCursorError, UpstreamRefusedError, UpstreamUnavailableError
from vitals.model.timespan import Span, iso

MAX_PAGES = 200
# 100,000 readings are about 12 MB.
_MAX_BODY_BYTES = 64 * 2**20
# A decoded body takes several times its bytes, and Python's decoder ten times the time.
_MAX_MALFORMED_BYTES = 16 * 2**20
_CONNECT_TIMEOUT_S = 5
_TIMEOUT_S = 60
# The weather may be missing; a page of readings may not wait for it.
_WEATHER_TIMEOUT_S = 8
# Asked to wait longer than this, a sync ends: the next one asks again in five minutes.
_LONGEST_WAIT_S = 30
_RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PROBLEM = 200

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

# What a listing says of its length; any of them will do.
_COUNTS = ("pages", "total", "per_page")
# What the answers must have, by the last step of their path; a site's is the other one.
_FORMS = {
    "paginated": Form("point_samples", ("name", "value", "time"), ("has_more", "next_cursor"), ("has_more",)),
    "configured_points": Form("items", ("name",), _COUNTS, _COUNTS),
    "weather": Form(fields=("value", "time"), members=tuple(WEATHER_POINTS)),
}
_SITE_FORM = Form(members=("nice_name",))
# What an answer can do to the libraries that read it: a header that is no text is a ValueError.
_LIBRARY_ERRORS = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
    LookupError,
)

type Reading = Mapping[str, Any] | MalformedEntry


class AceClient:
    """Asks one ACE IoT API; retries what may pass (429, 5xx, timeouts, broken bodies) within `retry`.

    `remaining_s` tells how long the caller has left: what would not end by then fails as unavailable, so that
    the caller lives to say so. `warn` takes a message and fields about answers that are used in part.
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
        warn: Callable[..., None] = lambda *_, **__: None,
        runtime: Runtime = SYSTEM,
    ) -> None:
        self.requests = 0
        """How many were sent, retries among them."""
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._retry = retry
        self._page_size = page_size
        self._remaining_s = remaining_s
        self._warn = warn
        self._runtime = runtime
        self._session = session or total_timeout.session()
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})

    def site(self, site: str) -> Mapping[str, Any]:
        """What the API says of the site."""
        return self._get(_site_path(site), {})

    def configured_points(self, site: str) -> Listing:
        """Every configured point of the site; a real site takes minutes."""
        path = f"{_site_path(site)}/configured_points"
        return listing.read(
            lambda page, per_page: self._get(path, {"page": page, "per_page": per_page}),
            path,
            self._remaining_s,
            self._runtime.monotonic,
        )

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
        for page in range(1, MAX_PAGES + 1):
            answer = self._get(path, query, page=page)
            yield answer["point_samples"]
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
        retry: Retry | None = None,
        timeout_s: float = _TIMEOUT_S,
        page: int | None = None,
    ) -> dict[str, Any]:
        retry = allowed = retry or self._retry
        page = page or query.get("page")
        subject = f"{path} (page {page})" if page else path
        # Bounded by `retry`: increment raises when it is used up.
        while True:
            response: requests.Response | None = None
            left_s = self._turn(subject, timeout_s)
            self.requests += 1
            end = self._runtime.monotonic() + left_s
            # requests takes urllib3's, but its types do not know.
            timeout: Any = Timeout(total=left_s, connect=_CONNECT_TIMEOUT_S, read=left_s)
            try:
                response = self._session.get(
                    self._base_url + path,
                    params=query,
                    timeout=timeout,
                    stream=True,
                    allow_redirects=False,
                )
                problem = _refused_or_problem(response, subject)
                if not problem:
                    return self._answer(_bytes(response, partial(self._is_late, end)), path, subject, end)
            except _BrokenBodyError as error:
                problem = f"{subject}: {error}"
            except _LIBRARY_ERRORS as error:
                late = self._runtime.monotonic() >= end
                problem = f"{subject}: " + (
                    f"no whole answer within {left_s:.3g} s" if late else _text(error)
                )
            finally:
                if response is not None:
                    response.close()
            try:
                retry = retry.increment("GET", path, error=UpstreamUnavailableError(problem))
            except MaxRetryError:
                raise UpstreamUnavailableError(f"{problem}, after {allowed.total} retries") from None
            self._back_off(retry, response, problem)

    def _is_late(self, end: float) -> bool:
        return self._runtime.monotonic() > end

    def _turn(self, subject: str, timeout_s: float) -> float:
        """Waits for the request's turn and returns how many seconds it then has."""
        if self._remaining_s() > 0:
            self._pace.wait()
        left_s = min(timeout_s, self._remaining_s())
        if left_s <= 0:
            raise UpstreamUnavailableError(f"{subject}: no time left to ask")
        return left_s

    def _answer(self, data: bytes, path: str, subject: str, end: float) -> dict[str, Any]:
        step = path.rsplit("/", 1)[-1]
        form = _FORMS.get(step, _SITE_FORM) if path.count("/") > 2 else _SITE_FORM
        body = _body(data, form, partial(self._is_late, end))
        if body.problem:
            self._warn("malformed entries", path=subject, malformed=body.malformed, problem=body.problem)
        return body.answer

    def _back_off(self, retry: Retry, response: requests.Response | None, problem: str) -> None:
        text = response.headers.get("Retry-After", "") if response is not None else ""
        asked_s = _retry_after_s(text, self._runtime.now_ms())
        if asked_s is not None and asked_s > min(_LONGEST_WAIT_S, self._remaining_s()):
            raise UpstreamUnavailableError(
                f"{problem}, and asks to wait: Retry-After: {ascii(text)[1:-1][:_LONGEST_PROBLEM]}"
            )
        wait_s = asked_s if asked_s and retry.respect_retry_after_header else retry.get_backoff_time()
        if wait_s >= self._remaining_s():
            raise UpstreamUnavailableError(f"{problem}, and no time left to ask again")
        self._runtime.sleep(wait_s)


class _BrokenBodyError(Exception):
    """A body that is too large, too slow, cut short or no JSON object."""


def _refused_or_problem(response: requests.Response, subject: str) -> str:
    """What is wrong that a retry may mend, or nothing; UpstreamRefusedError when a retry can't."""
    status = response.status_code
    if status == 200:
        return ""
    if status in _RETRIED_STATUSES or status > 500:
        return f"{subject} answered {status}"
    raise UpstreamRefusedError(status, f"{subject} answered {status}; retries would be refused too")


def _bytes(response: requests.Response, late: Callable[[], bool]) -> bytes:
    data = bytearray()
    for part in response.iter_content(2**16):
        data += part
        if late():
            raise TimeoutError
        if len(data) > _MAX_BODY_BYTES:
            raise _BrokenBodyError(f"more than {_MAX_BODY_BYTES} bytes")
    return bytes(data)


def _body(data: bytes, form: Form, late: Callable[[], bool]) -> Body:
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError as refused:
        if len(data) > _MAX_MALFORMED_BYTES:
            raise _BrokenBodyError(
                f"no strict JSON, as more than {_MAX_MALFORMED_BYTES} bytes must be: {refused} of {len(data)}"
            ) from None
        try:
            body = lenient_json.read(data, form, late)
        except BrokenJsonError as error:
            raise _BrokenBodyError(f"no whole JSON: {error} of {len(data)}") from None
    else:
        if not isinstance(answer, dict):
            raise _BrokenBodyError(f"no JSON object but {ascii(data[: _LONGEST_PROBLEM // 4])[2:-1]}")
        body = Body(answer, *_odd(answer.get(form.entries)))
    if form.entries and not isinstance(body.answer.get(form.entries), list):
        excerpt = ascii(data[: _LONGEST_PROBLEM // 4])[2:-1]
        raise _BrokenBodyError(f"no list under {form.entries!r} but {excerpt}")
    return body


def _odd(entries: Any) -> tuple[int, str]:
    """How many of the entries are no objects, and the first of them."""
    if not isinstance(entries, list) or set(map(type, entries)) <= {dict}:
        return 0, ""
    odd = [row for row, entry in enumerate(entries) if not isinstance(entry, dict)]
    return len(odd), f"entry {odd[0]} is not an object but {ascii(entries[odd[0]])[: _LONGEST_PROBLEM // 4]}"


def _text(error: Exception) -> str:
    """The library's message without the layers that wrap it."""
    inner = error
    while inner.args and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    inner = getattr(inner, "reason", None) or inner
    return f"{type(error).__name__}: {ascii(str(inner))[1:-1][:_LONGEST_PROBLEM]}"


def _retry_after_s(text: str, now_ms: int) -> float | None:
    """The seconds that a Retry-After asks for; None when it is neither seconds nor a date."""
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone, which RFC 9110 does not know, is in UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now_ms / 1000)
    except (ValueError, TypeError, OverflowError, LookupError):
        return None


def _site_path(site: str) -> str:
    return f"/sites/{quote(site, safe='')}"
