"""Reads the archive by SQL in Athena, for ranges that are too wide to read file by file.

Athena writes the result by UNLOAD, as Parquet (docs/decisions/0006-athena-answers-by-unload.md), into its own
folder, which the bucket's lifecycle removes.
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
from vitals.reading.bulk import athena_sql
from vitals.store import keys

# The time that stopping a query takes.
_STOPPING_S = 1.0


@dataclass(frozen=True, slots=True)
class AthenaReader:
    """Reads the archive's table; ids in its results are positions in the requested names."""

    athena: Athena
    bucket: str
    table: str
    left_s: Callable[[], float] = lambda: math.inf
    """Returns the seconds that remain for the whole answer."""
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
        """Returns the samples of these points in the span, by point, then time; errors are Athena.run's.

        `rows`, of this span, counts the returned rows. TooLargeError also when more than `max_rows` match.
        """
        if not names or not span:
            return from_columns([], [], [])
        select, parameters = athena_sql.samples(
            database=self.athena.database,
            table=self.table,
            site=site,
            span=span,
            names=names,
            max_rows=self.max_rows + 1,
        )
        address = f"s3://{self.bucket}/{keys.athena_answer(self.runtime.new_id())}/"
        sql = f"UNLOAD ({select}) TO '{address}' WITH (format = 'PARQUET')"
        execution = self.athena.run(sql, parameters, min(timeout_s, self.left_s() - _STOPPING_S))
        cost.add_scan(athena.scanned_bytes(execution))
        frame = self.athena.frame(execution["QueryExecutionId"])
        samples = _samples(frame, names, rows or RowCounts(span))
        if len(samples) > self.max_rows:
            raise TooLargeError(f"More than {self.max_rows} rows match. Narrow the range.")
        return merge([samples])


def _samples(frame: Any, names: Sequence[str], rows: RowCounts) -> Samples:
    """Returns the frame's samples, ids as positions in `names`; counts them in `rows`, as Athena did."""
    if frame is None or frame.empty:
        return from_columns([], [], [])
    counted = frame["point_name"].isna()
    rows.add_source_counts(
        frame.loc[counted, "time_ms"].to_numpy(np.int64), frame.loc[counted, "value"].to_numpy(np.float64)
    )
    index = {name: position for position, name in enumerate(names)}
    positions = frame["point_name"].map(index).fillna(-1).to_numpy(np.int32)
    # The others only share a digest with one of the names.
    requested = positions >= 0
    times = frame["time_ms"].to_numpy(np.int64)[requested]
    rows.add(times)
    return Samples(positions[requested], times, frame["value"].to_numpy(np.float64)[requested])
