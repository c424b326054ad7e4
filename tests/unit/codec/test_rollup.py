"""The bytes of rollups, of this version and of the next."""

from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import samples
from vitals.codec.rollup import day_count, decode_day, encode_day
from vitals.errors import BlockFormatError
from vitals.model.aggregates import aggregate
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.timespan import DAY_MS, HOUR_MS

DAY = 1_767_225_600_000
one_point = samples(st.just(7), st.integers(DAY, DAY + DAY_MS - 1)).filter(len)


def next_version(payload: bytes, extra: bytes, version: int = 2) -> bytes:
    """Returns the rollups as a later release writes them, with these further columns."""
    columns = zstandard.decompress(payload[3:])
    return bytes([version]) + payload[1:3] + zstandard.compress(columns + extra)


@given(one_point)
def test_a_days_rollups_survive_to_the_bit(readings: Samples) -> None:
    readings = merge([readings])
    hours, day = aggregate(readings, HOUR_MS), aggregate(readings, DAY_MS)
    payload = encode_day(hours, day)
    assert decode_day(payload, 7, DAY, HOUR_MS).equals(hours)
    assert decode_day(payload, 7, DAY, DAY_MS).equals(day)


@given(one_point, st.integers(0, 64), st.randoms(use_true_random=False))
def test_next_version_is_read_after_a_rollback(readings: Samples, width: int, random: Random) -> None:
    readings = merge([readings])
    hours, day = aggregate(readings, HOUR_MS), aggregate(readings, DAY_MS)
    payload = next_version(encode_day(hours, day), random.randbytes(width * (len(hours) + 1)))
    assert decode_day(payload, 7, DAY, HOUR_MS).equals(hours)
    assert decode_day(payload, 7, DAY, DAY_MS).equals(day)
    assert day_count(payload) == len(readings)


def test_bytes_that_are_no_rollup_are_named() -> None:
    single = aggregate(from_columns([1], [DAY], [1.0]), DAY_MS)
    payload = encode_day(single, single)
    broken_ones = (
        b"",
        b"\x00" + payload[1:],
        payload[:1] + b"\x09\x00" + payload[3:],
        next_version(payload, b"\x00" * 2, version=1),
        next_version(payload, b"\x00" * 3),
        next_version(payload, b"", version=3),
    )
    for broken in broken_ones:
        with pytest.raises(BlockFormatError):
            decode_day(broken, 1, DAY, DAY_MS)
