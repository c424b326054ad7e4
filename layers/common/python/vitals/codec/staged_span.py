"""The parts of a span that a backfill has read: Arrow files that are read one group of points at a time.

Columns: id (int32), time (int64, UTC ms), value (float64); sorted by id, then time. There is one record batch
per group of points; the schema's metadata lists the groups' numbers as JSON (`groups`), and has in the last
part of a span the span's receipt (`receipt`). Batches are compressed with zstd.
"""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vitals.codec.blocks import GROUP_SIZE
from vitals.model.samples import Samples, concat, merge


def encode(samples: Samples, receipt: bytes = b"") -> bytes:
    """Returns sorted samples as one part; the last part of a span has the span's receipt."""
    import pyarrow as pa

    groups, starts = np.unique(samples.ids // GROUP_SIZE, return_index=True)
    schema = pa.schema(
        [("id", pa.int32()), ("time", pa.int64()), ("value", pa.float64())],
        metadata={"groups": json.dumps(groups.tolist()), "receipt": receipt},
    )
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1))
    with pa.ipc.new_file(sink, schema, options=options) as writer:
        for start, end in pairwise([*starts.tolist(), len(samples)]):
            group = samples[start:end]
            writer.write_batch(pa.record_batch([group.ids, group.times, group.values], schema=schema))
    return bytes(sink.getvalue())


def receipt(file: Path) -> bytes:
    """Returns the receipt in the last part of a span; empty bytes in the others."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        metadata: dict[bytes, bytes] = pa.ipc.open_file(mapped).schema.metadata
        return metadata[b"receipt"]


def decode(file: Path) -> Samples:
    """Returns all samples of a part, sorted."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        reader = pa.ipc.open_file(mapped)
        return concat(_samples(reader.get_batch(i)) for i in range(reader.num_record_batches))


class StagedParts:
    """Reads parts in local files, oldest fetch first, with one group in memory at a time."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._batches: dict[int, list[tuple[Any, int]]] = {}
        import pyarrow as pa

        for file in files:
            reader = pa.ipc.open_file(pa.memory_map(str(file)))
            for index, group in enumerate(json.loads(reader.schema.metadata[b"groups"])):
                self._batches.setdefault(group, []).append((reader, index))

    def group(self, group: int) -> Samples:
        """Returns the sorted samples of one group of points; the later fetch wins."""
        return merge(_samples(reader.get_batch(index)) for reader, index in self._batches.get(group, []))


def _samples(batch: Any) -> Samples:
    ids, times, values = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
    return Samples(ids, times, values)
