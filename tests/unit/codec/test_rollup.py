"""The bytes of rollups, of this version and of the one before."""

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.support.equal_buckets import aggregate
from tests.support.rollups import hours_of, old_rollup, rollup
from tests.support.strategies import samples
from vitals.codec.rollup import day_count, decode_day, decode_days
from vitals.errors import BlockFormatError
from vitals.model.measures.cells import concat
from vitals.model.records.ledger import ROLLUP_VERSION
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.timespan import DAY_MS, HOUR_MS

DAY = 1_767_225_600_000
one_point = samples(st.just(7), st.integers(DAY, DAY + DAY_MS - 1)).filter(len)
intervals = st.none() | st.sampled_from([1, 60, 900, 31 * 86_400])


def changed(payload: bytes, extra: bytes, version: int = 2) -> bytes:
    """Returns the payload with another version and with more bytes of columns."""
    columns = zstandard.decompress(payload[3:])
    return bytes([version]) + payload[1:3] + zstandard.compress(columns + extra)


@given(one_point, intervals)
def test_a_days_rollups_survive_to_the_bit(readings: Samples, interval_s: int | None) -> None:
    readings = merge([readings])
    payload = rollup(readings, interval_s)
    assert decode_day(payload, 7, DAY).equals(hours_of(readings, interval_s))
    assert day_count(payload) == len(readings)


@given(st.lists(one_point, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_days_together_are_the_days_alone(days: list[Samples], random: object) -> None:
    payloads = [(DAY + i * DAY_MS, rollup(merge([day]), 60)) for i, day in enumerate(days)]
    payloads[0] = (DAY, old_rollup(merge([days[0]])))
    alone = concat(decode_day(payload, 7, day_ms) for day_ms, payload in payloads)
    assert decode_days(payloads, 7).equals(alone)


@given(one_point)
def test_version_1_has_what_it_had(readings: Samples) -> None:
    readings = merge([readings])
    payload = old_rollup(readings)
    hours = decode_day(payload, 7, DAY)
    assert hours.rows.equals(aggregate(readings, HOUR_MS))
    assert not hours.is_complete.any()
    assert day_count(payload) == len(readings)


@given(one_point, intervals)
def test_version_1_columns_come_first(readings: Samples, interval_s: int | None) -> None:
    """So the release before this one reads it after a rollback; it weighs the mean of the day differently."""
    readings = merge([readings])
    columns = [
        zstandard.decompress(payload[3:]) for payload in (rollup(readings, interval_s), old_rollup(readings))
    ]
    rows = int.from_bytes(rollup(readings)[1:3], "little")
    assert (len(columns[0]) - len(columns[1])) % rows == 0
    means = slice(5 * rows, 13 * rows)
    assert columns[0][: 5 * rows] == columns[1][: 5 * rows]
    assert columns[0][13 * rows : 45 * rows] == columns[1][13 * rows : 45 * rows]
    new, old = (np.frombuffer(column[means], np.uint8).reshape(8, rows)[:, :-1] for column in columns)
    assert (new == old).all()


def test_the_ledger_names_the_version_written() -> None:
    assert rollup(from_columns([1], [DAY], [1.0]))[0] == ROLLUP_VERSION


def test_bytes_that_are_no_rollup_are_named() -> None:
    readings = from_columns([1], [DAY], [1.0])
    payload, old = rollup(readings), old_rollup(readings)
    broken_ones = (
        b"",
        b"\x00" + payload[1:],
        payload[:1] + b"\x09\x00" + payload[3:],
        changed(old, b"\x00" * 2, version=1),
        changed(payload, b"\x00" * 2),
        changed(payload, b"", version=1),
        changed(payload, b"", version=3),
    )
    for broken in broken_ones:
        with pytest.raises(BlockFormatError):
            decode_day(broken, 1, DAY)
