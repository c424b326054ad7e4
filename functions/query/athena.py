"""The archive asked by SQL: Athena, for ranges too wide to read file by file.

An answer leaves Athena by UNLOAD, as Parquet (docs/decisions/0006-athena-answers-by-unload.md), in a folder
of its own that the bucket's lifecycle removes. What a caller sent reaches the SQL as execution parameters
only.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vitals import keys
from vitals.cost import Cost
from vitals.errors import AthenaError, TierTimeoutError, TooLargeError
from vitals.samples import Samples, columns, merge
from vitals.timespan import Span, day_name, iso

# Hardly any query takes less than half a second, and the account's calls a second are limited.
_FIRST_POLL_S = 0.2
_LONGEST_POLL_S = 1.0

_RAW = """
SELECT point_name, date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', "timestamp") AS time_ms, value
FROM "{database}"."{table}"
WHERE site = ? AND day BETWEEN ? AND ?
  AND "timestamp" >= CAST(? AS timestamp) AND "timestamp" < CAST(? AS timestamp)
  AND point_name IN ({marks})
"""


@dataclass(frozen=True, slots=True)
class AthenaReader:
    """Reads the archive's table; ids in its answers are positions in the names asked for."""

    bucket: str
    database: str
    table: str
    workgroup: str
    client_config: Config
    max_rows: int = 1_000_000
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def raw(self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost) -> Samples:
        """The samples of these points in the span, sorted by point then time."""
        return merge([_samples(self._ask(site, names, span, timeout_s, cost), names)])

    def _ask(self, site: str, names: Sequence[str], span: Span, timeout_s: float, cost: Cost) -> Any:
        """The answer's rows as a data frame, None when there is none.

        AthenaError when Athena fails, TierTimeoutError when it is not done in time and was stopped,
        TooLargeError when it finds more than `max_rows` or scans more than the workgroup allows.
        """
        if not names or not span:
            return None
        end = self.monotonic() + timeout_s
        # Importing pandas and awswrangler takes a second or two, so only who asks Athena pays for it.
        import awswrangler as wr

        wr.config.botocore_config = self.client_config
        select = _RAW.format(database=self.database, table=self.table, marks=", ".join("?" * len(names)))
        place = f"s3://{self.bucket}/{keys.athena_answer(str(uuid.uuid4()))}/"
        sql = f"UNLOAD ({select} LIMIT {self.max_rows + 1}) TO '{place}' WITH (format = 'PARQUET')"
        try:
            execution = wr.athena.start_query_execution(
                sql,
                database=self.database,
                workgroup=self.workgroup,
                params=[_literal(text) for text in _parameters(site, names, span)],
                paramstyle="qmark",
            )
            cost.add_scan(self._wait(wr, execution, end))
            frame = wr.athena.get_query_results(execution)
        except wr.exceptions.EmptyDataFrame:
            return None
        except (ClientError, BotoCoreError) as error:
            raise AthenaError("Athena could not be asked", str(error)) from error
        if len(frame) > self.max_rows:
            raise TooLargeError(f"the archive holds more than {self.max_rows} rows of this; ask for less")
        return frame

    def _wait(self, wr: Any, execution: str, end: float) -> int:
        """The bytes that the query has scanned once it has succeeded; stops it when it has not by `end`."""
        for pause in _pauses():
            told = wr.athena.get_query_execution(execution)
            status = told["Status"]
            if status["State"] == "SUCCEEDED":
                return int(told.get("Statistics", {}).get("DataScannedInBytes", 0))
            if status["State"] in ("FAILED", "CANCELLED"):
                reason = status.get("StateChangeReason", status["State"])
                if "bytes scanned limit" in reason.lower():
                    raise TooLargeError("the range holds more than one query may scan; ask for less")
                raise AthenaError("Athena could not answer the query", reason)
            if self.monotonic() + pause > end:
                break
            self.sleep(pause)
        with contextlib.suppress(ClientError, BotoCoreError):
            wr.athena.stop_query_execution(execution)
        raise TierTimeoutError("Athena did not answer in time; ask for less or for a coarser resolution")


def _pauses() -> Iterator[float]:
    pause = _FIRST_POLL_S
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_POLL_S)


def _parameters(site: str, names: Sequence[str], span: Span) -> list[str]:
    days = [keys.athena_day(day_name(time_ms)) for time_ms in (span.start_ms, span.end_ms - 1)]
    times = [_timestamp(time_ms) for time_ms in (span.start_ms, span.end_ms)]
    return [site, *days, *times, *names]


def _timestamp(time_ms: int) -> str:
    return iso(time_ms).replace("T", " ").removesuffix("Z")


def _literal(text: str) -> str:
    """Athena reads a parameter as an SQL expression, so that a text must come as a literal."""
    return "'" + text.replace("'", "''") + "'"


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
