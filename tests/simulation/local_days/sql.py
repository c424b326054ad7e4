"""The right answers, by DuckDB: its calendar, its aggregates, and integrals of the held signal."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

_QUARTER_MS = 15 * MINUTE_MS
# Over a local timestamp `local`, its distance from UTC `offset_ms`, and its milliseconds `local_ms`.
_KEYS = {
    "15m": f"offset_ms || '/' || (local_ms // {_QUARTER_MS})",
    "1h": f"offset_ms || '/' || (local_ms // {HOUR_MS})",
    "2h": f"local_ms // {2 * HOUR_MS}",
    "6h": f"local_ms // {6 * HOUR_MS}",
    "1d": "local::date",
    "1w": "date_trunc('week', local::date)",
    "1mo": "date_trunc('month', local::date)",
}
RESOLUTIONS = tuple(_KEYS)
STATISTICS = {
    "mean": "avg(v)",
    "min": "min(v)",
    "max": "max(v)",
    "first": "arg_min(v, ts)",
    "last": "arg_max(v, ts)",
    "count": "count(*)",
    "sd": "stddev_samp(v)",
    "p5": "quantile_cont(v, 0.05)",
    "p50": "quantile_cont(v, 0.5)",
    "p95": "quantile_cont(v, 0.95)",
    "p99": "quantile_cont(v, 0.99)",
}
# Of the held signal: the sum over its pieces in a bucket, of `length` ms each.
_HELD = {
    "integral": f"sum(v * length) / {HOUR_MS}",
    "time_weighted_mean": "sum(v * length) / sum(length)",
    "held": "sum(length) / 1000",
    "runtime": "sum(CASE WHEN v > 0.5 THEN length ELSE 0 END) / 1000",
}
HELD = tuple(_HELD)

type Rows = dict[int, float]
"""A value by the start of its bucket (UTC ms)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The start and the end of a bucket."""

    start_ms: int
    end_ms: int


class Oracle:
    """Samples of points, and the buckets of one zone and resolution that a span overlaps."""

    def __init__(
        self, series: Mapping[str, Mapping[int, float]], intervals: Mapping[str, int], zone: str
    ) -> None:
        self._names = list(series)
        self._zone = zone
        self._sql = duckdb.connect()
        self._sql.execute("SET TimeZone = 'UTC'")
        rows = [
            (point, ts, value, int(2_500 * intervals[name]))
            for point, (name, samples) in enumerate(series.items())
            for ts, value in samples.items()
        ]
        # Rows one by one take 20 seconds.
        self._sql.register("frame", pd.DataFrame(rows, columns=["point", "ts", "v", "hold"]))
        self._sql.execute(
            "CREATE TABLE samples AS"
            " SELECT point::INT AS point, ts::BIGINT AS ts, v::DOUBLE AS v, hold::BIGINT AS hold FROM frame"
        )
        self._sql.execute(
            "CREATE TABLE held AS SELECT point, ts, v, lag(v) OVER w AS before,"
            " least(coalesce(lead(ts) OVER w, ts + hold), ts + hold) AS until"
            " FROM samples WINDOW w AS (PARTITION BY point ORDER BY ts)"
        )

    def select(self, span: Span, resolution: str) -> list[Bucket]:
        """Selects the buckets that the span overlaps, and returns them; minute by minute, in local time."""
        around = Span(span.start_ms - 40 * DAY_MS, span.end_ms + 40 * DAY_MS)
        self._sql.execute(
            f"""
            CREATE OR REPLACE TABLE minutes AS
            WITH instants AS (
                SELECT m * {MINUTE_MS} AS ms,
                    (make_timestamp(ms * 1000) AT TIME ZONE 'UTC') AT TIME ZONE '{self._zone}' AS local
                FROM range({around.start_ms // MINUTE_MS}, {around.end_ms // MINUTE_MS}) AS t(m)
            ), clocks AS (
                SELECT ms, local, epoch_ms(local) AS local_ms, local_ms - ms AS offset_ms FROM instants
            )
            SELECT ms, {_KEYS[resolution]} AS bucket FROM clocks
            """
        )
        self._sql.execute(
            f"""
            CREATE OR REPLACE TABLE buckets AS
            SELECT bucket, min(ms) AS s, max(ms) + {MINUTE_MS} AS e FROM minutes GROUP BY bucket
            HAVING e > {span.start_ms} AND s < {span.end_ms}
            """
        )
        self._open()
        return [Bucket(*row) for row in self._sql.execute("SELECT s, e FROM buckets ORDER BY s").fetchall()]

    def select_range(self, span: Span) -> Bucket:
        """Selects one bucket, which is this span of whole minutes, and returns it."""
        self._sql.execute(
            f"CREATE OR REPLACE TABLE minutes AS SELECT m * {MINUTE_MS} AS ms, 1 AS bucket"
            f" FROM range({span.start_ms // MINUTE_MS}, {span.end_ms // MINUTE_MS}) AS t(m)"
        )
        bucket = f"SELECT 1 AS bucket, {span.start_ms}::BIGINT AS s, {span.end_ms}::BIGINT AS e"
        self._sql.execute(f"CREATE OR REPLACE TABLE buckets AS {bucket}")
        self._open()
        return Bucket(span.start_ms, span.end_ms)

    def _open(self) -> None:
        """Makes all of the buckets, and all samples, count."""
        self._sql.execute("CREATE OR REPLACE TABLE pieces AS SELECT s, s AS low, e AS high FROM buckets")
        self._sql.execute("CREATE OR REPLACE VIEW inside AS SELECT * FROM samples")

    def peaks(self) -> dict[str, Rows]:
        """Returns the highest mean of a whole quarter of an hour of local time in the selected bucket."""
        return self._rows(
            "SELECT point, s, max(m) FROM (SELECT point, s, avg(v) AS m FROM samples"
            f" JOIN minutes ON ms = ts // {MINUTE_MS} * {MINUTE_MS} JOIN buckets USING (bucket)"
            f" WHERE ts // {_QUARTER_MS} IN (SELECT ms // {_QUARTER_MS} FROM minutes"
            f" GROUP BY ALL HAVING count(*) = 15) GROUP BY point, s, ts // {_QUARTER_MS}) GROUP BY point, s"
        )

    def close(self, parts: list[tuple[int, int]]) -> None:
        """Makes the buckets consist of these parts of time (UTC ms) alone."""
        self._sql.execute("CREATE OR REPLACE TABLE parts (low BIGINT, high BIGINT)")
        self._sql.executemany("INSERT INTO parts VALUES (?, ?)", parts)
        self._sql.execute(
            "CREATE OR REPLACE VIEW inside AS"
            " SELECT samples.* FROM samples JOIN parts ON low <= ts AND ts < high"
        )
        self._sql.execute(
            "DELETE FROM minutes WHERE NOT EXISTS (SELECT 1 FROM parts WHERE low <= ms AND ms < high)"
        )
        self._sql.execute(
            "CREATE OR REPLACE TABLE pieces AS SELECT s, greatest(s, low) AS low, least(e, high) AS high"
            " FROM buckets JOIN parts ON low < e AND s < high"
        )

    def rows(self, measure: str) -> dict[str, Rows]:
        """Returns the value of each bucket about which something is known, by point."""
        if measure in STATISTICS:
            return self._rows(
                f"SELECT point, s, {STATISTICS[measure]} FROM samples"
                f" JOIN minutes ON ms = ts // {MINUTE_MS} * {MINUTE_MS}"
                " JOIN buckets USING (bucket) GROUP BY point, s"
            )
        if measure == "starts":
            return self._rows(
                "SELECT point, s, sum(CASE WHEN ts >= low AND v > 0.5 AND before <= 0.5 THEN 1 ELSE 0 END)"
                " FROM held JOIN pieces ON ts < high AND until > low GROUP BY point, s"
            )
        return self._rows(
            f"SELECT point, s, {_HELD[measure]}"
            " FROM (SELECT point, s, v, least(until, high) - greatest(ts, low) AS length"
            " FROM held JOIN pieces ON ts < high AND until > low) GROUP BY point, s"
        )

    def at(self) -> dict[str, Rows]:
        """Returns the newest sample at or before the start of each bucket, at most its hold old."""
        return self._rows(
            "SELECT p.point, s, v FROM (SELECT DISTINCT point FROM samples) p CROSS JOIN buckets b"
            " ASOF JOIN inside x ON x.point = p.point AND x.ts <= b.s"
            " WHERE s - ts <= hold AND s IN (SELECT s FROM pieces)"
        )

    def line(self) -> dict[str, Rows]:
        """Returns the line over the start of each bucket, between samples at most a hold apart."""
        return self._rows(
            "WITH pairs AS (SELECT point, ts, v, hold, lead(ts) OVER w AS ts2, lead(v) OVER w AS v2"
            " FROM inside WINDOW w AS (PARTITION BY point ORDER BY ts))"
            " SELECT point, s, v + (v2 - v) * (s - ts) / (ts2 - ts) FROM pairs"
            " JOIN buckets ON ts < s AND s < ts2 WHERE ts2 - ts <= hold AND s IN (SELECT s FROM pieces)"
        )

    def magnitude(self) -> float:
        """Returns the largest absolute value of a sample."""
        return float(self._sql.execute("SELECT max(abs(v)) FROM samples").fetchall()[0][0])

    def _rows(self, statement: str) -> dict[str, Rows]:
        rows: dict[str, Rows] = {name: {} for name in self._names}
        for point, start_ms, value in self._sql.execute(statement).fetchall():
            if value is not None and not math.isnan(value):
                rows[self._names[point]][start_ms] = float(value)
        return rows


def increases(samples: Mapping[int, float], buckets: list[Bucket]) -> Rows:
    """Returns the increase of each bucket with samples, sample after sample, as the definition says."""
    result = {
        bucket.start_ms: 0.0
        for bucket in buckets
        if any(bucket.start_ms <= time_ms < bucket.end_ms for time_ms in samples)
    }
    remaining: list[Any] = sorted(samples.items())
    while len(remaining) > 1:
        (p_time, p), (c_time, c) = remaining[0], remaining[1]
        end = _continues(remaining)
        if end is not None:
            del remaining[1:end]
            continue
        amount = c - p
        if c_time - p_time > 31 * DAY_MS:
            amount = 0.0
        elif p >= 0 and c >= 0 and c < p and (p - c) * 8 >= p:
            amount = c
        for bucket in buckets:
            if bucket.start_ms <= c_time < bucket.end_ms:
                result[bucket.start_ms] += amount
        del remaining[0]
    return result


def _continues(remaining: list[tuple[int, float]]) -> int | None:
    """Returns the sample that ends the dip or spike that the second one begins; None when there is none."""
    (p_time, p), (_, c) = remaining[0], remaining[1]
    for index in range(2, len(remaining)):
        time_ms, value = remaining[index]
        length_ms = time_ms - p_time
        if length_ms > 15 * DAY_MS or (index > 2 and length_ms > 15 * MINUTE_MS):
            return None
        is_dip = c < p <= value
        is_spike = p < c and p <= value < c and (c - value) * 8 >= c
        if is_dip or is_spike:
            return index
    return None
