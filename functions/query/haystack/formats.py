"""The formats of requests and answers: Zinc, Hayson and CSV."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from query.encoding import negotiation
from vitals.codec.haystack import csv, hayson, zinc
from vitals.errors import NotAcceptableError, TooLargeError
from vitals.model.haystack.values import Grid, Instants
from vitals.model.timespan import iso

ZINC = "text/zinc"
HAYSON = "application/vnd.haystack+json"
JSON = "application/json"
CSV = "text/csv"
# Lambda answers 6,291,456 bytes at most, headers included.
_MAX_BYTES = 6_200_000
_OLD_JSON = re.compile(r"json\s*;.*version\s*=\s*\"?3")


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how it is written and, unless it is None, read."""

    name: str
    encode: Callable[[Grid], str]
    decode: Callable[[str], Grid] | None


_ZINC = Format("zinc", zinc.encode, zinc.decode)
_HAYSON = Format("json", hayson.encode, hayson.decode)
# Zinc is first, for clients that accept several equally.
FORMATS: Mapping[str, Format] = {
    ZINC: _ZINC,
    HAYSON: _HAYSON,
    JSON: _HAYSON,
    CSV: Format("csv", csv.encode, None),
    "text/plain": _ZINC,
}


def negotiated(accept: str) -> str:
    """Returns the media type to answer with; NotAcceptableError for none, and for JSON of version 3."""
    ranges = [text for text in accept.split(",") if not is_old_json(text)]
    if accept.strip() and not ranges:
        raise NotAcceptableError("Accept asks for JSON of version 3; use text/zinc, or JSON of version 4")
    return negotiation.preferred(",".join(ranges), list(FORMATS))


def is_old_json(content_type: str) -> bool:
    """Returns whether a media type is JSON of version 3, which has other values."""
    return _OLD_JSON.search(content_type) is not None


def encoded(grid: Grid, media_type: str) -> str:
    """Returns the grid as text; TooLargeError when Lambda cannot answer with it."""
    text = FORMATS[media_type].encode(grid)
    # Lambda escapes quotes and line ends once more.
    size = len(orjson.dumps(text))
    if size > _MAX_BYTES:
        shorter = "" if FORMATS[media_type] is _ZINC else "; text/zinc is shorter"
        raise TooLargeError(f"the answer is larger than {_MAX_BYTES:,} bytes; {_advice(grid, size)}{shorter}")
    return text


def _advice(grid: Grid, size: int) -> str:
    first = grid.columns[0].cells
    if not isinstance(first, Instants):
        return "use a narrower filter or a limit"
    # Rows differ in length.
    rows = int(len(first) * _MAX_BYTES / size * 0.9)
    return f"request it in pieces, the first of which may end at {iso(int(first.times[rows]))}"
