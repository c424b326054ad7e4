"""HTTP behind API Gateway, once: answers, the token's grant, and errors that tell people enough and
strangers nothing."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from vitals.errors import (
    AthenaError,
    DayFileError,
    ForbiddenError,
    InvalidRequestError,
    NotAcceptableError,
    NotFoundError,
    RunningError,
    TierTimeoutError,
    TooLargeError,
    VitalsError,
)
from vitals.tokens import Grant

# Most specific first.
_STATUS: tuple[tuple[type[VitalsError], int, str], ...] = (
    (TooLargeError, 413, "TOO_LARGE"),
    (InvalidRequestError, 400, "INVALID_REQUEST"),
    (ForbiddenError, 403, "FORBIDDEN"),
    (NotFoundError, 404, "NOT_FOUND"),
    (NotAcceptableError, 406, "NOT_ACCEPTABLE"),
    (RunningError, 409, "CONFLICT"),
    (TierTimeoutError, 504, "TIMEOUT"),
    (DayFileError, 502, "ARCHIVE_UNREADABLE"),
    (AthenaError, 502, "ARCHIVE_UNREADABLE"),
)

# 500 names of 512 characters are 256 KB; nothing legitimate is larger than this.
MAX_BODY_BYTES = 1_000_000


def answer(
    body: str | bytes, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """An answer with the headers that all have; bytes reach the client as they are.

    API Gateway compresses it where that is accepted and worth it (MinimumCompressionSize).
    """
    every = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    # Left as bytes, Powertools' validation of responses would read them as UTF-8.
    text = body if isinstance(body, str) else base64.b64encode(body).decode()
    response = Response(status, content_type, text, headers={**every, **(headers or {})})
    response.base64_encoded = isinstance(body, bytes)
    return response


def json_answer(content: Mapping[str, Any], status: int = 200) -> Response[Any]:
    """Columns of numpy as JSON numbers; floats survive bit-exact."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return answer(body, "application/json", status)


def error_answer(status: int, code: str, text: str, request_id: str, **more: str) -> Response[Any]:
    """An error in the contract's shape."""
    return json_answer({"error": text, "error_code": code, "request_id": request_id, **more}, status)


def granted(event: APIGatewayProxyEvent) -> Grant:
    """The grant as the authorizer passed it on."""
    context = event.request_context.authorizer
    found = dict(context.raw_event) if context else {}
    return Grant(
        found.get("principalId", ""),
        frozenset(found.get("scopes", "").split()),
        frozenset(found.get("sites", "").split()),
    )


def accepted(event: APIGatewayProxyEvent) -> str:
    """What the caller accepts, however many Accept headers say so."""
    headers = event.multi_value_headers or {}
    return ",".join(headers.get("Accept") or [event.headers.get("Accept") or ""])


def unreadable(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The refusal of a body that is too large, or that is no JSON that every parser would take.

    API Gateway hands bodies over as base64, because answers may be binary.
    """
    body = (event.get("body") or "").encode(errors="surrogatepass")
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True)
        if len(body) > MAX_BODY_BYTES:
            return _refusal(event, 413, "TOO_LARGE", f"the body is larger than {MAX_BODY_BYTES} bytes")
        if body:
            orjson.loads(body)
    except (binascii.Error, orjson.JSONDecodeError):
        return _refusal(event, 400, "INVALID_REQUEST", "the body is no JSON")
    return None


def _refusal(event: Mapping[str, Any], status: int, code: str, text: str) -> dict[str, Any]:
    refusal = error_answer(status, code, text, event["requestContext"]["requestId"])
    headers = {name: [str(value)] for name, value in refusal.headers.items()}
    return {
        "statusCode": status,
        "body": refusal.body,
        "isBase64Encoded": False,
        "multiValueHeaders": headers,
    }


def handle_errors(app: APIGatewayRestResolver, logger: Logger) -> None:
    """Makes every error of the app an answer of the contract's shape."""

    def error(status: int, code: str, text: str, **more: str) -> Response[Any]:
        request_id = app.current_event.request_context.request_id
        return error_answer(status, code, text, request_id, **more)

    def internal(raised: Exception) -> Response[Any]:
        logger.error("request failed", exc_info=raised)
        return error(500, "INTERNAL_ERROR", "something went wrong here; the request id finds it in the log")

    @app.exception_handler(VitalsError)
    def vitals_error(raised: VitalsError) -> Response[Any]:
        for kind, status, code in _STATUS:
            if isinstance(raised, kind):
                more = {"running_id": raised.running_id} if isinstance(raised, RunningError) else {}
                return error(status, code, str(raised), **more)
        return internal(raised)

    @app.exception_handler(RequestValidationError)
    def invalid(raised: RequestValidationError) -> Response[Any]:
        problems = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in raised.errors()]
        return error(400, "INVALID_REQUEST", "; ".join(problems[:5]))

    @app.exception_handler(RequestUnsupportedContentType)
    def unsupported(raised: RequestUnsupportedContentType) -> Response[Any]:
        return error(415, "INVALID_REQUEST", "the body is JSON: send Content-Type: application/json")

    @app.exception_handler(Exception)
    def unexpected(raised: Exception) -> Response[Any]:
        return internal(raised)

    @app.not_found
    def no_route(raised: Exception) -> Response[Any]:
        return error(404, "NOT_FOUND", "there is no such path")


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("query", "body", "path")) or "request"
