"""HTTP behind API Gateway, once: answers, the token's grant, and errors that tell people enough and
strangers nothing."""

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

from vitals.errors import (
    AthenaError,
    BusyError,
    DayFileError,
    ForbiddenError,
    InvalidRequestError,
    NotAcceptableError,
    NotFoundError,
    RunningError,
    TierTimeoutError,
    TooLargeError,
    UnauthorizedError,
    VitalsError,
)
from vitals.http.responses import error_answer
from vitals.http.strict import body_keys, naming, unknown

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
    (TierTimeoutError, 504, "TIMEOUT"),
    (DayFileError, 502, "ARCHIVE_UNREADABLE"),
    (AthenaError, 502, "ARCHIVE_UNREADABLE"),
)

# What AWS says when it is asked too much, besides its 5xx.
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
# pydantic's type of the error for a key that a model forbids.
_EXTRA_KEY = "extra_forbidden"


def handle_errors(app: APIGatewayRestResolver, logger: Logger) -> None:
    """Makes every error of the app an answer of the contract's shape."""
    errors = _Errors(app, logger)
    app.exception_handler(VitalsError)(errors.ours)
    app.exception_handler(RequestValidationError)(errors.invalid)
    app.exception_handler(RequestUnsupportedContentType)(errors.unsupported)
    app.exception_handler([ConnectTimeoutError, ReadTimeoutError])(errors.hanging)
    app.exception_handler([ClientError, HTTPClientError, ConnectionError])(errors.failing)
    app.exception_handler(Exception)(errors.internal)
    app.not_found(errors.no_route)


@dataclass(frozen=True, slots=True)
class _Errors:
    app: APIGatewayRestResolver
    logger: Logger

    def ours(self, raised: VitalsError) -> Response[str]:
        if isinstance(raised, TierTimeoutError):
            self.logger.warning("a tier did not answer", exc_info=raised)
        for kind, status, code in _STATUS:
            if isinstance(raised, kind):
                more = {"running_id": raised.running_id} if isinstance(raised, RunningError) else {}
                return self._error(status, code, str(raised), **more)
        return self.internal(raised)

    def invalid(self, raised: RequestValidationError) -> Response[str]:
        extra = unknown(self.app)
        problems = [extra] if extra else []
        keys = [str(problem["loc"][-1]) for problem in raised.errors() if problem["type"] == _EXTRA_KEY]
        if keys:
            allowed = ", ".join(body_keys(self.app.context["_route"]))
            problems.append(f"unknown {naming('key', keys)} in the JSON body, which takes {allowed}")
        problems += [
            f"{_place(problem['loc'])}: {problem['msg']}"
            for problem in raised.errors()
            if problem["type"] != _EXTRA_KEY
        ]
        return self._error(400, "INVALID_REQUEST", "; ".join(problems[:5]))

    def unsupported(self, raised: RequestUnsupportedContentType) -> Response[str]:
        return self._error(415, "INVALID_REQUEST", "the body is JSON: send Content-Type: application/json")

    def hanging(self, raised: Exception) -> Response[str]:
        self.logger.warning("a tier did not answer", exc_info=raised)
        return self._error(504, "TIMEOUT", "the answer took too long; ask for less, or try again")

    def failing(self, raised: Exception) -> Response[str]:
        if isinstance(raised, ClientError) and not _passes(raised):
            return self.internal(raised)
        self.logger.warning("a tier is unavailable", exc_info=raised)
        text = "the data cannot be read just now; try again in a few seconds"
        return self._error(503, "UNAVAILABLE", text)

    def internal(self, raised: Exception) -> Response[str]:
        self.logger.error("request failed", exc_info=raised)
        text = "something went wrong here; the request id finds it in the log"
        return self._error(500, "INTERNAL_ERROR", text)

    def no_route(self, raised: Exception) -> Response[str]:
        allowed = _methods(self.app)
        if not allowed:
            return self._error(404, "NOT_FOUND", "there is no such path")
        answer = self._error(405, "METHOD_NOT_ALLOWED", f"this path knows {', '.join(allowed)}")
        answer.headers["Allow"] = ", ".join([*allowed, "OPTIONS"])
        return answer

    def _error(self, status: int, code: str, text: str, **more: str) -> Response[str]:
        request_id = self.app.current_event.request_context.request_id
        return error_answer(status, code, text, request_id, **more)


def _passes(refusal: ClientError) -> bool:
    """Whether AWS may answer the same request in a while; botocore has asked it several times."""
    status = refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or refusal.response.get("Error", {}).get("Code") in _THROTTLED


def _methods(app: APIGatewayRestResolver) -> list[str]:
    """What the current path may be asked by other methods than it was."""
    path = app.current_event.path
    routes = [*app._static_routes, *app._dynamic_routes]
    found = {route.method for route in routes if route.rule.match(path)}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("query", "body", "path")) or "request"
