"""HTTP with total timeouts; the timeouts of urllib3 start again with every byte.

The connect timeout covers name resolution, every address and the TLS handshake; the read timeout, which is
the remaining part of urllib3's total timeout, covers all headers and the body.
"""

import _thread
import http.client
import io
import socket
import time
from queue import Empty, SimpleQueue
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

_LEAST_S = 0.001


class _TimedReader(io.RawIOBase):
    """A socket's bytes, which must all arrive within the initial timeout of the socket."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        timeout = sock.gettimeout()
        self._end = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        if self._end is not None:
            left_s = self._end - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """Headers and body by one deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """Returns a socket to the first address that answers, with the rest of the connect timeout.

        The name and all addresses share that timeout; each address gets an equal share of the remaining time.
        """
        timeout, host = self.timeout, self._dns_host
        end = time.monotonic() + (timeout if timeout is not None else float("inf"))
        error: Exception = ConnectTimeoutError(self, f"no address of {host} within {timeout} s")
        addresses = _addresses(self, host, self.port, timeout)
        try:
            for index, address in enumerate(addresses):
                left_s = end - time.monotonic()
                if left_s <= 0:
                    break
                self.timeout = None if timeout is None else left_s / (len(addresses) - index)
                self._dns_host = address
                try:
                    sock = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as refused:
                    error = refused
                    continue
                # For the TLS handshake. 0 would mean that nothing may block.
                sock.settimeout(None if timeout is None else max(end - time.monotonic(), _LEAST_S))
                return sock
        finally:
            self.timeout, self._dns_host = timeout, host
        raise error


class _TimedSecureConnection(_TimedConnection, HTTPSConnection):
    pass


def _addresses(connection: HTTPConnection, host: str, port: int, timeout: float | None) -> list[str]:
    """Returns the addresses of a name; a thread that resolves it for longer than the timeout is abandoned."""
    results: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def resolve() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put([str(row[4][0]) for row in rows])
        except UnicodeError as error:
            # A label of the name is empty or too long.
            results.put(socket.gaierror(socket.EAI_NONAME, str(error)))
        except OSError as error:
            results.put(error)

    # Thread.start turns a Ctrl-C into a RuntimeError.
    _thread.start_new_thread(resolve, ())
    try:
        result = results.get(timeout=timeout)
    except Empty:
        raise ConnectTimeoutError(connection, f"{host} was not resolved within {timeout} s") from None
    if isinstance(result, socket.gaierror):
        raise NameResolutionError(host, connection, result)
    if isinstance(result, OSError):
        raise NewConnectionError(connection, str(result))
    return result


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedSecureConnection


class TimedAdapter(HTTPAdapter):
    """An adapter whose timeout covers the whole response."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedSecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedSecurePool}
        return manager
