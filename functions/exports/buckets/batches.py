"""Rows of buckets as record batches, with the columns of a query's answer: pure."""

from typing import Any

import numpy as np

from vitals.model.measures import measure
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Point
from vitals.model.samples import Times
from vitals.model.timespan import HOUR_MS
from vitals.reading import partial
from vitals.reading.plan import QueryPlan
from vitals.reading.reads import PlannedRead
from vitals.reading.tables.headers import TIME, headers
from vitals.reading.tables.table import table_of

_STATS = {"min": "mins", "max": "maxs", "count": "counts", "first": "firsts", "last": "lasts"}
_TOTALS = ("runtime", "integral")


def of_table(query: PlannedRead, rows: BucketRows, end_ms: int) -> Any:
    """Returns a row for each bucket that began before `end_ms`, with a column for each point or sum."""
    import pyarrow as pa

    table = table_of(query, rows, end_ms)
    names = headers((column.name, column.unit) for column in table.columns)
    columns = [_times(table.starts), *(_numbers(column.values) for column in table.columns)]
    return pa.RecordBatch.from_arrays(columns, [TIME, *names])


def of_series(query: PlannedRead, rows: BucketRows) -> Any:
    """Returns the rows of each point, one point after the other."""
    import pyarrow as pa

    plan = query.plan
    points = sorted(plan.existing, key=lambda point: point.id)
    rows = measure.join([_converted(rows, point, plan) for point in points])
    indices = np.searchsorted([point.id for point in points], rows.ids).astype(np.int32)
    names = pa.array([point.name for point in points], pa.string())
    columns = {
        "point_name": pa.DictionaryArray.from_arrays(indices, names),
        TIME: _times(rows.times),
        "value": _numbers(partial.values_of(query, rows)),
        **_statistics(rows),
        "known": _numbers(partial.known_shares(query, rows)),
    }
    if plan.calendar and plan.calendar.interval.is_of_days:
        columns["end"] = _times(rows.ends)
    if plan.measure.name in _TOTALS:
        columns |= _bounds(query, rows, points, indices)
    return pa.RecordBatch.from_pydict(columns)


def _converted(rows: BucketRows, point: Point, plan: QueryPlan) -> BucketRows:
    low, high = np.searchsorted(rows.ids, [point.id, point.id + 1]).tolist()
    conversion = Conversion.of_point(point.listed.unit, point.kind, plan.units)
    converted = conversion.rows(rows[low:high], plan.measure.name)
    assert isinstance(converted, BucketRows)
    return converted


def _statistics(rows: BucketRows) -> dict[str, Any]:
    """Returns what a mean has beside its value; other measures have a count."""
    import pyarrow as pa

    if rows.stats is None:
        return {"count": pa.array(rows.counts)}
    return {name: pa.array(getattr(rows.stats, key)) for name, key in _STATS.items()}


def _bounds(
    query: PlannedRead, rows: BucketRows, points: list[Point], indices: np.ndarray[Any, Any]
) -> dict[str, Any]:
    """Returns the bounds of totals; null for points whose total has none."""
    most = [partial.most_per_hour(query, point) for point in points]
    per_hour = np.array([np.nan if number is None else number for number in most])[indices]
    at_most = rows.values + partial.unknown_ms(query, rows) / HOUR_MS * per_hour
    at_least = np.where(np.isnan(per_hour), np.nan, rows.values)
    return {"at_least": _numbers(at_least), "at_most": _numbers(at_most)}


def _times(times: Times) -> Any:
    import pyarrow as pa

    return pa.array(np.asarray(times, np.int64)).cast(pa.timestamp("ms", "UTC"))


def _numbers(values: Any) -> Any:
    import pyarrow as pa

    return pa.array(np.asarray(values, np.float64), from_pandas=True)
