"""What /openapi.json says about the answers of every route; tools/openapi.py composes it from all functions.

A definition of an answer is a TypedDict: its docstring and the strings below its keys become descriptions.
"""

from collections.abc import Mapping
from types import UnionType
from typing import TypedDict

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

JSON = "application/json"

type Descriptions = dict[int, OpenAPIResponse]


class Error(TypedDict):
    """The answer of every request that fails."""

    error: str
    """What is wrong, for people."""
    error_code: str
    """What is wrong, for programs, such as INVALID_REQUEST."""
    request_id: str
    """Finds the request in the log."""


class Conflict(Error):
    """The error of a start while another backfill is running."""

    running_id: str
    """The id of that backfill."""


_ERRORS: dict[int, tuple[str, type[Error]]] = {
    400: ("INVALID_REQUEST: a parameter or the body is invalid", Error),
    401: ("UNAUTHORIZED: the token is missing, unknown or expired", Error),
    403: ("FORBIDDEN: the token does not grant this scope or site", Error),
    404: ("NOT_FOUND: the site, point, id or page does not exist", Error),
    406: ("NOT_ACCEPTABLE: Accept names none of the formats of the answer", Error),
    409: ("CONFLICT: another one is already running", Conflict),
    413: ("TOO_LARGE: more than one answer or request can carry", Error),
    415: ("INVALID_REQUEST: Content-Type is not JSON", Error),
    429: ("RATE_LIMITED: too many requests; Retry-After says when to try again", Error),
    500: ("INTERNAL_ERROR: an error of the service; search its log for request_id", Error),
    502: ("ARCHIVE_UNREADABLE: the archive could not be read at all", Error),
    503: ("UNAVAILABLE: the data cannot be reached; Retry-After says when to try again", Error),
    504: ("TIMEOUT: the answer took too long; narrow the request", Error),
}
_COMMON = (400, 401, 403, 429, 500, 503, 504)


def answers(
    answer: type[Mapping[str, object]] | UnionType, description: str, *statuses: int, status: int = 200
) -> Descriptions:
    """Returns a route's answer, and the errors that any route may give besides those of `statuses`."""
    own: OpenAPIResponse = {"description": description, "content": {JSON: {"model": answer}}}
    return {status: own, **errors(*statuses)}


def errors(*statuses: int) -> Descriptions:
    """Returns the errors that any route may give, and those of `statuses`."""
    described: Descriptions = {}
    for status in sorted({*_COMMON, *statuses}):
        text, error = _ERRORS[status]
        described[status] = {"description": text, "content": {JSON: {"model": error}}}
    return described
