"""The rules of data quality as DuckDB statements over a day file: nothing here is of the product."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

HOUR = 3_600_000
DAY_LENGTH = 24 * HOUR

type Rows = set[tuple[Any, ...]]


class Expected(NamedTuple):
    """A point as the statements see it; `low` and `high` are None where it has no limits."""

    name: str
    kind: str = "analog"
    interval_s: int | None = 60
    actuator: bool = False
    active: bool = True
    low: float | None = None
    high: float | None = None


_SAMPLES = """
    CREATE TEMP TABLE samples AS
    SELECT point_name AS name, epoch_ms("timestamp") AS t, value AS v FROM read_parquet(?)
"""
_SILENCES = """
    CREATE TEMP TABLE silences AS
    WITH judged AS (SELECT * FROM points WHERE active AND shortest <= 86400000),
    edges AS (
        SELECT name, t FROM samples SEMI JOIN judged USING (name)
        UNION ALL SELECT name, ?::BIGINT FROM judged
        UNION ALL SELECT name, ?::BIGINT FROM judged
    ),
    gaps AS (SELECT name, t AS a, lead(t) OVER (PARTITION BY name ORDER BY t) AS b FROM edges)
    SELECT name, a, b FROM gaps JOIN judged USING (name) WHERE b - a >= shortest
"""
_OUTAGES = """
    CREATE TEMP TABLE outages AS
    WITH edges AS (SELECT a AS t FROM silences UNION SELECT b FROM silences),
    slices AS (SELECT t AS a, lead(t) OVER (ORDER BY t) AS b FROM edges),
    counted AS (
        SELECT s.a, s.b, (SELECT count(*) FROM silences AS q WHERE q.a <= s.a AND q.b >= s.b) AS silent
        FROM slices AS s WHERE s.b IS NOT NULL
    ),
    judged AS (SELECT count(*) AS number FROM points WHERE active AND shortest <= 86400000),
    out_slices AS (SELECT a, b, silent FROM counted, judged WHERE silent >= 0.8 * number),
    numbered AS (
        SELECT *, sum(CASE WHEN a = before THEN 0 ELSE 1 END) OVER (ORDER BY a) AS island
        FROM (SELECT *, lag(b) OVER (ORDER BY a) AS before FROM out_slices)
    )
    SELECT min(a) AS a, max(b) AS b, max(silent) AS silent FROM numbered GROUP BY island
"""
# The part of [a, b) that lies in outages, by name and a.
_OUT_OF = """
    (SELECT coalesce(sum(greatest(0, least(o.b, {b}) - greatest(o.a, {a}))), 0) FROM outages AS o)
"""
_SILENT = f"""
    SELECT name, since, ?::BIGINT AS until FROM (
        SELECT p.name, p.shortest, coalesce(max(s.t), ?::BIGINT) AS since
        FROM points AS p LEFT JOIN samples AS s USING (name) WHERE p.active AND shortest <= 86400000
        GROUP BY ALL
    ) WHERE until - since - {_OUT_OF.format(a="since", b="until")} >= shortest
"""
_STUCK = f"""
    WITH changes AS (
        SELECT *, CASE WHEN v = lag(v) OVER w THEN 0 ELSE 1 END AS change FROM samples
        SEMI JOIN (SELECT * FROM points WHERE kind IN ('analog', 'counter')) USING (name)
        WINDOW w AS (PARTITION BY name ORDER BY t)
    ),
    islands AS (SELECT *, sum(change) OVER (PARTITION BY name ORDER BY t) AS island FROM changes),
    runs AS (
        SELECT name, min(t) AS a, max(t) AS b, count(*) AS n, any_value(v) AS v
        FROM islands GROUP BY name, island
    )
    SELECT name, CASE WHEN actuator AND v = 0 THEN 'idle' ELSE 'stuck' END AS finding,
           count(*), min(a), max(b), max(b - a), arg_max(v, (b - a, -a))
    FROM runs JOIN points USING (name)
    WHERE n >= 24 AND b - a - {_OUT_OF.format(a="runs.a", b="runs.b")} >= 21600000
    GROUP BY ALL
"""
_RANGE = """
    SELECT name, count(*), min(t), max(t), arg_max(v, (greatest(low - v, v - high), -t))
    FROM samples JOIN points USING (name)
    WHERE kind NOT IN ('binary', 'multistate') AND (v < low OR v > high)
    GROUP BY name
"""
_JUMP = """
    WITH pairs AS (
        SELECT name, t, v - lag(v) OVER w AS step, t - lag(t) OVER w AS dt
        FROM samples WINDOW w AS (PARTITION BY name ORDER BY t)
    ),
    steps AS (
        SELECT name, t, step FROM pairs JOIN points USING (name)
        WHERE dt <= reach AND kind = 'analog' AND NOT actuator
    ),
    usual AS (SELECT name, median(abs(step)) AS middle FROM steps GROUP BY name),
    extent AS (SELECT name, max(v) - min(v) AS spread FROM samples GROUP BY name)
    SELECT name, count(*), min(t), max(t), arg_max(step, (abs(step), -t))
    FROM steps JOIN usual USING (name) JOIN extent USING (name)
    WHERE abs(step) > 8 * middle AND abs(step) * 5 > spread
    GROUP BY name
"""


class Answers(NamedTuple):
    """The rows of each rule."""

    outage: Rows
    silent: Rows
    stuck: Rows
    idle: Rows
    range: Rows
    jump: Rows


def answers(file: Path, points: Sequence[Expected], start_ms: int, end_ms: int | None = None) -> Answers:
    """Every rule over the samples in a day file."""
    end_ms = start_ms + DAY_LENGTH if end_ms is None else end_ms
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            "CREATE TEMP TABLE points (name TEXT, kind TEXT, actuator BOOL, active BOOL, shortest BIGINT,"
            " reach DOUBLE, low DOUBLE, high DOUBLE)"
        )
        connection.executemany(
            "INSERT INTO points VALUES"
            " ($1, $2, $3, $4, greatest(3600000, 10000 * $5), greatest(900000, 2500.0 * $5), $6, $7)",
            [
                (
                    p.name,
                    p.kind,
                    p.actuator,
                    p.active,
                    900 if p.interval_s is None else p.interval_s,
                    p.low,
                    p.high,
                )
                for p in points
            ],
        )
        connection.execute(_SAMPLES, [str(file)])
        connection.execute(_SILENCES, [start_ms, end_ms])
        connection.execute(_OUTAGES)
        runs = connection.execute(_STUCK).fetchall()
        return Answers(
            outage=set(connection.execute("SELECT * FROM outages").fetchall()),
            silent=set(connection.execute(_SILENT, [end_ms, start_ms]).fetchall()),
            stuck={(name, *row) for name, finding, *row in runs if finding == "stuck"},
            idle={(name, *row[:-1]) for name, finding, *row in runs if finding == "idle"},
            range=set(connection.execute(_RANGE).fetchall()),
            jump=set(connection.execute(_JUMP).fetchall()),
        )
