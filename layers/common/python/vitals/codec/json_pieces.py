"""A large JSON object as several small ones, so that it is never decoded as a whole.

A body is cut behind an entry of its list. Behind a brace inside a string or inside an entry, the text since
the cut before it does not decode. A mark is put where the list was cut, which shows whether it was this list.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

_BETWEEN_ENTRIES = re.compile(rb"\}[ \t\n\r]*,(?=[ \t\n\r]*\{)")
# Braces that are tried as a cut: each costs the decoding of a piece.
_MAX_ATTEMPTS = 16
_MARK = "\0cut"
_CUT = b"," + orjson.dumps(_MARK) + b"]}"


class UncutError(ValueError):
    """No cut was possible: the body is not valid JSON, or its list is not of short objects."""


def read(data: bytes | bytearray, member: str, length: int) -> Iterator[Any]:
    """Yields objects whose lists under `member` are together the list of the body; a short body as it is.

    Each is decoded from about `length` bytes and has the other members of these. UncutError when that is not
    possible, maybe after some of them.
    """
    name = orjson.dumps(member)
    start, head = 0, b""
    is_repeated = re.compile(re.escape(name) + rb"[ \t\n\r]*:").search
    while True:
        end = len(data) if len(data) - start <= length else start + length
        if head and is_repeated(data, start, end):
            raise UncutError(f"a second member {member!r} after byte {start}")
        if end == len(data):
            break
        piece, start = _next_piece(data, start, end, head)
        listed = piece.get(member)
        if not isinstance(listed, list) or not listed or listed.pop() != _MARK:
            raise UncutError(f"no list under {member!r} before byte {start}")
        yield piece
        head = b"{" + name + b":["
    try:
        yield orjson.loads(head + data[start:])
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
            return orjson.loads(head + data[start : brace + 1] + _CUT), between.end()
        except orjson.JSONDecodeError:
            continue
    raise UncutError(f"no entries from byte {start} to {limit}")
