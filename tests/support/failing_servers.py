"""Servers that hang or refuse, and a port without one."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from vitals.aws.clients import ClientConfig

_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/StateTable"


@contextmanager
def hanging() -> Iterator[str]:
    """Yields the URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def refusing(status: int, code: str) -> Iterator[str]:
    """Yields the URL of a DynamoDB that refuses every request with an error of AWS."""
    error = {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": f"{code} on {_ARN} in /var/task/x.py",
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def impatient(attempts: int, read_timeout: float = 0.2) -> ClientConfig:
    return ClientConfig(connect_timeout=0.2, read_timeout=read_timeout, attempts=attempts)
