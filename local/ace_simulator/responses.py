"""Responses of the simulator, and what the faults make of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from local.ace_simulator import corruption
from local.ace_simulator.chance import Draws
from local.ace_simulator.faults import Faults
from local.ace_simulator.requests import RequestError


class Response(NamedTuple):
    """What is sent over HTTP."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    drips: bool = False
    """Whether it is sent so slowly that it never ends."""


def respond(call: Callable[[], Any]) -> Response:
    """Returns what the call returns as JSON, or its RequestError."""
    try:
        return Response(200, orjson.dumps(call()))
    except RequestError as error:
        return error_response(error.status, str(error))


def error_response(status: int, text: str) -> Response:
    """Returns an error as the API answers it."""
    return Response(status, orjson.dumps({"error": text, "code": str(status)}))


def failure(faults: Faults, draws: Draws) -> Response | None:
    """Returns the error that the faults answer instead of the API, None when the API answers."""
    if faults.status:
        return _fault(faults.status)
    if draws.happens(faults.server_error):
        return _fault((500, 502, 503)[draws.below(3)], html=draws.happens(0.5))
    return _fault(429) if draws.happens(faults.rate_limited) else None


def _fault(status: int, *, html: bool = False) -> Response:
    headers = (("Retry-After", "1"),) if status == 429 else ()
    if html:
        return Response(status, f"<html><h1>{status}</h1></html>".encode(), "text/html", headers)
    return error_response(status, "simulated fault")._replace(headers=headers)


def with_faults(response: Response, endpoint: str, faults: Faults, draws: Draws) -> Response:
    """Returns the response as the faults change it."""
    return _broken(_corrupted(response, endpoint, faults, draws), faults, draws)


def _corrupted(response: Response, endpoint: str, faults: Faults, draws: Draws) -> Response:
    body = response.body
    effects: list[str] = []
    for fault, rate, corrupt in (
        ("nan", faults.nan, corruption.with_nan),
        ("bad_text", faults.bad_text, corruption.with_bad_text),
    ):
        if response.status == 200 and draws.happens(rate):
            before, body = body, corrupt(body, endpoint, draws)
            effects += [fault] * (body != before)
    drips = draws.happens(faults.drip)
    # A client never sees the other faults of an answer that drips.
    for fault in ["drip"] if drips else effects:
        draws.count(fault)
    return response._replace(body=body, drips=drips)


def _broken(response: Response, faults: Faults, draws: Draws) -> Response:
    if response.status == 200 and draws.happens(faults.garbage):
        return Response(200, b"<html><body>Please sign in</body></html>", "text/html")
    if response.status == 200 and draws.happens(faults.truncate):
        return response._replace(body=response.body[: len(response.body) // 2])
    return response
