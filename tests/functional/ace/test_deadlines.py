"""A timeout is for all of an answer, however its bytes come in: connecting, TLS, headers and body."""

import contextlib
import datetime
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.util.retry import Retry

from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.raw_server import RawServer, answer, requests_on
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.errors import UpstreamUnavailableError
from vitals_client import http as client_http
from vitals_client.errors import UnansweredError
from vitals_client.http import Http

DEADLINE_S = 0.2
# More than a minute's worth of bytes, so that no test waits for their end.
PAUSE_S, LENGTH = 0.02, 4_000
BODY = b'{"name": "' + b"x" * (LENGTH - 12) + b'"}'
CHUNKS = b"".join(b"1\r\n%c\r\n" % letter for letter in BODY)
HEADS = {
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LENGTH, BODY),
    "body until the end": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY),
    "body of HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n", BODY),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKS),
    "status line": (b"", b"HTTP/1.1 200 " + b"O" * LENGTH),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * LENGTH),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * LENGTH),
    "silence": (b"", b""),
}


class Dripping:
    """Sends `data` a byte at a time, and notes whether the client was gone before the last."""

    def __init__(self, head: bytes, data: bytes, wrap: Callable[[socket.socket], socket.socket]) -> None:
        self._head, self._data, self._wrap = head, data, wrap
        self.left_early = threading.Event()
        self._pause = threading.Event()

    def __call__(self, connection: socket.socket, number: int) -> None:
        try:
            connection = self._wrap(connection)
            next(requests_on(connection), None)
            connection.sendall(self._head)
            for byte in self._data:
                connection.sendall(bytes([byte]))
                self._pause.wait(PAUSE_S)
            if not self._data:
                assert not connection.recv(1)
                self.left_early.set()
        except OSError:
            self.left_early.set()
        finally:
            connection.close()


def client(url: str, **changes: object) -> AceClient:
    settings = {"retry": Retry(total=0), "remaining_s": lambda: DEADLINE_S, **changes}
    return AceClient(url, "key", Pace(60_000, burst=1_000), **settings)  # type: ignore[arg-type]


def plain(connection: socket.socket) -> socket.socket:
    return connection


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("kind", HEADS)
def test_what_drips_in_ends_at_the_deadline(kind: str) -> None:
    dripping = Dripping(*HEADS[kind], plain)
    with RawServer(dripping) as server:
        with pytest.raises(UpstreamUnavailableError, match=r"/sites/s: no complete response within 0\.2 s"):
            client(server.url).site("s")
        assert dripping.left_early.wait(30)


@contextlib.contextmanager
def python_client(url: str, timeout_s: float = DEADLINE_S) -> Iterator[Http]:
    http = Http(url, "token", timeout_s=timeout_s, retries=0)
    yield http
    http.close()


@pytest.mark.parametrize("kind", HEADS)
def test_so_it_does_for_the_python_client(kind: str) -> None:
    dripping = Dripping(*HEADS[kind], plain)
    with RawServer(dripping) as server, python_client(server.url) as http:
        with pytest.raises(UnansweredError, match=r"no complete response from .* within 0\.2 s"):
            http.json("GET", "/health")
        assert dripping.left_early.wait(30)


def test_a_client_download_may_outlast_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A clock that advances a minute at every reading, while no silence is that long."""
    minutes = itertools.count(0, 60)

    def serve(connection: socket.socket, number: int) -> None:
        for _ in requests_on(connection):
            connection.sendall(answer(BODY))

    with RawServer(serve) as server, python_client(server.url, 30) as http:
        monkeypatch.setattr(time, "monotonic", lambda: float(next(minutes)))
        with http.download(f"{server.url}/export.csv") as parts:
            assert b"".join(parts) == BODY
        with pytest.raises(UnansweredError, match=r"no complete response from .* within 30 s"):
            http.json("GET", "/health")


class DrippingHandshake:
    """Sends `first` and zeros for a handshake, and notes whether the client was gone before the last."""

    def __init__(self, first: bytes) -> None:
        self._data = first + b"\x00" * LENGTH
        self.left_early = threading.Event()
        self._pause = threading.Event()

    def __call__(self, connection: socket.socket, number: int) -> None:
        try:
            for byte in self._data:
                connection.sendall(bytes([byte]))
                self._pause.wait(PAUSE_S)
        except OSError:
            self.left_early.set()


HANDSHAKES = [b"", b"\x16\x03\x03\x40\x00", b"garbage that is no TLS at all"]


@pytest.mark.parametrize("first", HANDSHAKES)
def test_a_dripping_tls_handshake_ends_at_the_deadline(first: bytes) -> None:
    dripping = DrippingHandshake(first)
    with RawServer(dripping) as server:
        with pytest.raises(UpstreamUnavailableError, match=r"no complete response within|SSL"):
            client(server.url.replace("http:", "https:")).site("s")
        assert dripping.left_early.wait(30)


@pytest.mark.parametrize("first", HANDSHAKES)
def test_so_does_one_with_the_python_client(first: bytes) -> None:
    dripping = DrippingHandshake(first)
    with RawServer(dripping) as server:
        with (
            python_client(server.url.replace("http:", "https:")) as http,
            pytest.raises(UnansweredError, match=r"no complete response from .* within 0\.2 s|SSL"),
        ):
            http.json("GET", "/health")
        assert dripping.left_early.wait(30)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def by_upstream_client(url: str, timeout_s: float) -> object:
    return client(url, remaining_s=lambda: timeout_s).site("s")


def by_python_client(url: str, timeout_s: float) -> object:
    with python_client(url, timeout_s) as http:
        return http.json("GET", "/sites/s")


CLIENTS = [(by_upstream_client, UpstreamUnavailableError), (by_python_client, UnansweredError)]
type Ask = Callable[[str, float], object]


@pytest.mark.parametrize(("ask", "error"), CLIENTS)
def test_a_dripping_tls_body_ends_at_the_deadline(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, error: type[Exception]
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    dripping = Dripping(*HEADS["body"], lambda plain: context.wrap_socket(plain, server_side=True))

    def serve(connection: socket.socket, number: int) -> None:
        if number > 1:
            dripping(connection, number)
            return
        with context.wrap_socket(connection, server_side=True) as secure:
            next(requests_on(secure))
            secure.sendall(answer(BODY, "Connection: close"))

    with RawServer(serve) as server:
        url = f"https://localhost:{server.port}"
        assert ask(url, 30) == {"name": "x" * (LENGTH - 12)}
        with pytest.raises(error, match=r"no complete response( from .*)? within 0\.2 s"):
            ask(url, DEADLINE_S)
        assert dripping.left_early.wait(30)


def test_a_connection_is_reused_after_a_complete_response() -> None:
    def serve(connection: socket.socket, number: int) -> None:
        for _ in requests_on(connection):
            connection.sendall(answer(b'{"nice_name": "%d"}' % number))

    with RawServer(serve) as server:
        ace = client(server.url, remaining_s=lambda: 30)
        assert [ace.site("s")["nice_name"] for _ in range(5)] == ["1"] * 5
        assert server.connections == 1


def test_after_a_deadline_the_next_request_reconnects() -> None:
    dripping = Dripping(*HEADS["body"], plain)

    def serve(connection: socket.socket, number: int) -> None:
        if number == 1:
            dripping(connection, number)
            return
        for _ in requests_on(connection):
            connection.sendall(answer(b'{"nice_name": "Whole"}'))

    with RawServer(serve) as server:
        # The remaining time before and after the wait for the pace.
        remaining = iter([30, DEADLINE_S])
        ace = client(server.url, retry=Retry(total=1), remaining_s=lambda: next(remaining, 30))
        assert ace.site("s") == {"nice_name": "Whole"}
        assert server.connections == 2


@pytest.mark.parametrize(("ask", "error"), CLIENTS)
def test_an_unresolved_name_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, error: type[Exception]
) -> None:
    resolved = threading.Event()

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        resolved.wait(60)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(error, match=r"no complete response( from .*)? within 0\.2 s"):
            ask("http://ace.invalid", DEADLINE_S)
    assert not resolved.is_set()
    resolved.set()


def test_an_unresolved_name_ends_before_the_answer_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Connecting has a limit of its own, and says it."""
    resolved = threading.Event()

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        resolved.wait(60)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(client_http, "_CONNECT_SECONDS", DEADLINE_S)
        with pytest.raises(UnansweredError, match=r"no connection to .* within 0\.2 s"):
            by_python_client("http://ace.invalid", 300)
    resolved.set()


def test_a_name_that_does_not_exist_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(UpstreamUnavailableError, match="Name or service not known"):
            client("http://ace.invalid", remaining_s=lambda: 30).site("s")
        with pytest.raises(UnansweredError, match=r"no response from .* \(ConnectionError\)"):
            by_python_client("http://ace.invalid", 30)


@pytest.mark.parametrize("ask", [by_upstream_client, by_python_client])
def test_the_second_address_is_tried_after_a_refusal(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    def serve(connection: socket.socket, number: int) -> None:
        for head in requests_on(connection):
            connection.sendall(answer(b'{"nice_name": "%b"}' % head.split(b"Host: ")[1].split(b":")[0]))

    original = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *positional: object, **others: object) -> list[object]:
        if host != "ace.test":
            return original(host, port, *positional, **others)  # type: ignore[arg-type, return-value]
        return [(2, 1, 6, "", (address, port)) for address in ("127.0.0.3", "127.0.0.1")]

    with RawServer(serve) as server, monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://ace.test:{server.port}"
        assert ask(url, 30) == {"nice_name": "ace.test"}


def test_the_simulators_drip_never_ends_in_time() -> None:
    with Simulator(SimulatorSettings(points=3, faults=Faults(drip=1))) as simulator:
        ace = AceClient(
            simulator.url,
            simulator.settings.api_key,
            Pace(60_000),
            retry=Retry(total=0),
            remaining_s=lambda: DEADLINE_S,
        )
        with pytest.raises(UpstreamUnavailableError, match="no complete response within"):
            ace.site("ses_falls_city")
        simulator.faults = Faults()
        assert AceClient(simulator.url, simulator.settings.api_key, Pace(60_000)).site("ses_falls_city")
