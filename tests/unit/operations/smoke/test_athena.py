"""The comparison of what Athena reads with a file."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.smoke.athena import athena_problem, differences, samples, summaries
from operations.smoke.day_file import PointSummary

OUTPUTS = {"AthenaWorkGroup": "v", "GlueDatabase": "d", "GlueTable": "samples"}
ROW = ["a", "3", "1", "9", "0.5", "1.0E10", "-0.25", "1.0E10", "10000000000.25"]
FILE = PointSummary(3, 1, 9, 0.5, 1e10, -0.25, 1e10, 10000000000.25, 10000000000.75)


def test_equal_summaries_do_not_differ() -> None:
    assert differences({"a": FILE}, summaries([ROW])) == []


@pytest.mark.parametrize("column", range(1, len(ROW)))
def test_each_column_is_compared(column: int) -> None:
    changed = [*ROW]
    changed[column] = "7"
    assert differences({"a": FILE}, summaries([changed])) == ["a"]


def test_points_of_one_side_differ() -> None:
    other = summaries([["b", *ROW[1:]]])
    assert differences({"a": FILE}, other) == ["a", "b"]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50))
def test_the_order_of_a_sum_is_no_difference(values: list[float]) -> None:
    magnitude = sum(map(abs, values))
    file = PointSummary(len(values), 0, 1, 0, 0, 0, 0, sum(values), magnitude)
    total = math.fsum(values) if math.isfinite(magnitude) else math.inf
    assert differences({"a": file}, {"a": file._replace(total=total)}) == []


def test_texts_become_the_same_doubles() -> None:
    table = samples([["a", "5", "0.30000000000000004"], ["a", "6", "-1.2345678901234567E6"]])
    assert table["value"].to_pylist() == [0.1 + 0.2, -1234567.8901234567]
    assert table["time_ms"].to_pylist() == [5, 6]


def test_a_failed_query_shows_athenas_reason() -> None:
    assert "HIVE_BAD_DATA" in athena_problem("HIVE_BAD_DATA: x", OUTPUTS)
    assert "AthenaScanLimitBytes" in athena_problem("Bytes scanned limit was exceeded", OUTPUTS)
