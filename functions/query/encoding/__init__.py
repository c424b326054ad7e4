"""An answer of /timeseries/query in the format that the caller accepts: JSON, CSV, MessagePack or Arrow.

JSON and MessagePack have the whole answer. CSV and Arrow are one long table of the columns of all series; the
rest travels in headers, or under `vitals` in the schema's metadata.
"""

from collections.abc import Callable, Mapping, Sequence

from query.encoding import arrow, csv, json, msgpack, negotiation
from query.encoding.columns import Answer
from query.encoding.result import Encoded
from vitals.errors import TooLargeError
from vitals.reading.request import Limits

JSON = "application/json"
CSV = "text/csv"
MSGPACK = "application/msgpack"
ARROW = "application/vnd.apache.arrow.stream"

# Lambda answers 6,291,456 bytes at most: text with its line ends and quotes escaped, anything else as base64.
MAX_TEXT_BYTES = 5_600_000
MAX_BINARY_BYTES = 4_600_000

# JSON is first, for callers that accept several equally. MessagePack has one registered and two older names.
_ENCODERS: Mapping[str, Callable[[Answer, str], Encoded]] = {
    JSON: json.encode,
    CSV: csv.encode,
    MSGPACK: msgpack.encode,
    "application/vnd.msgpack": msgpack.encode,
    "application/x-msgpack": msgpack.encode,
    ARROW: arrow.encode,
}


def negotiated(accept: str) -> str:
    """Returns the media type to answer with, given an Accept header; NotAcceptableError for none."""
    return negotiation.preferred(accept, list(_ENCODERS))


def limits(media_type: str, names: Sequence[str]) -> Limits | None:
    """Returns how many rows of these points one answer can carry; None when only a query's limits apply."""
    return csv.limits(names, MAX_TEXT_BYTES) if media_type == CSV else None


def encoded(answer: Answer, media_type: str) -> Encoded:
    """Returns the answer in the format `negotiated`; TooLargeError when Lambda cannot return it."""
    result = _ENCODERS[media_type](answer, media_type)
    if not _fits(result.body):
        raise TooLargeError("the response is larger than 5 MB; request fewer points or a shorter range")
    return result


def _fits(body: str | bytes) -> bool:
    if isinstance(body, bytes):
        return len(body) <= MAX_BINARY_BYTES
    return len(body.encode()) <= MAX_TEXT_BYTES
