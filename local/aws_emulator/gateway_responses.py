"""Adds the API's own gateway responses to errors of the gateway, and gzip to answers of functions."""

import gzip
import json
import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1 as gateway

type Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""

_DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
_KINDS = {401: "UNAUTHORIZED", 403: "MISSING_AUTHENTICATION_TOKEN"}

_api_id: ContextVar[str] = ContextVar("api_id")


def patch() -> None:
    """Patches ministack's API Gateway."""
    gateway._handle_execute_in_scope = _remember_api(_compress(gateway._handle_execute_in_scope))
    gateway._call_lambda = _answer_failures(gateway._call_lambda)
    gateway._gw_error = _gateway_error
    gateway._deny_error = lambda explicit: gateway_response("ACCESS_DENIED", 403, "forbidden")


def gateway_response(kind: str, status: int, message: str) -> Answer:
    """Returns the API's response of this kind, else its default for 4xx or 5xx, else API Gateway's."""
    customized = gateway._gateway_responses.get(_api_id.get(), {})
    response = customized.get(kind) or customized.get(f"DEFAULT_{status // 100}XX") or {}
    headers = {"Content-Type": "application/json"}
    for name, value in response.get("responseParameters", {}).items():
        headers[name.removeprefix("gatewayresponse.header.")] = value[1:-1]
    template = response.get("responseTemplates", {}).get("application/json", _DEFAULT_TEMPLATE)
    values = {"$context.error.messageString": json.dumps(message), "$context.requestId": gateway.new_uuid()}
    body = re.sub(r"\$context(\.\w+)+", lambda match: values.get(match[0], ""), template)
    return int(response.get("statusCode", status)), headers, body.encode()


def _gateway_error(status: int, message: str) -> Answer:
    return gateway_response(_KINDS.get(status, "AUTHORIZER_FAILURE"), status, message)


def _remember_api(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps the API id of the request for the gateway's own errors."""

    async def handle_request(api_id: str, *args: Any) -> Any:
        _api_id.set(api_id)
        return await handle(api_id, *args)

    return handle_request


def _answer_failures(call: Callable[..., Any]) -> Callable[..., Any]:
    """Answers the failure of a function with a gateway response instead of the function's error text."""

    async def call_function(*args: Any, **kwargs: Any) -> Any:
        response, error = await call(*args, **kwargs)
        if error is None:
            return response, None
        is_timeout = "timed out" in error
        kind, status = ("INTEGRATION_TIMEOUT", 504) if is_timeout else ("INTEGRATION_FAILURE", 502)
        status, headers, body = gateway_response(kind, status, "Internal server error")
        return {"statusCode": status, "headers": headers, "body": body.decode()}, None

    return call_function


def _compress(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Compresses answers from the API's minimumCompressionSize on, for clients that accept gzip."""

    async def handle_request(
        api_id: str, stage: str, method: str, path: str, headers: dict[str, str], *args: Any
    ) -> Any:
        status, response_headers, body = await handle(api_id, stage, method, path, headers, *args)
        minimum = (gateway._rest_apis.get(api_id) or {}).get("minimumCompressionSize")
        is_encoded = any(name.lower() == "content-encoding" for name in response_headers)
        if minimum is None or len(body) < int(minimum) or is_encoded or not _accepts_gzip(headers):
            return status, response_headers, body
        return status, response_headers | {"Content-Encoding": "gzip"}, gzip.compress(body, 6)

    return handle_request


def _accepts_gzip(headers: dict[str, str]) -> bool:
    """Returns whether the client names gzip; API Gateway ignores `*`."""
    codings = [coding.replace(" ", "").lower() for coding in headers.get("accept-encoding", "").split(",")]
    return any(re.fullmatch(r"gzip(;q=(?!0(\.0*)?$).*)?", coding) for coding in codings)
