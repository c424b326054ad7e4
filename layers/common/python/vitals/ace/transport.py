"""Requests to the ACE API: pace, deadlines, retries, and errors that say whether a retry can help."""

import http.client
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Timeout
from urllib3.util.retry import Retry

from vitals.ace import bodies, page_size, total_timeout
from vitals.ace.bodies import Accept, BrokenBodyError
from vitals.ace.pacing import Paced
from vitals.aws.runtime import Runtime
from vitals.codec.lenient_json import Body, Form
from vitals.errors import UpstreamRefusedError, UpstreamUnavailableError

_CONNECT_TIMEOUT_S = 5
# A sync that must wait longer than this ends: the next one follows in five minutes.
_MAX_WAIT_S = 30
_JITTER_S = 1.0
_RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PROBLEM = 200

RETRY = Retry(
    total=3,
    status_forcelist=_RETRIED_STATUSES,
    backoff_factor=1,
    respect_retry_after_header=True,
)

# Errors of the libraries that read a response: a header that is not text is a ValueError.
_LIBRARY_ERRORS = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
    LookupError,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One GET: a path below the base URL, its query, and its name in errors."""

    path: str
    query: Mapping[str, Any]
    subject: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a response, and the seconds from its request to its end."""

    body: Body
    seconds: float


@dataclass(frozen=True, slots=True)
class _Failure:
    """The reason of a failed attempt that may be retried, and the Retry-After of its response.

    `may_be_too_large` when the size of the answer may be the reason.
    """

    problem: str
    retry_after: str = ""
    may_be_too_large: bool = False


class Transport:
    """Makes the requests to one API, also of several threads; `remaining_s` returns the remaining seconds."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        pace: Paced,
        *,
        session: requests.Session | None,
        remaining_s: Callable[[], float],
        runtime: Runtime,
    ) -> None:
        self.requests = 0
        """The number of requests that were sent, including retries."""
        self._base_url = base_url.rstrip("/")
        self._pace = pace
        self._remaining_s = remaining_s
        self._runtime = runtime
        self._lock = threading.Lock()
        self._session = session or total_timeout.session()
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})

    def get(
        self,
        request: Request,
        form: Form,
        retry: Retry,
        *,
        accept: Accept | None = None,
        reduced: Callable[[Request], Request] = lambda request: request,
    ) -> Answer:
        """Returns the body of a response, with the entries that `accept` returns (bodies.parse).

        `reduced` returns the request to repeat for one that may have been too large. UpstreamRefusedError
        when a retry cannot succeed, and UpstreamUnavailableError when there are no retries left or the
        caller's time limit is reached.
        """
        total = retry.total
        # Bounded by `retry`: increment raises when it is used up.
        while True:
            timeout_s = self._reserve(request)
            began_s = self._runtime.monotonic()
            result = self._attempt(request, form, accept, timeout_s)
            if isinstance(result, Body):
                return Answer(result, self._runtime.monotonic() - began_s)
            if result.may_be_too_large:
                request = reduced(request)
            try:
                retry = retry.increment("GET", request.path, error=UpstreamUnavailableError(result.problem))
            except MaxRetryError:
                raise UpstreamUnavailableError(f"{result.problem}, after {total} retries") from None
            self._back_off(retry, result)

    def _reserve(self, request: Request) -> float:
        """Waits until the pace allows the request; returns the seconds that it then has."""
        remaining_s = self._remaining_s()
        if remaining_s > 0:
            self._pace.wait(remaining_s)
        timeout_s = min(request.timeout_s, self._remaining_s())
        if timeout_s <= 0:
            raise UpstreamUnavailableError(f"{request.subject}: no time left for a request")
        return timeout_s

    def _attempt(
        self, request: Request, form: Form, accept: Accept | None, timeout_s: float
    ) -> Body | _Failure:
        with self._lock:
            self.requests += 1
        began_s = self._runtime.monotonic()
        end = began_s + timeout_s
        # requests accepts urllib3's Timeout, but its types do not say so.
        timeout: Any = Timeout(total=timeout_s, connect=_CONNECT_TIMEOUT_S, read=timeout_s)
        retry_after, status, is_late = "", 0, False
        try:
            with self._session.get(
                self._base_url + request.path,
                params=request.query,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                retry_after = response.headers.get("Retry-After", "")
                problem = _check_status(response, request.subject)
                status = response.status_code
                if not problem:
                    return self._body(response, form, accept, end)
        except BrokenBodyError as error:
            return _Failure(f"{request.subject}: {error}", retry_after, may_be_too_large=True)
        except _LIBRARY_ERRORS as error:
            is_late = self._runtime.monotonic() >= end
            reason = f"no complete response within {timeout_s:.3g} s" if is_late else _message(error)
            problem = f"{request.subject}: {reason}"
        seconds = self._runtime.monotonic() - began_s
        return _Failure(problem, retry_after, is_late or page_size.may_be_too_large(status, seconds))

    def _body(self, response: requests.Response, form: Form, accept: Accept | None, end: float) -> Body:
        def is_late() -> bool:
            return self._runtime.monotonic() > end

        return bodies.parse(bodies.download(response, is_late), form, is_late, accept)

    def _back_off(self, retry: Retry, failure: _Failure) -> None:
        """Waits before the next attempt; UpstreamUnavailableError when there is no time for it."""
        problem, text = failure.problem, failure.retry_after
        retry_after_s = _retry_after_s(text, self._runtime.now_ms())
        if retry_after_s is not None and retry_after_s > min(_MAX_WAIT_S, self._remaining_s()):
            excerpt = ascii(text)[1:-1][:_MAX_PROBLEM]
            raise UpstreamUnavailableError(f"{problem}; too long to wait: Retry-After: {excerpt}")
        respected = retry_after_s if retry.respect_retry_after_header else None
        wait_s = respected or self._backoff_s(retry)
        if wait_s >= self._remaining_s():
            raise UpstreamUnavailableError(f"{problem}; no time left for a retry")
        self._runtime.sleep(wait_s)

    def _backoff_s(self, retry: Retry) -> float:
        """Returns the wait before a retry, 0 before the first; urllib3's own jitter is not the runtime's."""
        backoff_s = retry.get_backoff_time()
        return backoff_s + self._runtime.uniform(0, _JITTER_S) if backoff_s else 0.0


def _check_status(response: requests.Response, subject: str) -> str:
    """Returns the problem that a retry may solve, or ""; UpstreamRefusedError when no retry can."""
    status = response.status_code
    if status == 200:
        return ""
    if status in _RETRIED_STATUSES or status > 500:
        return f"{subject} answered {status}"
    raise UpstreamRefusedError(status, f"{subject} answered {status}; a retry cannot succeed")


def _message(error: Exception) -> str:
    """Returns the library's message without the exceptions around it."""
    inner = error
    while inner.args and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    inner = getattr(inner, "reason", None) or inner
    return f"{type(error).__name__}: {ascii(str(inner))[1:-1][:_MAX_PROBLEM]}"


def _retry_after_s(text: str, now_ms: int) -> float | None:
    """Returns the seconds of a Retry-After; None when it is neither seconds nor a date."""
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone, which RFC 9110 does not know, is in UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now_ms / 1000)
    except (ValueError, TypeError, OverflowError, LookupError):
        return None
