"""An answer of /timeseries/query as the caller accepts it: JSON, CSV, MessagePack, Arrow or Parquet.

JSON and MessagePack have the whole answer. The others are one table: a long one of all series, or a table's
own rows and columns; the rest travels in headers, or under `vitals` in the schema's metadata.
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
PARQUET = "application/vnd.apache.parquet"

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
    PARQUET: arrow.encode_parquet,
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
