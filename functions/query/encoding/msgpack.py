"""Answers as MessagePack."""

from query.encoding.columns import Answer
from query.encoding.result import Encoded


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns the whole answer as MessagePack."""
    # Imported here because only this format needs it at a cold start.
    import ormsgpack

    return Encoded(media_type, ormsgpack.packb(answer, option=ormsgpack.OPT_SERIALIZE_NUMPY))
