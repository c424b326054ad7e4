"""Answers as Arrow: a stream, or a Parquet file of the same table."""

import io
from typing import Any

import numpy as np
import orjson

from query.encoding.columns import (
    TABLE_NAMES,
    TIMES,
    Answer,
    column,
    column_keys,
    is_table,
    without_columns,
)
from query.encoding.result import Encoded
from vitals.reading.tables.headers import TIME, headers


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns a stream of one record batch; the rest of the answer is in the schema's metadata."""
    # Imported here because only this format needs it at a cold start.
    import pyarrow as pa

    batch = _batch(answer)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return Encoded(media_type, sink.getvalue())


def encode_parquet(answer: Answer, media_type: str) -> Encoded:
    """Returns a file of one row group; the rest of the answer is in the schema's metadata."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_batches([_batch(answer)]), sink, compression="zstd")
    return Encoded(media_type, sink.getvalue())


def _batch(answer: Answer) -> Any:
    import pyarrow as pa

    columns = _of_table(answer) if is_table(answer) else _of_series(answer)
    metadata = {"vitals": orjson.dumps(without_columns(answer), option=orjson.OPT_SERIALIZE_NUMPY)}
    return pa.RecordBatch.from_pydict(columns, metadata=metadata)


def _of_series(answer: Answer) -> dict[str, Any]:
    """Returns the columns of all series, one after the other."""
    import pyarrow as pa

    series = answer["series"]
    counts = [len(item["timestamps"]) for item in series]
    names = pa.array([item["point_name"] for item in series], pa.string())
    positions = np.repeat(np.arange(len(series), dtype=np.int32), counts)
    table = {"point_name": pa.DictionaryArray.from_arrays(positions, names)}
    for key in column_keys(series):
        values = pa.array(np.concatenate([column(item, key) for item in series]), from_pandas=True)
        table[TABLE_NAMES[key]] = values.cast(pa.timestamp("ms", "UTC")) if key in TIMES else values
    return table


def _of_table(answer: Answer) -> dict[str, Any]:
    """Returns the times, and the values of each column under its header."""
    import pyarrow as pa

    columns = answer["columns"]
    names = headers((item["point_name"], item["unit"]) for item in columns)
    times = pa.array(np.asarray(answer["timestamps"], np.int64)).cast(pa.timestamp("ms", "UTC"))
    values = (pa.array(np.asarray(item["values"], np.float64), from_pandas=True) for item in columns)
    return {TIME: times, **dict(zip(names, values, strict=True))}
