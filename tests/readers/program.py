"""Reads day files with one reader, in the environment of the readers.

    .venv-readers/bin/python tests/readers/program.py READER '[["samples.parquet", null]]'

The second argument lists reads: a file, and a point or null for all points. Prints the result of each: its
rows, as name, UTC milliseconds and the eight bytes of the value in hex, or the error.
"""

import json
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Any

type Rows = Iterable[tuple[str, int, float]]


def _chdb(path: str, point: str | None) -> Rows:
    import chdb

    condition = "" if point is None else f"WHERE point_name = '{point}'"
    result = chdb.query(
        "SELECT point_name, toUnixTimestamp64Milli(timestamp), reinterpretAsUInt64(value)"
        f" FROM file('{path}', Parquet) {condition}",
        "JSONCompactEachRow",
    )
    for name, time_ms, bits in map(json.loads, str(result).splitlines()):
        yield name, int(time_ms), struct.unpack("<d", struct.pack("<Q", int(bits)))[0]


def _duckdb(path: str, point: str | None) -> Rows:
    import duckdb

    condition = "" if point is None else "WHERE point_name = $1"
    return duckdb.execute(
        f"SELECT point_name, epoch_ms(timestamp), value FROM read_parquet('{path}') {condition}",
        [] if point is None else [point],
    ).fetchall()


def _fastparquet(path: str, point: str | None) -> Rows:
    import pandas as pd

    filters = None if point is None else [("point_name", "==", point)]
    frame = pd.read_parquet(path, engine="fastparquet", filters=filters)
    # Its filters select row groups.
    return _rows(frame if point is None else frame[frame["point_name"] == point])


def _pandas(path: str, point: str | None) -> Rows:
    import pandas as pd

    filters = None if point is None else [("point_name", "==", point)]
    return _rows(pd.read_parquet(path, engine="pyarrow", filters=filters))


def _polars(path: str, point: str | None) -> Rows:
    import polars as pl

    frame = pl.scan_parquet(path)
    if point is not None:
        frame = frame.filter(pl.col("point_name") == point)
    return frame.select("point_name", pl.col("timestamp").dt.epoch("ms"), "value").collect().rows()


def _pyarrow(path: str, point: str | None) -> Rows:
    from pyarrow import parquet

    filters = None if point is None else [("point_name", "==", point)]
    names, times, values = parquet.read_table(path, filters=filters).columns
    return zip(names.to_pylist(), times.cast("int64").to_pylist(), values.to_pylist(), strict=True)


def _pyspark(path: str, point: str | None) -> Rows:
    from pyspark.sql import SparkSession, functions

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for setting in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(setting, "127.0.0.1")
    frame = builder.getOrCreate().read.parquet(path)
    if point is not None:
        frame = frame.where(functions.col("point_name") == point)
    rows = frame.selectExpr("point_name", "unix_millis(timestamp)", "value").collect()
    return [(name, time_ms, value) for name, time_ms, value in rows]


def _rows(frame: Any) -> Rows:
    import pandas as pd

    times = pd.to_datetime(frame["timestamp"], utc=True).astype("datetime64[ms, UTC]").astype("int64")
    return zip(frame["point_name"], times.tolist(), frame["value"].tolist(), strict=True)


READERS: dict[str, Callable[[str, str | None], Rows]] = {
    "chdb": _chdb,
    "duckdb": _duckdb,
    "fastparquet": _fastparquet,
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "pyspark": _pyspark,
}


def read(reader: str, path: str, point: str | None) -> dict[str, Any]:
    """Returns the rows, or the error of a reader that does not support the file."""
    try:
        rows = list(READERS[reader](path, point))
    except NotImplementedError as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"rows": [(name, time_ms, struct.pack("<d", value).hex()) for name, time_ms, value in rows]}


if __name__ == "__main__":
    name, reads = sys.argv[1:]
    json.dump([read(name, path, point) for path, point in json.loads(reads)], sys.stdout)
