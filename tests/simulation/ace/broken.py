"""Bodies and entries as other people's programs write them: of each it is certain what can be read of it."""

from collections.abc import Callable, Sequence
from random import Random

from tests.simulation.ace.readings import Version

BOM = b"\xef\xbb\xbf"
# Bodies with status 200 that are no answer.
NOT_ANSWERS = (
    b"<html><body>Please sign in</body></html>",
    b"",
    b"[]",
    b"null",
    b'"maintenance"',
    b'{"error": "try again"}',
    b'{"point_samples": null, "items": null, "has_more": false}',
    b'{"point_samples": {"name": 1}, "items": {}, "has_more": false}',
)
_NOT_FINITE = (b"NaN", b"Infinity", b"-Infinity")
# A lone surrogate, escaped and as bytes; Latin-1; an overlong slash.
_BAD_TEXT = (b"\\ud83d", b"\xed\xa0\xbd", b"B\xfcro", b"\xc0\xaf")
_NO_OBJECTS = (b"null", b"17", b'"entry"', b"true")
_JUNK_NAME, _JUNK_TIME = '"zzz/not/configured"', '"2026-01-01T00:00:00Z"'

type Sides = tuple[bytes, bytes, bytes]
"""The JSON of name, value and time."""


def _nan(sides: Sides, random: Random) -> bytes:
    name, _, time = sides
    return b'{"name":%b,"value":%b,"time":%b}' % (name, random.choice(_NOT_FINITE), time)


def _bad_text(sides: Sides, random: Random) -> bytes:
    bad = random.choice(_BAD_TEXT)
    name, value, time = sides
    if random.random() < 0.5:
        return b'{"name":%b%b","value":%b,"time":%b}' % (name[:-1], bad, value, time)
    return b'{"name":%b,"value":%b,"time":%b%b"}' % (name, value, time[:-1], bad)


def _without_value(sides: Sides, random: Random) -> bytes:
    return b'{"name":%b,"time":%b}' % (sides[0], sides[2])


def _without_time(sides: Sides, random: Random) -> bytes:
    return b'{"name":%b,"value":%b}' % (sides[0], sides[1])


def _bad_time(sides: Sides, random: Random) -> bytes:
    text = random.choice((b'"yesterday"', b"null", b'""', b"1767225600", b'"2026-13-01T00:00:00Z"'))
    return b'{"name":%b,"value":%b,"time":%b}' % (sides[0], sides[1], text)


def _no_object(sides: Sides, random: Random) -> bytes:
    return random.choice(_NO_OBJECTS)


def _bad_syntax(sides: Sides, random: Random) -> bytes:
    name, value, time = sides
    forms = (
        b'{"name":%b,"value":,"time":%b}' % (name, time),
        b'{"name":%b "value":%b,"time":%b}' % (name, value, time),
        b'{"name":%b,"value":%b,"time":%b,}' % (name, value, time),
        b'{"name":%b,"value":0x1F,"time":%b}' % (name, time),
    )
    return random.choice(forms)


type Form = Callable[[Sides, Random], bytes]

_FORMS: tuple[Form, ...] = (_nan, _bad_text, _without_value, _without_time, _bad_time)


def draw_forms(random: Random) -> Sequence[Form]:
    """Returns the forms of malformed entries in one body.

    A body has either entries with bad syntax or entries that are no objects: behind the former, the product
    finds an entry only if an object or the end of the list follows it (docs/decisions/0014).
    """
    return (*_FORMS, random.choice((_no_object, _bad_syntax)))


def malformed_entry(version: Version, forms: Sequence[Form], random: Random) -> bytes:
    """Returns the entry of a reading in a form that cannot be read."""
    before, time = version.entry.rsplit(',"time":', 1)
    name, value = before.split(',"value":', 1)
    sides = (name.removeprefix('{"name":').encode(), value.encode(), time[:-1].encode())
    return random.choice(forms)(sides, random)


def junk_entry(forms: Sequence[Form], random: Random) -> bytes:
    """Returns an entry that is no reading of the book, in a form that cannot be read."""
    sides = (_JUNK_NAME.encode(), b'"21.5"', _JUNK_TIME.encode())
    return random.choice(forms)(sides, random)


def truncated(body: bytes, random: Random) -> bytes:
    """Returns a beginning of the body without its last brace."""
    return body[: random.randrange(1, max(2, len(body) - 1))]
