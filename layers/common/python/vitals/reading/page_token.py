"""Opaque tokens of next pages: a position, bound to the fingerprint of its request. Pure."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
import zstandard

from vitals.errors import InvalidRequestError
from vitals.model import point_set


def fingerprint(*request: Any) -> str:
    """Returns a short digest of the parameters that the request of the next page must repeat."""
    return hashlib.sha256(orjson.dumps(request)).hexdigest()[:16]


def encode(position: int, digest: str, ids: Iterable[int] = ()) -> str:
    """Returns the token of a position, bound to a fingerprint; it fixes the points with these ids, if any."""
    token = _text(orjson.dumps([position, digest]))
    points = point_set.from_ids(ids)
    return f"{token}.{_text(point_set.encode(points))}" if points else token


def decode(token: str, digest: str) -> int:
    """Returns the position of a token; InvalidRequestError when it is bound to another fingerprint."""
    try:
        position, token_digest = orjson.loads(_bytes(token.partition(".")[0]))
    except (ValueError, TypeError):
        raise invalid() from None
    if token_digest != digest:
        raise InvalidRequestError(
            "next_token belongs to another request; repeat that request with all its parameters"
        )
    # JSON's true is an int to Python.
    if type(position) is not int:
        raise invalid()
    return position


def ids_of(token: str) -> set[int]:
    """Returns the ids of the points that a token fixes; InvalidRequestError when it is malformed."""
    try:
        return set(point_set.ids(point_set.decode(_bytes(token.partition(".")[2]))))
    except (ValueError, zstandard.ZstdError):
        raise invalid() from None


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def invalid() -> InvalidRequestError:
    """Returns the error for an invalid token."""
    return InvalidRequestError("next_token is invalid; send the next_token of the previous answer unchanged")
