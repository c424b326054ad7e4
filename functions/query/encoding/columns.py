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
}
_WHOLE_NUMBERS = ("timestamps", "count")

type Answer = Mapping[str, Any]


def column_keys(series: Sequence[Answer]) -> list[str]:
    """Returns the keys of the columns that these series have; every series has the same."""
    return [key for key in TABLE_NAMES if series and key in series[0]]


def column(series: Answer, key: str) -> Any:
    """Returns a column as an array; it is a list in answers from the cache."""
    return np.asarray(series[key], np.int64 if key in _WHOLE_NUMBERS else np.float64)


def without_columns(answer: Answer) -> Answer:
    """Returns the answer without the columns of its series."""
    series = [
        {key: value for key, value in item.items() if key not in TABLE_NAMES} for item in answer["series"]
    ]
    return {**answer, "series": series}
