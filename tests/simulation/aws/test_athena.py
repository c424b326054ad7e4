"""Athena in memory: the product's queries over day files in the simulation's S3."""

import io
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.simulation.aws.athena import SimulatedAthena
from tests.simulation.aws.athena_service import ArchiveTable, AthenaService, EngineS3
from tests.simulation.aws.errors import exceptions
from tests.simulation.aws.s3 import S3
from tests.support.athena_archive import Archive, Clock
from tests.support.sites import SITE
from vitals.aws.clients import CONFIG
from vitals.aws.cost import Cost
from vitals.aws.runtime import Runtime
from vitals.errors import AthenaError, TierTimeoutError, TooLargeError
from vitals.model.row_counts import RowCounts
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start
from vitals.reading.athena import AthenaReader
from vitals.reading.bulk.request import BulkRequest
from vitals.reading.bulk.unload import ArchiveUnload, Unloaded

DAY = day_start("2026-01-05")
TODAY = day_start("2026-02-01")
TABLE = ArchiveTable("cold", "vitals", "samples")
NAMES = ["ses/ses_falls_city/8000:33-8033/analogValue/102", "Zähler · 温度 #1 %", "it's ?"]
SERIES = {
    name: {DAY + hour * HOUR_MS + number: 1 / (hour + number + 1) for hour in range(0, 48, 4)}
    for number, name in enumerate(NAMES)
}
PARTIAL = Span(DAY + 6 * HOUR_MS, DAY + 30 * HOUR_MS)


class Simulation:
    """The service, and the product's readers on a clock that only sleeping moves."""

    def __init__(self, **service: Any) -> None:
        self.clock = Clock()
        self.s3 = S3(self.now_ms, random.Random(1))
        self.service = AthenaService(self.s3, TABLE, self.now_ms, random.Random(2), **service)
        Archive({"ColdBucket": TABLE.bucket}, EngineS3(self.s3), None).write(SITE, SERIES)
        self.operations: list[str] = []
        ids = random.Random(3)
        self.runtime = Runtime(
            now_ms=self.now_ms,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            new_id=lambda: str(ids.random()),
            client=self.client,
        )
        self.athena = SimulatedAthena(TABLE.database, "group", CONFIG, runtime=self.runtime)
        self.checks = 0

    def now_ms(self) -> int:
        return TODAY + round(self.clock.now * 1000)

    def client(self, name: str, config: Any) -> Any:
        return Client(self, self.service if name == "athena" else self.s3, name)

    def raw(self, names: list[str], span: Span, rows: RowCounts | None = None, **limits: Any) -> Samples:
        reader = AthenaReader(self.athena, TABLE.bucket, TABLE.table, runtime=self.runtime, **limits)
        return reader.raw(SITE, names, span, 20, Cost(), rows)

    def unload(self, span: Span, names: list[str] | None = None, *, timeout_s: float = 20) -> Unloaded:
        unload = ArchiveUnload(self.athena, self.client("s3", CONFIG), TABLE.bucket, TABLE.table)
        return unload.run(BulkRequest(SITE, span, names, [], Path(), "answer", timeout_s, self.check))

    def check(self) -> None:
        self.checks += 1


class Client:
    """A client without faults."""

    def __init__(self, simulation: Simulation, server: Any, name: str) -> None:
        self.exceptions = exceptions(name)
        self._simulation = simulation
        self._server = server

    def __getattr__(self, operation: str) -> Any:
        self._simulation.operations.append(operation)
        return lambda **request: self._server.call(operation, request)


def exact(samples: Samples, names: list[str]) -> dict[tuple[str, int], float]:
    columns = (samples.ids.tolist(), samples.times.tolist(), samples.values.tolist())
    return {(names[number], time_ms): value for number, time_ms, value in zip(*columns, strict=True)}


def truth(names: list[str], span: Span) -> dict[tuple[str, int], float]:
    return {
        (name, time_ms): value
        for name in names
        for time_ms, value in SERIES[name].items()
        if span.start_ms <= time_ms < span.end_ms
    }


@pytest.mark.parametrize("names", [NAMES, NAMES[1:2], ["control \x01", NAMES[2]]])
def test_samples_are_exact_and_counted(names: list[str]) -> None:
    rows = RowCounts(PARTIAL)
    samples = Simulation().raw(names, PARTIAL, rows)
    assert exact(samples, names) == truth([name for name in names if name in SERIES], PARTIAL)
    assert len(samples) > 0


def test_range_without_samples_is_empty() -> None:
    simulation = Simulation()
    assert len(simulation.raw(NAMES, Span(DAY - 10 * DAY_MS, DAY - 9 * DAY_MS))) == 0
    [manifest] = simulation.s3.objects(TABLE.bucket, "athena/")
    assert simulation.s3.read(TABLE.bucket, manifest) == b""


def test_unloaded_files_are_in_the_manifest() -> None:
    simulation = Simulation()
    whole = Span(DAY, DAY + 2 * DAY_MS)
    result = simulation.unload(whole)
    written = [address.removeprefix(f"s3://{TABLE.bucket}/") for address in result.addresses]
    assert len(written) == 2
    assert set(written) < set(simulation.s3.objects(TABLE.bucket))
    tables = [pq.read_table(io.BytesIO(simulation.s3.read(TABLE.bucket, key))) for key in written]
    rows = [row for table in tables for row in table.to_pylist()]
    assert {(row["point_name"], row["time_ms"]): row["value"] for row in rows} == truth(NAMES, whole)
    sizes = [len(simulation.s3.read("cold", key)) for key in simulation.s3.objects("cold", "timeseries/")]
    assert result.scanned_bytes == sum(sizes)


def test_query_is_polled_on_the_virtual_clock() -> None:
    simulation = Simulation(duration_ms=lambda: 1_000)
    simulation.unload(PARTIAL, NAMES)
    assert simulation.clock.slept == pytest.approx([0.2, 0.3, 0.45, 0.675])
    assert simulation.checks == 4


def test_late_query_is_stopped() -> None:
    simulation = Simulation(duration_ms=lambda: 60_000)
    with pytest.raises(TierTimeoutError):
        simulation.unload(PARTIAL, timeout_s=5)
    assert simulation.operations[-1] == "stop_query_execution"
    [query] = simulation.service._queries.values()
    assert query.state_at(simulation.now_ms()) == "CANCELLED"


def test_error_of_the_check_stops_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel() -> None:
        raise ZeroDivisionError

    simulation = Simulation()
    monkeypatch.setattr(simulation, "check", cancel)
    with pytest.raises(ZeroDivisionError):
        simulation.unload(PARTIAL)
    assert simulation.operations[-1] == "stop_query_execution"


def test_folder_is_unloaded_to_once() -> None:
    simulation = Simulation()
    simulation.unload(PARTIAL)
    with pytest.raises(AthenaError, match="Athena failed to run the query"):
        simulation.unload(PARTIAL)


def test_scan_has_a_limit() -> None:
    with pytest.raises(TooLargeError, match="AthenaScanLimitBytes"):
        Simulation(scan_limit_bytes=100).raw(NAMES, PARTIAL)


def test_rows_have_a_limit() -> None:
    with pytest.raises(TooLargeError, match="More than 3 rows match"):
        Simulation().raw(NAMES, PARTIAL, max_rows=3)


def test_repeated_request_starts_one_query() -> None:
    simulation = Simulation()
    request = {
        "QueryString": "UNLOAD (SELECT 1 AS value) TO 's3://cold/athena/x/' WITH (format = 'PARQUET')",
        "QueryExecutionContext": {"Database": TABLE.database},
        "ClientRequestToken": "token",
    }
    first = simulation.service.call("start_query_execution", request)
    assert simulation.service.call("start_query_execution", request) == first


@pytest.mark.parametrize(
    "request_fields",
    [{"QueryString": "SELECT " + "x" * 262_144}, {"QueryString": "", "ExecutionParameters": ["x" * 1_025]}],
)
def test_query_and_parameters_have_limits(request_fields: dict[str, Any]) -> None:
    service = Simulation().service
    with pytest.raises(exceptions("athena").InvalidRequestException):
        service.call("start_query_execution", {"ClientRequestToken": "token"} | request_fields)


def test_unknown_query_is_refused() -> None:
    with pytest.raises(exceptions("athena").InvalidRequestException):
        Simulation().service.call("get_query_execution", {"QueryExecutionId": "x"})


def test_same_seed_gives_the_same_files() -> None:
    first, second = Simulation(), Simulation()
    assert first.unload(PARTIAL) == second.unload(PARTIAL)
    assert first.s3.objects(TABLE.bucket) == second.s3.objects(TABLE.bucket)
