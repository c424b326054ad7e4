"""Bodies of the ACE API's responses: read within a deadline, and parsed into the expected form."""

from collections.abc import Callable
from typing import Any

import orjson
import requests

from vitals.codec import lenient_json
from vitals.codec.lenient_json import Body, BrokenJsonError, Form

# 100,000 readings are about 12 MB.
_MAX_BYTES = 64 * 2**20
# A decoded body takes several times its bytes, and Python's decoder ten times the time.
_MAX_MALFORMED_BYTES = 16 * 2**20
_MAX_EXCERPT = 50


class BrokenBodyError(Exception):
    """A body that is too large, too slow, cut short or not a JSON object."""


def download(response: requests.Response, is_late: Callable[[], bool]) -> bytes:
    """Returns the bytes of the body; TimeoutError when they are late, BrokenBodyError when too many."""
    data = bytearray()
    for chunk in response.iter_content(2**16):
        data += chunk
        if is_late():
            raise TimeoutError
        if len(data) > _MAX_BYTES:
            raise BrokenBodyError(f"more than {_MAX_BYTES} bytes")
    return bytes(data)


def parse(data: bytes, form: Form, is_late: Callable[[], bool]) -> Body:
    """Returns the JSON object of a body and its malformed entries; BrokenBodyError when it has no object."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        body = _parse_malformed(data, form, is_late, error)
    else:
        if not isinstance(value, dict):
            raise BrokenBodyError(f"expected a JSON object, got {_excerpt(data)}")
        body = Body(value, *_malformed_entries(value.get(form.entries)))
    if form.entries and not isinstance(body.answer.get(form.entries), list):
        raise BrokenBodyError(f"expected a list under {form.entries!r}, got {_excerpt(data)}")
    return body


def _parse_malformed(
    data: bytes, form: Form, is_late: Callable[[], bool], error: orjson.JSONDecodeError
) -> Body:
    if len(data) > _MAX_MALFORMED_BYTES:
        raise BrokenBodyError(
            f"invalid JSON in a body of more than {_MAX_MALFORMED_BYTES} bytes,"
            f" too large for lenient reading: {error} of {len(data)}"
        ) from None
    try:
        return lenient_json.read(data, form, is_late)
    except BrokenJsonError as broken:
        raise BrokenBodyError(f"incomplete JSON: {broken} of {len(data)}") from None


def _malformed_entries(entries: Any) -> tuple[int, str]:
    """Returns how many of the entries are not objects, and a description of the first of them."""
    if not isinstance(entries, list) or set(map(type, entries)) <= {dict}:
        return 0, ""
    rows = [row for row, entry in enumerate(entries) if not isinstance(entry, dict)]
    return len(rows), f"entry {rows[0]} is not an object but {ascii(entries[rows[0]])[:_MAX_EXCERPT]}"


def _excerpt(data: bytes) -> str:
    return ascii(data[:_MAX_EXCERPT])[2:-1]
