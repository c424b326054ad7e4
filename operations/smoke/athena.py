"""The check that Athena reads a day file as it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from operations.smoke.checks import Deadline, ProblemError
from operations.smoke.day_file import Archive, PointSummary, same_samples
from operations.smoke.target import Target
from vitals.aws.athena import literal
from vitals.store import keys

_SECONDS = 120
_TIME_MS = "date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', {})"
_SUMMARIES = f"""
SELECT point_name, count(*), {_TIME_MS.format('min("timestamp")')}, {_TIME_MS.format('max("timestamp")')},
       min_by(value, "timestamp"), max_by(value, "timestamp"), min(value), max(value), sum(value)
FROM "{{database}}"."{{table}}" WHERE site = ? AND day = ? GROUP BY point_name
"""
_SAMPLES = f"""
SELECT point_name, {_TIME_MS.format('"timestamp"')} AS time_ms, value
FROM "{{database}}"."{{table}}" WHERE site = ? AND day = ? AND point_name = ? ORDER BY 2
"""
_MAX_NAMED = 3
# Rounding errors of a sum, for each row and unit of magnitude.
_EPSILON = 2.0**-51


@dataclass(frozen=True, slots=True)
class AthenaCheck:
    """Two queries of the archived day: a summary of every point, and every sample of one."""

    target: Target
    archive: Archive
    deadline: Deadline

    def run(self) -> str:
        """Compares what Athena reads with the file."""
        file = self.archive.file
        name, expected = file.longest_point(), file.summaries()
        different = differences(expected, summaries(self._query(_SUMMARIES)))
        if not different and not same_samples(file.point(name), samples(self._query(_SAMPLES, name))):
            different = [name]
        if different:
            raise ProblemError(
                f"Athena reads {len(different)} of {len(expected)} points of {file.day} otherwise than the "
                f"file: {', '.join(different[:_MAX_NAMED])}. See docs/operations.md, Exports"
            )
        return f"all {len(expected)} points of {file.day.date} equal the file, and {name} to the bit"

    def _query(self, sql: str, *names: str) -> list[list[str]]:
        """Returns the rows of a query over the archived day."""
        client, outputs, day = self.target.client("athena"), self.target.outputs, self.archive.file.day
        texts = (day.site, keys.athena_day(day.date), *names)
        started = client.start_query_execution(
            QueryString=sql.format(database=outputs["GlueDatabase"], table=outputs["GlueTable"]),
            QueryExecutionContext={"Database": outputs["GlueDatabase"]},
            WorkGroup=outputs["AthenaWorkGroup"],
            ExecutionParameters=[literal(text) for text in texts],
        )
        query = started["QueryExecutionId"]
        self._wait(client, query)
        pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=query)
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        return [[cell.get("VarCharValue", "") for cell in row] for row in rows[1:]]

    def _wait(self, client: Any, query: str) -> None:
        status: dict[str, str] = {}

        def ended() -> bool:
            nonlocal status
            status = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            return status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED")

        if not self.deadline.poll(_SECONDS, ended):
            client.stop_query_execution(QueryExecutionId=query)
            raise ProblemError(f"Athena did not answer within {_SECONDS} s. Run the command again")
        if status["State"] != "SUCCEEDED":
            raise ProblemError(athena_problem(status.get("StateChangeReason", ""), self.target.outputs))


def athena_problem(reason: str, outputs: Mapping[str, str]) -> str:
    """Returns what to do when a query fails."""
    if "scanned limit" in reason.lower():
        return f"Athena cancelled the query ({reason}). Deploy with a higher AthenaScanLimitBytes"
    return (
        f"Athena failed ({reason or 'no reason'}). Check the workgroup {outputs['AthenaWorkGroup']}, the "
        f"table {outputs['GlueDatabase']}.{outputs['GlueTable']} and your permissions (docs/deploy.md)"
    )


def summaries(rows: Sequence[Sequence[str]]) -> dict[str, PointSummary]:
    """Returns the summaries in the rows of a result."""
    return {
        name: PointSummary(int(count), int(first_ms), int(last_ms), *map(float, values))
        for name, count, first_ms, last_ms, *values in rows
    }


def samples(rows: Sequence[Sequence[str]]) -> pa.Table:
    """Returns the samples in the rows of a result."""
    return pa.table(
        {
            "point_name": pa.array([row[0] for row in rows], pa.string()),
            "time_ms": pa.array([int(row[1]) for row in rows], pa.int64()),
            "value": pa.array([float(row[2]) for row in rows], pa.float64()),
        }
    )


def differences(file: Mapping[str, PointSummary], athena: Mapping[str, PointSummary]) -> list[str]:
    """Returns the points whose summaries differ, in name order; sums may differ by rounding."""
    return sorted(
        name
        for name in file.keys() | athena.keys()
        if name not in file or name not in athena or not _same(file[name], athena[name])
    )


def _same(file: PointSummary, athena: PointSummary) -> bool:
    tolerance = file.rows * _EPSILON * file.magnitude
    is_close = not math.isfinite(tolerance) or abs(file.total - athena.total) <= tolerance
    return file[:7] == athena[:7] and is_close
