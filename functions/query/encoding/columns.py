"""The columns of an answer's series, for formats that are one table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# The columns of a series, and their names in a table.
TABLE_NAMES = {
    "timestamps": "timestamp",
    "values": "value",
    "min": "min",
    "max": "max",
    "count": "count",
    "first": "first",
    "last": "last",
    "known": "known",
    "ends": "end",
    "at_least": "at_least",
    "at_most": "at_most",
}
TIMES = ("timestamps", "ends")
_WHOLE_NUMBERS = (*TIMES, "count")

type Answer = Mapping[str, Any]


def column_keys(series: Sequence[Answer]) -> list[str]:
    """Returns the keys of the columns that any of these series has."""
    return [key for key in TABLE_NAMES if any(key in item for item in series)]


def column(series: Answer, key: str) -> Any:
    """Returns a column as an array; of NaN when the series lacks it. Answers from the cache have lists."""
    kind = np.int64 if key in _WHOLE_NUMBERS else np.float64
    if key in series:
        return np.asarray(series[key], kind)
    rows = len(series["timestamps"])
    # Whole numbers cannot be NaN; only the series of an unknown point, which has no rows, lacks them.
    return np.full(rows, np.nan) if rows else np.empty(0, kind)


def is_table(answer: Answer) -> bool:
    """Returns whether the answer has the form of a table."""
    return "columns" in answer


def without_columns(answer: Answer) -> Answer:
    """Returns the answer without the columns of its series, or the times and values of its table."""
    if is_table(answer):
        columns = [
            {key: value for key, value in item.items() if key != "values"} for item in answer["columns"]
        ]
        return {key: value for key, value in answer.items() if key != "timestamps"} | {"columns": columns}
    series = [
        {key: value for key, value in item.items() if key not in TABLE_NAMES} for item in answer["series"]
    ]
    return {**answer, "series": series}
