"""Rows of measures are shown for people: shares, hours, partial buckets, totals with their proofs."""

from typing import Any

import pyarrow as pa
import pytest

from vitals_client.cli.query import bucket_table

HOUR_MS = 3_600_000
AUTUMN = 1_793_512_800_000
"""2026-11-01T06:00:00Z, 01:00 in Chicago, which comes twice."""


def table(**columns: Any) -> pa.Table:
    times = pa.array([AUTUMN, AUTUMN + HOUR_MS, AUTUMN], pa.timestamp("ms", "America/Chicago"))
    return pa.table({"point_name": ["a", "a", "b"], "timestamp": times} | columns)


def series(**keys: Any) -> dict[str, Any]:
    return {"point_name": "a", "values": [400.0, 31.2], "unit": "kWh"} | keys


def proof(**keys: Any) -> dict[str, Any]:
    lists = {key: [] for key in ("resets", "rollovers", "dips", "spikes")}
    return {"known_share": 0.9985, "bridged": 0.0} | lists | keys


def test_a_repeated_hour_has_two_offsets() -> None:
    assert bucket_table.iso_texts(table()["timestamp"])[:2] == [
        "2026-11-01T01:00:00.000-05:00",
        "2026-11-01T01:00:00.000-06:00",
    ]
    utc = table()["timestamp"].cast(pa.timestamp("ms", "UTC"))
    assert bucket_table.iso_texts(utc)[0] == "2026-11-01T06:00:00.000Z"


def test_running_time_is_hours_and_minutes() -> None:
    rows = table(value=[30_029.0, 30_030.0, 0.0], known=[1.0, 0.9999, None], end=[1, 2, 3])
    content = {"measure": "runtime", "series": [series(partial=[1]), series(point_name="b")]}
    columns = bucket_table.columns(rows, content)
    assert columns["value"] == ["8:20", "8:20", "0:00"]
    assert columns["known"] == ["100 %", "99.9 %", "unknown"]
    assert columns["partial"] == ["", "partial", ""]
    assert "end" not in columns
    mean = bucket_table.columns(
        rows, content | {"measure": "mean", "series": [series(), series(point_name="b")]}
    )
    assert mean["value"] == ["30029.0", "30030.0", "0.0"]
    assert "partial" not in mean


@pytest.mark.parametrize(
    ("measure", "keys", "line"),
    [
        (
            "increase",
            {"proof": proof(resets=[1], dips=[1, 2])},
            "431.2 kWh; known 99.8 %; 1 reset, 2 dips left out",
        ),
        (
            "increase",
            {"proof": proof(dips=[1], spikes=[1])},
            "431.2 kWh; known 99.8 %; 1 dip and 1 spike left out",
        ),
        ("increase", {"proof": proof(bridged=5.0)}, "431.2 kWh; known 99.8 %; 5.0 kWh of it in gaps"),
        ("integral", {"proof": proof(known_share=None)}, "431.2 kWh; known time unknown"),
        ("runtime", {"values": [30_000.0, 30_000.0]}, "16:40 hours"),
        ("starts", {"values": [1.0, 0.0]}, "1 start"),
    ],
)
def test_a_total_has_its_proof(measure: str, keys: dict[str, Any], line: str) -> None:
    answer = {"measure": measure, "series": [series(**keys)]}
    assert list(bucket_table.totals(answer)) == [f"a: total {line}"]


def test_a_mean_has_no_total() -> None:
    for measure in ("mean", "rate", None):
        assert list(bucket_table.totals({"measure": measure, "series": [series()]})) == []
