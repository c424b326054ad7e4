"""The credentials that a request may carry: a bearer token, or the same token as a password."""

import base64
import binascii
import re
from dataclasses import dataclass

# Haystack clients write `BEARER authToken=T`. The scheme is case-insensitive (RFC 9110).
_BEARER = re.compile(r"(?i:bearer) (?:authToken=)?([!-~]+)")
_BASIC = re.compile(r"(?i:basic) ([A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The token of a request; `is_basic` when it is the password of Basic."""

    secret: str
    is_basic: bool = False


def credentials(header: str) -> Credentials | None:
    """Returns the credentials of an Authorization header, None for another scheme or form."""
    bearer = _BEARER.fullmatch(header)
    if bearer:
        return Credentials(bearer[1])
    basic = _BASIC.fullmatch(header)
    password = _password(basic[1]) if basic else ""
    return Credentials(password, is_basic=True) if password else None


def _password(encoded: str) -> str:
    """Returns the password of `user:password` in base64, "" where there is none."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
