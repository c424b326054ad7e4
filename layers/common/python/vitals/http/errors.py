"""Turns exceptions into error responses: the status, error code and text of each."""

from dataclasses import dataclass

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from botocore.exceptions import (
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)

from vitals.aws.s3 import BODY_ERRORS
from vitals.errors import (
    TIME_LIMIT_REACHED,
    AthenaError,
    BusyError,
    ConflictError,
    DayFileError,
    ForbiddenError,
    InvalidRequestError,
    NotAcceptableError,
    NotFoundError,
    QualityFileError,
    QueueRefusedError,
    QuotaExceededError,
    RunningError,
    TierTimeoutError,
    TooLargeError,
    UnauthorizedError,
    VitalsError,
)
from vitals.http.responses import error_answer
from vitals.http.strict import body_keys, naming, unknown

# API Gateway's own errors have the same texts (template.yaml).
PATH_NOT_FOUND = "path not found"
INTERNAL_ERROR = "internal error; search the log for this request ID"

# Most specific first.
_STATUS: tuple[tuple[type[VitalsError], int, str], ...] = (
    (TooLargeError, 413, "TOO_LARGE"),
    (InvalidRequestError, 400, "INVALID_REQUEST"),
    (UnauthorizedError, 401, "UNAUTHORIZED"),
    (ForbiddenError, 403, "FORBIDDEN"),
    (NotFoundError, 404, "NOT_FOUND"),
    (NotAcceptableError, 406, "NOT_ACCEPTABLE"),
    (RunningError, 409, "CONFLICT"),
    (BusyError, 429, "RATE_LIMITED"),
    (QuotaExceededError, 429, "RATE_LIMITED"),
    (QueueRefusedError, 503, "UNAVAILABLE"),
    (TierTimeoutError, 504, "TIMEOUT"),
    (DayFileError, 502, "ARCHIVE_UNREADABLE"),
    (QualityFileError, 502, "ARCHIVE_UNREADABLE"),
    (AthenaError, 502, "ARCHIVE_UNREADABLE"),
)

# AWS error codes that mean throttling, which not every service sends as a 5xx.
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
# The error type of pydantic for a key that a model forbids.
_EXTRA_KEY = "extra_forbidden"


def handle_errors(app: APIGatewayRestResolver, logger: Logger) -> None:
    """Registers a handler for every exception that a route of the app can raise."""
    errors = _Errors(app, logger)
    app.exception_handler(VitalsError)(errors.vitals_error)
    app.exception_handler(RequestValidationError)(errors.invalid_request)
    app.exception_handler(RequestUnsupportedContentType)(errors.unsupported_media_type)
    app.exception_handler([ConnectTimeoutError, ReadTimeoutError])(errors.timeout)
    app.exception_handler([ClientError, ConnectionError, HTTPClientError, *BODY_ERRORS])(errors.unavailable)
    app.exception_handler(Exception)(errors.internal_error)
    app.not_found(errors.no_route)


@dataclass(frozen=True, slots=True)
class _Errors:
    """The exception handlers of an app."""

    app: APIGatewayRestResolver
    logger: Logger

    def vitals_error(self, error: VitalsError) -> Response[str]:
        if isinstance(error, ConflictError):
            return self.unavailable(error)
        if isinstance(error, TierTimeoutError):
            self.logger.warning("a tier did not answer", exc_info=error)
        elif isinstance(error, QueueRefusedError):
            self.logger.warning("a queue did not accept a message", exc_info=error)
        for kind, status, code in _STATUS:
            if isinstance(error, kind):
                details = {"running_id": error.running_id} if isinstance(error, RunningError) else {}
                response = self._response(status, code, str(error), **details)
                if isinstance(error, QuotaExceededError):
                    response.headers["Retry-After"] = str(error.retry_after_s)
                return response
        return self.internal_error(error)

    def invalid_request(self, error: RequestValidationError) -> Response[str]:
        problems = [text for text in (unknown(self.app), self._unknown_keys(error)) if text]
        problems += [
            f"{_field(problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
            if problem["type"] != _EXTRA_KEY
        ]
        return self._response(400, "INVALID_REQUEST", "; ".join(problems[:5]))

    def unsupported_media_type(self, error: RequestUnsupportedContentType) -> Response[str]:
        text = "the request body must be JSON; send Content-Type: application/json"
        return self._response(415, "INVALID_REQUEST", text)

    def timeout(self, error: Exception) -> Response[str]:
        self.logger.warning("a tier did not answer", exc_info=error)
        return self._response(504, "TIMEOUT", TIME_LIMIT_REACHED)

    def unavailable(self, error: Exception) -> Response[str]:
        if isinstance(error, ClientError) and not _is_transient(error):
            return self.internal_error(error)
        self.logger.warning("a tier is unavailable", exc_info=error)
        text = "the data is temporarily unavailable; try again in a few seconds"
        return self._response(503, "UNAVAILABLE", text)

    def internal_error(self, error: Exception) -> Response[str]:
        self.logger.error("request failed", exc_info=error)
        return self._response(500, "INTERNAL_ERROR", INTERNAL_ERROR)

    def no_route(self, error: Exception) -> Response[str]:
        allowed = _methods(self.app)
        if not allowed:
            return self._response(404, "NOT_FOUND", PATH_NOT_FOUND)
        text = f"method not allowed; use {', '.join(allowed)}"
        response = self._response(405, "METHOD_NOT_ALLOWED", text)
        response.headers["Allow"] = ", ".join([*allowed, "OPTIONS"])
        return response

    def _unknown_keys(self, error: RequestValidationError) -> str:
        problems = [problem for problem in error.errors() if problem["type"] == _EXTRA_KEY]
        if not problems:
            return ""
        text = f"unknown {naming('key', [_field(problem['loc']) for problem in problems])}"
        # A key below the top level has a path, such as points.p1.unit.
        if any(len(problem["loc"]) > 2 for problem in problems):
            return text
        return f"{text}; the JSON body takes {', '.join(body_keys(self.app.context['_route']))}"

    def _response(self, status: int, code: str, text: str, **details: str) -> Response[str]:
        request_id = self.app.current_event.request_context.request_id
        return error_answer(status, code, text, request_id, **details)


def _is_transient(error: ClientError) -> bool:
    """Returns whether AWS may accept the same request soon, after the retries of botocore."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response.get("Error", {}).get("Code") in _THROTTLED


def _methods(app: APIGatewayRestResolver) -> list[str]:
    """Returns the methods of the routes that match the path of the current request."""
    path = app.current_event.path
    routes = [*app._static_routes, *app._dynamic_routes]
    methods = {route.method for route in routes if route.rule.match(path)}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _field(location: tuple[str | int, ...]) -> str:
    keys = [str(key) for key in location if key not in ("query", "body", "path")]
    return ".".join(keys) or "request"
