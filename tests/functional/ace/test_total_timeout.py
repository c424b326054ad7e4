"""The connect timeout: the name, each of its addresses and the TLS handshake share it, and none takes all."""

import socket
import ssl
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3.connection
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError
from urllib3.util.retry import Retry

from vitals.ace import total_timeout
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.errors import UpstreamUnavailableError

TIMEOUT_S = 2.0


class Network:
    """Addresses that never answer except `answering`, which takes `answering_s`, a slow resolver, a clock."""

    def __init__(
        self,
        addresses: list[str],
        answering: str = "",
        *,
        resolving_s: float = 0.0,
        answering_s: float = 0.0,
    ) -> None:
        self.addresses, self.answering = addresses, answering
        self.resolving_s, self.answering_s = resolving_s, answering_s
        self.now = 100.0
        self.attempts: list[tuple[str, float]] = []
        self.sockets: list[socket.socket] = []

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.now += self.resolving_s
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]

    def create_connection(self, address: tuple[str, int], timeout: float, **_: object) -> socket.socket:
        self.attempts.append((address[0], timeout))
        if address[0] != self.answering:
            self.now += timeout
            raise TimeoutError("timed out")
        self.now += self.answering_s
        self.sockets = list(socket.socketpair())
        self.sockets[0].settimeout(timeout)
        return self.sockets[0]

    def connect(self, kind: type[Any] = total_timeout._TimedConnection) -> float | None:
        """The timeout of the socket that comes of it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(total_timeout, "time", SimpleNamespace(monotonic=lambda: self.now))
            patch.setattr(socket, "getaddrinfo", self.getaddrinfo)
            patch.setattr(urllib3.connection.connection, "create_connection", self.create_connection)
            connection = kind("ace.test", 443, timeout=TIMEOUT_S)
            try:
                sock = connection._new_conn()
                assert (connection.timeout, connection.host) == (TIMEOUT_S, "ace.test")
                timeout: float | None = sock.gettimeout()
                return timeout
            finally:
                for end in self.sockets:
                    end.close()


def test_an_unanswering_address_leaves_time_for_the_next() -> None:
    network = Network(["2001:db8::1", "192.0.2.1"], answering="192.0.2.1")
    assert network.connect() == pytest.approx(1.0)
    assert network.attempts == [("2001:db8::1", pytest.approx(1.0)), ("192.0.2.1", pytest.approx(1.0))]


@given(st.integers(1, 8), st.floats(0, 1.9))
def test_every_address_is_tried_within_the_one_timeout(count: int, resolving_s: float) -> None:
    network = Network([f"192.0.2.{number}" for number in range(count)], resolving_s=resolving_s)
    with pytest.raises(ConnectTimeoutError):
        network.connect()
    assert [address for address, _ in network.attempts] == network.addresses
    assert sum(timeout for _, timeout in network.attempts) == pytest.approx(TIMEOUT_S - resolving_s)


def test_the_handshake_has_the_time_that_remains() -> None:
    network = Network(["192.0.2.1"], answering="192.0.2.1", resolving_s=0.8, answering_s=1.0)
    assert network.connect(total_timeout._TimedSecureConnection) == pytest.approx(0.2)
    network = Network(["192.0.2.1"], answering="192.0.2.1", answering_s=2.0)
    assert network.connect() == pytest.approx(total_timeout._LEAST_S)


def test_a_handshake_begins_with_its_sockets_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[float | None] = []

    def wrap(sock: socket.socket, **_: object) -> Any:
        timeouts.append(sock.gettimeout())
        raise ssl.SSLError("seen")

    monkeypatch.setattr(urllib3.connection, "_ssl_wrap_socket_and_match_hostname", wrap)
    network = Network(["192.0.2.1"], answering="192.0.2.1", answering_s=1.5)
    with pytest.raises(ssl.SSLError, match="seen"):
        network.connect(_Connecting)
    assert timeouts == [pytest.approx(0.5)]


class _Connecting(total_timeout._TimedSecureConnection):
    """Connects as a whole where the tests open a socket."""

    def _new_conn(self) -> socket.socket:
        if getattr(self, "_begun", False):
            return super()._new_conn()
        self._begun = True
        self.connect()
        return self.sock


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_name_that_is_none_is_reported(host: str) -> None:
    with pytest.raises(NameResolutionError, match="label"):
        total_timeout._addresses(total_timeout._TimedConnection(host), host, 80, 30)
    ace = AceClient(f"http://{host}", "key", Pace(60_000), retry=Retry(total=0))
    with pytest.raises(UpstreamUnavailableError, match=r"Failed to resolve|label"):
        ace.site("s")
