"""Answers as JSON."""

import orjson

from query.encoding.columns import Answer
from query.encoding.result import Encoded


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns the whole answer as JSON."""
    return Encoded(media_type, orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY).decode())
