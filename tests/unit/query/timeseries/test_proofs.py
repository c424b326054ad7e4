"""The proof of a total."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from query.timeseries.proofs import proof
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.measure import BucketRows
from vitals.model.points import ListedPoint, Point
from vitals.model.timespan import HOUR_MS, Span


def test_gaps_of_the_largest_doubles_are_finite() -> None:
    integers, values = np.array([0, HOUR_MS]), np.array([sys.float_info.max] * 2)
    rows = BucketRows(
        np.zeros(2, np.int32), integers, integers, values, integers, integers, values, values == 0
    )
    query: Any = SimpleNamespace(
        plan=SimpleNamespace(start_ms=0, span=Span(0, HOUR_MS), open_ms=lambda starts, ends: ends - starts),
        records=(),
        synced_until_ms=HOUR_MS,
    )
    page: Any = SimpleNamespace(next_ms=None, held_ms={}, stats=SimpleNamespace(events=()))
    assert (
        proof(Point(0, ListedPoint("meter")), rows, query, page, Conversion("", ""))["bridged"]
        == sys.float_info.max
    )
