"""Cursors, which continue a run of pages of samples."""

import base64
import binascii

import orjson

from local.ace_simulator.feed import Position, View
from local.ace_simulator.requests import RequestError


def encode(site: str, view: View, position: Position, unique: int) -> str:
    """Returns a cursor to a position in a view; `unique` makes it differ from every other one."""
    return base64.urlsafe_b64encode(orjson.dumps([site, list(view), list(position), unique])).decode()


def decode(cursor: str, site: str, requested: View) -> tuple[View, Position]:
    """Returns what a cursor continues; RequestError when it does not belong to the requested view."""
    try:
        cursor_site, view_fields, position_fields, _ = orjson.loads(base64.urlsafe_b64decode(cursor))
        view, position = View(*view_fields), Position(*position_fields)
    except (binascii.Error, ValueError, TypeError):
        raise RequestError(422, "cursor is invalid") from None
    if cursor_site != site or view[:2] != requested[:2] or view.raw != requested.raw:
        raise RequestError(422, "cursor belongs to another request")
    return view, position
