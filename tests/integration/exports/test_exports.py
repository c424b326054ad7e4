"""Exports over HTTP, queue and worker to the downloaded files: what the upstream serves, to the bit."""

import csv
import io
import struct
import time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from local.stack.processes import wait_until
from operations import oracle
from operations.oracle import Samples
from operations.verification.questions import Question
from operations.verification.store import Store
from tests.support.stack import aws_client, invoke_archival
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.store.state.ledger import Ledger

pytestmark = pytest.mark.integration


def settled_day(stack: dict[str, Any], site: str) -> int:
    """The day before yesterday, archived, as if nobody had written to it for long."""
    day = SiteDay.containing(site, time.time_ns() // 1_000_000 - 2 * DAY_MS)
    invoke_archival(stack, {"site": site, "date": day.date})
    ledger = Ledger(aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"])
    ledger.update_archive(day, changed_ms=day.day_ms)
    assert ledger.archive_record(day).settled
    return day.day_ms


def exported(stack: dict[str, Any], question: Question, **options: Any) -> tuple[dict[str, Any], list[bytes]]:
    """The export's last answer and its files."""
    headers = {"Authorization": f"Bearer {stack['token']}"}
    body = {
        "site_name": question.site,
        "start_time": question.start_ms,
        "end_time": question.end_ms,
        **options,
    }
    started = requests.post(f"{stack['api']}/exports", json=body, headers=headers, timeout=40)
    assert started.status_code == 202, started.text
    answer: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal answer
        response = requests.get(f"{stack['api']}/exports/{started.json()['id']}", headers=headers, timeout=40)
        answer = response.json()
        return answer["status"] not in ("queued", "running")

    assert wait_until(ended, 120), answer
    assert (answer["status"], answer["progress_percent"]) == ("completed", 100), answer
    # The links need no token.
    files = [requests.get(file["url"], timeout=40) for file in answer["files"]]
    assert [(got.status_code, len(got.content)) for got in files] == [
        (200, f["bytes"]) for f in answer["files"]
    ]
    return answer, [got.content for got in files]


def from_csv(files: list[bytes]) -> list[tuple[str, int | None, float]]:
    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
    return [(r["point_name"], oracle.milliseconds(r["timestamp"]), float(r["value"])) for r in rows]


def from_parquet(files: list[bytes]) -> list[tuple[str, int | None, float]]:
    tables = [pq.read_table(io.BytesIO(file)) for file in files]
    return [
        row
        for table in tables
        for row in zip(
            table["point_name"].to_pylist(),
            table["timestamp"].cast(pa.int64()).to_pylist(),
            table["value"].to_pylist(),
            strict=True,
        )
    ]


def bits(samples: Samples) -> dict[tuple[str, int], bytes]:
    return {key: struct.pack("<d", value) for key, value in samples.items()}


def test_exports_are_what_the_upstream_serves(stack: dict[str, Any]) -> None:
    store = Store(stack)
    [site] = store.synced()
    upstream = store.upstream()
    names = tuple(upstream.points(site))
    edge_ms = settled_day(stack, site) + DAY_MS
    # The replayed readings have one gap, of 5.3 hours, which is around midnight on some days.
    question = Question(site, names, edge_ms - 6 * HOUR_MS, edge_ms + 6 * HOUR_MS)
    truth = upstream.ask(question)
    assert {time_ms < edge_ms for _, time_ms in truth} == {True, False}

    answer, files = exported(stack, question, format="parquet")
    rows = from_parquet(files)
    assert len(rows) == answer["rows"]
    assert answer["bytes_scanned"] > 0
    samples = {
        (name, time_ms): value for name, time_ms, value in rows if name in names and time_ms is not None
    }
    assert len(samples) == len([row for row in rows if row[0] in names])
    assert bits(samples) == bits(truth)

    names_of_csv = names[::7]
    answer, files = exported(stack, question, format="csv", point_names=names_of_csv, priority="high")
    rows = from_csv(files)
    assert len(rows) == answer["rows"]
    samples = {(name, time_ms): value for name, time_ms, value in rows if time_ms is not None}
    assert len(samples) == len(rows)
    assert bits(samples) == {key: value for key, value in bits(truth).items() if key[0] in names_of_csv}


def test_export_paths_require_a_token(stack: dict[str, Any]) -> None:
    for method, path in (("GET", "/exports"), ("POST", "/exports"), ("DELETE", "/exports/x")):
        assert requests.request(method, stack["api"] + path, timeout=40).status_code == 401
    headers = {"Authorization": f"Bearer {stack['token']}"}
    for method in ("GET", "DELETE"):
        answer = requests.request(method, f"{stack['api']}/exports/no-such", headers=headers, timeout=40)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
