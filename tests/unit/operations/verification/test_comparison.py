"""The comparison detects every kind of difference."""

from collections.abc import Callable
from typing import Any

import pytest

from operations.errors import OperatorError
from operations.oracle import Samples, States
from operations.verification.comparison import Comparison, compare
from operations.verification.questions import Question

END = 1_767_225_600_000
NAMES = [f"p{i}" for i in range(30)]


class FakeUpstream:
    """Serves a reading a minute of every point."""

    def points(self, site: str) -> list[str]:
        return NAMES

    def ask(self, question: Question, states: States | None = None) -> Samples:
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

    def states(self, site: str) -> States:
        return {}

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


def test_an_exact_store_matches() -> None:
    matched, expected, extra = run(lambda held: None)
    assert matched == expected > 20_000
    assert extra == 0


def test_questions_cover_each_day_and_no_other() -> None:
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


def test_days_that_are_not_synced_are_refused() -> None:
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


def test_a_sample_that_was_not_served_is_extra() -> None:
    _, _, extra = run(lambda held: held.update({("p0", END - 60_001): 1.0}))
    assert extra > 0


class LateUpstream(FakeUpstream):
    """Omits the last sample of each question until it is asked again."""

    def __init__(self) -> None:
        self.questions: set[Question] = set()

    def ask(self, question: Question, states: States | None = None) -> Samples:
        samples = super().ask(question)
        if question not in self.questions:
            self.questions.add(question)
            samples.pop(max(samples))
        return samples


@pytest.mark.parametrize("flaw", [lambda held: None, lambda held: held.pop(max(held))])
def test_late_readings_may_be_stored_or_not(flaw: Callable[[Samples], Any]) -> None:
    matched, expected, extra = run(flaw, LateUpstream())
    assert matched == expected > 20_000
    assert extra == 0
