"""Opaque tokens of next pages: a position, bound to the fingerprint of its request. Pure."""

import base64
import hashlib
from typing import Any

import orjson

from vitals.errors import InvalidRequestError


def fingerprint(*request: Any) -> str:
    """Returns a short digest of the parameters that the request of the next page must repeat."""
    return hashlib.sha256(orjson.dumps(request)).hexdigest()[:16]


def encode(position: int, digest: str) -> str:
    """Returns the token of a position, bound to a fingerprint."""
    return base64.urlsafe_b64encode(orjson.dumps([position, digest])).decode().rstrip("=")


def decode(token: str, digest: str) -> int:
    """Returns the position of a token; InvalidRequestError when it is bound to another fingerprint."""
    try:
        position, token_digest = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
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


def invalid() -> InvalidRequestError:
    """Returns the error for an invalid token."""
    return InvalidRequestError("next_token is invalid; send the next_token of the previous answer unchanged")
