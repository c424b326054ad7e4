"""The archive asked by SQL: Athena, for ranges too wide to read file by file.

An answer leaves Athena by UNLOAD, as Parquet (docs/decisions/0006-athena-answers-by-unload.md), in a folder
of its own that the bucket's lifecycle removes.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitals.aws import athena
from vitals.aws.athena import Athena
from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import TooLargeError
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.timespan import Span
from vitals.reading import athena_sql
from vitals.store import keys

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
    runtime: Runtime = SYSTEM

    def raw(
        self,
        site: str,
        names: Sequence[str],
        span: Span,
        timeout_s: float,
        cost: Cost,
        rows: RowCounts | None = None,
    ) -> Samples:
        """The samples of these points in the span, sorted by point then time; errors are Athena.run's.

        `rows`, of this span, counts what Athena returned. TooLargeError also when there are more than
        `max_rows`.
        """
        if not names or not span:
            return from_columns([], [], [])
        select, parameters = athena_sql.samples(
            self.athena.database, self.table, site, span, names, self.max_rows + 1
        )
        place = f"s3://{self.bucket}/{keys.athena_answer(self.runtime.new_id())}/"
        sql = f"UNLOAD ({select}) TO '{place}' WITH (format = 'PARQUET')"
        told = self.athena.run(sql, parameters, min(timeout_s, self.left_s() - _STOPPING_S))
        cost.add_scan(athena.scanned_bytes(told))
        frame = self.athena.frame(told["QueryExecutionId"])
        samples = _samples(frame, names, rows or RowCounts(span))
        if len(samples) > self.max_rows:
            raise TooLargeError(f"the archive holds more than {self.max_rows} rows of this; ask for less")
        return merge([samples])


def _samples(frame: Any, names: Sequence[str], rows: RowCounts) -> Samples:
    """The frame's samples, ids as positions in `names`, counted in `rows` with what Athena counted."""
    if frame is None or frame.empty:
        return from_columns([], [], [])
    counted = frame["point_name"].isna()
    rows.add_source_counts(
        frame.loc[counted, "time_ms"].to_numpy(np.int64), frame.loc[counted, "value"].to_numpy(np.float64)
    )
    index = {name: position for position, name in enumerate(names)}
    positions = frame["point_name"].map(index).fillna(-1).to_numpy(np.int32)
    # A name that only shares a digest with one of these.
    wanted = positions >= 0
    times = frame["time_ms"].to_numpy(np.int64)[wanted]
    rows.add(times)
    return Samples(positions[wanted], times, frame["value"].to_numpy(np.float64)[wanted])
