"""A server whose tests write every byte of its answers, for what no HTTP library would send."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

_REQUEST_END = b"\r\n\r\n"
_REQUEST = re.compile(rb"(?s)(.*?)\r\n\r\n")


class RawServer:
    """Hands each connection, with its number, to `serve` in a thread of its own, until the block ends."""

    def __init__(self, serve: Callable[[socket.socket, int], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ended = threading.Event()

    @property
    def connections(self) -> int:
        """How many were accepted."""
        return len(self._connections)

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        # Closing alone would not wake the thread that accepts.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(
                target=self._handle, args=(connection, len(self._connections)), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _handle(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            self._serve(connection, number)


def requests_on(connection: socket.socket) -> Iterator[bytes]:
    """The head of each request that comes, after its body was read, until the client closes."""
    data = b""
    while True:
        while not (request := _REQUEST.match(data)) or len(data) - request.end() < _body_bytes(request[1]):
            received = connection.recv(65_536)
            if not received:
                return
            data += received
        data = data[request.end() + _body_bytes(request[1]) :]
        yield request[1]


def _body_bytes(head: bytes) -> int:
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return int(length[1]) if length else 0


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with a body of its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode("latin-1") + _REQUEST_END + body
