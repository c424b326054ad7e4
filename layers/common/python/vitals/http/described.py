"""What /openapi.json says of the answers of every route; tools/openapi.py composes it from all functions."""

from types import UnionType

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel, ConfigDict, Field

JSON = "application/json"


class Shape(BaseModel):
    """A part of an answer. Nothing is checked at run time, so nothing is built then."""

    model_config = ConfigDict(defer_build=True)


class Error(Shape):
    """Every answer that is no 2xx or 3xx."""

    error: str = Field(description="what is wrong, for people")
    error_code: str = Field(description="what is wrong, for programs", examples=["INVALID_REQUEST"])
    request_id: str = Field(description="finds the request in the log")


class Conflict(Error):
    """Something else is at work."""

    running_id: str = Field(description="the id of what is at work")


_ERRORS: dict[int, tuple[str, type[Shape]]] = {
    400: ("INVALID_REQUEST: a parameter or the body is not what it must be", Error),
    401: ("UNAUTHORIZED: no token, or one that is unknown or expired", Error),
    403: ("FORBIDDEN: the token does not grant this scope or site", Error),
    404: ("NOT_FOUND: there is no such site, point, id or page", Error),
    406: ("NOT_ACCEPTABLE: Accept names none of the forms that the answer comes in", Error),
    409: ("CONFLICT: another one is at work", Conflict),
    413: ("TOO_LARGE: more than one answer or request can carry", Error),
    415: ("INVALID_REQUEST: the body is not said to be JSON", Error),
    429: ("RATE_LIMITED: too many requests; Retry-After says when to come back", Error),
    500: ("INTERNAL_ERROR: a fault of ours; the request id finds it", Error),
    502: ("ARCHIVE_UNREADABLE: the archive could not be read at all", Error),
    503: ("UNAVAILABLE: the data cannot be reached just now; Retry-After says when to come back", Error),
    504: ("TIMEOUT: the answer took too long; ask for less", Error),
}
_ANY = (400, 401, 403, 429, 500, 503, 504)


def answers(
    model: type[Shape] | UnionType, description: str, *errors: int, status: int = 200
) -> dict[int, OpenAPIResponse]:
    """The answers of a route: its own, the errors that any may give, and these."""
    own: OpenAPIResponse = {"description": description, "content": {JSON: {"model": model}}}
    found = {status: own}
    for code in sorted({*_ANY, *errors}):
        text, shape = _ERRORS[code]
        found[code] = {"description": text, "content": {JSON: {"model": shape}}}
    return found
