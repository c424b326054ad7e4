"""Answers are compared with what was fetched: nothing is lost, doubled, wrong or stale."""

import math
import sys
from typing import Any

import pytest

from tests.simulation.oracle.answers import check_aggregates, check_agreement, check_points, check_samples
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG, Problems
from tests.simulation.oracle.test_fetches import LATER, MUCH_LATER, SITE, SPAN, START, Fetches, fetch, page
from vitals.model.timespan import HOUR_MS, MINUTE_MS, WINDOW_MS

REQUESTED_MS = MUCH_LATER + HOUR_MS


@pytest.fixture
def fetches() -> Fetches:
    """Three samples: minutes 0 and 1 of the first window, 5 of the second."""
    fetches = Fetches()
    fetch(fetches, page({0: 1.0, 1: 3.0, 5: -0.0}, LATER))
    return fetches


def raw(
    fetches: Fetches, *rows: tuple[int, float], requested_ms: int = REQUESTED_MS, is_whole: bool = True
) -> dict[str, int]:
    """Returns the problems of an answer with these samples (minute, value)."""
    problems = Problems()
    series = {
        "point_name": "boiler",
        "timestamps": [START + minute * MINUTE_MS for minute, _ in rows],
        "values": [value for _, value in rows],
    }
    check_samples(SITE, [series], SPAN, fetches, requested_ms, problems, is_whole=is_whole)
    return {kind: count for kind, count in problems.counts.items() if count}


def aggregated(fetches: Fetches, **changes: list[Any]) -> dict[str, int]:
    """Returns the problems of an answer with the right buckets of five minutes, but for the changes."""
    problems = Problems()
    series = {
        "point_name": "boiler",
        "timestamps": [START, START + WINDOW_MS],
        "values": [2.0, 0.0],
        "min": [1.0, 0.0],
        "max": [3.0, 0.0],
        "count": [2, 1],
        "first": [1.0, 0.0],
        "last": [3.0, 0.0],
    }
    check_aggregates(SITE, [series | changes], SPAN, "5m", fetches, REQUESTED_MS, problems)
    return {kind: count for kind, count in problems.counts.items() if count}


def test_right_answers_have_no_problems(fetches: Fetches) -> None:
    assert raw(fetches, (0, 1.0), (1, 3.0), (5, -0.0)) == {}


def test_missing_samples_are_lost(fetches: Fetches) -> None:
    assert raw(fetches, (1, 3.0)) == {LOST: 2}


def test_samples_of_part_of_an_answer_are_right(fetches: Fetches) -> None:
    assert raw(fetches, (1, 3.0), is_whole=False) == {}
    assert raw(fetches, (1, 4.0), is_whole=False) == {WRONG: 1}
    assert raw(fetches, (1, 3.0), (1, 3.0), is_whole=False) == {DOUBLED: 1}


def test_unordered_samples_are_wrong(fetches: Fetches) -> None:
    assert raw(fetches, (1, 3.0), (0, 1.0), (5, -0.0)) == {WRONG: 1}


def test_series_answer_the_requested_points() -> None:
    problems = Problems()
    check_points(SITE, ("boiler", "chiller"), [{"point_name": "boiler"}, {"point_name": "fan"}], problems)
    assert problems.counts == {LOST: 1, DOUBLED: 0, WRONG: 1}


def test_samples_may_miss_before_they_are_acknowledged(fetches: Fetches) -> None:
    assert raw(fetches, (1, 3.0), requested_ms=LATER) == {}


def test_repeated_times_are_doubled(fetches: Fetches) -> None:
    assert raw(fetches, (0, 1.0), (0, 1.0), (1, 3.0), (5, -0.0)) == {DOUBLED: 1}


def test_other_values_and_times_are_wrong(fetches: Fetches) -> None:
    assert raw(fetches, (0, 1.5), (1, 3.0), (5, -0.0)) == {WRONG: 1}
    assert raw(fetches, (0, 1.0), (1, 3.0), (5, -0.0), (6, 1.0)) == {WRONG: 1}


def test_zeros_differ_by_their_sign(fetches: Fetches) -> None:
    assert raw(fetches, (0, 1.0), (1, 3.0), (5, 0.0)) == {WRONG: 1}


def test_stale_values_are_wrong(fetches: Fetches) -> None:
    fetch(fetches, page({0: 2.0, 1: 3.0, 5: -0.0}, MUCH_LATER))
    assert raw(fetches, (0, 1.0), (1, 3.0), (5, -0.0)) == {WRONG: 1}
    assert raw(fetches, (0, 2.0), (1, 3.0), (5, -0.0)) == {}


def test_right_aggregates_have_no_problems(fetches: Fetches) -> None:
    assert aggregated(fetches) == {}


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("values", [2.1, 0.0]),
        ("min", [0.5, 0.0]),
        ("max", [3.0, 1.0]),
        ("first", [3.0, 0.0]),
        ("last", [1.0, 0.0]),
    ],
)
def test_other_aggregates_are_wrong(fetches: Fetches, key: str, row: list[float]) -> None:
    assert aggregated(fetches, **{key: row}) == {WRONG: 1}


def test_means_are_compared_within_rounding(fetches: Fetches) -> None:
    assert aggregated(fetches, values=[2.0 + 4e-16, 0.0]) == {}


def test_counts_of_aggregates_are_compared(fetches: Fetches) -> None:
    assert aggregated(fetches, count=[1, 1]) == {LOST: 1}
    assert aggregated(fetches, count=[3, 1]) == {DOUBLED: 1}


def test_buckets_are_there_once(fetches: Fetches) -> None:
    keys = ("values", "min", "max", "first", "last")
    second = {key: [0.0] for key in keys} | {"count": [1], "timestamps": [START + WINDOW_MS]}
    assert aggregated(fetches, **second) == {LOST: 2}
    moved = {"timestamps": [START, START + 2 * WINDOW_MS]}
    assert aggregated(fetches, **moved) == {LOST: 1, WRONG: 1}
    doubled = {"timestamps": [START, START]}
    assert aggregated(fetches, **doubled)[DOUBLED] >= 1


def test_uncertain_buckets_are_compared_by_their_counts_only(fetches: Fetches) -> None:
    fetches.served("running", page({0: 9.0, 2: 9.0}, MUCH_LATER), frozenset({"boiler"}))
    assert aggregated(fetches, max=[9.0, 0.0], count=[3, 1]) == {}
    assert aggregated(fetches, max=[9.0, 0.0], count=[4, 1]) == {DOUBLED: 1}


def test_aggregates_agree_with_their_samples() -> None:
    samples = {"point_name": "boiler", "timestamps": [START, START + MINUTE_MS], "values": [1.0, 3.0]}
    rows = {"timestamps": [START], "values": [2.0], "min": [1.0], "max": [3.0], "count": [2]}
    rows |= {"first": [1.0], "last": [3.0]}
    changes: list[tuple[dict[str, list[Any]], dict[str, int]]] = [
        ({}, {}),
        ({"max": [4.0]}, {WRONG: 1}),
        ({"values": [math.nan]}, {WRONG: 1}),
        ({"count": [1]}, {LOST: 1}),
        ({name: [] for name in rows}, {LOST: 2}),
    ]
    for change, found in changes:
        problems = Problems()
        check_agreement(SITE, [samples], [{"point_name": "boiler"} | rows | change], "5m", problems)
        assert {kind: count for kind, count in problems.counts.items() if count} == found


def test_means_of_the_largest_doubles_are_compared() -> None:
    largest = sys.float_info.max
    samples = {"point_name": "boiler", "timestamps": [START, START + 1, START + 2], "values": [largest] * 3}
    rows = {"timestamps": [START], "min": [largest], "max": [largest], "count": [3]}
    rows |= {"point_name": "boiler", "first": [largest], "last": [largest]}
    for mean, count in ((largest, 0), (math.nan, 1), (math.inf, 1)):
        problems = Problems()
        check_agreement(SITE, [samples], [rows | {"values": [mean]}], "5m", problems)
        assert problems.counts[WRONG] == count
