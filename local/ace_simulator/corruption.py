"""Makes JSON invalid the way other programs do; valid samples stay as they are."""

import re
from collections.abc import Sequence

from local.ace_simulator.chance import Draws

_PAGES, _LISTING = "paginated", "configured_points"
_TIME = b'"2026-01-01T00:00:00Z"'
_NOT_FINITE = (b"NaN", b"Infinity", b"-Infinity")
# A lone surrogate, escaped and as bytes; Latin-1; an overlong slash.
_BAD_TEXT = (b"\\ud83d", b"\xed\xa0\xbd", b"B\xfcro", b"\xc0\xaf")
# The boundary of two entries: inside a string the quote would be escaped.
_BOUNDARY = re.compile(rb'(?<=\},)(?=\{")')
_PRESENT_VALUE = re.compile(rb'(?<="present_value":)[^,}]+')
_DESCRIPTION = re.compile(rb'(?<="object_description":")[^"\\]*')


def with_nan(body: bytes, endpoint: str, draws: Draws) -> bytes:
    """Returns a page with an additional entry, or a listing with a present value, that is NaN or Infinity."""
    constant = _NOT_FINITE[draws.below(len(_NOT_FINITE))]
    if endpoint.endswith(_LISTING):
        return _replaced(body, _PRESENT_VALUE, constant, draws)
    if endpoint.endswith(_PAGES):
        return _with_entry(body, [b'"zzz/not/configured"', constant, _TIME], draws)
    return body


def with_bad_text(body: bytes, endpoint: str, draws: Draws) -> bytes:
    """Returns a page with an additional entry, or a listing with a description, that is not valid Unicode."""
    bad = _BAD_TEXT[draws.below(len(_BAD_TEXT))]
    if endpoint.endswith(_LISTING):
        return _replaced(body, _DESCRIPTION, b"cut here " + bad, draws)
    if endpoint.endswith(_PAGES):
        fields = [b'"zzz/not/valid"', b'"21.5"', _TIME]
        number = draws.below(len(fields))
        fields[number] = fields[number][:-1] + bad + b'"'
        return _with_entry(body, fields, draws)
    return body


def _replaced(body: bytes, pattern: re.Pattern[bytes], text: bytes, draws: Draws) -> bytes:
    matches = list(pattern.finditer(body))
    if not matches:
        return body
    match = matches[draws.below(len(matches))]
    return body[: match.start()] + text + body[match.end() :]


def _with_entry(body: bytes, fields: Sequence[bytes], draws: Draws) -> bytes:
    name, value, time = fields
    entry = b'{"name":%b,"value":%b,"time":%b}' % (name, value, time)
    begin = body.index(b'"point_samples":[') + len(b'"point_samples":[')
    if body[begin : begin + 1] == b"]":
        return body[:begin] + entry + body[begin:]
    offsets = [begin, *(match.start() for match in _BOUNDARY.finditer(body, begin))]
    offset = offsets[draws.below(len(offsets))]
    return body[:offset] + entry + b"," + body[offset:]
