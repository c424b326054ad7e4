"""What the scatter and the carpet should show, by DuckDB, and an API that answers with its samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd

from tests.support.laid_out_api import LaidOutApi
from vitals.model.timespan import HOUR_MS, MINUTE_MS

type Samples = Mapping[str, Sequence[tuple[int, float]]]
type Cell = tuple[str, int]
"""A local day and an hour of it."""

QUARTER_MS = 15 * MINUTE_MS
STEP_MS = 5 * MINUTE_MS
# By the kind of a point: the measure of its hours, its value of an hour, and that of a local hour.
MEASURES = {
    "analog": ("mean", "avg(v)", "avg(v)"),
    "setpoint": ("last", "arg_max(v, ts)", "arg_max(v, ts)"),
    "binary": ("runtime", f"sum(v) * {STEP_MS // 1000}", "avg(v)"),
    "counter": ("increase", "sum(step)", f"sum(step) / count(DISTINCT ts // {HOUR_MS})"),
}
_PAIRS = f"""
    WITH means AS (
        SELECT name, ts // {QUARTER_MS} AS bucket, avg(v) AS v FROM samples GROUP BY name, bucket
    )
    SELECT regr_slope(b.v, a.v), regr_intercept(b.v, a.v), regr_r2(b.v, a.v), count(*)
    FROM means a JOIN means b USING (bucket) WHERE a.name = ? AND b.name = ?
"""
_CLOCKS = """
    CREATE TABLE clocks AS
    SELECT *, (make_timestamp(ts * 1000) AT TIME ZONE 'UTC') AT TIME ZONE '{zone}' AS local,
        v - lag(v, 1, v) OVER (PARTITION BY name ORDER BY ts) AS step
    FROM samples
"""


class ViewOracle:
    """Samples in DuckDB, and the fit and the cells of them."""

    def __init__(self, samples: Samples, zone: str = "UTC") -> None:
        self._sql = duckdb.connect()
        self._sql.execute("SET TimeZone = 'UTC'")
        rows = [(name, ts, v) for name, values in samples.items() for ts, v in values]
        # Rows one by one take milliseconds each.
        self._sql.register("frame", pd.DataFrame(rows, columns=["name", "ts", "v"]))
        self._sql.execute(
            "CREATE TABLE samples AS"
            " SELECT name::VARCHAR AS name, ts::BIGINT AS ts, v::DOUBLE AS v FROM frame"
        )
        self._sql.execute(_CLOCKS.format(zone=zone))

    def fit(self, x: str, y: str) -> tuple[float, float, float, int]:
        """Returns slope, intercept, r² and the number of pairs of 15 minutes."""
        [(slope, intercept, r2, count)] = self._sql.execute(_PAIRS, [x, y]).fetchall()
        return slope, intercept, r2, count

    def hours(self, kind: str) -> list[tuple[int, float, int]]:
        """Returns start, value and count of each hour; an hour that the clock repeats is there twice."""
        return self._sql.execute(
            f"SELECT ts - epoch_ms(local) % {HOUR_MS} AS start, {MEASURES[kind][1]}, count(*)"
            " FROM clocks GROUP BY start ORDER BY start"
        ).fetchall()

    def cells(self, kind: str) -> dict[Cell, float]:
        rows = self._sql.execute(
            f"SELECT local::date AS day, hour(local) AS hour, {MEASURES[kind][2]}"
            " FROM clocks GROUP BY day, hour"
        ).fetchall()
        return {(str(day), hour): value for day, hour, value in rows}


class HoursApi(LaidOutApi):
    """Answers queries of hours by the oracle, with the gaps that a test lays out."""

    def __init__(self, oracle: ViewOracle, kind: str, zone: str) -> None:
        super().__init__()
        self.timezone = zone
        self.units = {kind: ""}
        self.fields = {kind: {"kind": kind}}
        self.gaps: list[dict[str, str]] = []
        self.measures: list[tuple[str, str]] = []
        self._oracle = oracle

    def json(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        if path != "timeseries/query" or "measure" not in query:
            return super().json(path, query, body)
        [kind], [start], [end] = (query[name] for name in ("point_name", "start_time", "end_time"))
        self.measures.append((query["measure"][0], query["timezone"][0]))
        answer = self.samples([kind], start, end)
        starts, values, counts = (list(column) for column in zip(*self._oracle.hours(kind), strict=True))
        rows = {"timestamps": starts, "values": values, "count": counts, "gaps": self.gaps}
        answer["series"][0] |= rows | {"unit": "", "source_unit": ""}
        return answer | {"resolution": "1h", "data_type": "aggregate"}
