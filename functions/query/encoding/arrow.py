"""Answers as an Arrow stream."""

import io

import numpy as np
import orjson

from query.encoding.columns import TABLE_NAMES, TIMES, Answer, column, column_keys, without_columns
from query.encoding.result import Encoded


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns one record batch of all series; the rest of the answer is in the schema's metadata."""
    # Imported here because only this format needs it at a cold start.
    import pyarrow as pa

    series = answer["series"]
    counts = [len(item["timestamps"]) for item in series]
    names = pa.array([item["point_name"] for item in series], pa.string())
    positions = np.repeat(np.arange(len(series), dtype=np.int32), counts)
    table = {"point_name": pa.DictionaryArray.from_arrays(positions, names)}
    for key in column_keys(series):
        values = pa.array(np.concatenate([column(item, key) for item in series]), from_pandas=True)
        table[TABLE_NAMES[key]] = values.cast(pa.timestamp("ms", "UTC")) if key in TIMES else values
    metadata = {"vitals": orjson.dumps(without_columns(answer))}
    batch = pa.RecordBatch.from_pydict(table, metadata=metadata)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return Encoded(media_type, sink.getvalue())
