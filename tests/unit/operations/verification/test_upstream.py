"""The upstream is read in full, whatever it answers first."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from operations.errors import OperatorError
from operations.verification import upstream
from operations.verification.questions import Question
from operations.verification.upstream import Upstream
from tests.support.raw_server import RawServer, answer, requests_on

END = 1_767_225_600_000
NAMES = [f"p{i}" for i in range(30)]


@pytest.mark.parametrize("faults", [Faults(nan=1, bad_text=1), Faults(nan=0.5), Faults(bad_text=0.5)])
def test_invalid_json_changes_no_sample(faults: Faults) -> None:
    settings = SimulatorSettings(points=20)
    with Simulator(settings, clock=lambda: END) as simulator:
        client = Upstream(simulator.url, settings.api_key)
        names = client.points("ses_falls_city")
        question = Question("ses_falls_city", tuple(names), END - 600_000, END)
        sound = client.ask(question)
        simulator.faults = faults
        assert client.points("ses_falls_city") == names
        assert client.ask(question) == sound != {}


POINTS = {"items": [{"name": "p"}], "pages": 1}
PAGE = {"point_samples": [], "has_more": False}


def serving(*bodies: Any) -> RawServer:
    """Answers each request with the next body as JSON, and repeats the last one."""
    waiting = list(bodies)

    def serve(connection: Any, number: int) -> None:
        for _ in requests_on(connection):
            body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            connection.sendall(answer(json.dumps(body).encode()))

    return RawServer(serve)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the waits between attempts."""
    monkeypatch.setattr(upstream, "time", SimpleNamespace(sleep=lambda _: None))


ODD_ANSWER = r"failed 12 times, last with (a JSON|no )"
ODD = [None, 1, "text", [], {}]


@pytest.mark.parametrize("odd", [*ODD, {"items": None, "pages": 1}, {"items": []}, POINTS | {"pages": "1"}])
def test_points_of_another_shape_are_requested_again(odd: Any, instant: None) -> None:
    with serving(odd, POINTS) as server:
        assert Upstream(server.url, "key").points("s") == ["p"]
    with (
        serving(odd) as server,
        pytest.raises(OperatorError, match=ODD_ANSWER),
    ):
        Upstream(server.url, "key").points("s")


@pytest.mark.parametrize(
    "odd", [*ODD, PAGE | {"point_samples": {}}, {"point_samples": []}, PAGE | {"has_more": True}]
)
def test_readings_of_another_shape_are_requested_again(odd: Any, instant: None) -> None:
    question = Question("s", ("p",), END - 600_000, END)
    with serving(odd, PAGE) as server:
        assert Upstream(server.url, "key").ask(question) == {}
    with (
        serving(odd) as server,
        pytest.raises(OperatorError, match=ODD_ANSWER),
    ):
        Upstream(server.url, "key").ask(question)


def test_an_answer_that_drips_is_requested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "_ANSWER_SECONDS", 0.3)
    given_up = threading.Event()

    def serve(connection: Any, number: int) -> None:
        next(requests_on(connection), None)
        whole = answer(b'{"items": [{"name": "p"}], "pages": 1}', "Connection: close")
        if number > 1:
            given_up.set()
            connection.sendall(whole)
            return
        for byte in whole[:-1]:
            connection.sendall(bytes([byte]))
            given_up.wait(0.05)
        given_up.wait(30)

    with RawServer(serve) as server:
        assert Upstream(server.url, "key").points("s") == ["p"]
        assert server.connections == 2
