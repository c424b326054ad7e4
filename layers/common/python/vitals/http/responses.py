"""Responses of the API: their form, headers and errors."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "60"},
    503: {"Retry-After": "2"},
}


def answer(
    body: str | bytes, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """An answer of any form; bytes reach the client as they are.

    API Gateway compresses it where that is accepted and worth it (MinimumCompressionSize).
    """
    # Left as bytes, Powertools' validation of responses would read them as UTF-8.
    text = body if isinstance(body, str) else base64.b64encode(body).decode()
    response = Response(status, content_type, text, headers={"Vary": "Accept-Encoding", **(headers or {})})
    response.base64_encoded = isinstance(body, bytes)
    return response


def json_answer(content: Mapping[str, Any], status: int = 200) -> Response[Any]:
    """Columns of numpy as JSON numbers; floats survive bit-exact."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return answer(body, "application/json", status)


def error_answer(status: int, code: str, text: str, request_id: str, **more: str) -> Response[Any]:
    """An error in the contract's shape."""
    found = json_answer({"error": text, "error_code": code, "request_id": request_id, **more}, status)
    found.headers.update(_HEADERS.get(status, {}))
    return found


def accepted(event: APIGatewayProxyEvent) -> str:
    """What the caller accepts, however many Accept headers say so."""
    headers = event.multi_value_headers or {}
    return ",".join(headers.get("Accept") or [event.headers.get("Accept") or ""])
