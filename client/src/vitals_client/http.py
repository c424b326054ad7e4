"""One API over HTTP: what is repeated, how long it may take, and what each refusal is called."""

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
from vitals_client.timed import TimedAdapter

_CONNECT_SECONDS = 5
_TRANSIENT = (429, 502, 503, 504)
_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 0.5, 8
# A quota that is used up names the hour; a burst, a busy table or queue name seconds.
_LONGEST_RETRY_AFTER_SECONDS = 60
_MOST_SAID = 300
_KINDS: Mapping[int, type[VitalsError]] = {
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


class Patience(Retry):
    """Repeats what is safe to repeat, and nothing that the API wants asked again much later only."""

    RETRY_AFTER_STATUS_CODES = frozenset(_TRANSIENT)

    def increment(
        self, method: str | None = None, url: str | None = None, response: Any = None, *rest: Any, **more: Any
    ) -> Self:
        if response is not None and (self.get_retry_after(response) or 0) > _LONGEST_RETRY_AFTER_SECONDS:
            # By this urllib3 knows that the response is the last.
            raise MaxRetryError(None, url or "", None)  # type: ignore[arg-type]
        return super().increment(method, url, response, *rest, **more)

    def get_retry_after(self, response: Any) -> float | None:
        return _seconds(response.headers.get("Retry-After", ""))


def patience(retries: int, *methods: str) -> Patience:
    """At most so many repeats of these methods, at growing distances or when the API says."""
    return Patience(
        total=retries,
        allowed_methods=methods,
        status_forcelist=_TRANSIENT,
        backoff_factor=_BACKOFF_SECONDS,
        backoff_jitter=_BACKOFF_SECONDS,
        backoff_max=_LONGEST_BACKOFF_SECONDS,
        raise_on_status=False,
    )


class Http:
    """The API's requests; each is answered whole within `timeout_s`, or ends in a VitalsError.

    GETs and POSTs that only read are repeated up to `retries` times; what starts or ends something only where
    it was never sent. Downloads may take longer, as long as no silence does. Threads may share it.
    """

    def __init__(self, api: str, token: str, *, timeout_s: float, retries: int) -> None:
        self._api = api
        # requests takes urllib3's, but its types do not know.
        self._timeout: Any = Timeout(total=timeout_s, connect=_CONNECT_SECONDS, read=timeout_s)
        self._silence = (_CONNECT_SECONDS, timeout_s)
        self._timeout_s = timeout_s
        self._auth = _Bearer(token)
        self._session = _session(TimedAdapter(max_retries=patience(retries, "GET")))
        self._reading = _session(TimedAdapter(max_retries=patience(retries, "GET", "POST")))
        self._downloads = _session(HTTPAdapter(max_retries=patience(retries, "GET")))

    def close(self) -> None:
        self._session.close()
        self._reading.close()
        self._downloads.close()

    def json(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        """The object that the API answers."""
        return self._object(self._answer(self._session, method, path, params=params, json=body))

    def read(self, path: str, body: Any) -> Any:
        """The object that the API answers to a POST that only reads, which is repeated as a GET is."""
        return self._object(self._answer(self._reading, "POST", path, json=body))

    def arrow(self, path: str, body: Any) -> bytes:
        """The Arrow stream that the API answers to a POST that only reads."""
        accept = "application/vnd.apache.arrow.stream"
        answer = self._answer(self._reading, "POST", path, json=body, headers={"Accept": accept})
        if answer.headers.get("Content-Type") != accept:
            raise UnansweredError(f"{self._api} answers {answer.status_code} without an Arrow stream")
        return answer.content

    def _object(self, answer: requests.Response) -> dict[str, Any]:
        found = _object(answer)
        if not found:
            raise UnansweredError(f"{self._api} answers {answer.status_code} without JSON")
        return found

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        """The parts of what a link of the API's leads to, which needs no token."""
        try:
            with self._downloads.get(url, timeout=self._silence, auth=_Nobody(), stream=True) as answer:
                if not answer.ok:
                    raise UnansweredError(f"the link answers {answer.status_code}", status=answer.status_code)
                yield answer.iter_content(1 << 20)
        except requests.RequestException as error:
            raise UnansweredError(f"the download broke off ({type(error).__name__})") from None

    def _answer(self, session: requests.Session, method: str, path: str, **request: Any) -> requests.Response:
        begin = time.monotonic()
        try:
            answer = session.request(
                method,
                self._api + path,
                timeout=self._timeout,
                auth=self._auth,
                allow_redirects=False,
                **request,
            )
        except (requests.RequestException, ValueError) as error:
            waited_s = time.monotonic() - begin
            raise UnansweredError(f"{self._api} gives {self._missing(error, waited_s)}") from None
        if 200 <= answer.status_code < 300:
            return answer
        raise self._error(answer)

    def _missing(self, error: Exception, waited_s: float) -> str:
        """What there was instead of an answer, and how long it was waited for."""
        if not _timed_out(error):
            return f"no answer ({type(error).__name__})"
        if waited_s < self._timeout_s:
            return f"no connection within {min(_CONNECT_SECONDS, self._timeout_s):g} s"
        repeated = f", {waited_s:.0f} s with repeats" if waited_s >= 2 * self._timeout_s else ""
        return f"no whole answer within {self._timeout_s:g} s{repeated}"

    def _error(self, answer: requests.Response) -> VitalsError:
        status, found = answer.status_code, _object(answer)
        text = " ".join(answer.text.split())[:_MOST_SAID]
        said = found.get("error") or found.get("message") or text or "nothing"
        kind = _KINDS.get(status, UnavailableError if status >= 500 else RefusedError)
        if not found or status < 400 or (status >= 500 and "error" not in found):
            kind, said = UnansweredError, f"{self._api} answers {status}: {said}"
        error = kind(
            str(said),
            status=status,
            code=str(found.get("error_code", "")),
            request_id=str(found.get("request_id", "")),
        )
        if isinstance(error, ConflictError):
            error.running_id = found.get("running_id")
        if isinstance(error, RateLimitedError):
            error.retry_after_s = _seconds(answer.headers.get("Retry-After", ""))
        return error


def _session(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    for prefix in ("https://", "http://"):
        session.mount(prefix, adapter)
    return session


def _timed_out(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    # A refused connection is a ConnectTimeoutError to urllib3.
    return isinstance(cause, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(
        cause, NewConnectionError
    )


class _Bearer(AuthBase):
    """The token, also where a .netrc knows the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Nobody(AuthBase):
    """Nothing, also where a .netrc knows the host: a signed link works without."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _object(answer: requests.Response) -> dict[str, Any]:
    """The body; empty when it is something else, which a gateway may send."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str) -> float | None:
    """What a Retry-After asks to wait; None when it is neither seconds nor a date."""
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, LookupError):
        return None
