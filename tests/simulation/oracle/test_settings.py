"""The list of changes is compared with what was set."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.oracle.problems import LOST, WRONG, Problems
from tests.simulation.oracle.settings import Attempt, check_changes, settings_after

ATTEMPTS = [
    Attempt("timezone", "plant", "Asia/Kathmandu", is_set=True),
    Attempt("timezone", "plant", "Asia/Kathmandu", is_set=True),
    Attempt("kind", "boiler", "counter", is_set=False),
    Attempt("timezone", "plant", "UTC", is_set=False),
    Attempt("timezone", "plant", "Africa/Cairo", is_set=True),
]


def change(second: int, what: str, subject: str, before: str | None, after: str) -> dict[str, Any]:
    time = f"2026-10-25T00:00:0{second}.000Z"
    return {"time": time, "what": what, "subject": subject, "before": before, "after": after}


FIRST = change(1, "timezone", "plant", "UTC", "Asia/Kathmandu")
LAST = change(5, "timezone", "plant", "Asia/Kathmandu", "Africa/Cairo")
RIGHT = [
    [LAST, FIRST],
    [LAST, change(3, "kind", "boiler", None, "counter"), FIRST],
    [
        change(5, "timezone", "plant", "UTC", "Africa/Cairo"),
        change(4, "timezone", "plant", "Asia/Kathmandu", "UTC"),
        FIRST,
    ],
]
WRONGS = [
    ([LAST], LOST),
    ([FIRST], LOST),
    ([LAST, FIRST, FIRST], LOST),
    ([LAST, LAST, FIRST], WRONG),
    ([change(6, "kind", "fan", None, "analog"), LAST, FIRST], WRONG),
    ([change(6, "kind", "boiler", None, "analog"), LAST, FIRST], WRONG),
    ([LAST | {"time": FIRST["time"]}, FIRST | {"time": LAST["time"]}], WRONG),
]


def found(changes: list[dict[str, Any]]) -> dict[str, int]:
    problems = Problems()
    check_changes("plant", ATTEMPTS, changes, problems)
    return {kind: count for kind, count in problems.counts.items() if count}


@pytest.mark.parametrize("changes", RIGHT)
def test_right_changes_have_no_problems(changes: list[dict[str, Any]]) -> None:
    assert found(changes) == {}


@pytest.mark.parametrize(("changes", "kind"), WRONGS)
def test_missing_and_other_changes_are_problems(changes: list[dict[str, Any]], kind: str) -> None:
    assert found(changes) == {kind: 1}


def changes_of(attempts: list[tuple[Attempt, bool]]) -> list[dict[str, Any]]:
    """Returns the changes, newest first, of attempts that were made if that is true."""
    zone, result = "UTC", []
    for attempt, is_made in attempts:
        if is_made and attempt.value != zone:
            result.append(change(len(result), "timezone", "plant", zone, attempt.value))
            zone = attempt.value
    return result[::-1]


@st.composite
def drawn_attempts(draw: st.DrawFn) -> list[tuple[Attempt, bool]]:
    rows = draw(
        st.lists(st.tuples(st.sampled_from(["UTC", "a", "b"]), st.booleans(), st.booleans()), max_size=9)
    )
    return [
        (Attempt("timezone", "plant", value, is_set=is_made and is_answered), is_made)
        for value, is_made, is_answered in rows
    ]


@given(drawn_attempts())
def test_attempts_without_answer_may_have_failed(attempts: list[tuple[Attempt, bool]]) -> None:
    problems = Problems()
    check_changes("plant", [attempt for attempt, _ in attempts], changes_of(attempts), problems)
    assert problems.texts == []


def test_the_newest_change_is_in_force() -> None:
    assert settings_after([LAST, FIRST]) == {("timezone", "plant"): "Africa/Cairo"}
