"""What other people's programs do to JSON, done to the simulator's; right samples stay."""

import re
from collections.abc import Sequence

from local.ace_simulator.faults import Draws

_PAGES, _LISTING = "paginated", "configured_points"
_TIME = b'"2026-01-01T00:00:00Z"'
_NOT_FINITE = (b"NaN", b"Infinity", b"-Infinity")
# A lone half of an emoji, escaped and as bytes; Latin-1; an overlong slash.
_BAD_TEXT = (b"\\ud83d", b"\xed\xa0\xbd", b"B\xfcro", b"\xc0\xaf")
# Between two entries, and nowhere else: inside a text the quote would be escaped.
_BETWEEN = re.compile(rb'(?<=\},)(?=\{")')
_PRESENT_VALUE = re.compile(rb'(?<="present_value":)[^,}]+')
_DESCRIPTION = re.compile(rb'(?<="object_description":")[^"\\]*')


def with_nan(body: bytes, endpoint: str, draws: Draws) -> bytes:
    """A page with an entry whose value is bare NaN or Infinity, or a listing with such a present value."""
    constant = _NOT_FINITE[draws.below(len(_NOT_FINITE))]
    if endpoint.endswith(_LISTING):
        return _replaced(body, _PRESENT_VALUE, constant, draws)
    if endpoint.endswith(_PAGES):
        return _with_entry(body, [b'"zzz/not/configured"', constant, _TIME], draws)
    return body


def with_bad_text(body: bytes, endpoint: str, draws: Draws) -> bytes:
    """A page with an entry that has no valid Unicode in one field, or a listing with such a description."""
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
    places = [begin, *(match.start() for match in _BETWEEN.finditer(body, begin))]
    at = places[draws.below(len(places))]
    return body[:at] + entry + b"," + body[at:]
