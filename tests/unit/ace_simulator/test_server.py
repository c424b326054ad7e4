"""The simulator over HTTP."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from local.ace_simulator.faults import Faults
from tests.support.ace_simulator import (
    BEARER,
    call,
    fetched,
    simulator,
)


def test_an_answer_that_drips_does_not_end() -> None:
    with simulator(faults=Faults(drip=1)) as served:
        with socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), timeout=30) as link:
            link.sendall(f"GET /api/sites HTTP/1.1\r\nAuthorization: {BEARER}\r\n\r\n".encode())
            assert [link.recv(1), link.recv(1), link.recv(1)] == [b"H", b"T", b"T"]
        served.faults = Faults()
        assert fetched(served, "/api/sites")["total"] == 1


def test_a_truncated_body_keeps_its_length_over_http() -> None:
    with simulator(faults=Faults(truncate=1)) as served:
        link = http.client.HTTPConnection("127.0.0.1", urlsplit(served.url).port or 0, timeout=5)
        try:
            for _ in range(2):
                link.request("GET", "/api/sites", headers={"Authorization": BEARER})
                response = link.getresponse()
                assert len(response.read()) == int(response.headers["Content-Length"])
        finally:
            link.close()


def test_a_stopped_simulator_can_start_again() -> None:
    served = simulator()
    port = urlsplit(served.start()).port or 0
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/control/health")
        link.getresponse().read()
        served.stop()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            call(link, "GET", "/control/health")
        served.stop()
        assert urlsplit(served.start(port)).port == port
        link.close()
        assert call(link, "GET", "/control/health")[0] == 200
    finally:
        link.close()
        served.stop()
