"""Athena's queries in memory: the local engine runs them over the simulation's S3 and archive table."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from local.athena import results
from local.athena.engine import Engine
from local.athena.errors import QueryError
from tests.simulation.aws.errors import exceptions, refusal
from tests.simulation.aws.s3 import S3
from tests.support.template import resolved, template

# The limits of AWS; its characters are UTF-16 code units.
_MAX_QUERY_BYTES = 262_144
_MAX_PARAMETER_CHARACTERS = 1_024


@dataclass(frozen=True)
class ArchiveTable:
    """A Glue catalog with the table of the archive alone, under the names of a stack."""

    bucket: str
    database: str
    table: str
    exceptions: Any = field(default_factory=lambda: exceptions("glue"))

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:
        """Returns the definition that the template gives the table."""
        if (DatabaseName, Name) != (self.database, self.table):
            raise refusal("glue", "GetTable", "EntityNotFoundException", f"Table {Name} not found.")
        return {"Table": resolved(_resource("GlueTable")["TableInput"], {"ColdBucket": self.bucket})}


class EngineS3:
    """The client of S3 that the engine and its results use."""

    def __init__(self, s3: S3) -> None:
        self._s3 = s3

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        if operation.startswith("_"):
            raise AttributeError(operation)
        return lambda **request: self._s3.call(operation, request)

    def get_paginator(self, operation: str) -> Any:
        """Returns a paginator of list_objects_v2."""

        def paginate(**request: Any) -> Any:
            token = {}
            while token is not None:
                page = self._s3.call(operation, request | token)
                yield page
                following_token = page.get("NextContinuationToken")
                token = {"ContinuationToken": following_token} if following_token else None

        return SimpleNamespace(paginate=paginate)


@dataclass
class _Query:
    """A query, which runs when it starts and is described as RUNNING until its end."""

    id: str
    end_ms: float
    state: str = "SUCCEEDED"
    reason: str = ""
    statistics: dict[str, Any] = field(default_factory=dict)

    def state_at(self, now_ms: int) -> str:
        return self.state if now_ms >= self.end_ms else "RUNNING"


class AthenaService:
    """The queries of one workgroup; `call` takes the methods of a client, in boto3's forms."""

    def __init__(
        self,
        s3: S3,
        table: ArchiveTable,
        now_ms: Callable[[], int],
        random: random.Random,
        *,
        duration_ms: Callable[[], float] = lambda: 800,
        scan_limit_bytes: int | None = None,
    ) -> None:
        """`duration_ms` is asked once per query; the scan limit is the template's unless it is given."""
        default = template()["Parameters"]["AthenaScanLimitBytes"]["Default"]
        self._scan_limit_bytes = int(default) if scan_limit_bytes is None else scan_limit_bytes
        self._now_ms = now_ms
        self._random = random
        self._duration_ms = duration_ms
        self._bucket = table.bucket
        self._engine = Engine(table, EngineS3(s3), self._today, threads=1)
        self._queries: dict[str, _Query] = {}
        self._tokens: dict[str, _Query] = {}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to a client's method."""
        match operation:
            case "start_query_execution":
                return self._start(request)
            case "get_query_execution":
                return self._describe(self._query("GetQueryExecution", request))
            case "stop_query_execution":
                return self._stop(self._query("StopQueryExecution", request))
        raise NotImplementedError(operation)

    def _start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        sql, parameters = request["QueryString"], request.get("ExecutionParameters", [])
        too_long = any(len(text.encode("utf-16-le")) // 2 > _MAX_PARAMETER_CHARACTERS for text in parameters)
        if len(sql.encode()) > _MAX_QUERY_BYTES or too_long:
            raise _invalid("StartQueryExecution", "the query or a parameter is too long")
        # A client of boto3 always sends a token, also with its own repeats.
        query = self._tokens.get(request["ClientRequestToken"])
        if query is None:
            query = _Query(self._new_id(), self._now_ms() + self._duration_ms())
            self._tokens[request["ClientRequestToken"]] = self._queries[query.id] = query
            try:
                self._run(query, sql, request["QueryExecutionContext"]["Database"], parameters)
            except QueryError as error:
                query.state, query.reason = "FAILED", str(error)
        return {"QueryExecutionId": query.id}

    def _run(self, query: _Query, sql: str, database: str, parameters: list[str]) -> None:
        result = self._engine.run(sql, database, parameters)
        query.statistics = {"DataScannedInBytes": result.bytes_read}
        if result.bytes_read > self._scan_limit_bytes:
            query.state, query.reason = "CANCELLED", "Bytes scanned limit was exceeded"
        elif result.unload_to is None:
            raise NotImplementedError("the simulation runs UNLOAD only")
        else:
            manifest = f"s3://{self._bucket}/athena/{query.id}-manifest.csv"
            results.unload(self._engine.s3, result, result.unload_to, manifest, self._new_id)
            query.statistics["DataManifestLocation"] = manifest

    def _describe(self, query: _Query) -> dict[str, Any]:
        status = {"State": query.state_at(self._now_ms())}
        statistics = query.statistics
        if status["State"] == "RUNNING":
            statistics = {}
        elif query.reason:
            status["StateChangeReason"] = query.reason
        return {
            "QueryExecution": {
                "QueryExecutionId": query.id,
                "Status": status,
                "Statistics": dict(statistics),
            }
        }

    def _stop(self, query: _Query) -> dict[str, Any]:
        """Cancels a query that runs; what it wrote stays, as on AWS."""
        now_ms = self._now_ms()
        if query.state_at(now_ms) == "RUNNING":
            query.state, query.reason, query.end_ms = "CANCELLED", "Query cancelled by user", now_ms
        return {}

    def _query(self, operation: str, request: Mapping[str, Any]) -> _Query:
        query = self._queries.get(request["QueryExecutionId"])
        if query is None:
            raise _invalid(operation, f"QueryExecution {request['QueryExecutionId']} was not found")
        return query

    def _today(self) -> Any:
        return datetime.fromtimestamp(self._now_ms() / 1000, UTC).date()

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _resource(logical_id: str) -> dict[str, Any]:
    properties: dict[str, Any] = template()["Resources"][logical_id]["Properties"]
    return properties


def _invalid(operation: str, message: str) -> Exception:
    return refusal("athena", operation, "InvalidRequestException", message)
