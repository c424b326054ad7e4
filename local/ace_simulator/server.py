"""Serves a simulator over HTTP/1.1, on a thread for each connection."""

import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.ace_simulator.responses import Response

HOST = "127.0.0.1"
# A byte each fifth of a second, for longer than any client waits.
_DRIP_INTERVAL_S, _DRIP_LIMIT_S = 0.2, 120

type Respond = Callable[[str, str, str, bytes], Response]
"""(method, target, Authorization header, body)."""


class Server(ThreadingHTTPServer):
    """An HTTP server that closes its connections when it stops."""

    daemon_threads = True

    def __init__(self, port: int, respond: Respond) -> None:
        self.respond = respond
        self.stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    def start(self) -> None:
        """Serves from a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stops serving and closes every connection."""
        self.stopped.set()
        self.shutdown()
        self.server_close()
        # The threads of open connections would continue to answer.
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may close a connection at any time.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body leave in one packet.
    wbufsize = -1
    server: Server

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        response = self.server.respond(self.command, self.path, self.headers.get("Authorization", ""), body)
        if response.drips:
            self._drip(response)
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def _drip(self, response: Response) -> None:
        """Sends the response byte by byte, without the last one, until the client or the server stops."""
        self.close_connection = True
        head = f"HTTP/1.1 {response.status} OK\r\nContent-Length: {len(response.body)}\r\n\r\n"
        data = head.encode() + response.body
        for number in range(int(_DRIP_LIMIT_S / _DRIP_INTERVAL_S)):
            self.wfile.write(data[number : number + 1] if number < len(data) - 1 else b"")
            self.wfile.flush()
            if self.server.stopped.wait(_DRIP_INTERVAL_S):
                return

    do_GET = do_POST = do_PUT = _respond

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing; the simulator counts requests."""
