"""Rows of measures are compared with what was fetched, as far as that is certain."""

from typing import Any

import pytest

from tests.simulation.oracle.fetches import Expected
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.measured import MEASURES, check_measured
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

NOON_MS = 20_000 * DAY_MS + 12 * HOUR_MS
SPAN = Span(NOON_MS + MINUTE_MS, NOON_MS + 2 * MINUTE_MS)
LATER_MS = NOON_MS + DAY_MS
VALUES = {-5: 0.0, 0: 1.0, 5: 4.0, 10: 1.0, 55: 8.0, 60: 9.0, 65: 10.0, 120: 11.0}
RIGHT = {
    "mean": 3.5,
    "min": 1.0,
    "max": 8.0,
    "count": 4,
    "p50": 2.5,
    "increase": 8.0,
    "held": 27 * 60,
    "integral": (5 + 20 + 12 + 40) / 60,
    "runtime": 27 * 60,
    "starts": 1,
    "time_weighted_mean": (5 + 20 + 12 + 40) / 27,
}
KNOWN = 27 / 60


def found(measure: str, unsure: tuple[int, ...] = (), **changes: Any) -> dict[str, int]:
    """Returns the problems of the answer about one hour, whose row is right but for the changes."""
    possible = {NOON_MS + minute * MINUTE_MS: {value} for minute, value in VALUES.items()}
    required = possible.keys() - {NOON_MS + minute * MINUTE_MS for minute in unsure}
    line = Line(Expected(set(required), possible), 12 * MINUTE_MS)
    row: dict[str, Any] = {"timestamps": [NOON_MS], "values": [RIGHT[measure]], "count": [4]}
    row |= {"known": [KNOWN], "min": [1.0], "max": [8.0], "first": [1.0], "last": [8.0], "partial": []}
    problems = Problems()
    check_measured(
        "plant",
        [{"point_name": "boiler"} | row | changes],
        SPAN,
        ("UTC", "1h"),
        measure,
        lambda name: line,
        LATER_MS,
        problems,
    )
    return {kind: count for kind, count in problems.counts.items() if count}


@pytest.mark.parametrize("measure", MEASURES)
def test_right_rows_have_no_problems(measure: str) -> None:
    assert found(measure) == {}


@pytest.mark.parametrize("measure", MEASURES)
def test_other_values_are_wrong(measure: str) -> None:
    assert found(measure, values=[RIGHT[measure] + 1e-6]) == {WRONG: 1}
    assert found(measure, values=[None]) == {WRONG: 1}


@pytest.mark.parametrize("measure", MEASURES)
def test_uncertain_samples_bound_the_count_only(measure: str) -> None:
    assert found(measure, unsure=(5,), values=[123.0], known=[0.1]) == {}
    assert found(measure, unsure=(5,), count=[2]) == {LOST: 1}
    assert found(measure, unsure=(5,), count=[5]) == {DOUBLED: 1}


def test_samples_around_a_bucket_decide_its_steps() -> None:
    assert found("increase", values=[7.0], unsure=(60,)) == {}
    assert found("increase", values=[7.0], unsure=(120,)) == {WRONG: 1}
    assert found("starts", values=[0], unsure=(-5,)) == {}


def test_shares_and_ends_are_compared() -> None:
    assert found("mean", known=[0.5]) == {WRONG: 1}
    assert found("mean", known=[None]) == {WRONG: 1}
    assert found("mean", known=[0.5], partial=[0]) == {}
    assert found("mean", ends=[NOON_MS]) == {WRONG: 1}


def test_rows_are_there_once_and_where_buckets_begin() -> None:
    nothing = {key: [] for key in ("timestamps", "values", "count", "known")}
    assert found("held", **nothing) == {LOST: 4}
    assert found("held", timestamps=[NOON_MS + 1]) == {LOST: 4, WRONG: 1}
    twice = {"timestamps": [NOON_MS] * 2, "values": [27 * 60] * 2, "count": [4] * 2, "known": [KNOWN] * 2}
    assert found("held", **twice) == {DOUBLED: 1}
