"""Opaque tokens of next pages: a position, and the fingerprint of the request that it belongs to. Pure."""

import base64
import hashlib
from typing import Any

import orjson

from vitals.errors import InvalidRequestError


def fingerprint(*request: Any) -> str:
    """Returns a short digest of what a request must repeat for its next page."""
    return hashlib.sha256(orjson.dumps(request)).hexdigest()[:16]


def encode(position: int, owner: str) -> str:
    """Returns the token of a position in the answer to the request with the fingerprint `owner`."""
    return base64.urlsafe_b64encode(orjson.dumps([position, owner])).decode().rstrip("=")


def decode(token: str, owner: str) -> int:
    """Returns the position of a token; InvalidRequestError when it is not one of `owner`."""
    try:
        position, token_owner = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError):
        raise invalid() from None
    if token_owner != owner:
        raise InvalidRequestError(
            "next_token is invalid here: it belongs to another request; repeat that with all its parameters"
        )
    # JSON's true is an int to Python.
    if type(position) is not int:
        raise invalid()
    return position


def invalid() -> InvalidRequestError:
    """Returns the error for a token that no answer has given."""
    return InvalidRequestError("next_token is invalid; send the next_token of the previous answer unchanged")
