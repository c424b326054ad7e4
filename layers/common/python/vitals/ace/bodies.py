"""Bodies of the ACE API's responses: read within a deadline, and parsed into the expected form."""

from collections.abc import Callable
from typing import Any

import requests

from vitals.ace.limits import MAX_BYTES, MAX_MALFORMED_BYTES, PIECE_BYTES
from vitals.codec import json_pieces, lenient_json
from vitals.codec.json_pieces import UncutError
from vitals.codec.lenient_json import Body, BrokenJsonError, Form

_MAX_EXCERPT = 50

type Accept = Callable[[list[Any]], Any]
"""Takes the entries of a piece of a body, and returns what replaces them."""


class BrokenBodyError(Exception):
    """A body that is too large, too slow, cut short or not a JSON object."""


def download(response: requests.Response, is_late: Callable[[], bool]) -> bytearray:
    """Returns the bytes of the body; TimeoutError when they are late, BrokenBodyError when too many."""
    data = bytearray()
    for chunk in response.iter_content(2**16):
        data += chunk
        if is_late():
            raise TimeoutError
        if len(data) > MAX_BYTES:
            raise BrokenBodyError(f"more than {MAX_BYTES} bytes")
    return data


def parse(
    data: bytes | bytearray, form: Form, is_late: Callable[[], bool], accept: Accept | None = None
) -> Body:
    """Returns the JSON object of a body and its malformed entries; BrokenBodyError when it has no object.

    With `accept`, the member of the entries is a list of its results, one for each piece of the body.
    """
    try:
        return _parse_pieces(data, form, accept)
    except UncutError as error:
        body = _parse_malformed(data, form, is_late, error)
    entries = _entries(body.answer, form, data)
    if accept:
        body.answer[form.entries] = [accept(entries)]
    return body


def _parse_pieces(data: bytes | bytearray, form: Form, accept: Accept | None) -> Body:
    answer: dict[str, Any] = {}
    results: list[Any] = []
    count, malformed, first_problem = 0, 0, ""
    for piece in json_pieces.read(data, form.entries, PIECE_BYTES if accept else len(data)):
        if not isinstance(piece, dict):
            raise BrokenBodyError(f"expected a JSON object, got {_excerpt(data)}")
        entries = _entries(piece, form, data)
        number, problem = _malformed_entries(entries, count)
        count, malformed, first_problem = count + len(entries), malformed + number, first_problem or problem
        answer |= piece
        if accept:
            results.append(accept(entries))
    return Body(answer | {form.entries: results} if accept else answer, malformed, first_problem)


def _parse_malformed(
    data: bytes | bytearray, form: Form, is_late: Callable[[], bool], error: UncutError
) -> Body:
    if len(data) > MAX_MALFORMED_BYTES:
        raise BrokenBodyError(
            f"invalid JSON in a body of more than {MAX_MALFORMED_BYTES} bytes,"
            f" too large for lenient reading: {error} of {len(data)}"
        ) from None
    try:
        return lenient_json.read(data, form, is_late)
    except BrokenJsonError as broken:
        raise BrokenBodyError(f"incomplete JSON: {broken} of {len(data)}") from None


def _entries(answer: dict[str, Any], form: Form, data: bytes | bytearray) -> list[Any]:
    """Returns the entries that the form expects; BrokenBodyError without a list of them."""
    if not form.entries:
        return []
    entries = answer.get(form.entries)
    if not isinstance(entries, list):
        raise BrokenBodyError(f"expected a list under {form.entries!r}, got {_excerpt(data)}")
    return entries


def _malformed_entries(entries: list[Any], before: int) -> tuple[int, str]:
    """Returns how many of the entries are not objects, and a description of the first of them.

    There are so many entries `before` these.
    """
    if set(map(type, entries)) <= {dict}:
        return 0, ""
    rows = [row for row, entry in enumerate(entries) if not isinstance(entry, dict)]
    excerpt = ascii(entries[rows[0]])[:_MAX_EXCERPT]
    return len(rows), f"entry {before + rows[0]} is not an object but {excerpt}"


def _excerpt(data: bytes | bytearray) -> str:
    return ascii(bytes(data[:_MAX_EXCERPT]))[2:-1]
