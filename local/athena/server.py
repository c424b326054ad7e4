"""An Athena on DuckDB: moto stores the executions, and the engine runs the queries.

In process, `executing()` gives moto's Athena an engine on moto's own Glue and S3. As a server,
`python -m local.athena --port P`, it answers the requests about executions and forwards all others to the
emulator at AWS_ENDPOINT_URL, whose Glue and S3 it uses.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

import boto3
import requests
from moto.athena.models import AthenaBackend, Execution, WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError
from moto.core.request import Request
from werkzeug.exceptions import HTTPException

from local.athena import results
from local.athena.engine import Engine
from local.athena.errors import QueryError

_ANSWERED = ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution")
_QUERIES_AT_ONCE = 2
# The limits of AWS; its characters are UTF-16 code units.
_MAX_QUERY_BYTES = 262_144
_MAX_PARAMETER_CHARACTERS = 1_024

type Submit = Callable[[Callable[[], None]], object]


@contextlib.contextmanager
def executing(submit: Submit = lambda run: run()) -> Iterator[None]:
    """Makes moto's Athena run queries while it is open; `submit` runs each at once or on another thread."""
    start = _start_query(cache(_engine), submit)
    describe = _describe_query(AthenaResponse.get_query_execution)
    with (
        patch.object(AthenaBackend, "start_query_execution", start),
        patch.object(AthenaResponse, "get_query_execution", describe),
    ):
        yield


def _engine(region: str) -> Engine:
    return Engine(boto3.client("glue", region_name=region), boto3.client("s3", region_name=region))


class _Query(Execution):
    """An execution of moto that is RUNNING until its query ends."""

    def __init__(
        self, sql: str, context: Any, config: Any, group: WorkGroup, parameters: list[str] | None
    ) -> None:
        super().__init__(sql, context, config, group, parameters)
        self._transitions = [("QUEUED", "RUNNING")]
        self._database = context.get("Database", "default")
        self.more_status: dict[str, Any] = {}
        self.more_statistics: dict[str, Any] = {}

    def end(self, state: str) -> None:
        self._transitions.append(("RUNNING", state))

    def run(self, backend: AthenaBackend, engine: Engine) -> None:
        """Runs the query to SUCCEEDED, FAILED with Athena's reason, or CANCELLED."""
        try:
            self._succeed(backend, engine)
        except QueryError as error:
            self.more_status = {"StateChangeReason": str(error)}
            self.end("FAILED")
        except Exception as error:
            self.more_status = {"StateChangeReason": f"GENERIC_INTERNAL_ERROR: {error!r}"}
            self.end("FAILED")
            raise

    def _succeed(self, backend: AthenaBackend, engine: Engine) -> None:
        answer = engine.run(self.query, self._database, self.execution_parameters or ())
        self.more_statistics = {"DataScannedInBytes": answer.bytes_read}
        assert self.workgroup is not None
        if answer.bytes_read > int(
            self.workgroup.configuration.get("BytesScannedCutoffPerQuery", sys.maxsize)
        ):
            self.more_status = {"StateChangeReason": "Bytes scanned limit was exceeded"}
            return self.end("CANCELLED")
        csv = self.config["OutputLocation"]
        if answer.unload_to is None:
            backend.query_results[self.id] = results.write_rows(engine.s3, answer, csv)
        else:
            manifest = f"{csv.removesuffix('.csv')}-manifest.csv"
            results.unload(engine.s3, answer, answer.unload_to, manifest)
            self.more_statistics["DataManifestLocation"] = manifest
        self.end("SUCCEEDED")


def _start_query(engine_of: Callable[[str], Engine], submit: Submit) -> Callable[..., str]:
    def start_query_execution(
        backend: AthenaBackend,
        query: str,
        context: dict[str, Any] | None,
        config: dict[str, Any] | None,
        workgroup: str | None,
        execution_parameters: list[str] | None,
    ) -> str:
        _check_limits(query, execution_parameters or ())
        name = workgroup or "primary"
        work_group = backend.get_work_group(name)
        # AthenaResponse has checked that it exists.
        assert work_group is not None
        settings = work_group["Configuration"]
        output = _output(config or {}, settings)
        group = WorkGroup(backend, name, settings, "", [])
        execution = _Query(query, context or {}, output, group, execution_parameters)
        backend.executions[execution.id] = execution
        submit(partial(execution.run, backend, engine_of(backend.region_name)))
        return execution.id

    return start_query_execution


def _output(requested: dict[str, Any], settings: dict[str, Any]) -> dict[str, str]:
    """Returns where the results go; a workgroup that enforces its configuration overrides the request."""
    own = settings.get("ResultConfiguration", {})
    locations = [requested.get("OutputLocation"), own.get("OutputLocation")]
    if settings["EnforceWorkGroupConfiguration"]:
        locations.reverse()
    return {"OutputLocation": next(filter(None, locations))}


def _check_limits(query: str, parameters: Sequence[str]) -> None:
    if len(query.encode()) > _MAX_QUERY_BYTES:
        raise JsonRESTError("InvalidRequestException", f"queryString: at most {_MAX_QUERY_BYTES} bytes")
    if any(len(text.encode("utf-16-le")) // 2 > _MAX_PARAMETER_CHARACTERS for text in parameters):
        limit = f"at most {_MAX_PARAMETER_CHARACTERS} characters"
        raise JsonRESTError("InvalidRequestException", f"executionParameters: {limit} each")


def _describe_query(get_query_execution: Callable[[AthenaResponse], str]) -> Callable[[AthenaResponse], Any]:
    """Adds to moto's description the failure reason, the bytes read and the location of the manifest."""

    def describe(response: AthenaResponse) -> Any:
        execution = response.athena_backend.executions.get(response._get_param("QueryExecutionId"))
        if not isinstance(execution, _Query):
            return response.error("QueryExecution was not found", 400)
        answer = json.loads(get_query_execution(response))
        answer["QueryExecution"]["Status"] |= execution.more_status
        answer["QueryExecution"]["Statistics"] |= execution.more_statistics
        return json.dumps(answer)

    return describe


def main() -> int:
    """Serves on 127.0.0.1 until it is stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m local.athena", description="Runs Athena's queries on DuckDB."
    )
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    port = parser.parse_args().port
    with (
        ThreadPoolExecutor(_QUERIES_AT_ONCE) as pool,
        patch.object(AthenaBackend, "get_work_group", _emulated_work_group),
        executing(pool.submit),
        ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server,
    ):
        server.daemon_threads = True
        server.serve_forever()
    return 0


def _emulated_work_group(backend: AthenaBackend, name: str) -> Any:
    athena = _emulated_athena(backend.region_name)
    try:
        return athena.get_work_group(WorkGroup=name)["WorkGroup"]
    except athena.exceptions.InvalidRequestException:
        return None


@cache
def _emulated_athena(region: str) -> Any:
    return boto3.client("athena", region_name=region, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/health" else 404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_answered = self.headers.get("X-Amz-Target", "").rpartition(".")[2] in _ANSWERED
        self._answer(*(self._run(body) if is_answered else self._forward(body)))

    def _run(self, body: bytes) -> tuple[int, bytes]:
        # moto takes the region from the credential's scope, and the service from this address.
        request = Request.from_primitives(
            "POST", "https://athena.us-east-1.amazonaws.com/", self.headers, body
        )
        try:
            status, _, answer = AthenaResponse.dispatch(request, request.raw_url, request.headers)
        except HTTPException as error:
            return error.code or 500, error.get_body().encode()
        return status, answer.encode()

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: text for name, text in self.headers.items() if name.lower() != "host"}
        answer = requests.post(os.environ["AWS_ENDPOINT_URL"], data=body, headers=headers, timeout=10)
        return answer.status_code, answer.content

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing; a failed query has its reason in its status."""
