"""The verification detects every kind of difference."""

import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from operations.errors import OperatorError
from operations.oracle import Samples
from operations.verification import upstream as upstream_module
from operations.verification.comparison import Comparison, compare
from operations.verification.questions import Question
from operations.verification.upstream import Upstream
from tests.support.raw_server import RawServer, answer, requests_on

END = 1_767_225_600_000
NAMES = [f"p{i}" for i in range(30)]


class FakeUpstream:
    """Serves a reading a minute of every point."""

    def points(self, site: str) -> list[str]:
        return NAMES

    def ask(self, question: Question) -> Samples:
        first = -(-question.start_ms // 60_000) * 60_000
        return {(n, t): float(t % 977) for n in question.names for t in range(first, question.end_ms, 60_000)}


class FakeStore:
    """Holds what the upstream serves, with a flaw."""

    def __init__(self, upstream: FakeUpstream, flaw: Callable[[Samples], None]) -> None:
        self._upstream, self._flaw = upstream, flaw
        self.syncs = 0

    def upstream(self) -> Any:
        return self._upstream

    def synced(self) -> dict[str, tuple[int, int]]:
        return {"s": (END - 24 * 3_600_000, END)}

    def sync(self, site: str) -> None:
        self.syncs += 1

    def ask(self, question: Question) -> Samples:
        held = FakeUpstream().ask(question)
        self._flaw(held)
        return held


def run(flaw: Callable[[Samples], None], upstream: FakeUpstream | None = None) -> Comparison:
    store: Any = FakeStore(upstream or FakeUpstream(), flaw)
    comparison = compare(store, 1)
    assert store.syncs == 1
    return comparison


def test_an_exact_store_matches_in_full() -> None:
    matched, expected, extra = run(lambda held: None)
    assert matched == expected > 20_000
    assert extra == 0


def test_questions_about_days_fall_into_each_of_them_and_nowhere_else() -> None:
    day_ms, upstream = 86_400_000, FakeUpstream()
    questions: list[Question] = []

    class Days(FakeStore):
        def ask(self, question: Question) -> Samples:
            questions.append(question)
            return super().ask(question)

    store: Any = Days(upstream, lambda held: None)
    days = range(END - 30 * day_ms, END, day_ms)
    matched, expected, _ = compare(store, 1, days)
    assert matched == expected > 20_000
    starts = {question.start_ms // day_ms * day_ms for question in questions}
    assert starts == {(question.end_ms - 1) // day_ms * day_ms for question in questions} == set(days)


def test_days_that_are_not_synced_yet_are_refused() -> None:
    store: Any = FakeStore(FakeUpstream(), lambda held: None)
    with pytest.raises(OperatorError, match="synced"):
        compare(store, 1, range(END - 86_400_000, END + 1, 86_400_000))


def change(held: Samples) -> None:
    held[max(held)] += 1e-9


def negate_zero(held: Samples) -> None:
    for key, value in held.items():
        held[key] = -0.0 if value == 0.0 else value


@pytest.mark.parametrize("flaw", [lambda held: held.pop(max(held)), change, negate_zero])
def test_a_lost_or_changed_sample_is_a_difference(flaw: Callable[[Samples], Any]) -> None:
    matched, expected, _ = run(flaw)
    assert matched < expected


def test_a_sample_that_nobody_served_is_extra() -> None:
    _, _, extra = run(lambda held: held.update({("p0", END - 60_001): 1.0}))
    assert extra > 0


class LateUpstream(FakeUpstream):
    """Omits the last sample of each question until it is asked again."""

    def __init__(self) -> None:
        self.questions: set[Question] = set()

    def ask(self, question: Question) -> Samples:
        samples = super().ask(question)
        if question not in self.questions:
            self.questions.add(question)
            samples.pop(max(samples))
        return samples


@pytest.mark.parametrize("flaw", [lambda held: None, lambda held: held.pop(max(held))])
def test_what_came_between_the_questions_may_be_there_or_not(flaw: Callable[[Samples], Any]) -> None:
    matched, expected, extra = run(flaw, LateUpstream())
    assert matched == expected > 20_000
    assert extra == 0


@pytest.mark.parametrize("faults", [Faults(nan=1, bad_text=1), Faults(nan=0.5), Faults(bad_text=0.5)])
def test_what_strict_json_refuses_is_read_by_rules_of_its_own(faults: Faults) -> None:
    settings = SimulatorSettings(points=20)
    with Simulator(settings, clock=lambda: END) as simulator:
        upstream = Upstream(simulator.url, settings.api_key)
        names = upstream.points("ses_falls_city")
        question = Question("ses_falls_city", tuple(names), END - 600_000, END)
        sound = upstream.ask(question)
        simulator.faults = faults
        assert upstream.points("ses_falls_city") == names
        assert upstream.ask(question) == sound != {}


POINTS = {"items": [{"name": "p"}], "pages": 1}
PAGE = {"point_samples": [], "has_more": False}


def serving(*bodies: Any) -> RawServer:
    """Answers each request with the next of the bodies as JSON, and the last for ever."""
    waiting = list(bodies)

    def serve(connection: Any, number: int) -> None:
        for _ in requests_on(connection):
            body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            connection.sendall(answer(json.dumps(body).encode()))

    return RawServer(serve)


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waits between attempts."""
    monkeypatch.setattr(upstream_module, "time", SimpleNamespace(sleep=lambda _: None))


ODD_ANSWER = r"failed 12 times, last with (a JSON|no )"
ODD = [None, 1, "text", [], {}]


@pytest.mark.parametrize("odd", [*ODD, {"items": None, "pages": 1}, {"items": []}, POINTS | {"pages": "1"}])
def test_points_of_another_shape_are_asked_for_again_and_end_as_a_problem(odd: Any, instant: None) -> None:
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
def test_so_are_pages_of_readings(odd: Any, instant: None) -> None:
    question = Question("s", ("p",), END - 600_000, END)
    with serving(odd, PAGE) as server:
        assert Upstream(server.url, "key").ask(question) == {}
    with (
        serving(odd) as server,
        pytest.raises(OperatorError, match=ODD_ANSWER),
    ):
        Upstream(server.url, "key").ask(question)


def test_an_answer_that_drips_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_module, "_ANSWER_SECONDS", 0.3)
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
