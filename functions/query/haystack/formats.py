"""The formats of requests and answers: Zinc, Hayson and CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from query.encoding import negotiation
from vitals.codec.haystack import csv, hayson, zinc
from vitals.errors import NotAcceptableError, TooLargeError
from vitals.model.haystack.values import Grid
from vitals.reading.request import MAX_SAMPLES

ZINC = "text/zinc"
HAYSON = "application/vnd.haystack+json"
JSON = "application/json"
CSV = "text/csv"
# Lambda answers 6,291,456 bytes at most, headers included.
_MAX_BYTES = 6_200_000


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how it is written and, unless it is None, read; `max_samples` of one history."""

    name: str
    encode: Callable[[Grid], str]
    decode: Callable[[str], Grid] | None
    max_samples: int = MAX_SAMPLES


_ZINC = Format("zinc", zinc.encode, zinc.decode)
# A sample is at least 104 bytes.
_HAYSON = Format("json", hayson.encode, hayson.decode, _MAX_BYTES // 104)
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
    ranges = [part for part in accept.split(",") if "version=3" not in part.replace(" ", "")]
    if accept.strip() and not ranges:
        raise NotAcceptableError("Accept asks for JSON of version 3; use text/zinc, or JSON of version 4")
    return negotiation.preferred(",".join(ranges), list(FORMATS))


def encoded(grid: Grid, media_type: str) -> str:
    """Returns the grid as text; TooLargeError when Lambda cannot answer with it."""
    text = FORMATS[media_type].encode(grid)
    if len(orjson.dumps(text)) > _MAX_BYTES:
        shorter = "" if FORMATS[media_type].encode is zinc.encode else ", or text/zinc, which is shorter"
        raise TooLargeError(
            f"the answer is larger than {_MAX_BYTES:,} bytes; use a narrower filter, a limit,"
            f" or a shorter range{shorter}"
        )
    return text
