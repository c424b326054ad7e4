"""Makes the responses of the API: bodies, headers and the form of an error."""

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
    """Returns a response of any content type; a body of bytes reaches the client unchanged.

    API Gateway compresses it when the client accepts that and it is large enough (MinimumCompressionSize).
    """
    # Base64, because Powertools' validation of responses would decode bytes as UTF-8.
    text = body if isinstance(body, str) else base64.b64encode(body).decode()
    response = Response(status, content_type, text, headers={"Vary": "Accept-Encoding", **(headers or {})})
    response.base64_encoded = isinstance(body, bytes)
    return response


def json_answer(content: Mapping[str, Any], status: int = 200) -> Response[Any]:
    """Returns a JSON response; numpy arrays become lists of numbers, and floats keep every bit."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return answer(body, "application/json", status)


def error_answer(status: int, code: str, text: str, request_id: str, **details: str) -> Response[Any]:
    """Returns an error response, with the headers that its status requires."""
    response = json_answer({"error": text, "error_code": code, "request_id": request_id, **details}, status)
    response.headers.update(_HEADERS.get(status, {}))
    return response


def accepted(event: APIGatewayProxyEvent) -> str:
    """Returns the media types that the client accepts, as one Accept header."""
    headers = event.multi_value_headers or {}
    return ",".join(headers.get("Accept") or [event.headers.get("Accept") or ""])
