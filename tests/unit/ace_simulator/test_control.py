"""The endpoints below /control."""

import http.client
from urllib.parse import urlsplit

from tests.support.ace_simulator import (
    call,
    simulator,
)


def test_faults_are_set_and_requests_counted() -> None:
    with simulator() as served:
        address = urlsplit(served.url)
        link = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
        try:
            assert call(link, "GET", "/control/health")[0] == 200
            assert call(link, "PUT", "/control/faults", {"5xx": 1})[1]["5xx"] == 1
            assert call(link, "GET", "/api/sites")[0] in (500, 502, 503)
            assert call(link, "PUT", "/control/faults", {"status": 401})[0] == 200
            assert call(link, "GET", "/api/sites")[0] == 401
            status, refusal = call(link, "PUT", "/control/faults", {"5yy": 1})
            assert (status, "5yy" in refusal["error"]) == (422, True)
            assert call(link, "PUT", "/control/faults", [1])[0] == 422
            assert call(link, "GET", "/control/faults")[1]["status"] == 401
            assert call(link, "PUT", "/control/faults", {})[1]["status"] == 0
            assert call(link, "GET", "/api/sites")[0] == 200
            counted = call(link, "GET", "/control/stats")[1]["GET /sites"]
        finally:
            link.close()
    assert counted["401"] == counted["200"] == 1
    assert sum(counted.values()) == 3


def test_anomalies_are_set_and_shown() -> None:
    stuck = {"site": "a", "kind": "stuck", "start": "2026-01-01T00:00:00Z", "end": 1_767_225_600_001}
    shown = {**stuck, "start": 1_767_225_600_000, "points": [], "value": 0.0}
    with simulator() as served:
        address = urlsplit(served.url)
        link = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
        try:
            assert call(link, "GET", "/control/anomalies") == (200, {"anomalies": []})
            assert call(link, "PUT", "/control/anomalies", {"anomalies": [stuck]})[1] == {
                "anomalies": [shown]
            }
            for wrong in (
                {**stuck, "kind": "odd"},
                {**stuck, "end": stuck["start"]},
                {**stuck, "value": "1"},
                {**stuck, "points": "a"},
                {**stuck, "other": 1},
                {**stuck, "start": 1.5},
                {"site": "a"},
                1,
            ):
                assert call(link, "PUT", "/control/anomalies", {"anomalies": [wrong]})[0] == 422
            assert call(link, "PUT", "/control/anomalies", {})[0] == 422
            assert call(link, "GET", "/control/anomalies")[1] == {"anomalies": [shown]}
        finally:
            link.close()
