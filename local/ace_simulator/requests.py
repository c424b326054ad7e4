"""What a request to the simulated API asks for: its parameters, its body, its page of a listing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from local.ace_simulator.buildings.readings import microseconds

PAGE_SIZES = (3, 10, 50, 100, 500, 1000, 5000, 10000, 50000, 100000, 300000, 500000)
_DEFAULT_PAGE_SIZE = "10000"
# The vendor's CLI requests 500 points a page when it adds metadata to an export.
_MAX_PER_PAGE = 500
UNLIMITED = 2**62

type Query = Mapping[str, str]


class RequestError(Exception):
    """A request that is refused with a status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Request(NamedTuple):
    """A request to one endpoint; `names` are the values of the path's placeholders."""

    names: Sequence[str]
    query: Query
    body: bytes


def json_object(body: bytes) -> dict[str, Any]:
    """Returns the body as a JSON object; RequestError when it is not one."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise RequestError(422, "the body must be a JSON object")
    return value


def listing(
    query: Query, items: Sequence[Any], describe: Callable[[Any], Any], *, max_per_page: int = _MAX_PER_PAGE
) -> dict[str, Any]:
    """Returns the page of the items that the query asks for."""
    page, per_page = page_of(query, max_per_page)
    begin = (page - 1) * per_page
    return {
        "page": page,
        "pages": -(-len(items) // per_page),
        "per_page": per_page,
        "total": len(items),
        "items": [describe(item) for item in items[begin : begin + per_page]],
    }


def page_of(query: Query, max_per_page: int) -> tuple[int, int]:
    """Returns the page, counted from 1, and how many items it has."""
    return _whole_number(query, "page", 1, UNLIMITED), _whole_number(query, "per_page", 10, max_per_page)


def _whole_number(query: Query, name: str, default: int, maximum: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= maximum):
        raise RequestError(422, f"{name} must be a whole number from 1 to {maximum}, not {text!r}")
    return int(text)


def page_size(query: Query) -> int:
    """Returns how many samples a page has."""
    text = query.get("page_size", _DEFAULT_PAGE_SIZE)
    if text not in map(str, PAGE_SIZES):
        sizes = ", ".join(map(str, PAGE_SIZES))
        raise RequestError(422, f"page_size must be one of {sizes}, not {text!r}")
    return int(text)


def time_range(query: Query) -> tuple[int, int]:
    """Returns [start, end) in µs."""
    start_us, end_us = _time(query, "start_time"), _time(query, "end_time")
    if end_us < start_us:
        raise RequestError(422, "end_time must not be before start_time")
    return start_us, end_us


def _time(query: Query, name: str) -> int:
    try:
        return microseconds(query.get(name, ""))
    except ValueError:
        raise RequestError(422, f"{name} must be an ISO 8601 time") from None


def raw_data(query: Query) -> bool:
    """Returns whether readings are asked for, and not averages."""
    text = query.get("raw_data", "false").lower()
    if text not in ("true", "false"):
        raise RequestError(422, f"raw_data must be true or false, not {text!r}")
    return text == "true"
