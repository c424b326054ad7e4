"""An archive of several days that Athena reads on moto."""

import dataclasses
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.moto_api import state_manager

from tests.support.sites import SITE
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.cost import Cost
from vitals.aws.runtime import Runtime
from vitals.model.samples import Samples
from vitals.model.timespan import Span, day_name
from vitals.reading.athena import AthenaReader

type Series = Mapping[str, Mapping[int, float]]


@dataclass
class Clock:
    """Seconds that pass only while somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Archive:
    """Day files in moto's S3, and the reader over them."""

    names: dict[str, str]
    s3: Any
    athena: Any
    clock: Clock = field(default_factory=Clock)
    sizes: dict[str, int] = field(default_factory=dict)

    def write(self, site: str, series: Series) -> None:
        """Puts the samples where the archive keeps them, one file a day."""
        samples = sorted(
            (name, time_ms, value) for name, times in series.items() for time_ms, value in times.items()
        )
        for day in sorted({day_name(time_ms) for _, time_ms, _ in samples}):
            rows = [sample for sample in samples if day_name(sample[1]) == day]
            point_name, timestamp, value = (list(column) for column in zip(*rows, strict=True))
            table = pa.table(
                {
                    "point_name": pa.array(point_name).dictionary_encode(),
                    "timestamp": pa.array(timestamp, pa.timestamp("ms", tz="UTC")),
                    "value": pa.array(value, pa.float64()),
                }
            )
            buffer = io.BytesIO()
            pq.write_table(table, buffer, compression="zstd")
            key = f"timeseries/{site}/{day.replace('-', '/')}/samples.parquet"
            self.s3.put_object(Bucket=self.names["ColdBucket"], Key=key, Body=buffer.getvalue())
            self.sizes[day] = buffer.tell()

    def reader(self, max_rows: int = 1_000_000, **changes: Any) -> AthenaReader:
        athena = Athena(
            self.names["GlueDatabase"],
            self.names["AthenaWorkGroup"],
            CONFIG,
            runtime=Runtime(monotonic=self.clock.monotonic, sleep=self.clock.sleep),
        )
        athena = dataclasses.replace(athena, **changes)
        return AthenaReader(athena, self.names["ColdBucket"], self.names["GlueTable"], max_rows=max_rows)

    def raw(self, names: list[str], span: Span, site: str = SITE) -> Samples:
        return self.reader().raw(site, names, span, 20, Cost())

    def run(self, sql: str, *parameters: str) -> dict[str, Any]:
        """One query as somebody at a console sends it, described when it has ended."""
        started = self.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=self.names["AthenaWorkGroup"],
            QueryExecutionContext={"Database": self.names["GlueDatabase"]},
            **({"ExecutionParameters": list(parameters)} if parameters else {}),
        )
        return self.described(started["QueryExecutionId"])

    def described(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = self.athena.get_query_execution(QueryExecutionId=execution)
        return described["QueryExecution"]

    def rows(self, sql: str, *parameters: str) -> list[dict[str, str]]:
        execution = self.run(sql, *parameters)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        result = self.athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        header, *rows = (
            [cell.get("VarCharValue", "") for cell in row["Data"]] for row in result["ResultSet"]["Rows"]
        )
        return [dict(zip(header, row, strict=True)) for row in rows]

    def last_query(self) -> dict[str, Any]:
        group = self.names["AthenaWorkGroup"]
        return self.described(self.athena.list_query_executions(WorkGroup=group)["QueryExecutionIds"][-1])


@pytest.fixture
def stuck() -> Iterator[None]:
    """Queries that stay QUEUED."""
    before = state_manager.get_transition("athena::execution")
    state_manager.set_transition("athena::execution", {"progression": "manual", "times": 10_000})
    yield
    state_manager.set_transition("athena::execution", before)
