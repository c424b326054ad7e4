"""Answers of the query API as the client reads them: pages, Arrow streams and their columns."""

import json
from typing import Any

import pyarrow as pa

NAMES = ["b", "a", "nothing", "c"]
COST = {"read_units": 1.5, "requests": 2, "bytes": 0, "bytes_scanned": 0, "micro_dollars": 4.0}


def page(rows: list[tuple[int, int, float]], token: str | None = None, **fields: Any) -> pa.Table:
    """Returns a page of rows (index of the point, time, value)."""
    rows = sorted(rows, key=lambda row: row[:2])
    points, times, values = ([row[column] for row in rows] for column in range(3))
    metadata = {
        "total_samples": len(rows),
        "sources": ["hot"],
        "next_token": token,
        "method": None,
        "samples_read": len(rows),
        "samples_returned": len(rows),
        "query_time_ms": 1.5,
        "cache_hit": False,
        "cost": COST,
    } | fields.pop("metadata", {})
    gaps = fields.pop("gaps", {})
    coverage = [{"expected": 10, "received": points.count(n)} for n in range(len(NAMES))]
    series = [
        {"point_name": name, "gaps": gaps.get(name, []), "coverage": coverage[n]}
        for n, name in enumerate(NAMES)
    ]
    envelope = {
        "site_name": "home",
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-02T00:00:00Z",
        "series": series,
        "metadata": metadata,
        "warnings": [],
    } | fields
    columns = {
        "point_name": pa.DictionaryArray.from_arrays(pa.array(points, pa.int32()), pa.array(NAMES)),
        "timestamp": pa.array(times, pa.timestamp("ms", "UTC")),
        "value": pa.array(values, pa.float64()),
    }
    return pa.table(columns, metadata={"vitals": json.dumps(envelope)})


def stream(table: pa.Table, rows_per_batch: int = 1 << 20) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table, rows_per_batch)
    return sink.getvalue().to_pybytes()


ALL = [(point, time, time / 7) for time in range(12) for point in (0, 1, 3)]
