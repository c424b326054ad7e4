"""Runs ministack with what this product's template needs and ministack leaves out.

ministack imports a REST API without its authorizers, its ANY methods and its gateway responses, reads its
binary media types as CloudFormation escapes them, compresses no answer, holds nobody to a usage plan, creates
queues without their redrive policy, tables without their expiry and nothing of Glue and Athena, unpacks the
layer again for every worker, runs a function for one event at a time, asks a queue only when the functions of
all others are done, and forgets the names of errors.
Run with the tools' Python (.venv-sam), so that a function finds its packages in its layer and nowhere else.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1 as gateway
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local.aws_emulator import cloudformation, metering, stepfunctions

type Answer = tuple[int, dict[str, str], bytes]

_ANY = "x-amazon-apigateway-any-method"
_RESPONSES = "x-amazon-apigateway-gateway-responses"
_DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'

_api_id: ContextVar[str] = ContextVar("api_id")
_unpacking = Lock()
_error_name: ContextVar[str | None] = ContextVar("error_name")
# What Lambda calls what happened to a function's process, by how ministack's words for it begin.
_PROCESS_ERRORS = {
    "Task timed out after": "Sandbox.Timedout",
    "Worker process died": "Runtime.ExitError",
    "Worker returned no response": "Runtime.ExitError",
}
_MOST_QUEUES = 16


def main() -> None:
    """Serves on BIND_HOST:GATEWAY_PORT until it is stopped."""
    gateway._OPENAPI_HTTP_METHODS.add("any")
    gateway._import_rest_api = _importing(gateway._import_rest_api)
    gateway._handle_execute_in_scope = _remembering(_compressing(gateway._handle_execute_in_scope))
    gateway._call_lambda = _shaping(gateway._call_lambda)
    gateway._gw_error = _gateway_error
    gateway._deny_error = lambda explicit: gateway_response("ACCESS_DENIED", 403, "forbidden")
    for kind, completing in (("AWS::SQS::Queue", _redriving), ("AWS::DynamoDB::Table", _expiring)):
        handlers = provisioners._RESOURCE_HANDLERS[kind]
        handlers["create"] = completing(handlers["create"])
    cloudformation.complete()
    stepfunctions.complete()
    metering.complete(gateway_response)
    lambda_runtime._PYTHON_WORKER_SCRIPT = _telling_the_name(lambda_runtime._PYTHON_WORKER_SCRIPT)
    lambda_runtime.Worker = _worker
    lambda_svc._execute_function_warm = _naming(lambda_svc._execute_function_warm)
    lambda_svc._resolve_layer_zip = _sharing(lambda_svc._resolve_layer_zip)
    _ask_queues_apart()
    app.main()


def _importing(import_rest_api: Callable[..., str]) -> Callable[..., str]:
    """Adds ANY methods, authorizers and gateway responses to the import of an OpenAPI document."""

    def importing(spec: dict[str, Any], base: dict[str, Any] | None = None) -> str:
        paths = {
            path: {("any" if method == _ANY else method): operation for method, operation in item.items()}
            for path, item in spec["paths"].items()
        }
        base = base or {}
        binary = [media_type.replace("~1", "/") for media_type in base.get("binaryMediaTypes", [])]
        api_id = import_rest_api(spec | {"paths": paths}, base | {"binaryMediaTypes": binary})
        authorizers = _import_authorizers(api_id, spec)
        for path, item in paths.items():
            methods = next(r for r in gateway._resources[api_id].values() if r["path"] == path)[
                "resourceMethods"
            ]
            for method, operation in item.items():
                needed = {name for rule in operation.get("security", []) for name in rule}
                for name in needed & set(authorizers):
                    methods[method.upper()].update(authorizationType="CUSTOM", authorizerId=authorizers[name])
                methods[method.upper()]["apiKeyRequired"] = "api_key" in needed
        for kind, response in spec.get(_RESPONSES, {}).items():
            gateway._put_gateway_response(api_id, kind, response)
        return api_id

    return importing


def _import_authorizers(api_id: str, spec: dict[str, Any]) -> dict[str, str]:
    schemes = spec.get("components", {}).get("securitySchemes", {})
    ids = {}
    for name, scheme in schemes.items():
        settings = scheme.get("x-amazon-apigateway-authorizer")
        if settings is None:
            continue
        source = f"method.request.header.{scheme['name']}"
        _, _, body = gateway._create_authorizer(api_id, settings | {"name": name, "identitySource": source})
        ids[name] = json.loads(body)["id"]
    return ids


def _remembering(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Lets the gateway's own errors know which API they answer for."""

    async def remembering(api_id: str, *args: Any) -> Any:
        _api_id.set(api_id)
        return await handle(api_id, *args)

    return remembering


def _compressing(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Compresses answers of at least the API's minimumCompressionSize for who accepts gzip."""

    async def compressing(
        api_id: str, stage: str, method: str, path: str, headers: dict[str, str], *args: Any
    ) -> Any:
        status, answered, body = await handle(api_id, stage, method, path, headers, *args)
        least = (gateway._rest_apis.get(api_id) or {}).get("minimumCompressionSize")
        encoded = any(name.lower() == "content-encoding" for name in answered)
        if least is None or len(body) < int(least) or encoded or not _takes_gzip(headers):
            return status, answered, body
        return status, answered | {"Content-Encoding": "gzip"}, gzip.compress(body, 6)

    return compressing


def _takes_gzip(headers: dict[str, str]) -> bool:
    """Whether gzip is named, for API Gateway takes a mere * for nothing."""
    codings = [coding.replace(" ", "").lower() for coding in headers.get("accept-encoding", "").split(",")]
    return any(re.fullmatch(r"gzip(;q=(?!0(\.0*)?$).*)?", coding) for coding in codings)


def _shaping(call: Callable[..., Any]) -> Callable[..., Any]:
    """Answers a function's failure as API Gateway does, not with the function's own words."""

    async def shaping(*args: Any, **kwargs: Any) -> Any:
        response, error = await call(*args, **kwargs)
        if error is None:
            return response, None
        late = "timed out" in error
        kind, status = ("INTEGRATION_TIMEOUT", 504) if late else ("INTEGRATION_FAILURE", 502)
        status, headers, body = gateway_response(kind, status, "Internal server error")
        return {"statusCode": status, "headers": headers, "body": body.decode()}, None

    return shaping


def _gateway_error(status: int, message: str) -> Answer:
    kinds = {401: "UNAUTHORIZED", 403: "MISSING_AUTHENTICATION_TOKEN"}
    return gateway_response(kinds.get(status, "AUTHORIZER_FAILURE"), status, message)


def gateway_response(kind: str, status: int, message: str) -> Answer:
    """The API's own answer of this kind, or else its default for 4xx or 5xx, or else API Gateway's."""
    customized = gateway._gateway_responses.get(_api_id.get(), {})
    response = customized.get(kind) or customized.get(f"DEFAULT_{status // 100}XX") or {}
    headers = {"Content-Type": "application/json"}
    for name, value in response.get("responseParameters", {}).items():
        headers[name.removeprefix("gatewayresponse.header.")] = value[1:-1]
    template = response.get("responseTemplates", {}).get(
        "application/json", '{"message":$context.error.messageString}'
    )
    values = {"$context.error.messageString": json.dumps(message), "$context.requestId": gateway.new_uuid()}
    body = re.sub(r"\$context(\.\w+)+", lambda match: values.get(match[0], ""), template)
    return int(response.get("statusCode", status)), headers, body.encode()


def _redriving(create: Callable[..., Any]) -> Callable[..., Any]:
    def redriving(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        url, attributes = create(logical_id, props, stack_name)
        if "RedrivePolicy" in props:
            queue = provisioners._sqs._queues[url]
            queue["attributes"]["RedrivePolicy"] = json.dumps(props["RedrivePolicy"])
        return url, attributes

    return redriving


def _expiring(create: Callable[..., Any]) -> Callable[..., Any]:
    def expiring(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        if "TimeToLiveSpecification" in props:
            setting = {"TableName": name, "TimeToLiveSpecification": props["TimeToLiveSpecification"]}
            provisioners._dynamodb._update_ttl(setting)
        return name, attributes

    return expiring


def _sharing(resolve: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
    """Unpacks a layer once, and gives each worker a layer that only points there.

    A worker starts anew after every error of its function; unpacking 230 MB each time takes two seconds.
    """

    def sharing(arn: str) -> bytes | None:
        layer = resolve(arn)
        if layer is None:
            return None
        place = Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(layer).hexdigest()[:16]
        with _unpacking:
            if not place.exists():
                part = place.with_suffix(".part")
                with zipfile.ZipFile(io.BytesIO(layer)) as archive:
                    archive.extractall(part)
                part.rename(place)
            for older in set(place.parent.iterdir()) - {place}:
                shutil.rmtree(older, ignore_errors=True)
        pointer = io.BytesIO()
        with zipfile.ZipFile(pointer, "w") as archive:
            line = f"import sys; sys.path.insert(0, {str(place / 'python')!r})\n"
            archive.writestr("python/lib/python3.13/site-packages/layer.pth", line)
        return pointer.getvalue()

    return sharing


class Worker(lambda_runtime.Worker):  # type: ignore[misc]
    """Remembers the name of the error, if any, for `_naming`."""

    def invoke(self, event: dict[str, Any], request_id: str) -> Any:
        response = super().invoke(event, request_id)
        said = str(response.get("error"))
        names = (name for text, name in _PROCESS_ERRORS.items() if said.startswith(text))
        _error_name.set(response.get("name") or next(names, None))
        return response


class Workers:
    """As many workers of a function as it has events at once.

    A worker answers one event after the other, and ministack has one for each function: a map would do one
    day after the other, and every other run would wait for them, as one export would for another.
    """

    def __init__(self, *given: Any) -> None:
        self._given = given
        self._all: list[Worker] = []
        self._idle: list[Worker] = []
        self._lock = Lock()

    def invoke(self, event: dict[str, Any], request_id: str) -> Any:
        with self._lock:
            if not self._idle:
                self._all.append(Worker(*self._given))
                self._idle.append(self._all[-1])
            worker = self._idle.pop()
        try:
            return worker.invoke(event, request_id)
        finally:
            with self._lock:
                self._idle.append(worker)

    def kill(self) -> None:
        with self._lock:
            for worker in self._all:
                worker.kill()


def _ask_queues_apart() -> None:
    """Gives each queue's function a thread: an export of minutes would else hold up every sync."""
    every, poll = lambda_svc._iter_all_esms, lambda_svc._poll_sqs
    own: ContextVar[str] = ContextVar("own_mapping")
    pool, busy = ThreadPoolExecutor(_MOST_QUEUES, "queue"), set[str]()

    def iterate() -> Iterator[Any]:
        wanted = own.get("")
        yield from (found for found in every() if wanted in ("", found[2]["UUID"]))

    def drain(mapping: str) -> None:
        own.set(mapping)
        try:
            while poll():
                """Until the queue is empty, or its function has failed."""
        finally:
            busy.discard(mapping)

    def poll_apart() -> bool:
        for mapping in {esm["UUID"] for _, _, esm in every()} - busy:
            busy.add(mapping)
            pool.submit(drain, mapping)
        return False

    lambda_svc._iter_all_esms, lambda_svc._poll_sqs = iterate, poll_apart


def _worker(name: str, config: dict[str, Any], code: bytes) -> Worker | Workers:
    """Several for backfills and exports only: each is a process with all that the layer brings along."""
    variables = config.get("Environment", {}).get("Variables", {}).keys()
    several = "BACKFILL_CONCURRENCY" in variables or {"EXPORT_QUEUE_URL", "HOT_TABLE"} <= variables
    return (Workers if several else Worker)(name, config, code)


def _telling_the_name(script: str) -> str:
    """Lets a function's process tell the class of its error, which Retry and Catch go by."""
    text = '"error": str(e), "trace"'
    assert text in script
    return script.replace(text, '"error": str(e), "name": type(e).__name__, "trace"')


def _naming(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Puts the error's name where ministack says Runtime.HandlerError of every error."""

    def naming(*args: Any) -> dict[str, Any]:
        _error_name.set(None)
        result = execute(*args)
        name = _error_name.get()
        if result.get("error") and name:
            result["body"]["errorType"] = name
        return result

    return naming
