"""Answers as MessagePack."""

from math import isnan

import numpy as np

from query.encoding.columns import Answer, is_table
from query.encoding.result import Encoded


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns the whole answer as MessagePack."""
    # Imported here because only this format needs it at a cold start.
    import ormsgpack

    if is_table(answer):
        answer = {**answer, "columns": [_with_null(item) for item in answer["columns"]]}
    return Encoded(media_type, ormsgpack.packb(answer, option=ormsgpack.OPT_SERIALIZE_NUMPY))


def _with_null(column: Answer) -> Answer:
    """Returns a column of a table with null for a missing value: only JSON has it for NaN by itself."""
    values = np.asarray(column["values"], np.float64)
    return {**column, "values": [None if isnan(value) else value for value in values.tolist()]}
