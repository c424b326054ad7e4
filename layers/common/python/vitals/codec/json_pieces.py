"""A large JSON object as several small ones, so that it is never decoded as a whole.

A body is cut behind an entry of its list. A cut is right if, and only if, the text since the cut before it
decodes as complete entries: behind a brace inside a string or inside an entry, it does not.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

_BETWEEN_ENTRIES = re.compile(rb"\}[ \t\n\r]*,(?=[ \t\n\r]*\{)")
# Braces that are tried as a cut: each costs the decoding of a piece.
_MAX_ATTEMPTS = 16


class UncutError(ValueError):
    """No cut was possible: the body is not valid JSON, or its list is not of short objects."""


def read(data: bytes | bytearray, member: str, length: int) -> Iterator[Any]:
    """Yields objects whose lists under `member` are together the list of the body; a short body as it is.

    Each is decoded from about `length` bytes and has the other members of these. UncutError when that is not
    possible, maybe after some of them.
    """
    start, head = 0, b""
    name = orjson.dumps(member)
    while len(data) - start > length:
        piece, start = _next_piece(data, start, start + length, head)
        # The last member of an object is the one that was cut.
        if next(reversed(piece)) != member or not isinstance(piece[member], list):
            raise UncutError(f"no list under {member!r} before byte {start}")
        yield piece
        head = b"{" + name + b":["
    last = data[start:]
    if head and re.search(re.escape(name) + rb"[ \t\n\r]*:", last):
        raise UncutError(f"a second member {member!r} after byte {start}")
    try:
        yield orjson.loads(head + last)
    except orjson.JSONDecodeError as error:
        raise UncutError(f"{error.msg}: byte {start + error.pos - len(head)}") from None


def _next_piece(data: bytes | bytearray, start: int, limit: int, head: bytes) -> tuple[dict[str, Any], int]:
    """Returns the piece from `start` to the last entry that ends before the limit, and where it is cut."""
    brace, attempts = limit, 0
    while attempts < _MAX_ATTEMPTS and (brace := data.rfind(b"}", start, brace)) >= 0:
        if not (between := _BETWEEN_ENTRIES.match(data, brace)):
            continue
        attempts += 1
        try:
            return orjson.loads(head + data[start : brace + 1] + b"]}"), between.end()
        except orjson.JSONDecodeError:
            continue
    raise UncutError(f"no entries from byte {start} to {limit}")
