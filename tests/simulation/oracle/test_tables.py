"""Tables are compared with what was fetched, as far as that is certain."""

from typing import Any

import pytest

from tests.simulation.oracle.fetches import Expected
from tests.simulation.oracle.lines import Line
from tests.simulation.oracle.opened import Opened, OpenHours
from tests.simulation.oracle.problems import LOST, WRONG, Problems
from tests.simulation.oracle.tables import Grid, check_table
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

NOON_MS = 20_000 * DAY_MS + 12 * HOUR_MS
QUARTER_MS = 15 * MINUTE_MS
SPAN = Span(NOON_MS + MINUTE_MS, NOON_MS + HOUR_MS)
LATER_MS = NOON_MS + DAY_MS
# A sample is held for half an hour; there is none in the second and the third quarter of an hour.
VALUES = {"a": {0: 2.0, 10: 4.0, 50: 9.0}, "b": {-5: 1.0, 20: 2.0, 35: 3.0}}
SUM = "sum: a - b"
COLUMNS = {"a": (("a", 1),), "b": (("b", 1),), SUM: (("a", 1), ("b", -1))}
RIGHT: dict[str, list[float | None]] = {
    "a": [3.0, None, None, 9.0],
    "b": [None, 2.0, 3.0, None],
    SUM: [None, None, None, None],
}


def found(
    changes: dict[str, list[float | None]],
    filled: dict[str, list[int]] | None = None,
    unsure: tuple[int, ...] = (),
    grid: dict[str, Any] | None = None,
    **table: Any,
) -> dict[str, int]:
    """Returns the problems of the table of an hour, which is right but for the changes."""
    values = RIGHT | changes
    columns = [
        {"point_name": name, "values": values[name], "filled": (filled or {}).get(name, [])}
        for name in values
    ]
    starts = [NOON_MS + row * QUARTER_MS for row in range(4)]
    parameters = {"span": SPAN, "resolution": "15m", "measure": "mean", "fill": "null"}
    problems = Problems()
    check_table(
        "plant",
        {"timestamps": starts, "columns": columns, "partial": []} | table,
        Grid(columns=COLUMNS, hours=OpenHours("UTC"), **parameters | (grid or {})),  # type: ignore[arg-type]
        lambda name: point(name, unsure),
        (LATER_MS, LATER_MS),
        problems,
    )
    return {kind: count for kind, count in problems.counts.items() if count}


def point(name: str, unsure: tuple[int, ...]) -> Opened:
    possible: dict[int, Any] = {
        NOON_MS + minute * MINUTE_MS: {value} for minute, value in VALUES[name].items()
    }
    required = possible.keys() - {NOON_MS + minute * MINUTE_MS for minute in unsure}
    return Opened(Line(Expected(set(required), possible), 30 * MINUTE_MS), OpenHours("UTC"))


def test_right_tables_have_no_problems() -> None:
    assert found({}) == {}
    last = {"a": [3.0, 4.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0, 3.0], SUM: [2.0, 2.0, 1.0, 6.0]}
    filled = {"a": [1, 2], "b": [0, 3], SUM: [0, 1, 2, 3]}
    assert found(last, filled, grid={"fill": "last"}) == {}  # type: ignore[arg-type]
    linear = {"b": [1.2, 2.0, 3.0, None], SUM: [1.8, None, None, None]}
    assert found(linear, {"b": [0], SUM: [0]}, grid={"fill": "linear"}) == {}  # type: ignore[arg-type]
    at = {"a": [2.0, 4.0, 4.0, None], "b": [1.0, 1.0, 2.0, 3.0], SUM: [1.0, 3.0, 2.0, None]}
    assert found(at, grid={"measure": "at"}) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RIGHT)
def test_other_values_are_wrong(name: str) -> None:
    assert found({name: [7.0, *RIGHT[name][1:]]}) == {WRONG: 1}
    assert found({}, {name: [0]}) == {WRONG: 1}
    assert found({name: RIGHT[name][:3]}) == {WRONG: 1}


def test_uncertain_samples_decide_nothing() -> None:
    assert found({"a": [7.0, None, None, 9.0]}, unsure=(10,)) == {}
    assert found({"a": [None, None, None, 9.0]}, unsure=(10,)) == {LOST: 1}
    assert found({"a": [7.0, 7.0, None, 9.0]}, unsure=(10,)) == {WRONG: 1}
    assert found({SUM: [7.0, None, None, None]}, unsure=(10,)) == {WRONG: 1}


def test_rows_are_the_buckets_that_began() -> None:
    assert found({}, timestamps=[NOON_MS + 1 + row * QUARTER_MS for row in range(4)]) == {WRONG: 1}
    fewer = {name: values[:3] for name, values in RIGHT.items()}
    assert found(fewer, timestamps=[NOON_MS + row * QUARTER_MS for row in range(3)]) == {LOST: 1}
    assert found({}, ends=[NOON_MS]) == {WRONG: 1}
