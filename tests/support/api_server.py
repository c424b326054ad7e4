"""The API's handlers behind HTTP, as API Gateway puts them there."""

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.template import template

BASE = "/v1"

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
type Authorizer = Callable[[str], dict[str, Any] | None]


class ApiServer:
    """One request at a time, for moto's sake.

    `authorize` makes the authorizer's context of an Authorization header, None for 401.
    """

    def __init__(self, handle: Handler, authorize: Authorizer, context: Any) -> None:
        self.requests: list[tuple[str, str]] = []
        """Method and path of each request, without its parameters."""
        self.after: Callable[[str, str, str], None] = lambda method, path, body: None
        """Called with method, path and the answer's body before it is sent."""
        self._handle = handle
        self._authorize = authorize
        self._context = context
        server = self

        class Handler(BaseHTTPRequestHandler):
            # Like API Gateway's; a browser revalidates answers of 1.0 without their ETag.
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server._serve(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{BASE}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        path = unquote(url.path.removeprefix(BASE))
        self.requests.append((request.command, path))
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        authorizer = self._authorize(request.headers.get("Authorization", ""))
        if authorizer is None and path != "/health":
            return self._send(request, 401, _UNAUTHORIZED.encode(), {"Content-Type": ["application/json"]})
        query = parse_qs(url.query, keep_blank_values=True)
        event = {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": request.command,
            "headers": dict(request.headers),
            "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()},
            "multiValueQueryStringParameters": query,
            "requestContext": {
                "requestId": "r-1",
                "requestTimeEpoch": time.time_ns() // 1_000_000,
                "authorizer": authorizer,
            },
            "body": body or None,
            "isBase64Encoded": False,
        }
        answer = self._handle(event, self._context)
        # A 304 has none.
        text = answer["body"] or ""
        self.after(request.command, path, text)
        sent = text.encode()
        if answer["isBase64Encoded"]:
            sent = base64.b64decode(text)
        self._send(request, answer["statusCode"], sent, answer["multiValueHeaders"])

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, list[str]]
    ) -> None:
        request.send_response(status)
        for name, values in headers.items():
            for value in values:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        # An idle connection would keep the next one waiting.
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(body)


_GATEWAY = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]
_UNAUTHORIZED = _GATEWAY["UNAUTHORIZED"]["ResponseTemplates"]["application/json"].replace(
    "$context.requestId", "r-1"
)
