"""Summaries are compared with what was fetched, as far as that is certain."""

from typing import Any

import pytest

from tests.simulation.oracle.fetches import Expected
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.opened import Opened, OpenHours
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from tests.simulation.oracle.summaries import KINDS_OF, Asked, check_summary
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso

NOON_MS = 20_000 * DAY_MS + 12 * HOUR_MS
SPAN = Span(NOON_MS, NOON_MS + HOUR_MS)
LATER_MS = NOON_MS + DAY_MS
VALUES = {-5: 0.0, 0: 1.0, 5: 4.0, 10: 1.0, 55: 8.0, 60: 9.0, 65: 10.0, 120: 11.0}
VALUE = {
    "min": 1.0,
    "max": 8.0,
    "first": 1.0,
    "last": 8.0,
    "first_time": iso(NOON_MS),
    "last_time": iso(NOON_MS + 55 * MINUTE_MS),
    "mean": 3.5,
    "sd": (33 / 3) ** 0.5,
    "p5": 1.0,
    "p50": 2.5,
    "p95": 4 * 0.15 + 8 * 0.85,
    "time_weighted_mean": (5 + 20 + 12 + 40) / 27,
    "peak": 8.0,
    "peak_time": iso(NOON_MS + 45 * MINUTE_MS),
    "increase": 8.0,
    "runtime": 27 * 60,
    "starts": 1,
    "known": 27 / 60,
    "count": 4,
}
SUM = "sum: boiler + boiler"
ADDED = ("mean", "time_weighted_mean", "increase", "peak")


def row(kind: str) -> dict[str, Any]:
    return {"point_name": "boiler", "kind": kind} | {
        key: value if kind in KINDS_OF.get(key, (kind,)) else None for key, value in VALUE.items()
    }


def sum_of(kind: str) -> dict[str, Any]:
    boiler = row(kind)
    doubled = {key: boiler[key] and 2 * boiler[key] for key in ADDED}
    same = {key: boiler[key] for key in ("kind", "known", "peak_time")}
    return dict.fromkeys(boiler) | {"point_name": SUM} | same | doubled


def found(
    kind: str, unsure: tuple[int, ...] = (), of_sum: dict[str, Any] | None = None, **changes: Any
) -> dict[str, int]:
    """Returns the problems of the summary of an hour, which is right but for the changes."""
    possible: dict[int, Any] = {NOON_MS + minute * MINUTE_MS: {value} for minute, value in VALUES.items()}
    required = possible.keys() - {NOON_MS + minute * MINUTE_MS for minute in unsure}
    hours = OpenHours("UTC")
    line = Line(Expected(set(required), possible), 12 * MINUTE_MS)
    summary = {
        "start_time": iso(SPAN.start_ms),
        "end_time": iso(SPAN.end_ms),
        "points": [row(kind) | changes, sum_of(kind) | (of_sum or {})],
    }
    problems = Problems()
    check_summary(
        "plant",
        summary,
        {"boiler": (("boiler", 1),), SUM: (("boiler", 1), ("boiler", 1))},
        Asked(SPAN, hours, (LATER_MS, LATER_MS), LATER_MS),
        lambda name: Opened(line, hours),
        problems,
    )
    return {found: count for found, count in problems.counts.items() if count}


@pytest.mark.parametrize("kind", ["analog", "setpoint", "counter", "binary", "multistate"])
def test_right_summaries_have_no_problems(kind: str) -> None:
    assert found(kind) == {}


@pytest.mark.parametrize("key", sorted(VALUE.keys() - {"count"}))
def test_other_values_are_wrong(key: str) -> None:
    kind = KINDS_OF.get(key, ("analog",))[0]
    other = iso(NOON_MS + 1) if isinstance(VALUE[key], str) else VALUE[key] * 1.001  # type: ignore[operator]
    assert WRONG in found(kind, **{key: other})
    assert found("multistate", mean=3.5)[WRONG] >= 1


@pytest.mark.parametrize("key", ADDED)
def test_other_sums_are_wrong(key: str) -> None:
    kind = KINDS_OF[key][0]
    assert found(kind, of_sum={key: VALUE[key] * 1.999}) == {WRONG: 1}  # type: ignore[operator]
    assert found(kind, of_sum={key: None}) == {WRONG: 1}
    assert found("multistate", of_sum={key: 1.0}) == {WRONG: 1}


def test_uncertain_samples_bound_the_count_only() -> None:
    others = {"mean": 9.0, "time_weighted_mean": 9.0, "peak": 9.0, "known": 0.1, "max": 9.0}
    sums = {"mean": 18.0, "time_weighted_mean": 18.0, "peak": 18.0, "known": 0.1}
    assert found("analog", unsure=(5,), of_sum=sums, **others) == {}
    assert found("analog", unsure=(5,), count=2) == {LOST: 1}
    assert found("analog", count=5) == {DOUBLED: 1}


def test_samples_around_a_range_decide_its_steps() -> None:
    assert found("counter", unsure=(60,), increase=7.0, of_sum={"increase": 14.0}) == {}
    assert found("counter", unsure=(120,), increase=7.0, of_sum={"increase": 14.0}) == {WRONG: 1}
    assert found("binary", unsure=(-5,), starts=0) == {}
