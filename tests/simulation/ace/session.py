"""A session of requests whose answers come from a server in memory, and errors as from the real libraries."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from tests.simulation.ace.deliveries import Delivery, ListingPage
from tests.simulation.ace.server import CONNECT_TIMEOUT, READ_TIMEOUT, AceServer, Response

_CONNECT_TIMEOUT_S = 5.0

type Call = Callable[[str, Callable[[], Response]], Response]
"""Makes an outside call of a kind; its effect is the upstream's answer at that moment."""


def direct(kind: str, effect: Callable[[], Response]) -> Response:
    """Makes the call at once."""
    return effect()


class AceAdapter(BaseAdapter):
    """Sends requests to a server; the kinds of its calls are `ace:site`, `ace:timeseries` and so on.

    `on_served` and `on_listed` are told what an answer delivers once the call returns it: an answer that the
    call lost delivers nothing. `sleep` passes the time that a timeout takes.
    """

    def __init__(
        self,
        server: AceServer,
        base_path: str,
        now_ms: Callable[[], int],
        *,
        call: Call = direct,
        on_served: Callable[[Delivery], None] = lambda _: None,
        on_listed: Callable[[ListingPage], None] = lambda _: None,
        sleep: Callable[[float], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._server = server
        self._base_path = base_path
        self._now_ms = now_ms
        self._call = call
        self._on_served = on_served
        self._on_listed = on_listed
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Returns the response; an error of requests for a failure."""
        url = urlsplit(str(request.url))
        path = url.path.removeprefix(self._base_path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        response = self._call(_kind(path), lambda: self._server.respond(path, query, self._now_ms()))
        self._check(response, request, timeout)
        if response.delivery is not None:
            self._on_served(response.delivery)
        if response.listing is not None:
            self._on_listed(response.listing)
        return _received(response, request)

    def close(self) -> None:
        """Does nothing: there are no connections."""

    def _check(self, response: Response, request: requests.PreparedRequest, timeout: Any) -> None:
        if response.failure == CONNECT_TIMEOUT:
            self._sleep(getattr(timeout, "connect_timeout", None) or _CONNECT_TIMEOUT_S)
            raise requests.ConnectTimeout("connect timed out", request=request)
        if response.failure == READ_TIMEOUT:
            self._sleep(getattr(timeout, "total", None) or _CONNECT_TIMEOUT_S)
            raise requests.ReadTimeout("read timed out", request=request)
        if response.failure:
            raise requests.ConnectionError("remote end closed connection without response", request=request)


class MemorySession(requests.Session):
    """A session without cookies, redirects and proxies: requests spends most of its time on these."""

    def __init__(self) -> None:
        self.headers = CaseInsensitiveDict()
        self.adapters = OrderedDict()

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        timeout: Any = None,
        stream: bool = False,
        allow_redirects: bool = False,
    ) -> requests.Response:
        """Returns the response of the adapter for the URL."""
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.headers = CaseInsensitiveDict({key: str(text) for key, text in self.headers.items()})
        prepared.url = f"{url}?{urlencode(params)}" if params else url
        response = self.get_adapter(url).send(prepared, stream=stream, timeout=timeout)
        if not stream:
            _ = response.content
        return response


def session(
    server: AceServer,
    now_ms: Callable[[], int],
    base_url: str = "https://ace.invalid/api",
    **hooks: Any,
) -> requests.Session:
    """Returns a session for the API at the base URL; `hooks` are the keywords of AceAdapter."""
    made = MemorySession()
    made.mount(base_url, AceAdapter(server, urlsplit(base_url).path, now_ms, **hooks))
    return made


def _kind(path: str) -> str:
    steps = path.split("/")
    return f"ace:{steps[3] if len(steps) > 3 else 'site'}"


def _received(response: Response, request: requests.PreparedRequest) -> requests.Response:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(response.body))}
    headers |= response.headers
    received = requests.Response()
    received.status_code = response.status
    received.headers = CaseInsensitiveDict(headers)
    received.raw = HTTPResponse(
        body=BytesIO(response.body),
        headers=headers,
        status=response.status,
        preload_content=False,
        request_method="GET",
    )
    received.url = str(request.url)
    received.request = request
    return received
