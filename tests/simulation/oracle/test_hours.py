"""Hours of rollups are compared column by column."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.simulation.oracle.hours import wrong_columns
from vitals.model.measures.cells import Cells, cells_of
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, MINUTE_MS

MINUTES = [0, 5, 30, 65, 70]


def samples(*values: float) -> Samples:
    return Samples(np.zeros(5, np.int32), np.array(MINUTES) * MINUTE_MS, np.array(values))


def hours(rows: Samples) -> Cells:
    return cells_of(rows, np.arange(3) * HOUR_MS, np.full(5, 10 * MINUTE_MS))


@pytest.mark.parametrize("largest", [1.0, 9.5, sys.float_info.max])
def test_right_hours_have_no_wrong_columns(largest: float) -> None:
    rows = samples(0.0, 1.0, largest, 0.0, -largest)
    assert wrong_columns(hours(rows), rows) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("integrals", 1.0),
        ("held_ms", 1),
        ("falls", 1),
        ("bridged", 0.5),
        ("first_ms", 1),
        ("last_ms", -1),
        ("ends", 1),
        ("is_binary", True),
        ("is_complete", True),
    ],
)
def test_other_columns_are_wrong(name: str, change: Any) -> None:
    rows = samples(0.0, 1.0, 7.0, 3.0, 2.0)
    right = hours(rows)
    column = getattr(right, name)
    changed = column ^ change if column.dtype == bool else column + change
    changes: dict[str, Any] = {name: changed}
    assert wrong_columns(replace(right, **changes), rows) == ["ends" if name == "is_complete" else name]
