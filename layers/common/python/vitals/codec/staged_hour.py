"""A part of what a backfill has read, as an Arrow file that gives up one group of points at a time.

Columns id (int32), time (int64, UTC ms), value (float64), sorted by id, then time; one record batch per group
of points, the groups' numbers in the schema's metadata as JSON. The last part of an hour has there the hour's
receipt too.
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
    """The samples, sorted, as one part, the hour's last with the hour's receipt."""
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
            part = samples[start:end]
            writer.write_batch(pa.record_batch([part.ids, part.times, part.values], schema=schema))
    return bytes(sink.getvalue())


def receipt(file: Path) -> bytes:
    """What the last part of an hour has beside its samples."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        found: bytes = pa.ipc.open_file(mapped).schema.metadata[b"receipt"]
        return found


def decode(file: Path) -> Samples:
    """All samples of a part, sorted."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        part = pa.ipc.open_file(mapped)
        return concat(_samples(part.get_batch(place)) for place in range(part.num_record_batches))


class StagedParts:
    """Parts in local files, oldest fetch first; memory holds one group at a time."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._batches: dict[int, list[tuple[Any, int]]] = {}
        import pyarrow as pa

        for file in files:
            part = pa.ipc.open_file(pa.memory_map(str(file)))
            for place, group in enumerate(json.loads(part.schema.metadata[b"groups"])):
                self._batches.setdefault(group, []).append((part, place))

    def group(self, group: int) -> Samples:
        """The samples of the points of one group, sorted; of two with one key the later fetch's."""
        return merge(_samples(part.get_batch(place)) for part, place in self._batches.get(group, []))


def _samples(batch: Any) -> Samples:
    ids, times, values = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
    return Samples(ids, times, values)
