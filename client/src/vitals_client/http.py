"""HTTP requests to one API: retries, timeouts and errors."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Timeout
from urllib3.util.retry import Retry

from vitals_client.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TooLargeError,
    UnansweredError,
    UnauthorizedError,
    UnavailableError,
    VitalsError,
)
from vitals_client.total_timeout import TimedAdapter

_CONNECT_SECONDS = 5
_RETRIED_STATUSES = (429, 502, 503, 504)
_BACKOFF_SECONDS, _MAX_BACKOFF_SECONDS = 0.5, 8
# An exhausted quota asks for an hour; a burst, a busy table or a queue for seconds.
_MAX_RETRY_AFTER_SECONDS = 60
_MAX_ERROR_CHARACTERS = 300
_CHUNK_BYTES = 1 << 20
_ARROW = "application/vnd.apache.arrow.stream"
_ERRORS: Mapping[int, type[VitalsError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: InvalidRequestError,
    406: InvalidRequestError,
    409: ConflictError,
    413: TooLargeError,
    414: InvalidRequestError,
    415: InvalidRequestError,
    429: RateLimitedError,
}


class RetryPolicy(Retry):
    """Retries safe requests, unless the API asks for a longer wait than `_MAX_RETRY_AFTER_SECONDS`."""

    RETRY_AFTER_STATUS_CODES = frozenset(_RETRIED_STATUSES)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Self:
        if response is not None and (self.get_retry_after(response) or 0) > _MAX_RETRY_AFTER_SECONDS:
            # urllib3 then returns this response as the last one.
            raise MaxRetryError(None, url or "", None)  # type: ignore[arg-type]
        return super().increment(method, url, response, *args, **kwargs)

    def get_retry_after(self, response: Any) -> float | None:
        return _retry_after_s(response)


def retry_policy(retries: int, *methods: str) -> RetryPolicy:
    """Returns a policy of at most so many retries of these methods, with growing pauses."""
    return RetryPolicy(
        total=retries,
        allowed_methods=methods,
        status_forcelist=_RETRIED_STATUSES,
        backoff_factor=_BACKOFF_SECONDS,
        backoff_jitter=_BACKOFF_SECONDS,
        backoff_max=_MAX_BACKOFF_SECONDS,
        raise_on_status=False,
    )


class Http:
    """Sends requests; a complete response arrives within `timeout_s`, or a VitalsError is raised.

    GET requests and POST requests that only read are retried up to `retries` times, all others only when they
    were never sent. A download may take longer, as long as no pause in it does. Threads may share an object.
    """

    def __init__(self, api: str, token: str, *, timeout_s: float, retries: int) -> None:
        self._api = api
        # requests accepts urllib3's Timeout, but its types do not say so.
        self._timeout: Any = Timeout(total=timeout_s, connect=_CONNECT_SECONDS, read=timeout_s)
        self._download_timeout = (_CONNECT_SECONDS, timeout_s)
        self._timeout_s = timeout_s
        self._auth = _BearerAuth(token)
        self._session = _session(TimedAdapter(max_retries=retry_policy(retries, "GET")))
        self._read_session = _session(TimedAdapter(max_retries=retry_policy(retries, "GET", "POST")))
        self._download_session = _session(HTTPAdapter(max_retries=retry_policy(retries, "GET")))

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()
        self._read_session.close()
        self._download_session.close()

    def json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        """Returns the JSON object of the response."""
        return self._json_object(self._send(self._session, method, path, params=params, json=body))

    def read(self, path: str, body: Any) -> Any:
        """Returns the JSON object of a POST that only reads, and so is retried."""
        return self._json_object(self._send(self._read_session, "POST", path, json=body))

    def arrow(self, path: str, body: Any) -> bytes:
        """Returns the Arrow stream of a POST that only reads."""
        response = self._send(self._read_session, "POST", path, json=body, headers={"Accept": _ARROW})
        if response.headers.get("Content-Type") != _ARROW:
            raise UnansweredError(f"{self._api} returned {response.status_code} without an Arrow stream")
        return response.content

    def _json_object(self, response: requests.Response) -> dict[str, Any]:
        content = _json_object(response)
        if not content:
            raise UnansweredError(f"{self._api} returned {response.status_code} without a JSON object")
        return content

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        """Yields the chunks of a file behind a signed link, which needs no token."""
        try:
            with self._download_session.get(
                url, timeout=self._download_timeout, auth=_NoAuth(), stream=True
            ) as response:
                status = response.status_code
                if not response.ok:
                    raise UnansweredError(f"the download link returned {status}", status=status)
                yield response.iter_content(_CHUNK_BYTES)
        except requests.RequestException as error:
            raise UnansweredError(f"the download was interrupted ({type(error).__name__})") from None

    def _send(self, session: requests.Session, method: str, path: str, **options: Any) -> requests.Response:
        started = time.monotonic()
        try:
            response = session.request(
                method,
                self._api + path,
                timeout=self._timeout,
                auth=self._auth,
                allow_redirects=False,
                **options,
            )
        except (requests.RequestException, ValueError) as error:
            raise UnansweredError(self._no_response(error, time.monotonic() - started)) from None
        if 200 <= response.status_code < 300:
            return response
        raise self._error(response)

    def _no_response(self, error: Exception, waited_s: float) -> str:
        if not _timed_out(error):
            return f"no response from {self._api} ({type(error).__name__})"
        if waited_s < self._timeout_s:
            return f"no connection to {self._api} within {min(_CONNECT_SECONDS, self._timeout_s):g} s"
        retries = f" ({waited_s:.0f} s with retries)" if waited_s >= 2 * self._timeout_s else ""
        return f"no complete response from {self._api} within {self._timeout_s:g} s{retries}"

    def _error(self, response: requests.Response) -> VitalsError:
        status, content = response.status_code, _json_object(response)
        body = " ".join(response.text.split())[:_MAX_ERROR_CHARACTERS]
        text = content.get("error") or content.get("message") or body or "an empty body"
        kind = _ERRORS.get(status, UnavailableError if status >= 500 else RefusedError)
        if not content or status < 400 or (status >= 500 and "error" not in content):
            kind, text = UnansweredError, f"{self._api} returned {status}: {text}"
        error = kind(
            str(text),
            status=status,
            code=str(content.get("error_code", "")),
            request_id=str(content.get("request_id", "")),
        )
        if isinstance(error, ConflictError):
            error.running_id = content.get("running_id")
        if isinstance(error, RateLimitedError):
            error.retry_after_s = _retry_after_s(response)
        return error


def _session(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    for prefix in ("https://", "http://"):
        session.mount(prefix, adapter)
    return session


def _timed_out(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    # In urllib3 a refused connection is a ConnectTimeoutError too.
    return isinstance(cause, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(
        cause, NewConnectionError
    )


class _BearerAuth(AuthBase):
    """Sends the token, even when a .netrc file has credentials of the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _NoAuth(AuthBase):
    """Sends no credentials, even when a .netrc file has some: a signed link works without."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _json_object(response: requests.Response) -> dict[str, Any]:
    """Returns the body, or an empty dict when it is not a JSON object, which a gateway may send."""
    try:
        content = response.json()
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _retry_after_s(response: Any) -> float | None:
    """Returns the seconds of the Retry-After header; None when it is neither a number nor a date."""
    text = response.headers.get("Retry-After", "")
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, LookupError):
        return None
