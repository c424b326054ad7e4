"""What is remembered of the codec is what it returned, and cannot be changed."""

import numpy as np
import pytest

from tests.simulation import codec
from vitals.codec import blocks
from vitals.errors import BlockFormatError
from vitals.model.samples import from_columns
from vitals.model.timespan import WINDOW_MS

ZERO = from_columns([3], [1], [0.0])
NEGATIVE_ZERO = from_columns([3], [1], [-0.0])


def test_the_same_input_has_the_same_output() -> None:
    wanted = [blocks.encode(samples, 0) for samples in (ZERO, NEGATIVE_ZERO)]
    later = blocks.encode(from_columns([3], [WINDOW_MS + 1], [0.0]), WINDOW_MS)
    with codec.remembered():
        for _ in range(2):
            assert [blocks.encode(samples, 0) for samples in (ZERO, NEGATIVE_ZERO)] == wanted
            assert np.signbit(blocks.decode(wanted[1], 0).values).all()
            assert blocks.decode(later, WINDOW_MS).times.tolist() == [WINDOW_MS + 1]


def test_what_is_remembered_cannot_be_changed() -> None:
    payload = blocks.encode(ZERO, 0)
    with codec.remembered():
        decoded = blocks.decode(payload, 0)
        for column in (decoded.ids, decoded.times, decoded.values):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 1


def test_errors_are_raised_each_time() -> None:
    with codec.remembered():
        for _ in range(2):
            with pytest.raises(BlockFormatError):
                blocks.decode(b"nothing", 0)
