"""The archive asked by SQL: Athena, for ranges too wide to read file by file.

An answer leaves Athena by UNLOAD, as Parquet (docs/decisions/0006-athena-answers-by-unload.md), in a folder
of its own that the bucket's lifecycle removes.
"""

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitals import athena, keys
from vitals.athena import Athena
from vitals.cost import Cost
from vitals.errors import TooLargeError
from vitals.samples import Samples, columns, merge
from vitals.timespan import Span

# So that what takes too long can still be stopped.
_STOPPING_S = 1.0


@dataclass(frozen=True, slots=True)
class AthenaReader:
    """Reads the archive's table; ids in its answers are positions in the names asked for."""

    athena: Athena
    bucket: str
    table: str
    left_s: Callable[[], float] = lambda: math.inf
    """What is left for the whole answer."""
    max_rows: int = 1_000_000

    def raw(self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost) -> Samples:
        """The samples of these points in the span, sorted by point then time; errors are Athena.run's.

        TooLargeError also when there are more than `max_rows`.
        """
        if not names or not span:
            return columns([], [], [])
        select, parameters = athena.samples(self.athena.database, self.table, site, span, names)
        place = f"s3://{self.bucket}/{keys.athena_answer(str(uuid.uuid4()))}/"
        sql = f"UNLOAD ({select} LIMIT {self.max_rows + 1}) TO '{place}' WITH (format = 'PARQUET')"
        told = self.athena.run(sql, parameters, min(timeout_s, self.left_s() - _STOPPING_S))
        cost.add_scan(athena.scanned_bytes(told))
        frame = self.athena.frame(told["QueryExecutionId"])
        if frame is not None and len(frame) > self.max_rows:
            raise TooLargeError(f"the archive holds more than {self.max_rows} rows of this; ask for less")
        return merge([_samples(frame, names)])


def _samples(frame: Any, names: Sequence[str]) -> Samples:
    """The frame's rows, ids as positions in `names`."""
    if frame is None or frame.empty:
        return columns([], [], [])
    index = {name: position for position, name in enumerate(names)}
    return Samples(
        frame["point_name"].map(index).to_numpy(np.int32),
        frame["time_ms"].to_numpy(np.int64),
        frame["value"].to_numpy(np.float64),
    )
